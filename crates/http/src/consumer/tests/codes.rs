//! One-time passwords: old, used, guessed, of another phone or purpose, and asked for too often.

use super::PHONE;
use crate::testing::{Answer, Stage};
use domain::user::OtpPurpose::{self, LogIn, Register};
use kernel::time::{HOUR, MINUTE, SECOND};
use serde_json::json;

impl Stage {
    async fn enter(&self, path: &str, phone: &str, challenge: &str, code: &str) -> Answer {
        let body = json!({
            "otp_challenge": challenge, "phone": phone, "code": code, "device": {"name": "phone"},
        });
        self.post(path, body).send().await
    }

    async fn ask(&self, phone: &str, purpose: OtpPurpose) -> Answer {
        let body = json!({"phone": phone, "purpose": purpose.as_str()});
        self.post("/v1/otp-challenges", body).send().await
    }
}

/// A code that is wrong in another way for every number.
fn wrong(code: &str, number: usize) -> String {
    let right: usize = code.parse().unwrap();
    format!("{:06}", (right + number) % 1_000_000)
}

#[tokio::test]
async fn a_code_serves_once() {
    let stage = Stage::new().await;
    let (id, code) = stage.challenge(PHONE, Register).await;
    assert_eq!(stage.enter("/v1/users", PHONE, &id, &code).await.status, 201);
    let again = stage.enter("/v1/users", PHONE, &id, &code).await;
    assert_eq!(again.problem(), (409, "OTP_USED", None));
}

#[tokio::test]
async fn a_code_serves_for_five_minutes() {
    let stage = Stage::new().await;
    let (id, code) = stage.challenge(PHONE, Register).await;
    stage.wait(5 * MINUTE);
    let late = stage.enter("/v1/users", PHONE, &id, &code).await;
    assert_eq!(late.problem(), (410, "OTP_EXPIRED", None));
    let (id, code) = stage.challenge(PHONE, Register).await;
    stage.wait(5 * MINUTE - SECOND);
    assert_eq!(stage.enter("/v1/users", PHONE, &id, &code).await.status, 201);
}

#[tokio::test]
async fn a_newer_code_takes_the_place_of_the_older() {
    let stage = Stage::new().await;
    let (older, code) = stage.challenge(PHONE, Register).await;
    stage.wait(MINUTE);
    let (newer, newer_code) = stage.challenge(PHONE, Register).await;
    let refused = stage.enter("/v1/users", PHONE, &older, &code).await;
    assert_eq!(refused.problem(), (409, "OTP_USED", None));
    assert_eq!(stage.enter("/v1/users", PHONE, &newer, &newer_code).await.status, 201);
}

#[tokio::test]
async fn a_code_of_another_phone_or_purpose_does_not_serve() {
    let stage = Stage::new().await;
    let (id, code) = stage.challenge(PHONE, Register).await;
    let other = stage.enter("/v1/users", "13800138001", &id, &code).await;
    assert_eq!(other.problem(), (409, "OTP_CHALLENGE_MISMATCH", None));
    let purpose = stage.enter("/v1/sessions", PHONE, &id, &code).await;
    assert_eq!(purpose.problem(), (409, "OTP_CHALLENGE_MISMATCH", None));
    assert_eq!(stage.enter("/v1/users", PHONE, &id, &code).await.status, 201);
}

#[tokio::test]
async fn five_different_guesses_void_a_code_and_a_resent_one_counts_once() {
    let stage = Stage::new().await;
    let (id, code) = stage.challenge(PHONE, Register).await;
    for guess in 1..=4 {
        for _ in 0..2 {
            let refused = stage.enter("/v1/users", PHONE, &id, &wrong(&code, guess)).await;
            assert_eq!(refused.problem(), (422, "OTP_INVALID", Some("/code")));
            assert_eq!(refused.body["retry"]["attempts_left"], 5 - guess);
        }
    }
    let fifth = stage.enter("/v1/users", PHONE, &id, &wrong(&code, 5)).await;
    assert_eq!(fifth.problem(), (429, "OTP_ATTEMPTS_EXCEEDED", None));
    let right = stage.enter("/v1/users", PHONE, &id, &code).await;
    assert_eq!(right.problem(), (429, "OTP_ATTEMPTS_EXCEEDED", None));
}

#[tokio::test]
async fn three_codes_guessed_to_the_end_lock_logging_in() {
    let stage = Stage::new().await;
    stage.register(PHONE).await;
    for _ in 0..3 {
        let (id, code) = stage.challenge(PHONE, LogIn).await;
        for guess in 1..=5 {
            stage.enter("/v1/sessions", PHONE, &id, &wrong(&code, guess)).await;
        }
        stage.wait(MINUTE);
    }
    let locked = stage.ask(PHONE, LogIn).await;
    assert_eq!(locked.problem(), (423, "LOGIN_LOCKED", None));
    assert_eq!(locked.body["retry"]["reset_at"], "2026-11-22T10:02:00+08:00");
    assert_eq!(stage.ask(PHONE, Register).await.status, 201, "another purpose is not locked");
}

#[tokio::test]
async fn codes_are_sent_once_a_minute_and_five_times_an_hour() {
    let stage = Stage::new().await;
    assert_eq!(stage.ask(PHONE, Register).await.status, 201);
    let soon = stage.ask(PHONE, Register).await;
    assert_eq!(soon.problem(), (429, "OTP_RESEND_TOO_SOON", None));
    assert_eq!(soon.body["retry"]["reset_at"], "2026-11-21T10:01:00+08:00");
    for _ in 0..4 {
        stage.wait(MINUTE);
        assert_eq!(stage.ask(PHONE, Register).await.status, 201);
    }
    stage.wait(MINUTE);
    let often = stage.ask(PHONE, Register).await;
    assert_eq!(often.problem(), (429, "OTP_SEND_LIMIT", None));
    assert_eq!(often.body["retry"]["reset_at"], "2026-11-21T11:00:00+08:00");
    stage.wait(HOUR);
    assert_eq!(stage.ask(PHONE, Register).await.status, 201);
}

#[tokio::test]
async fn only_the_holder_of_a_phone_learns_whether_it_is_registered() {
    let stage = Stage::new().await;
    stage.register(PHONE).await;
    let unknown = "13800138001";
    let (known_asked, unknown_asked) =
        (stage.ask(PHONE, LogIn).await, stage.ask(unknown, LogIn).await);
    assert_eq!(known_asked.status, unknown_asked.status);
    for (phone, asked) in [(PHONE, &known_asked), (unknown, &unknown_asked)] {
        let code = stage.code(&asked.text("/id"), LogIn);
        let guess = stage.enter("/v1/sessions", phone, &asked.text("/id"), &wrong(&code, 1)).await;
        assert_eq!(guess.problem(), (422, "OTP_INVALID", Some("/code")), "{phone}");
    }
    let id = unknown_asked.text("/id");
    let holder = stage.enter("/v1/sessions", unknown, &id, &stage.code(&id, LogIn)).await;
    assert_eq!(holder.problem(), (404, "ACCOUNT_NOT_REGISTERED", None));
}

#[tokio::test]
async fn registering_a_known_phone_logs_its_holder_in() {
    let stage = Stage::new().await;
    let first = stage.register(PHONE).await;
    let user = stage.get("/v1/me").by(&first).send().await.text("/id");
    stage.wait(MINUTE);
    let (id, code) = stage.challenge(PHONE, Register).await;
    let again = stage.enter("/v1/users", PHONE, &id, &code).await;
    assert_eq!((again.status, again.text("/user")), (201, user));
    assert_eq!(again.body["is_new"], false);
}
