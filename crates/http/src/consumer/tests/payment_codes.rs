//! Payment codes as their holder sees them.

use super::shop::{APPID, MCHID, PASSWORD, Person};
use crate::testing::{Answer, Stage};
use domain::merchant::OpenidKeys;
use domain::order::ProfitSharing;
use domain::payment_code::{CodePayment, PayByCode, PayByCodeRefusal, PresentedCode};
use engine::Failed;
use kernel::Amount;
use kernel::time::{DAY, SECOND};
use serde_json::{Value, json};

impl Stage {
    async fn turn_on(&self, token: &str, rule: &str, key: &str) -> Answer {
        let body = json!({"payment_password": PASSWORD, "password": rule});
        self.put("/v1/payment-code", body).by(token).key(key).send().await
    }

    async fn show(&self, token: &str, digits_shown: bool) -> Answer {
        let body = json!({"digits_shown": digits_shown});
        self.post("/v1/payment-code/codes", body).by(token).quietly().send().await
    }

    async fn waiting(&self, token: &str) -> Vec<Value> {
        let listed = self.get("/v1/payment-code/orders").by(token).send().await;
        listed.body["items"].as_array().unwrap().clone()
    }

    /// The shop's till charges a code.
    async fn charge(
        &self,
        number: &str,
        minor: i64,
        code: &str,
    ) -> Result<CodePayment, Failed<PayByCodeRefusal>> {
        let (keys, rules) = (&self.app.keys, self.app.rules());
        let now = self.app.business_now();
        let command = PayByCode {
            mchid: MCHID.into(),
            appid: APPID.into(),
            partner: None,
            out_trade_no: number.into(),
            description: "一杯茶".into(),
            amount: Amount::fen(minor).unwrap(),
            attach: None,
            device_id: None,
            profit_sharing: ProfitSharing::No,
            code: PresentedCode::read(&keys.payment_code, code, now, &rules).unwrap(),
            fingerprint: [3; 32],
            openid_keys: OpenidKeys::of(keys),
            transaction_id: format!("4200{number:0>24}"),
        };
        self.app.engine.run(command).await
    }
}

async fn payer(stage: &Stage) -> Person {
    let payer = stage.rich(1, 200_000).await;
    stage.open_shop().await;
    payer
}

