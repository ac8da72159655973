//! The first steps of a person, told as a whole: every status and body is compared with the stored
//! text beside this file.

use super::{PHONE, resident};
use crate::testing::Stage;
use domain::identity::AuthorityAnswer;
use domain::user::OtpPurpose::{LogIn, Register};
use kernel::time::MINUTE;
use serde_json::json;

#[tokio::test]
async fn a_person_registers_is_verified_and_sets_a_payment_password() {
    let stage = Stage::new().await;
    stage.tell("register");
    let asked = stage.post("/v1/otp-challenges", json!({"phone": PHONE, "purpose": "REGISTER"}));
    let id = asked.send().await.text("/id");
    let body = json!({
        "otp_challenge": id, "phone": PHONE, "code": stage.code(&id, Register),
        "device": {"name": "我的手机"},
    });
    let registered = stage.post("/v1/users", body).send().await;
    let token = registered.text("/token");
    stage.get("/v1/me").by(&token).send().await;

    stage.tell("open a wallet");
    stage.get("/v1/wallet").by(&token).send().await;
    stage.post("/v1/wallet", json!({})).by(&token).key("open").send().await;
    stage.get("/v1/wallet").by(&token).send().await;

    stage.tell("prove who one is");
    let wrong = resident("张三", "110101199003070012");
    stage.post("/v1/verifications", wrong).by(&token).key("wrong").send().await;
    let right = resident("张三", "110101199003070011");
    let call = stage.post("/v1/verifications", right).by(&token).key("right");
    let verification = call.send().await.text("/id");
    let path = format!("/v1/verifications/{verification}");
    stage.get(&path).by(&token).send().await;
    stage.authority_says(&verification, AuthorityAnswer::Match { phone: true }).await;
    stage.get(&path).by(&token).send().await;

    stage.tell("set a payment password");
    let weak = json!({"new_password": "900307", "confirmation": "900307"});
    stage.put("/v1/payment-password", weak).by(&token).key("weak").send().await;
    let good = json!({"new_password": "739204", "confirmation": "739204"});
    stage.put("/v1/payment-password", good).by(&token).key("good").send().await;
    stage.get("/v1/wallet").by(&token).send().await;

    stage.tell("log out, and log in again on the same device");
    stage.delete("/v1/sessions/current").by(&token).send().await;
    stage.get("/v1/me").by(&token).send().await;
    stage.wait(MINUTE);
    let (id, code) = stage.challenge(PHONE, LogIn).await;
    let body = json!({
        "otp_challenge": id, "phone": PHONE, "code": code,
        "device": {"id": registered.text("/device"), "name": "我的手机"},
    });
    let token = stage.post("/v1/sessions", body).send().await.text("/token");
    stage.get("/v1/me").by(&token).send().await;
    insta::assert_snapshot!(stage.told());
}
