//! A sandbox as the server of a developer meets it: what its orders wish of their payers, and a
//! sub-merchant to try partners' calls with.

use crate::tills::{Till, refusal};
use crate::transfers::{self, BILLS, ready_in};
use crate::world::{Answer, BALANCE, NoBank, World};
use apiv3::v2::SignType;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::merchant::{NotificationKey, PlatformKeyKind};
use domain::payment_code::Digits;
use jiaozi_http::sandbox::{
    Again, Complained, ComplaintMove, Grievance, Later, NoticeSeen, Outcome, Played,
    SandboxCourier, SandboxPeople, ShownCode, Signature,
};
use jiaozi_http::{AppState, consumer_router};
use kernel::Timestamp;
use kernel::time::DAY;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use store::queries::find;
use tower::ServiceExt;

/// Somebody who only says what was asked of him.
struct Told;

impl SandboxPeople for Told {
    fn pay(&self, _: String, outcome: Outcome) -> Later<'_, Played> {
        let (transaction_id, code, message) = (None, None, None);
        Box::pin(
            async move { Ok(Played { outcome, is_paid: false, transaction_id, code, message }) },
        )
    }

    fn show_code(&self, _: Outcome) -> Later<'_, ShownCode> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn complain(&self, _: Grievance) -> Later<'_, Complained> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn go_on_complaining(&self, _: String, _: ComplaintMove) -> Later<'_, Complained> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn openid(&self, _: String, _: String) -> Later<'_, String> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }
}

/// Sends nothing and remembers what it was to send.
#[derive(Default)]
struct Asked(Mutex<Vec<(i64, i64, Again)>>);

impl SandboxCourier for Asked {
    fn send(&self, batch: i64, place: i64, again: Again) -> Later<'_, String> {
        self.0.lock().unwrap().push((batch, place, again));
        Box::pin(async { Ok("status 401".to_owned()) })
    }
}

pub(crate) async fn sandbox() -> World {
    sandbox_with(|_| {}).await
}

/// A sandbox whose edge differs.
pub(crate) async fn sandbox_with(change: impl FnOnce(&mut AppState)) -> World {
    World::with(|app| {
        app.sandbox = Some(Arc::new(NoBank));
        app.people = Some(Arc::new(Told));
        app.inspector = Some(Arc::default());
        change(app);
    })
    .await
}

/// Somebody who shows the codes that a test prepared.
#[derive(Default)]
struct Shows(Mutex<Vec<(Outcome, String)>>);

impl Shows {
    fn next(&self, outcome: Outcome, code: &str) {
        self.0.lock().unwrap().push((outcome, code.to_owned()));
    }
}

impl SandboxPeople for Shows {
    fn pay(&self, _: String, _: Outcome) -> Later<'_, Played> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn show_code(&self, outcome: Outcome) -> Later<'_, ShownCode> {
        let (expected, code) = self.0.lock().unwrap().remove(0);
        assert_eq!(outcome, expected);
        let expires_at = "2026-11-21T10:01:30+08:00".to_owned();
        Box::pin(async move { Ok(ShownCode { code, expires_at, outcome }) })
    }

    fn complain(&self, _: Grievance) -> Later<'_, Complained> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn go_on_complaining(&self, _: String, _: ComplaintMove) -> Later<'_, Complained> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn openid(&self, _: String, _: String) -> Later<'_, String> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }
}

/// A sandbox whose payer shows codes.
async fn at_tills() -> (World, Arc<Shows>) {
    let people = Arc::new(Shows::default());
    let world = World::with(|app| {
        app.sandbox = Some(Arc::new(NoBank));
        app.people = Some(people.clone());
        app.inspector = Some(Arc::default());
    });
    let world = world.await;
    world.turn_on_codes().await;
    (world, people)
}

/// Charges a code for so much, with this header.
pub(crate) async fn charge(
    world: &World,
    number: &str,
    what: (&str, i64),
    wish: &'static str,
) -> Answer {
    let (target, made) = ("/v3/pay/transactions/codepay", &world.merchant.made);
    let body = json!({
        "appid": made.appid, "mchid": made.mchid, "description": "一杯茶", "out_trade_no": number,
        "payer": { "auth_code": what.0 }, "amount": { "total": what.1 },
        "scene_info": { "device_id": "till-1", "store_info": { "id": "shop-1" } },
    });
    let mut request = world.signed(&world.merchant, ("POST", target), body.to_string().as_bytes());
    if !wish.is_empty() {
        request.headers_mut().insert("sandbox-outcome", wish.parse().unwrap());
    }
    world.send(request).await
}

