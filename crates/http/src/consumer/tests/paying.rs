//! Paying orders: what the payer sees, what is refused, and once only.

use super::shop::{APPID, MCHID, PASSWORD, fen};
use crate::testing::Stage;
use domain::order::{CloseOrder, Partner};
use kernel::time::{DAY, HOUR};
use serde_json::{Value, json};

#[tokio::test]
async fn a_scanned_code_is_seen_and_paid_and_refunded() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    let code = stage.place("order-1", 1_000).await;
    stage.tell("scan");
    let body = json!({"code": code});
    let shown = stage.post("/v1/codes/resolve", body).by(&payer.token).send().await;
    stage.tell("pay");
    let body = json!({
        "order_ref": shown.text("/order_ref"), "amount": shown.body["amount"],
        "payment_password": PASSWORD,
    });
    stage.post("/v1/orders/pay", body).by(&payer.token).key("pay").send().await;
    let path = format!("/v1/orders/{}", shown.text("/order_ref"));
    stage.get(&path).by(&payer.token).send().await;
    stage.refund("order-1", 400, 1_000).await;
    stage.tell("after a refund");
    stage.get(&path).by(&payer.token).send().await;
    stage.tell("another person sees that it is paid, not by whom");
    let other = stage.wallet_of("13800138099").await;
    stage.get(&path).by(&other).language("en").send().await;
    stage.tell("the bills");
    let bills = stage.get("/v1/bills").by(&payer.token).send().await;
    for bill in bills.body["items"].as_array().unwrap() {
        let path = format!("/v1/bills/{}", bill["id"].as_str().unwrap());
        assert_eq!(stage.get(&path).by(&payer.token).quietly().send().await.body, *bill);
        let foreign = stage.get(&path).by(&other).quietly().send().await;
        assert_eq!(foreign.problem(), (404, "OBJECT_NOT_FOUND", None));
    }
    assert_eq!(stage.balance(&payer.token).await, 9_400);
    stage.assert_books_are_right().await;
    insta::assert_snapshot!(stage.told());
}

#[tokio::test]
async fn the_same_key_pays_once_and_serves_no_other_payment() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order-1", 1_000).await;
    stage.place("order-2", 1_000).await;
    let first = stage.pay(&payer.token, "same", "order-1", 1_000).send().await;
    assert_eq!(first.status, 200);
    let again = stage.pay(&payer.token, "same", "order-1", 1_000).send().await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    for (order, minor) in [("order-2", 1_000), ("order-1", 999)] {
        let other = stage.pay(&payer.token, "same", order, minor).send().await;
        assert_eq!(other.problem(), (409, "IDEMPOTENCY_CONFLICT", None));
    }
    let twice = stage.pay(&payer.token, "other", "order-1", 1_000).send().await;
    assert_eq!(twice.problem(), (409, "ORDER_ALREADY_PAID", None));
    assert_eq!(stage.balance(&payer.token).await, 9_000);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_no_amount_moves_nothing() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order-1", 1_000).await;
    let mut cases = Vec::new();
    for minor in ["0", "-1", "1.5", "1e3", "100000000000", "9223372036854775808"] {
        let minor: Value = serde_json::from_str(minor).unwrap();
        cases.push((json!({"currency": "CNY", "minor": minor}), "AMOUNT_INVALID", "minor"));
    }
    for currency in ["HKD", "USD", ""] {
        let amount = json!({"currency": currency, "minor": 1_000});
        cases.push((amount, "CURRENCY_NOT_SUPPORTED", "currency"));
    }
    for (place, (amount, code, step)) in cases.into_iter().enumerate() {
        let field = format!("/amount/{step}");
        let pay = json!({
            "order_ref": "wx-order-1", "amount": amount, "payment_password": PASSWORD,
        });
        let card = json!({"card": payer.card, "amount": amount, "payment_password": PASSWORD});
        let mut withdraw = card.clone();
        withdraw["fee"] = fen(10);
        for (path, body) in [
            ("/v1/orders/pay", pay),
            ("/v1/top-ups", card),
            ("/v1/withdrawals", withdraw),
            ("/v1/withdrawals/quote", json!({"amount": amount})),
        ] {
            let call = stage.post(path, body).by(&payer.token).key(&format!("amount-{place}"));
            assert_eq!(call.send().await.problem(), (422, code, Some(&*field)), "{path} {amount}");
        }
    }
    for amount in [json!("10"), json!(10), json!({"minor": 10}), Value::Null] {
        let body = json!({"amount": amount, "order_ref": "x", "payment_password": PASSWORD});
        let call = stage.post("/v1/orders/pay", body).by(&payer.token).key("shape");
        assert_eq!(call.send().await.problem().1, "PARAM_INVALID", "{amount}");
    }
    assert_eq!(stage.balance(&payer.token).await, 10_000);
}

