//! Payment codes over `/v3`: charged, confirmed, refused, expired, reversed.

use crate::world::{Answer, BALANCE, World};
use domain::merchant::{AddAppid, BindSubMerchant, SubMerchantState};
use domain::payment_code::Digits;
use serde_json::{Value, json};

const CHARGE: &str = "/v3/pay/transactions/codepay";

fn body(world: &World, number: &str, code: &str) -> Value {
    json!({
        "appid": world.merchant.made.appid,
        "mchid": world.merchant.made.mchid,
        "description": "一杯茶",
        "out_trade_no": number,
        "attach": "table 7",
        "payer": { "auth_code": code },
        "amount": { "total": 1_000, "currency": "CNY" },
        "scene_info": { "device_id": "till-1", "store_info": { "id": "shop-1" } },
    })
}

impl World {
    pub(crate) async fn charge(&self, number: &str, code: &str) -> Answer {
        self.post(CHARGE, &body(self, number, code)).await
    }

    pub(crate) async fn reverse(&self, number: &str) -> Answer {
        let body = json!({ "appid": self.merchant.made.appid, "mchid": self.merchant.made.mchid });
        let path = format!("/v3/pay/transactions/out-trade-no/{number}/reverse");
        self.post(&path, &body).await
    }

    async fn trade_state(&self, number: &str) -> String {
        let shown = self.get(&self.by_number(number)).await;
        shown.json()["trade_state"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_small_payment_succeeds_at_once_and_again_by_the_same_request() {
    let world = World::new().await;
    world.turn_on_codes().await;
    let code = world.code(Digits::Hidden).await;
    let paid = world.charge("T2026-0001", &code).await;
    let shown = paid.json();
    let expected = json!({
        "appid": world.merchant.made.appid,
        "mchid": world.merchant.made.mchid,
        "out_trade_no": "T2026-0001",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "amount": {
            "total": 1_000, "payer_total": 1_000, "currency": "CNY", "payer_currency": "CNY",
        },
        "promotion_detail": [],
        "transaction_id": shown["transaction_id"],
        "trade_type": "MICROPAY",
        "bank_type": "OTHERS",
        "success_time": "2026-11-21T10:00:00+08:00",
        "payer": { "openid": world.payer_openid() },
        "attach": "table 7",
        "scene_info": { "device_id": "till-1" },
    });
    paid.is(200, expected.clone());
    world.charge("T2026-0001", &code).await.is(200, expected.clone());
    world.get(&world.by_number("T2026-0001")).await.is(200, expected);
    let placed = world.post("/v3/pay/transactions/native", &world.order("T2026-0001")).await;
    let duplicate = "201 out_trade_no was used with other parameters";
    placed.refuses(400, "INVALID_REQUEST", duplicate);
    assert!(placed.header("request-id").ends_with("-268498688"));
    let used = "101 the payment code was used";
    world.charge("T2026-0002", &code).await.refuses(400, "INVALID_REQUEST", used);
    let close = json!({ "mchid": world.merchant.made.mchid });
    let path = "/v3/pay/transactions/out-trade-no/T2026-0001/close";
    let text = "an order by payment code is reversed, not closed";
    let refused = world.post(path, &close).await;
    refused.refuses(400, "INVALID_REQUEST", text);
    assert!(refused.header("request-id").ends_with("-268449641"));
    assert_eq!(world.payer_balance().await, BALANCE - 1_000);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_payer_who_must_confirm_is_waited_for() {
    let world = World::new().await;
    world.turn_on_codes().await;
    let code = world.code(Digits::Shown).await;
    for _ in 0..2 {
        let waiting = world.charge("T2026-0001", &code).await;
        let expected = json!({
            "code": "USERPAYING",
            "message": "需要用户输入支付密码，请稍后查询",
            "appid": world.merchant.made.appid,
            "mchid": world.merchant.made.mchid,
            "out_trade_no": "T2026-0001",
            "trade_state": "USERPAYING",
            "trade_state_desc": "用户支付中，需要输入密码",
            "amount": { "total": 1_000, "currency": "CNY", "payer_currency": "CNY" },
            "promotion_detail": [],
            "scene_info": { "device_id": "till-1" },
        });
        waiting.is(202, expected);
    }
    world.confirm("T2026-0001").await;
    assert_eq!(world.trade_state("T2026-0001").await, "SUCCESS");

    let code = world.code(Digits::Shown).await;
    world.charge("T2026-0002", &code).await;
    world.refuse("T2026-0002").await;
    assert_eq!(world.trade_state("T2026-0002").await, "PAYERROR");
    let closed = world.charge("T2026-0002", &code).await;
    let failed = "the payment failed: charge again under another out_trade_no";
    closed.refuses(403, "TRADE_ERROR", failed);

    let code = world.code(Digits::Shown).await;
    world.charge("T2026-0003", &code).await;
    let early = "the payer may be confirming the payment, reverse it later";
    world.reverse("T2026-0003").await.refuses(429, "FREQUENCY_LIMITED", early);
    world.wait(45);
    assert_eq!(world.trade_state("T2026-0003").await, "REVOKED");
    assert_eq!(world.payer_balance().await, BALANCE - 1_000);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_reversal_gives_everything_back_and_may_be_repeated() {
    let world = World::new().await;
    world.turn_on_codes().await;
    let code = world.code(Digits::Hidden).await;
    world.charge("T2026-0001", &code).await;
    for _ in 0..2 {
        let expected = json!({
            "appid": world.merchant.made.appid,
            "mchid": world.merchant.made.mchid,
            "out_trade_no": "T2026-0001",
        });
        world.reverse("T2026-0001").await.is(200, expected);
    }
    assert_eq!(world.trade_state("T2026-0001").await, "REVOKED");
    assert_eq!(world.payer_balance().await, BALANCE);
    world.reverse("T2026-0404").await.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    world.place("T2026-0002").await;
    let text = "not an order by payment code: close or refund it";
    world.reverse("T2026-0002").await.refuses(400, "INVALID_REQUEST", text);
    let body = json!({ "appid": "wxffffffffffffffff", "mchid": world.merchant.made.mchid });
    let path = "/v3/pay/transactions/out-trade-no/T2026-0001/reverse";
    let text = "appid is not bound to mchid";
    world.post(path, &body).await.refuses(400, "APPID_MCHID_NOT_MATCH", text);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_service_provider_charges_for_its_sub_merchant_and_takes_it_back() {
    let world = World::with_fee(60).await;
    world.turn_on_codes().await;
    let sub = world.add_merchant("Noodle shop").await.made;
    let made = &world.merchant.made;
    let (mchid, sub_mchid) = (made.mchid.clone(), sub.mchid.clone());
    let state = SubMerchantState::Active;
    world.app.engine.run(BindSubMerchant { mchid, sub_mchid, state }).await.unwrap();
    let code = world.code(Digits::Hidden).await;
    let mut asked = body(&world, "T2026-0001", &code);
    for name in ["appid", "mchid"] {
        asked.as_object_mut().unwrap().remove(name);
    }
    let named = json!({
        "sp_appid": made.appid, "sp_mchid": made.mchid,
        "sub_appid": sub.appid, "sub_mchid": sub.mchid,
    });
    asked.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
    let paid = world.post("/v3/pay/partner/transactions/codepay", &asked).await;
    let shown = paid.json();
    assert_eq!((paid.status, &shown["trade_state"]), (200, &json!("SUCCESS")), "{shown}");
    assert_eq!(
        (&shown["sub_mchid"], &shown["trade_type"]),
        (&json!(sub.mchid), &json!("MICROPAY"))
    );
    asked.as_object_mut().unwrap().remove("sp_appid");
    asked["out_trade_no"] = json!("T2026-0002");
    asked["payer"]["auth_code"] = json!(world.code(Digits::Hidden).await);
    let paid = world.post("/v3/pay/partner/transactions/codepay", &asked).await;
    assert_eq!(paid.json()["sp_appid"], json!(made.appid), "its only app");
    let appid = "wx00000000000000aa".to_owned();
    world.app.engine.run(AddAppid { mchid: made.mchid.clone(), appid }).await.unwrap();
    // The older name of the call.
    let again = world.post("/v3/pay/partner/transactions/scannedpos", &asked).await;
    assert_eq!(again.json()["transaction_id"], paid.json()["transaction_id"], "the same payment");
    asked["out_trade_no"] = json!("T2026-0003");
    let unclear = world.post("/v3/pay/partner/transactions/codepay", &asked).await;
    unclear.refuses_field("/sp_appid", "a required field is missing");
    let direct = world.reverse("T2026-0001").await;
    direct.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    let path = "/v3/pay/partner/transactions/out-trade-no/T2026-0001/reverse";
    let mut elsewhere = named.clone();
    elsewhere["sub_appid"] = json!("wx00000000000000bb");
    let text = "appid is not bound to mchid";
    world.post(path, &elsewhere).await.refuses(400, "APPID_MCHID_NOT_MATCH", text);
    let mut expected = named.clone();
    expected["out_trade_no"] = json!("T2026-0001");
    world.post(path, &named).await.is(200, expected);
    let unnamed = json!({ "sp_mchid": made.mchid, "sub_mchid": sub.mchid });
    assert_eq!(world.post(&path.replace("0001", "0002"), &unnamed).await.status, 200);
    assert_eq!(world.payer_balance().await, BALANCE);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_code_that_is_none_or_too_old_pays_nothing() {
    let world = World::new().await;
    world.turn_on_codes().await;
    for bad in ["1", "16456789012345678x", "164567890123456789", "1345678901234567890"] {
        let issue = "may contain only 18 digits of a payment code";
        world.charge("T2026-0001", bad).await.refuses_field("/payer/auth_code", issue);
    }
    let invalid = "101 the payment code is not valid, scan again";
    let unknown = world.charge("T2026-0001", "134567890123456789").await;
    unknown.refuses(400, "INVALID_REQUEST", invalid);
    let code = world.code(Digits::Hidden).await;
    world.wait(90);
    let expired = "101 the payment code has expired";
    world.charge("T2026-0001", &code).await.refuses(400, "INVALID_REQUEST", expired);
    let code = world.code(Digits::Hidden).await;
    world.advance(90).await;
    world.charge("T2026-0001", &code).await.refuses(400, "INVALID_REQUEST", expired);
    let missing = world.get(&world.by_number("T2026-0001")).await;
    missing.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    assert_eq!(world.payer_balance().await, BALANCE);
    world.assert_books_are_right().await;
}
