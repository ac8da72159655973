//! Malformed requests, keys of idempotency, and languages.

use super::{PHONE, resident};
use crate::testing::Stage;
use serde_json::{Value, json};

#[tokio::test]
async fn a_body_with_two_meanings_or_none_is_refused() {
    let stage = Stage::new().await;
    let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
    for (body, field) in [
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        (r#"{"phone":"13800138000"}"#, Some("/purpose")),
        (r#"{"phone":"13800138000","purpose":"PAY"}"#, Some("/purpose")),
        (r#"{"phone":13800138000,"purpose":"LOG_IN"}"#, Some("/phone")),
        (r#"{"phone":"1","phone":"2","purpose":"LOG_IN"}"#, Some("/phone")),
        (r#"{"phone":"13800138000","purpose":"LOG_IN","then":1}"#, Some("/then")),
        (r#"{"phone":"13800138000\u0000","purpose":"LOG_IN"}"#, Some("/phone")),
    ] {
        let call = stage.post("/v1/otp-challenges", Value::Null).bytes(body.as_bytes());
        let answer = call.send().await;
        assert_eq!(answer.problem(), (400, "PARAM_INVALID", field), "{body}");
    }
    let deep = format!(r#"{{"phone":{deep},"purpose":"LOG_IN"}}"#);
    let answer = stage.post("/v1/otp-challenges", Value::Null).bytes(deep.as_bytes()).send().await;
    assert_eq!((answer.problem().0, answer.problem().1), (400, "PARAM_INVALID"));
    let huge = vec![b' '; 64 * 1024 + 1];
    let answer = stage.post("/v1/otp-challenges", Value::Null).bytes(&huge).send().await;
    assert_eq!(answer.problem(), (413, "BODY_TOO_LARGE", None));
    let answer = stage.delete("/v1/otp-challenges").send().await;
    assert_eq!(answer.problem(), (405, "METHOD_NOT_ALLOWED", None));
}

#[tokio::test]
async fn what_is_no_phone_gets_no_code() {
    let stage = Stage::new().await;
    for phone in ["", "12345678901", "1380013800", "+8613", "138001380000"] {
        let body = json!({"phone": phone, "purpose": "REGISTER"});
        let answer = stage.post("/v1/otp-challenges", body).send().await;
        assert_eq!(answer.problem(), (422, "OTP_PHONE_INVALID", Some("/phone")), "{phone}");
    }
}

#[tokio::test]
async fn a_device_has_a_name_that_can_be_shown() {
    let stage = Stage::new().await;
    for name in ["", "  ", "a\nb", "a\u{202e}b", "a\u{200b}", "a\u{2066}", &"长".repeat(65)] {
        let body = json!({
            "otp_challenge": "otp_00000000000000000000000000", "phone": PHONE, "code": "000000",
            "device": {"name": name},
        });
        let answer = stage.post("/v1/users", body).send().await;
        assert_eq!(answer.problem(), (400, "PARAM_INVALID", Some("/device/name")), "{name}");
    }
    let body = json!({
        "otp_challenge": "otp_0", "phone": PHONE, "code": "000000", "device": {"name": "phone"},
    });
    let answer = stage.post("/v1/users", body).send().await;
    assert_eq!(answer.problem(), (400, "PARAM_INVALID", Some("/otp_challenge")));
}

#[tokio::test]
async fn a_change_without_a_key_is_not_made() {
    let stage = Stage::new().await;
    let token = stage.register(PHONE).await;
    for call in [
        stage.post("/v1/wallet", json!({})),
        stage.post("/v1/wallet/freeze", json!({})),
        stage.post("/v1/wallet/unfreeze", json!({"payment_password": "739204"})),
        stage.post("/v1/verifications", resident("张三", "110101199003070011")),
        stage.put("/v1/payment-password", json!({})),
    ] {
        let answer = call.by(&token).send().await;
        assert_eq!(answer.problem(), (400, "IDEMPOTENCY_KEY_REQUIRED", None));
    }
    let me = stage.get("/v1/me").by(&token).send().await;
    assert_eq!(me.body.get("wallet"), None);
}

#[tokio::test]
async fn the_same_request_under_the_same_key_gets_the_same_answer_and_another_one_none() {
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    let submit = |name: &str| {
        let body = resident(name, "110101199003070011");
        stage.post("/v1/verifications", body).by(&token).key("same")
    };
    let first = submit("张三").send().await;
    assert_eq!(first.status, 201);
    let again = submit("张三").send().await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    let other = submit("李四").send().await;
    assert_eq!(other.problem(), (409, "IDEMPOTENCY_CONFLICT", None));
    let elsewhere = stage.post("/v1/wallet", json!({})).by(&token).key("same").send().await;
    assert_eq!(elsewhere.problem(), (409, "IDEMPOTENCY_CONFLICT", None));
    let theirs = stage.register("13800138001").await;
    let wallet = stage.post("/v1/wallet", json!({})).by(&theirs).key("same").send().await;
    assert_eq!(wallet.status, 201, "another person's key is another key");
}

#[tokio::test]
async fn opening_a_wallet_twice_gives_the_same_one() {
    let stage = Stage::new().await;
    let token = stage.register(PHONE).await;
    let open = async |key| stage.post("/v1/wallet", json!({})).by(&token).key(key).send().await;
    let first = open("first").await;
    assert_eq!((first.status, &first.body["is_new"]), (201, &json!(true)));
    assert_eq!(open("first").await.body, first.body);
    let second = open("second").await;
    assert_eq!(second.status, 200);
    assert_eq!(second.body, json!({"id": first.text("/id"), "is_new": false}));
}

#[tokio::test]
async fn a_refusal_is_told_in_both_languages() {
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    for language in ["zh-CN", "en"] {
        stage.tell(language);
        let body = resident("张三", "110101199003070012");
        let call = stage.post("/v1/verifications", body).by(&token).key("wrong");
        let answer = call.language(language).send().await;
        assert_eq!(answer.headers["content-language"], language);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    insta::assert_snapshot!(stage.told());
}