/// Asks the sandbox itself.
pub(crate) async fn ask(world: &World, what: &str, body: Value) -> (u16, Value) {
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    let request = Request::post(format!("/sandbox/v1/{what}"))
        .header("content-type", "application/json")
        .extension(ConnectInfo(address))
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = consumer_router(&world.app, Router::new()).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn the_request_that_places_an_order_chooses_what_its_payer_does() {
    let world = sandbox().await;
    let target = "/v3/pay/transactions/native";
    let place = async |number: &str, wish: &'static str| {
        let body = world.order(number).to_string();
        let mut request = world.signed(&world.merchant, ("POST", target), body.as_bytes());
        if !wish.is_empty() {
            request.headers_mut().insert("sandbox-outcome", wish.parse().unwrap());
        }
        world.send(request).await.json()["code_url"].as_str().unwrap().to_owned()
    };
    for (number, wish, outcome) in [
        ("T2026-0001", "user_cancels", "user_cancels"),
        ("T2026-0002", "", "success"),
        ("T2026-0003", "wrong_password", "wrong_password"),
    ] {
        let order = place(number, wish).await;
        let (status, played) = ask(&world, "payments", json!({ "order": order })).await;
        assert_eq!((status, &played["outcome"]), (200, &json!(outcome)), "{number}");
        let insisting = json!({ "order": order, "outcome": "slow" });
        assert_eq!(ask(&world, "payments", insisting).await.1["outcome"], "slow");
    }
}

#[tokio::test]
async fn notifications_go_over_to_another_key_at_once_or_gradually() {
    let world = sandbox().await;
    let mchid = &world.merchant.made.mchid;
    for (gradually, now) in [(true, false), (false, true)] {
        let body = json!({ "mchid": mchid, "key": "public_key", "gradually": gradually });
        assert_eq!(ask(&world, "notification-keys", body.clone()).await, (200, body));
        let chosen = find::<NotificationKey>(world.app.queries.as_ref(), mchid).await.unwrap();
        let kind = chosen.unwrap().kind_for("notification", world.app.business_now());
        assert_eq!(kind == PlatformKeyKind::PublicKey, now, "gradually: {gradually}");
    }
}

#[tokio::test]
async fn a_merchant_gets_a_sub_merchant_to_try_partners_calls_with() {
    let world = sandbox().await;
    let made = &world.merchant.made;
    let body = json!({ "mchid": made.mchid });
    let (status, sub) = ask(&world, "sub-merchants", body.clone()).await;
    assert_eq!(status, 200, "{sub}");
    assert_eq!(ask(&world, "sub-merchants", body).await, (200, sub.clone()), "the same one");
    let mut order = world.order("T2026-0001");
    let fields = order.as_object_mut().unwrap();
    fields.remove("mchid");
    fields.remove("appid");
    order["sp_appid"] = json!(made.appid);
    order["sp_mchid"] = json!(made.mchid);
    order["sub_mchid"] = sub["sub_mchid"].clone();
    order["sub_appid"] = sub["sub_appid"].clone();
    let placed = world.post("/v3/pay/partner/transactions/app", &order).await;
    assert_eq!(placed.status, 200, "{placed:?}");
    let (status, problem) = ask(&world, "sub-merchants", json!({ "mchid": "1900000009" })).await;
    assert_eq!((status, &problem["code"]), (404, &json!("OBJECT_NOT_FOUND")));
}

#[tokio::test]
async fn the_inspector_tells_what_the_check_of_a_signature_found() {
    let world = sandbox().await;
    let inspector = world.app.inspector.clone().unwrap();
    let target = "/v3/pay/transactions/native";
    let order = world.order("T2026-0001").to_string();
    let sign = |body: &str| world.signed(&world.merchant, ("POST", target), body.as_bytes());
    let found = async |request| {
        let status = world.send(request).await.status;
        (status, inspector.calls()[0].signature)
    };
    assert_eq!(found(sign(&order)).await, (200, Signature::Right));
    let strange = json!({ "appid": "Accept" }).to_string();
    assert_eq!(found(sign(&strange)).await, (400, Signature::Right), "refused for what it says");
    let mut other = sign(&order);
    *other.body_mut() = Body::from(strange);
    assert_eq!(found(other).await, (401, Signature::Wrong));
    let unsigned = world.bare("POST", target, order.as_bytes());
    assert_eq!(found(unsigned).await, (401, Signature::Missing));
    let mut nameless = sign(&order);
    nameless.headers_mut().remove("user-agent");
    assert_eq!(found(nameless).await, (400, Signature::NotChecked));
    let large = "x".repeat(2_000_000);
    assert_eq!(found(sign(&large)).await, (400, Signature::NotChecked));
}

