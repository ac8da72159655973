//! A platform that fails, as the developer of a merchant's server asks for it, and what the same
//! call finds when it is sent again.

use crate::combined::{combine, market_in};
use crate::sandbox::sandbox;
use crate::tills::{MICROPAY, QUERY, Till, refusal};
use crate::transfers::{self, BILLS, ready_in};
use crate::world::{Answer, BALANCE, World};
use apiv3::v2::SignType;
use domain::merchant_transfer::NameCheck;
use domain::payment_code::Digits;
use serde_json::{Value, json};

const NATIVE: &str = "/v3/pay/transactions/native";
const COMBINED: &str = "/v3/combine-transactions/native";
const CHARGE: &str = "/v3/pay/transactions/codepay";
const REFUNDS: &str = "/v3/refund/domestic/refunds";
const SYSTEM: (u16, &str) = (500, "SYSTEM_ERROR");

/// Sends a call with this header.
async fn wishing(world: &World, target: &str, body: &Value, wish: &'static str) -> Answer {
    let body = body.to_string();
    let mut request = world.signed(&world.merchant, ("POST", target), body.as_bytes());
    request.headers_mut().insert("sandbox-outcome", wish.parse().unwrap());
    world.send(request).await
}

fn failed(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[track_caller]
fn fails(answer: &Answer, (status, code): (u16, &str)) {
    assert_eq!(failed(answer), (status, code.to_owned()), "{answer:?}");
}

fn charge(world: &World, number: &str, code: &str) -> Value {
    let mut body = world.order(number);
    body.as_object_mut().unwrap().remove("notify_url");
    body["payer"] = json!({ "auth_code": code });
    body["scene_info"] = json!({ "device_id": "till-1", "store_info": { "id": "shop-1" } });
    body
}

#[tokio::test]
async fn an_order_is_placed_or_not_whatever_the_answer_says() {
    let world = sandbox().await;
    let body = world.order("T2026-0001");
    fails(&wishing(&world, NATIVE, &body, "system_error_done").await, SYSTEM);
    let shown = world.get(&world.by_number("T2026-0001")).await;
    assert_eq!(shown.json()["trade_state"], "NOTPAY", "it was done");
    let again = wishing(&world, NATIVE, &body, "system_error_done").await;
    assert_eq!(again.status, 200, "{again:?}");
    for (number, wish, expected) in [
        ("T2026-0002", "system_error", SYSTEM),
        ("T2026-0003", "frequency_limited", (429, "FREQUENCY_LIMITED")),
    ] {
        let body = world.order(number);
        fails(&wishing(&world, NATIVE, &body, wish).await, expected);
        let shown = world.get(&world.by_number(number)).await;
        fails(&shown, (404, "ORDER_NOT_EXIST"));
        assert_eq!(world.post(NATIVE, &body).await.status, 200, "again does it");
        assert_eq!(world.get(&world.by_number(number)).await.status, 200);
    }
    for (amount, expected) in
        [(9_101, SYSTEM), (9_102, SYSTEM), (9_104, (429, "FREQUENCY_LIMITED"))]
    {
        let mut body = world.order(&format!("T2026-{amount}"));
        body["amount"]["total"] = json!(amount);
        fails(&world.post(NATIVE, &body).await, expected);
        assert_eq!(world.post(NATIVE, &body).await.status, 200, "{amount}");
        body["out_trade_no"] = json!(format!("X2026-{amount}"));
        let payers = wishing(&world, NATIVE, &body, "slow").await;
        assert_eq!(payers.status, 200, "the header counts before the amount");
    }
    for strange in ["bank_error", "sucess"] {
        let refused = wishing(&world, NATIVE, &world.order("T2026-0005"), strange).await;
        let field = &refused.json()["detail"]["field"];
        assert_eq!((refused.status, field), (400, &json!("Sandbox-Outcome")), "{strange}");
    }
    let transaction_id = world.pay(&world.place("T2026-0006").await).await;
    let refund = json!({
        "transaction_id": transaction_id, "out_refund_no": "R2026-0001",
        "amount": { "refund": 1, "total": 1_000, "currency": "CNY" },
    });
    let refused = wishing(&world, REFUNDS, &refund, "refund_abnormal").await;
    let field = &refused.json()["detail"]["field"];
    assert_eq!((refused.status, field), (400, &json!("Sandbox-Outcome")), "nobody pays it");
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_combined_order_is_placed_or_not_and_its_sum_chooses() {
    let (world, other) = market_in(sandbox().await).await;
    let shown = async |number: &str| {
        let target = format!("/v3/combine-transactions/out-trade-no/{number}");
        world.get(&target).await.status
    };
    let combined = |number: &str, second: i64| {
        let mut body = combine(&world, &other);
        body["combine_out_trade_no"] = json!(number);
        for (place, part) in body["sub_orders"].as_array_mut().unwrap().iter_mut().enumerate() {
            part["out_trade_no"] = json!(format!("{number}-{place}"));
        }
        body["sub_orders"][1]["amount"]["total_amount"] = json!(second);
        body
    };
    let limited = (429, "FREQUENCY_LIMITED");
    for (number, wish, expected, status) in [
        ("C2026-0001", "system_error_done", SYSTEM, 200),
        ("C2026-0002", "system_error", SYSTEM, 404),
        ("C2026-0003", "frequency_limited", limited, 404),
    ] {
        let body = combined(number, 600);
        fails(&wishing(&world, COMBINED, &body, wish).await, expected);
        assert_eq!(shown(number).await, status, "{wish}");
        assert_eq!(wishing(&world, COMBINED, &body, wish).await.status, 200, "{wish}");
        assert_eq!(shown(number).await, 200, "{wish}");
    }
    // The first part has 400 of it.
    for (sum, expected) in [(9_101, SYSTEM), (9_102, SYSTEM), (9_104, limited)] {
        let body = combined(&format!("C2026-{sum}"), sum - 400);
        fails(&world.post(COMBINED, &body).await, expected);
        assert_eq!(world.post(COMBINED, &body).await.status, 200, "{sum}");
    }
    let strange = wishing(&world, COMBINED, &combined("C2026-0004", 600), "bank_error").await;
    assert_eq!(strange.status, 400, "no code is charged");
    world.check_books().await;
}

#[tokio::test]
async fn a_call_that_is_refused_says_why_and_its_number_can_still_fail() {
    let world = sandbox().await;
    let mut body = world.order("T2026-0001");
    body["appid"] = json!("wx0000000000000000");
    let refused = wishing(&world, NATIVE, &body, "system_error_done").await;
    fails(&refused, (400, "APPID_MCHID_NOT_MATCH"));
    let right = wishing(&world, NATIVE, &world.order("T2026-0001"), "system_error_done").await;
    fails(&right, SYSTEM);
}

#[tokio::test]
async fn a_payment_code_is_charged_once_however_often_the_call_fails() {
    let world = sandbox().await;
    world.turn_on_codes().await;
    let code = world.code(Digits::Hidden).await;
    let body = charge(&world, "T2026-0001", &code);
    fails(&wishing(&world, CHARGE, &body, "system_error_done").await, SYSTEM);
    let state = world.get(&world.by_number("T2026-0001")).await.json()["trade_state"].clone();
    assert_eq!((state, world.payer_balance().await), (json!("SUCCESS"), BALANCE - 1_000));
    let again = world.post(CHARGE, &body).await;
    assert_eq!((again.status, &again.json()["trade_state"]), (200, &json!("SUCCESS")));
    assert_eq!(world.payer_balance().await, BALANCE - 1_000);
    for (number, wish, expected) in [
        ("T2026-0002", "bank_error", (500, "BANK_ERROR")),
        ("T2026-0003", "system_error", SYSTEM),
        ("T2026-0004", "frequency_limited", (429, "FREQUENCY_LIMITED")),
    ] {
        let before = world.payer_balance().await;
        let code = world.code(Digits::Hidden).await;
        let body = charge(&world, number, &code);
        fails(&wishing(&world, CHARGE, &body, wish).await, expected);
        fails(&world.get(&world.by_number(number)).await, (404, "ORDER_NOT_EXIST"));
        assert_eq!(world.payer_balance().await, before, "{wish}");
        assert_eq!(world.post(CHARGE, &body).await.status, 200, "{wish}");
        assert_eq!(world.payer_balance().await, before - 1_000, "{wish}");
    }
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn money_goes_back_and_out_once_however_often_the_call_fails() {
    let world = ready_in(sandbox().await).await;
    world.paid("T2026-0001").await;
    let refund = world.refund("T2026-0001", "R1", 400);
    let (before, shown) = (world.payer_balance().await, format!("{REFUNDS}/R1"));
    fails(&wishing(&world, REFUNDS, &refund, "system_error").await, SYSTEM);
    fails(&world.get(&shown).await, (404, "RESOURCE_NOT_EXISTS"));
    assert_eq!(world.post(REFUNDS, &refund).await.status, 200);
    world.advance(60).await;
    let refund = world.refund("T2026-0001", "R2", 300);
    fails(&wishing(&world, REFUNDS, &refund, "system_error_done").await, SYSTEM);
    let done = world.get(&format!("{REFUNDS}/R2")).await.json();
    assert_eq!(done["status"], "SUCCESS");
    assert_eq!(world.post(REFUNDS, &refund).await.json()["refund_id"], done["refund_id"]);
    assert_eq!(world.payer_balance().await, before + 700);
    for (number, wish, expected, status) in [
        ("B1", "system_error_done", SYSTEM, 200),
        ("B2", "system_error", SYSTEM, 404),
        ("B3", "frequency_limited", (429, "FREQUENCY_LIMITED"), 404),
    ] {
        let body = transfers::body(&world, number, 500);
        fails(&wishing(&world, BILLS, &body, wish).await, expected);
        let shown = format!("{BILLS}/out-bill-no/{number}");
        let found = world.get(&shown).await;
        assert_eq!(found.status, status, "{wish}");
        let again = world.post(BILLS, &body).await;
        assert_eq!(again.status, 200, "{again:?}");
        let number = again.json()["transfer_bill_no"].clone();
        assert_eq!(world.get(&shown).await.json()["transfer_bill_no"], number, "one transfer");
    }
    let sharing = json!({ "out_order_no": "P1" });
    let limited = wishing(&world, "/v3/profitsharing/orders", &sharing, "frequency_limited").await;
    fails(&limited, (429, "RATELIMIT_EXCEED"));
    world.check_books().await;
}

#[tokio::test]
async fn a_till_that_speaks_xml_meets_failures_too() {
    let till = Till::of(sandbox().await, SignType::Md5).await;
    let state = async |number: &str| {
        let told = till.ask(QUERY, &[("out_trade_no", number)]).await;
        told.get("trade_state").or(told.get("err_code")).cloned().unwrap()
    };
    for (number, wish, failure, then, again) in [
        ("T1", "system_error_done", "SYSTEMERROR", "SUCCESS", "ORDERPAID"),
        ("T2", "system_error", "SYSTEMERROR", "ORDERNOTEXIST", ""),
        ("T3", "bank_error", "BANKERROR", "ORDERNOTEXIST", ""),
        ("T4", "frequency_limited", "FREQUENCY_LIMITED", "ORDERNOTEXIST", ""),
    ] {
        let code = till.world.code(Digits::Hidden).await;
        let own = [
            ("body", "tea"),
            ("out_trade_no", number),
            ("total_fee", "1000"),
            ("spbill_create_ip", "192.0.2.1"),
            ("auth_code", code.as_str()),
        ];
        let before = till.world.payer_balance().await;
        assert_eq!(refusal(&till.ask_wishing(MICROPAY, &own, wish).await).0, failure);
        assert_eq!(state(number).await, then, "{wish}");
        let told = till.ask_wishing(MICROPAY, &own, wish).await;
        assert_eq!(told.get("err_code").map_or("", String::as_str), again, "{wish}");
        assert_eq!(till.world.payer_balance().await, before - 1_000, "{wish}");
    }
    let code = till.world.code(Digits::Shown).await;
    let own = [
        ("body", "tea"),
        ("out_trade_no", "T5"),
        ("total_fee", "9101"),
        ("spbill_create_ip", "192.0.2.1"),
        ("auth_code", code.as_str()),
    ];
    assert_eq!(refusal(&till.ask(MICROPAY, &own).await).0, "SYSTEMERROR");
    assert_eq!(state("T5").await, "USERPAYING", "the payer has to confirm");
    assert_eq!(refusal(&till.ask(MICROPAY, &own).await).0, "USERPAYING");
    let refund = [
        ("out_trade_no", "T1"),
        ("out_refund_no", "R1"),
        ("total_fee", "1000"),
        ("refund_fee", "400"),
    ];
    let refunded = async |wish| {
        let told = till.ask_wishing("/secapi/pay/refund", &refund, wish).await;
        told.get("err_code").cloned().unwrap_or_default()
    };
    let before = till.world.payer_balance().await;
    assert_eq!(refunded("bank_error").await, "PARAM_ERROR", "a code is not charged");
    assert_eq!(refunded("system_error_done").await, "SYSTEMERROR");
    assert_eq!(till.world.payer_balance().await, before + 400);
    assert_eq!(refunded("system_error_done").await, "");
    assert_eq!(till.world.payer_balance().await, before + 400);
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn nothing_fails_by_wish_outside_a_sandbox() {
    let world = World::new().await;
    world.turn_on_codes().await;
    for wish in ["system_error_done", "system_error", "frequency_limited", "bank_error"] {
        let code = world.code(Digits::Hidden).await;
        let body = charge(&world, &format!("T2026-{wish}"), &code);
        assert_eq!(wishing(&world, CHARGE, &body, wish).await.status, 200, "{wish}");
    }
    for amount in 9_101..=9_104 {
        let mut body = world.order(&format!("T2026-{amount}"));
        body["amount"]["total"] = json!(amount);
        assert_eq!(world.post(NATIVE, &body).await.status, 200, "{amount}");
    }
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_transfer_is_seen_on_its_way_one_state_a_look() {
    let world = ready_in(sandbox().await).await;
    let body = |number: &str, fen: i64| transfers::body(&world, number, fen);
    let place = async |number: &str| {
        let made = wishing(&world, BILLS, &body(number, 100), "on_the_way").await.json();
        assert_eq!((&made["state"], made.get("package_info")), (&json!("ACCEPTED"), None));
    };
    let look = async |number: &str| {
        let shown = world.get(&format!("{BILLS}/out-bill-no/{number}")).await.json();
        shown["state"].as_str().unwrap().to_owned()
    };
    place("B1").await;
    assert_eq!(look("B1").await, "PROCESSING");
    let again = world.post(BILLS, &body("B1", 100)).await.json();
    assert_eq!(again["state"], "WAIT_USER_CONFIRM");
    let package = again["package_info"].as_str().unwrap();
    transfers::take(&world, package, NameCheck::None).await;
    assert_eq!((look("B1").await.as_str(), look("B1").await.as_str()), ("TRANSFERING", "SUCCESS"));

    place("B2").await;
    let cancel = format!("{BILLS}/out-bill-no/B2/cancel");
    assert_eq!(world.post(&cancel, &json!({})).await.json()["state"], "CANCELING");
    assert_eq!(look("B2").await, "CANCELLED");

    let failed = wishing(&world, BILLS, &body("B3", 10_000_000), "on_the_way").await;
    assert_eq!(failed.status, 400);
    assert_eq!(world.post(BILLS, &body("B3", 100)).await.json()["state"], "WAIT_USER_CONFIRM");
    let chosen = world.post(BILLS, &body("B4", 9_105)).await;
    assert_eq!(chosen.json()["state"], "ACCEPTED", "{chosen:?}");
    let order = wishing(&world, NATIVE, &world.order("T2026-0001"), "on_the_way").await;
    assert_eq!(order.json()["detail"]["field"], "Sandbox-Outcome");
    world.check_books().await;
}
