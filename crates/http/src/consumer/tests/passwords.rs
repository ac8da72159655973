//! The payment password: set twice the same, not easy to guess, changed by who knows the old one,
//! locked after five wrong ones; and the freeze that it lifts.

use super::PHONE;
use crate::testing::{Answer, Stage};
use domain::user::OtpPurpose::LogIn;
use kernel::time::{HOUR, MINUTE};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const RESIDENT: &str = "110101199003070011";

impl Stage {
    async fn set_password(&self, token: &str, key: &str, old: Option<&str>, new: &str) -> Answer {
        let mut body = json!({"new_password": new, "confirmation": new});
        if let Some(old) = old {
            body["old_password"] = old.into();
        }
        self.put("/v1/payment-password", body).by(token).key(key).send().await
    }

    async fn unfreeze(&self, token: &str, key: &str, digits: &str) -> Answer {
        let body = json!({"payment_password": digits});
        self.post("/v1/wallet/unfreeze", body).by(token).key(key).send().await
    }

    /// Freezes the wallet and logs in again, because freezing ends every session.
    async fn freeze(&self, token: &str, phone: &str) -> String {
        let call = self.post("/v1/wallet/freeze", json!({})).by(token).key("freeze");
        assert_eq!(call.send().await.body["state"], "FROZEN");
        self.wait(MINUTE);
        let (id, code) = self.challenge(phone, LogIn).await;
        let body = json!({
            "otp_challenge": id, "phone": phone, "code": code, "device": {"name": "phone"},
        });
        self.post("/v1/sessions", body).send().await.text("/token")
    }
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused_with_the_reason() {
    let stage = Stage::new().await;
    let token = stage.verified(PHONE, RESIDENT).await;
    for (digits, reason) in [
        ("000000", "repeated"),
        ("121212", "repeated"),
        ("123456", "sequential"),
        ("890123", "sequential"),
        ("147258", "keypad"),
        ("131452", "common"),
        ("900307", "birthday"),
        ("070390", "birthday"),
        ("070011", "id_tail"),
        ("138000", "phone_tail"),
    ] {
        let refused = stage.set_password(&token, "weak", None, digits).await;
        let expected = (422, "PAY_PASSWORD_TOO_WEAK", Some("/new_password"));
        assert_eq!(refused.problem(), expected, "{digits}");
        assert_eq!(refused.body["reason"], reason, "{digits}");
    }
    for digits in ["", "12345", "1234567", "73920a", "７３９２０４"] {
        let refused = stage.set_password(&token, "form", None, digits).await;
        let expected = (422, "PAY_PASSWORD_FORMAT", Some("/new_password"));
        assert_eq!(refused.problem(), expected, "{digits}");
    }
    let differ = json!({"new_password": "739204", "confirmation": "739205"});
    let refused = stage.put("/v1/payment-password", differ).by(&token).key("twice").send().await;
    let expected = (422, "PAY_PASSWORD_CONFIRM_MISMATCH", Some("/confirmation"));
    assert_eq!(refused.problem(), expected);
    let set = stage.set_password(&token, "good", None, "739204").await;
    assert_eq!((set.status, &set.body["state"]), (200, &json!("ACTIVE")));
}

#[tokio::test]
async fn the_old_password_is_needed_and_the_last_ones_do_not_come_back() {
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    let set = stage.set_password(&token, "set", None, "739204").await;
    assert_eq!((set.status, &set.body["state"]), (200, &json!("OPENING")));
    let none = stage.set_password(&token, "none", None, "405862").await;
    assert_eq!(none.problem(), (400, "PARAM_INVALID", Some("/old_password")));
    let wrong = stage.set_password(&token, "wrong", Some("918274"), "405862").await;
    assert_eq!(wrong.problem(), (403, "PAY_PASSWORD_WRONG", Some("/old_password")));
    assert_eq!(wrong.body["retry"]["attempts_left"], 4);
    let same = stage.set_password(&token, "same", Some("739204"), "739204").await;
    assert_eq!(same.problem(), (422, "PAY_PASSWORD_REUSED", Some("/new_password")));
    assert_eq!(stage.set_password(&token, "two", Some("739204"), "405862").await.status, 200);
    let back = stage.set_password(&token, "back", Some("405862"), "739204").await;
    assert_eq!(back.problem(), (422, "PAY_PASSWORD_REUSED", Some("/new_password")));
}

#[tokio::test]
async fn five_wrong_passwords_lock_and_a_resent_one_counts_once() {
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    stage.set_password(&token, "set", None, "739204").await;
    let token = stage.freeze(&token, PHONE).await;
    for number in 1..=4 {
        let (key, digits) = (format!("try-{number}"), format!("40586{number}"));
        for _ in 0..2 {
            let refused = stage.unfreeze(&token, &key, &digits).await;
            assert_eq!(refused.problem(), (403, "PAY_PASSWORD_WRONG", None));
            assert_eq!(refused.body["retry"]["attempts_left"], 5 - number);
        }
    }
    let locked = stage.unfreeze(&token, "try-5", "405865").await;
    assert_eq!(locked.problem(), (423, "PAY_PASSWORD_LOCKED", None));
    assert_eq!(locked.body["retry"]["reset_at"], "2026-11-21T13:01:00+08:00");
    let right = stage.unfreeze(&token, "right", "739204").await;
    assert_eq!(right.problem(), (423, "PAY_PASSWORD_LOCKED", None));
    stage.wait(3 * HOUR);
    let freed = stage.unfreeze(&token, "right", "739204").await;
    assert_eq!(freed.status, 200, "a refusal about a secret is not kept under its key");
}

#[tokio::test]
async fn what_can_be_no_password_costs_no_try() {
    let stage = Stage::new().await;
    let token = stage.verified(PHONE, RESIDENT).await;
    assert_eq!(stage.set_password(&token, "set", None, "739204").await.status, 200);
    for (count, digits) in
        ["", "abc", "12345", "1234567", "１２３４５６", "abcdef"].iter().enumerate()
    {
        let refused = stage.unfreeze(&token, &format!("no-{count}"), digits).await;
        let expected = (422, "PAY_PASSWORD_FORMAT", Some("/payment_password"));
        assert_eq!(refused.problem(), expected, "{digits}");
        let refused =
            stage.set_password(&token, &format!("old-{count}"), Some(digits), "820615").await;
        assert_eq!(
            refused.problem(),
            (422, "PAY_PASSWORD_FORMAT", Some("/old_password")),
            "{digits}"
        );
    }
    let wrong = stage.set_password(&token, "wrong", Some("820615"), "739204").await;
    assert_eq!(wrong.body["retry"]["attempts_left"], 4, "{}", wrong.body);
}

#[tokio::test]
async fn wrong_passwords_sent_at_once_are_counted_one_by_one() {
    let stage = Arc::new(Stage::new().await);
    let token = stage.wallet_of(PHONE).await;
    stage.set_password(&token, "set", None, "739204").await;
    let token = stage.freeze(&token, PHONE).await;
    let mut tries = JoinSet::new();
    for number in 10..40 {
        let (stage, token) = (Arc::clone(&stage), token.clone());
        tries.spawn(async move {
            let (key, digits) = (format!("try-{number}"), format!("4058{number}"));
            stage.unfreeze(&token, &key, &digits).await.problem().1.to_owned()
        });
    }
    let codes = tries.join_all().await;
    let wrong = codes.iter().filter(|code| *code == "PAY_PASSWORD_WRONG").count();
    let locked = codes.iter().filter(|code| *code == "PAY_PASSWORD_LOCKED").count();
    assert_eq!((wrong, locked), (4, 26), "the fifth try locks and says so");
}

#[tokio::test]
async fn freezing_ends_every_session_and_the_password_lifts_it() {
    let stage = Stage::new().await;
    let before = stage.verified(PHONE, RESIDENT).await;
    stage.set_password(&before, "set", None, "739204").await;
    let token = stage.freeze(&before, PHONE).await;
    let old = stage.get("/v1/me").by(&before).send().await;
    assert_eq!(old.problem(), (401, "SESSION_EXPIRED", None));
    let shown = stage.get("/v1/wallet").by(&token).send().await;
    assert_eq!(
        (&shown.body["state"], &shown.body["frozen_by"]),
        (&json!("FROZEN"), &json!("USER"))
    );
    let again = stage.post("/v1/wallet/freeze", json!({})).by(&token).key("again").send().await;
    assert_eq!(again.problem(), (409, "FREEZE_ALREADY", None));
    let change = stage.set_password(&token, "change", Some("739204"), "405862").await;
    assert_eq!(change.problem(), (403, "ACCOUNT_FROZEN", None));
    let freed = stage.unfreeze(&token, "free", "739204").await;
    assert_eq!((freed.status, &freed.body["state"]), (200, &json!("ACTIVE")));
    let shown = stage.get("/v1/wallet").by(&token).send().await;
    assert_eq!(shown.body.get("frozen_by"), None::<&Value>);
}

#[tokio::test]
async fn nothing_stored_tells_a_password_or_a_person() {
    let stage = Stage::new().await;
    let token = stage.verified(PHONE, RESIDENT).await;
    stage.set_password(&token, "set", None, "739204").await;
    stage.set_password(&token, "change", Some("739204"), "405862").await;
    stage.app.engine.shutdown().await;
    for file in std::fs::read_dir(stage.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for canary in ["739204", "405862", PHONE, RESIDENT, "张三", token.as_str()] {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is stored");
        }
    }
}
