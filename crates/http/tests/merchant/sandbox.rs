//! A sandbox as the server of a developer meets it: what its orders wish of their payers, and a
//! sub-merchant to try partners' calls with.

use crate::transfers::{self, BILLS, ready_in};
use crate::world::{BALANCE, NoBank, World};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use jiaozi_http::consumer_router;
use jiaozi_http::sandbox::{
    Complained, Grievance, Later, Outcome, Played, SandboxPeople, ShownCode, Signature,
};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
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

    fn openid(&self, _: String, _: String) -> Later<'_, String> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }
}

pub(crate) async fn sandbox() -> World {
    World::with(|app| {
        app.sandbox = Some(Arc::new(NoBank));
        app.people = Some(Arc::new(Told));
        app.inspector = Some(Arc::default());
    })
    .await
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
    let order = place("T2026-0004", "lucky").await;
    let (status, problem) = ask(&world, "payments", json!({ "order": order })).await;
    assert_eq!((status, &problem["field"]), (400, &json!("/outcome")));
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
    assert_eq!(found(unsigned).await, (401, Signature::Wrong));
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
        (json!({ "out_bill_no": "B3", "action": "refuse" }), 400, "PARAM_INVALID"),
        (json!({ "action": "confirm" }), 400, "PARAM_INVALID"),
        (both, 400, "PARAM_INVALID"),
    ] {
        let (told, problem) = taken(body.clone()).await;
        assert_eq!((told, problem["code"].as_str()), (status, Some(code)), "{body}");
    }
    world.check_books().await;
}