#[tokio::test]
async fn codes_are_turned_on_shown_and_turned_off() {
    let stage = Stage::new().await;
    let payer = payer(&stage).await;
    let token = payer.token.as_str();
    let off = stage.get("/v1/payment-code").by(token).send().await;
    let expected = json!({
        "state": "OFF", "on_this_device": false, "password": "WHEN_NEEDED",
        "amount_max_without_password": {"currency": "CNY", "minor": 100_000},
        "left_without_password": 10,
    });
    assert_eq!((off.status, off.body), (200, expected));
    assert_eq!(stage.show(token, false).await.problem(), (403, "PAYMENT_CODE_PAUSED", None));
    let body = json!({"payment_password": "000000", "password": "WHEN_NEEDED"});
    let wrong = stage.put("/v1/payment-code", body).by(token).key("wrong").send().await;
    assert_eq!(wrong.problem().1, "PAY_PASSWORD_WRONG");
    let on = stage.turn_on(token, "WHEN_NEEDED", "on").await;
    assert_eq!(
        (on.status, &on.body["state"], &on.body["on_this_device"]),
        (200, &json!("ON"), &json!(true))
    );
    let code = stage.show(token, false).await;
    assert_eq!(code.status, 200);
    assert_eq!(code.text("/refresh_at"), "2026-11-21T10:01:00+08:00");
    assert_eq!(code.text("/expires_at"), "2026-11-21T10:01:30+08:00");
    assert!(code.text("/qr_svg").contains("<svg") && code.text("/barcode_svg").contains("<svg"));
    assert_eq!(code.headers["cache-control"], "no-store");
    assert!(stage.charge("T1", 1_000, &code.text("/code")).await.unwrap().is_new);
    let next = stage.show(token, false).await;
    assert_ne!(next.text("/code"), code.text("/code"), "a charged code is not shown again");
    let left = stage.get("/v1/payment-code").by(token).send().await;
    assert_eq!(left.body["left_without_password"], 9);
    assert_eq!(stage.balance(token).await, 199_000);
    let gone = stage.delete("/v1/payment-code").by(token).send().await;
    assert_eq!(gone.status, 204);
    let refused = stage.charge("T2", 1_000, &next.text("/code")).await;
    assert_eq!(refused, Err(Failed::Refused(PayByCodeRefusal::CodeInvalid)));
    assert_eq!(stage.show(token, false).await.problem().1, "PAYMENT_CODE_PAUSED");
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn another_session_takes_the_codes_over_and_logging_out_ends_them() {
    let stage = Stage::new().await;
    let mut payer = payer(&stage).await;
    let first = payer.token.clone();
    stage.turn_on(&first, "WHEN_NEEDED", "first").await;
    let code = stage.show(&first, false).await.text("/code");
    stage.back_again(&mut payer).await;
    let second = payer.token.clone();
    assert_eq!(stage.show(&second, false).await.problem().1, "PAYMENT_CODE_PAUSED");
    stage.turn_on(&second, "WHEN_NEEDED", "second").await;
    assert_eq!(stage.show(&first, false).await.problem().1, "PAYMENT_CODE_PAUSED");
    let invalid = Err(Failed::Refused(PayByCodeRefusal::CodeInvalid));
    assert_eq!(stage.charge("T1", 1_000, &code).await, invalid, "of the first device");
    let code = stage.show(&second, false).await.text("/code");
    stage.delete("/v1/sessions/current").by(&second).send().await;
    assert_eq!(stage.charge("T2", 1_000, &code).await, invalid, "logged out");
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn a_payment_that_waits_is_listed_and_confirmed_or_refused() {
    let stage = Stage::new().await;
    let payer = payer(&stage).await;
    let stranger = stage.wallet_of("13800138099").await;
    let token = payer.token.as_str();
    stage.turn_on(token, "ALWAYS", "on").await;
    assert_eq!(stage.waiting(token).await, Vec::<Value>::new());
    let mut references = Vec::new();
    for number in ["T1", "T2", "T3"] {
        let code = stage.show(token, false).await.text("/code");
        stage.charge(number, 1_000, &code).await.unwrap();
        stage.wait(SECOND);
        references.push(stage.waiting(token).await[0]["order_ref"].as_str().unwrap().to_owned());
    }
    let listed = stage.waiting(token).await;
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[2]["state"], "USERPAYING");
    assert_eq!(listed[2]["merchant_name"], "茶馆");
    assert_eq!(listed[2]["expires_at"], "2026-11-21T10:00:45+08:00");
    assert_eq!(listed[2].get("notice"), None);
    assert_eq!(stage.waiting(&stranger).await, Vec::<Value>::new());
    let path = format!("/v1/orders/{}", references[0]);
    let hidden = stage.get(&path).by(&stranger).send().await;
    assert_eq!(hidden.problem(), (404, "ORDER_NOT_FOUND", None));
    let refused = stage.post(&format!("{path}/refuse"), json!({})).by(&stranger).send().await;
    assert_eq!(refused.problem(), (404, "ORDER_NOT_FOUND", None));

    let body = json!({
        "order_ref": references[0], "amount": super::shop::fen(1_000),
        "payment_password": PASSWORD,
    });
    let paid = stage.post("/v1/orders/pay", body).by(token).key("confirm-T1").send().await;
    assert_eq!((paid.status, &paid.body["state"]), (200, &json!("SUCCESS")));
    let path = format!("/v1/orders/{}/refuse", references[1]);
    for _ in 0..2 {
        let refused = stage.post(&path, json!({})).by(token).send().await;
        assert_eq!((refused.status, &refused.body["state"]), (200, &json!("PAYERROR")));
        assert_eq!(refused.body["notice"]["code"], "USER_CANCELLED");
    }
    stage.wait(45 * SECOND);
    assert_eq!(stage.waiting(token).await, Vec::<Value>::new());
    let late = stage.get(&format!("/v1/orders/{}", references[2])).by(token).send().await;
    assert_eq!(
        (&late.body["state"], &late.body["notice"]["code"]),
        (&json!("REVOKED"), &json!("ORDER_REVOKED"))
    );
    assert_eq!(stage.balance(token).await, 199_000);
    let bills = stage.get("/v1/bills").by(token).send().await;
    assert_eq!(bills.body["items"][0]["amount"]["minor"], 1_000);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn shown_digits_and_a_new_day_change_what_needs_the_password() {
    let stage = Stage::new().await;
    let payer = payer(&stage).await;
    let token = payer.token.as_str();
    stage.turn_on(token, "WHEN_NEEDED", "on").await;
    let code = stage.show(token, true).await.text("/code");
    stage.charge("T1", 1, &code).await.unwrap();
    assert_eq!(stage.waiting(token).await.len(), 1, "the digits were shown");
    let code = stage.show(token, false).await.text("/code");
    stage.charge("T2", 1, &code).await.unwrap();
    assert_eq!(stage.waiting(token).await.len(), 1, "this one is paid");
    stage.wait(DAY);
    let next = stage.get("/v1/payment-code").by(token).send().await;
    assert_eq!(next.body["left_without_password"], 10);
    stage.assert_books_are_right().await;
}