#[tokio::test]
async fn orders_that_cannot_be_paid_say_why() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    let pay = async |key: &str, order: &str, minor| {
        let answer = stage.pay(&payer.token, key, order, minor).send().await;
        let (status, code, _) = answer.problem();
        (status, code.to_owned())
    };
    let state = async |order: &str| {
        let shown = stage.get(&format!("/v1/orders/wx-{order}")).by(&payer.token).send().await;
        let notice = shown.body["notice"]["code"].as_str().unwrap_or_default().to_owned();
        (shown.text("/state"), notice)
    };
    let order_not_found = (404, "ORDER_NOT_FOUND".to_owned());
    for (place, unknown) in ["none", "", "a/b", "%00", &"x".repeat(80)].into_iter().enumerate() {
        let key = format!("unknown-order-{place}");
        assert_eq!(pay(&key, unknown, 1_000).await, order_not_found);
    }
    stage.place("closed", 1_000).await;
    let close = CloseOrder { mchid: MCHID.into(), sub_mchid: None, out_trade_no: "closed".into() };
    stage.app.engine.run(close).await.unwrap();
    assert_eq!(pay("closed-order", "closed", 1_000).await, (409, "ORDER_CLOSED".into()));
    assert_eq!(state("closed").await, ("CLOSED".into(), "ORDER_CLOSED".into()));
    stage.place("other", 1_000).await;
    assert_eq!(pay("other-amount", "other", 999).await, (409, "ORDER_AMOUNT_CHANGED".into()));
    assert_eq!(state("other").await, ("NOTPAY".into(), String::new()));
    stage.wait(2 * HOUR);
    assert_eq!(pay("old-code", "other", 1_000).await, (410, "ORDER_EXPIRED".into()));
    assert_eq!(state("other").await, ("NOTPAY".into(), "ORDER_EXPIRED".into()));
    stage.wait(7 * DAY);
    assert_eq!(pay("old-order", "other", 1_000).await, (410, "ORDER_EXPIRED".into()));
    assert_eq!(state("other").await, ("CLOSED".into(), "ORDER_EXPIRED".into()));
    for code in ["", "https://example.com/", "weixin://wxpay/bizpayurl?pr=", "wx-other"] {
        let call = stage.post("/v1/codes/resolve", json!({"code": code})).by(&payer.token);
        assert_eq!(call.send().await.problem(), (422, "QR_INVALID", Some("/code")), "{code}");
    }
    let none = apiv3::create::code_url("none").unwrap();
    let call = stage.post("/v1/codes/resolve", json!({"code": none})).by(&payer.token);
    assert_eq!(call.send().await.problem(), (404, "ORDER_NOT_FOUND", None));
    assert_eq!(stage.balance(&payer.token).await, 10_000);
}

#[tokio::test]
async fn an_order_for_one_person_is_paid_by_that_person_only() {
    let stage = Stage::new().await;
    let (payer, other) = (stage.rich(1, 10_000).await, stage.rich(2, 10_000).await);
    stage.open_shop().await;
    let ask = async |token: &str, appid: &str| {
        let body = json!({"mchid": MCHID, "appid": appid});
        stage.post("/v1/openids", body).by(token).send().await
    };
    let openid = ask(&payer.token, APPID).await.text("/openid");
    assert_eq!(openid.len(), 28);
    assert_eq!(ask(&payer.token, APPID).await.text("/openid"), openid);
    assert_ne!(ask(&other.token, APPID).await.text("/openid"), openid);
    let unknown = ask(&payer.token, "wxffffffffffffffff").await;
    assert_eq!(unknown.problem(), (404, "OBJECT_NOT_FOUND", Some("/appid")));
    stage.place_for("order-1", 1_000, Some(openid)).await;
    let refused = stage.pay(&other.token, "pay", "order-1", 1_000).send().await;
    assert_eq!(refused.problem(), (409, "ORDER_PAYER_MISMATCH", None));
    let hidden = stage.get("/v1/orders/wx-order-1").by(&other.token).send().await;
    assert_eq!(hidden.problem(), (404, "ORDER_NOT_FOUND", None));
    assert_eq!(stage.pay(&payer.token, "pay", "order-1", 1_000).send().await.status, 200);
}

#[tokio::test]
async fn a_combined_order_for_one_person_is_seen_by_that_person_only() {
    let stage = Stage::new().await;
    let (payer, other) = (stage.rich(1, 10_000).await, stage.rich(2, 10_000).await);
    stage.open_shop().await;
    let (sub_mchid, sub_appid) = ("1900000002", "wx00000000000000ab");
    stage.open_branch(sub_mchid, sub_appid).await;
    let body = json!({"mchid": sub_mchid, "appid": sub_appid});
    let sub_openid = stage.post("/v1/openids", body).by(&payer.token).send().await.text("/openid");
    let partner = Partner {
        sub_mchid: sub_mchid.into(),
        sub_appid: Some(sub_appid.into()),
        sub_openid: Some(sub_openid),
    };
    let path = format!("/v1/orders/{}", stage.combine("all-1", partner).await);
    assert_eq!(stage.get(&path).by(&payer.token).send().await.status, 200);
    let hidden = stage.get(&path).by(&other.token).send().await;
    assert_eq!(hidden.problem(), (404, "ORDER_NOT_FOUND", None));
}

#[tokio::test]
async fn a_session_that_ended_pays_nothing_and_is_told_no_kept_answer() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order-1", 1_000).await;
    stage.place("order-2", 1_000).await;
    assert_eq!(stage.pay(&payer.token, "first", "order-1", 1_000).send().await.status, 200);
    let left = stage.delete("/v1/sessions/current").by(&payer.token).send().await;
    assert_eq!(left.status, 204);
    for (key, order) in [("first", "order-1"), ("second", "order-2"), ("second", "order-2")] {
        let refused = stage.pay(&payer.token, key, order, 1_000).send().await;
        assert_eq!(refused.problem(), (401, "SESSION_EXPIRED", None), "{key}");
    }
    let other = stage.wallet_of("13800138099").await;
    let unpaid = stage.get("/v1/orders/wx-order-2").by(&other).send().await;
    assert_eq!(unpaid.body["state"], "NOTPAY");
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn paying_is_a_use_of_the_session() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    let idle = stage.app.rules().session_idle_s * kernel::time::SECOND;
    for day in 1..=3 {
        stage.wait(idle - HOUR);
        let order = format!("order-{day}");
        stage.place(&order, 100).await;
        assert_eq!(stage.pay(&payer.token, &order, &order, 100).send().await.status, 200);
    }
    stage.assert_books_are_right().await;
}