#[tokio::test]
async fn a_payee_takes_what_a_merchant_sent_when_it_is_told_to() {
    let world = ready_in(sandbox().await).await;
    let send = async |number: &str| {
        let answer = world.post(BILLS, &transfers::body(&world, number, 500)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let (first, second, third) = (send("B1").await, send("B2").await, send("B3").await);
    let taken = async |body: Value| ask(&world, "transfers", body).await;
    let by_number = json!({ "out_bill_no": "B1", "action": "confirm" });
    let expected = json!({
        "out_bill_no": "B1", "transfer_bill_no": first["transfer_bill_no"], "state": "SUCCESS",
    });
    assert_eq!(taken(by_number.clone()).await, (200, expected.clone()));
    assert_eq!(taken(by_number).await, (200, expected), "taken once");
    let package = json!({ "package_info": second["package_info"], "action": "confirm" });
    assert_eq!(taken(package).await.1["state"], "SUCCESS");
    assert_eq!(world.payer_balance().await, BALANCE + 1_000);
    world.post(&format!("{BILLS}/out-bill-no/B3/cancel"), &json!({})).await;
    let both = json!({
        "out_bill_no": "B3", "package_info": third["package_info"], "action": "confirm",
    });
    for (body, status, code) in [
        (json!({ "out_bill_no": "B3", "action": "confirm" }), 409, "ORDER_CLOSED"),
        (json!({ "out_bill_no": "B4", "action": "confirm" }), 404, "OBJECT_NOT_FOUND"),
        (json!({ "package_info": "B3", "action": "confirm" }), 404, "OBJECT_NOT_FOUND"),
        (json!({ "out_bill_no": "B3", "action": "nod" }), 400, "PARAM_INVALID"),
        (json!({ "action": "confirm" }), 400, "PARAM_INVALID"),
        (both, 400, "PARAM_INVALID"),
    ] {
        let (told, problem) = taken(body.clone()).await;
        assert_eq!((told, problem["code"].as_str()), (status, Some(code)), "{body}");
    }
    world.check_books().await;
}

#[tokio::test]
async fn a_payee_leaves_what_a_merchant_sent_or_lets_it_expire() {
    let world = ready_in(sandbox().await).await;
    world.post(BILLS, &transfers::body(&world, "B1", 500)).await;
    world.post(BILLS, &transfers::body(&world, "B2", 500)).await;
    let shown =
        async |number: &str| world.get(&format!("{BILLS}/out-bill-no/{number}")).await.json();
    let play = async |number: &str, action: &str| {
        let body = json!({ "out_bill_no": number, "action": action });
        let (status, told) = ask(&world, "transfers", body).await;
        assert_eq!(status, 200, "{told}");
        told["state"].as_str().unwrap().to_owned()
    };
    let began = world.app.business_now();
    assert_eq!(play("B1", "refuse").await, "WAIT_USER_CONFIRM");
    assert_eq!(world.app.business_now(), began);
    assert_eq!(play("B1", "confirm").await, "SUCCESS", "it thinks better of it");
    assert_eq!(play("B1", "expire").await, "SUCCESS");
    assert_eq!(world.app.business_now(), began, "what has ended needs no time");
    assert_eq!(play("B2", "expire").await, "FAIL");
    assert_eq!(world.app.business_now(), began.plus(DAY));
    assert_eq!(shown("B2").await["fail_reason"], "OVERDUE_CLOSE");
    assert_eq!(play("B2", "expire").await, "FAIL");
    assert_eq!(world.app.business_now(), began.plus(DAY));
    assert_eq!(world.payer_balance().await, BALANCE + 500);
    world.check_books().await;
}

#[tokio::test]
async fn a_charge_chooses_what_the_payer_does_who_showed_the_code() {
    let (world, people) = at_tills().await;
    let show = async |digits, outcome: Option<&str>| {
        let code = world.code(digits).await;
        let outcome: Value = outcome.into();
        let shown = serde_json::from_value(outcome.clone()).unwrap_or(Outcome::Success);
        people.next(shown, &code);
        let (status, shown) = ask(&world, "codes", json!({ "outcome": outcome })).await;
        assert_eq!((status, &shown["code"]), (200, &json!(code)));
        code
    };
    // The header wins, and the same charge again is the same.
    let code = show(Digits::Hidden, None).await;
    people.next(Outcome::Slow, &world.code(Digits::Shown).await);
    for _ in 0..2 {
        assert_eq!(charge(&world, "T2026-0001", (&code, 1_000), "slow").await.status, 202);
    }
    let used = "101 the payment code was used";
    charge(&world, "T2026-0002", (&code, 1_000), "").await.refuses(400, "INVALID_REQUEST", used);
    world.confirm("T2026-0001").await;
    let code = show(Digits::Shown, Some("slow")).await;
    people.next(Outcome::Success, &world.code(Digits::Hidden).await);
    assert_eq!(charge(&world, "T2026-0002", (&code, 9_001), "success").await.status, 200);
    // Then what was chosen when the code was shown, whatever the amount.
    let code = show(Digits::Shown, Some("slow")).await;
    assert_eq!(charge(&world, "T2026-0003", (&code, 9_003), "").await.status, 202);
    // Then the amount, if a till can see its outcome.
    let code = show(Digits::Hidden, None).await;
    people.next(Outcome::UserCancels, &world.code(Digits::Shown).await);
    assert_eq!(charge(&world, "T2026-0004", (&code, 9_001), "").await.status, 202);
    let code = show(Digits::Hidden, None).await;
    assert_eq!(charge(&world, "T2026-0005", (&code, 9_005), "").await.status, 200);
    assert!(people.0.lock().unwrap().is_empty());
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_code_of_somebody_else_or_one_too_old_is_charged_as_it_is() {
    let (world, people) = at_tills().await;
    let own = world.code(Digits::Hidden).await;
    assert_eq!(charge(&world, "T2026-0001", (&own, 1_000), "slow").await.status, 200);
    for wrong in ["lucky", "card"] {
        let refused = charge(&world, "T2026-0002", (&own, 1_000), wrong).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["detail"]["field"], "Sandbox-Outcome", "{wrong}");
    }
    let code = world.code(Digits::Hidden).await;
    people.next(Outcome::Success, &code);
    ask(&world, "codes", json!({})).await;
    world.wait(92);
    let expired = "101 the payment code has expired";
    let late = charge(&world, "T2026-0002", (&code, 1_000), "slow").await;
    late.refuses(400, "INVALID_REQUEST", expired);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_till_that_speaks_xml_chooses_too() {
    let (world, people) = at_tills().await;
    let till = Till::of(world, SignType::Md5).await;
    let code = till.world.code(Digits::Hidden).await;
    people.next(Outcome::Success, &code);
    ask(&till.world, "codes", json!({})).await;
    people.next(Outcome::Slow, &till.world.code(Digits::Shown).await);
    let own = [
        ("body", "tea"),
        ("out_trade_no", "T2026-0001"),
        ("total_fee", "1000"),
        ("spbill_create_ip", "192.0.2.1"),
        ("auth_code", code.as_str()),
    ];
    let wrong = till.ask_wishing("/pay/micropay", &own, "card").await;
    assert_eq!(refusal(&wrong), ("PARAM_ERROR", "参数错误: Sandbox-Outcome"));
    let waiting = till.ask_wishing("/pay/micropay", &own, "slow").await;
    assert_eq!(refusal(&waiting).0, "USERPAYING");
    till.world.confirm("T2026-0001").await;
    let paid = till.ask("/pay/orderquery", &[("out_trade_no", "T2026-0001")]).await;
    assert_eq!(paid["trade_state"], "SUCCESS");
    till.world.assert_books_are_right().await;
}

/// The inspector's page, or what it shows after a form was sent.
pub(crate) async fn page(world: &World, mut request: Request<Body>) -> String {
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    let answer = consumer_router(&world.app, Router::new()).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn each_button_of_a_notification_sends_it_as_it_says() {
    let world = sandbox().await;
    let inspector = world.app.inspector.clone().unwrap();
    let courier = Arc::new(Asked::default());
    inspector.employ(courier.clone());
    inspector.saw(NoticeSeen {
        batch: 7,
        place: 2,
        at: Timestamp::from_micros(0),
        mchid: "1900000001".into(),
        subject: "T2026-0001".into(),
        url: "http://127.0.0.1/notify".into(),
        headers: Vec::new(),
        body: Vec::new(),
        event_type: "TRANSACTION.SUCCESS",
        resource: Vec::new(),
        outcome: "acknowledged".into(),
    });
    let shown = page(&world, Request::get("/sandbox").body(Body::empty()).unwrap()).await;
    let buttons = shown.split("<button name=\"how\" value=\"").skip(1);
    for how in buttons.map(|button| button.split_once('"').unwrap().0) {
        let form = format!("batch=7&place=2&how={how}");
        let request = Request::post("/sandbox/notifications").body(Body::from(form)).unwrap();
        assert!(page(&world, request).await.contains("The notification: status 401"), "{how}");
    }
    let asked = courier.0.lock().unwrap().clone();
    // Again, twice, later, corrupted, with a wrong signature.
    let expected =
        [Again::Same, Again::Same, Again::Same, Again::Later, Again::Corrupted, Again::Probe];
    assert_eq!(asked, expected.map(|again| (7, 2, again)));
}
