//! A payment password that is locked for good: its holder sets a new one and pays with it; a
//! stranger with a stolen session cannot.

use super::PHONE;
use crate::testing::{Answer, Stage};
use domain::user::OtpPurpose::ResetPaymentPassword;
use kernel::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};

const RESIDENT: &str = "110101199003070011";

impl Stage {
    /// A code on the caller's own phone: challenge and digits.
    async fn reset_code(&self, token: &str) -> (String, String) {
        self.wait(2 * MINUTE);
        let path = "/v1/payment-password/reset-challenges";
        let asked = self.post(path, json!({})).by(token).send().await;
        assert_eq!((asked.status, &asked.body["phone"]), (201, &json!("138****8000")));
        let id = asked.text("/id");
        let code = self.code(&id, ResetPaymentPassword);
        (id, code)
    }

    async fn reset(&self, token: &str, key: &str, body: &Value) -> Answer {
        self.put("/v1/payment-password/reset", body.clone()).by(token).key(key).send().await
    }

    async fn with_password(&self) -> String {
        let token = self.verified(PHONE, RESIDENT).await;
        let body = json!({"new_password": "739204", "confirmation": "739204"});
        let set = self.put("/v1/payment-password", body).by(&token).key("set").send().await;
        assert_eq!(set.status, 200);
        token
    }

    async fn try_old(&self, token: &str, key: &str, old: &str, new: &str) -> Answer {
        let body = json!({"old_password": old, "new_password": new, "confirmation": new});
        self.put("/v1/payment-password", body).by(token).key(key).send().await
    }
}

fn proof((challenge, code): &(String, String), new: &str) -> Value {
    json!({
        "otp_challenge": challenge, "code": code, "name": "张三", "document_number": RESIDENT,
        "new_password": new, "confirmation": new,
    })
}

#[tokio::test]
async fn a_hard_lock_ends_with_a_reset_by_the_holder() {
    let stage = Stage::new().await;
    let token = stage.with_password().await;
    for lock in 1..=3 {
        for number in 1..=5 {
            let (key, wrong) = (format!("try-{lock}-{number}"), format!("4058{lock}{number}"));
            stage.try_old(&token, &key, &wrong, "816203").await;
        }
        stage.wait(3 * HOUR);
    }
    let locked = stage.try_old(&token, "locked", "739204", "816203").await;
    assert_eq!(locked.problem(), (423, "PAY_PASSWORD_HARD_LOCKED", None));
    let code = stage.reset_code(&token).await;
    let done = stage.reset(&token, "reset", &proof(&code, "816203")).await;
    assert_eq!((done.status, &done.body["state"]), (200, &json!("ACTIVE")));
    assert!(done.body["capped_until"].is_string());
    let again = stage.reset(&token, "reset", &proof(&code, "816203")).await;
    assert_eq!((again.status, &again.body), (200, &done.body), "sent again under its key");
    let used = stage.reset(&token, "used", &proof(&code, "405862")).await;
    assert_eq!(used.problem().1, "OTP_USED");
    let changed = stage.try_old(&token, "change", "816203", "405862").await;
    assert_eq!(changed.status, 200, "the new one is good at once");
}

#[tokio::test]
async fn who_is_not_the_person_is_refused_and_blocked_after_three_tries() {
    let stage = Stage::new().await;
    let token = stage.with_password().await;
    let code = stage.reset_code(&token).await;
    let mut wrong = proof(&code, "816203");
    wrong["code"] = "000000".into();
    let refused = stage.reset(&token, "code", &wrong).await;
    assert_eq!(refused.problem(), (422, "OTP_INVALID", Some("/code")));
    for (key, field, value) in
        [("name", "name", "李四"), ("number", "document_number", "11010119900307002X")]
    {
        let mut other = proof(&code, "816203");
        other[field] = value.into();
        for _ in 0..2 {
            let refused = stage.reset(&token, key, &other).await;
            assert_eq!(refused.problem(), (403, "PASSWORD_RESET_IDENTITY_FAILED", None));
        }
    }
    let mut typo = proof(&code, "816203");
    typo["document_number"] = "110101199003070012".into();
    let refused = stage.reset(&token, "typo", &typo).await;
    assert_eq!((refused.status, refused.problem().2), (422, Some("/document_number")));
    let mut other = proof(&code, "816203");
    other["name"] = "王五".into();
    let blocked = stage.reset(&token, "third", &other).await;
    assert_eq!(blocked.problem(), (429, "PASSWORD_RESET_LIMIT", None));
    let blocked = stage.reset(&token, "right", &proof(&code, "816203")).await;
    assert_eq!(blocked.problem(), (429, "PASSWORD_RESET_LIMIT", None));
    stage.wait(DAY);
    let code = stage.reset_code(&token).await;
    let weak = stage.reset(&token, "weak", &proof(&code, "900307")).await;
    assert_eq!(weak.problem(), (422, "PAY_PASSWORD_TOO_WEAK", Some("/new_password")));
    let reused = stage.reset(&token, "same", &proof(&code, "739204")).await;
    assert_eq!(reused.problem(), (422, "PAY_PASSWORD_REUSED", Some("/new_password")));
    assert_eq!(stage.reset(&token, "fine", &proof(&code, "816203")).await.status, 200);
}

#[tokio::test]
async fn nobody_without_a_session_gets_such_a_code_sent() {
    let stage = Stage::new().await;
    let body = json!({"phone": PHONE, "purpose": "RESET_PAYMENT_PASSWORD"});
    let refused = stage.post("/v1/otp-challenges", body).send().await;
    assert_eq!(refused.problem(), (400, "PARAM_INVALID", Some("/purpose")));
}
