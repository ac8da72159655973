//! Cards: which bank they are of, binding one with the issuer's code, and letting it go.

use super::shop::{PASSWORD, debit_card};
use crate::testing::Stage;
use domain::card::{BankDecline, BankOperation, ConfirmationAnswer, IssuerAnswer, secrets_place};
use domain::card::{CardBinding, CardSecrets};
use domain::ids::CardBindingId;
use kernel::ExposeSecret;
use kernel::time::MINUTE;
use serde_json::{Value, json};
use store::queries::find;

/// A credit card of the same bank.
const CREDIT: &str = "6222100000000007";

#[tokio::test]
async fn a_card_is_bound_with_the_issuers_code_and_let_go() {
    let stage = Stage::new().await;
    let token = stage.person(1, true).await.token;
    let number = debit_card(1);
    stage.tell("which bank");
    stage.post("/v1/cards/lookup", json!({"number": number})).by(&token).send().await;
    stage.tell("bind");
    let body = json!({"number": number, "phone": "13900139000"});
    let call = stage.post("/v1/card-bindings", body).by(&token).key("bind");
    let binding = call.send().await.text("/id");
    let path = format!("/v1/card-bindings/{binding}");
    let confirm = async |key: &str, code: &str| {
        let body = json!({"code": code});
        stage.post(&format!("{path}/confirm"), body).by(&token).key(key).send().await
    };
    assert_eq!(confirm("early", "123456").await.problem(), (409, "OTP_CHALLENGE_MISMATCH", None));
    stage.issuer_says(&binding, IssuerAnswer::CodeSent).await;
    stage.get(&path).by(&token).send().await;
    confirm("wrong", "000000").await;
    stage.bank_signs(&binding, 1, ConfirmationAnswer::WrongCode).await;
    stage.get(&path).by(&token).send().await;
    confirm("right", "123456").await;
    assert_eq!(confirm("twice", "123456").await.problem(), (409, "OTP_USED", None));
    let bound = ConfirmationAnswer::Bound { token: vec![7] };
    stage.bank_signs(&binding, 2, bound).await;
    let card = stage.get(&path).by(&token).send().await.text("/card");
    stage.tell("list");
    stage.get("/v1/cards").by(&token).language("en").send().await;
    stage.tell("let it go");
    let body = json!({"payment_password": PASSWORD});
    let path = format!("/v1/cards/{card}/unbind");
    stage.post(&path, body).by(&token).key("unbind").send().await;
    stage.get("/v1/cards").by(&token).send().await;
    stage.get(&format!("/v1/cards/{card}")).by(&token).send().await;
    stage.assert_books_are_right().await;
    insta::assert_snapshot!(stage.told());
}

#[tokio::test]
async fn what_the_issuer_gets_is_sealed_for_its_binding_and_gone_afterwards() {
    let stage = Stage::new().await;
    let token = stage.person(1, true).await.token;
    let body = json!({
        "number": CREDIT, "phone": "13900139000", "expiry": "11/29", "security_code": "907",
    });
    let call = stage.post("/v1/card-bindings", body).by(&token).key("bind");
    let id: CardBindingId = call.send().await.text("/id").parse().unwrap();
    let row = async || find::<CardBinding>(stage.app.queries.as_ref(), &id).await.unwrap().unwrap();
    let binding = row().await;
    assert_eq!((binding.bin.as_str(), binding.expiry_month), ("622210", Some(202_911)));
    let keys = &stage.app.keys;
    let sealed = binding.secrets.unwrap();
    let opened = kernel::crypto::open(&keys.card_data, &secrets_place(id), &sealed).unwrap();
    let secrets = CardSecrets::unpack(std::str::from_utf8(&opened).unwrap()).unwrap();
    assert_eq!(secrets.number.expose_secret(), CREDIT);
    assert_eq!(secrets.phone.expose_secret(), "+8613900139000");
    assert_eq!(secrets.expiry.unwrap().expose_secret(), "11/29");
    assert_eq!(secrets.security_code.unwrap().expose_secret(), "907");
    let decline = BankDecline::parse("CARD_CVV_INVALID", BankOperation::Binding);
    stage.issuer_says(&id.to_string(), IssuerAnswer::Declined(decline)).await;
    let shown = stage.get(&format!("/v1/card-bindings/{id}")).by(&token).send().await;
    assert_eq!(shown.body["state"], "FAILED");
    assert_eq!(shown.body["notice"]["code"], "CARD_CVV_INVALID");
    assert_eq!(row().await.secrets, None);
    stage.app.engine.shutdown().await;
    for file in std::fs::read_dir(stage.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for canary in [CREDIT, "13900139000", "11/29"] {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is stored");
        }
    }
}

#[tokio::test]
async fn a_card_that_cannot_be_right_is_named_with_its_field() {
    let stage = Stage::new().await;
    let token = stage.person(1, true).await.token;
    let debit = debit_card(1);
    let with = |changes: Value| {
        let mut body = json!({"number": debit, "phone": "13900139000"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    let credit = |expiry: &str, code: &str| {
        with(json!({"number": CREDIT, "expiry": expiry, "security_code": code}))
    };
    for (body, status, code, field) in [
        (with(json!({"number": "6222020123456789014"})), 422, "CARD_NUMBER_INVALID", "/number"),
        (with(json!({"number": "123"})), 422, "CARD_NUMBER_INVALID", "/number"),
        (with(json!({"number": "4111111111111111"})), 422, "CARD_BIN_UNKNOWN", "/number"),
        (with(json!({"phone": "12"})), 422, "OTP_PHONE_INVALID", "/phone"),
        (with(json!({"expiry": "11/29"})), 400, "PARAM_INVALID", "/expiry"),
        (with(json!({"security_code": "907"})), 400, "PARAM_INVALID", "/security_code"),
        (with(json!({"pin": "1234"})), 400, "PARAM_INVALID", "/pin"),
        (with(json!({"number": CREDIT})), 422, "CARD_EXPIRY_INVALID", "/expiry"),
        (credit("13/29", "907"), 422, "CARD_EXPIRY_INVALID", "/expiry"),
        (credit("10/26", "907"), 422, "CARD_EXPIRED", "/expiry"),
        (credit("11/29", "9071"), 422, "CARD_CVV_INVALID", "/security_code"),
    ] {
        let told = body.to_string();
        let call = stage.post("/v1/card-bindings", body).by(&token).key("wrong");
        assert_eq!(call.send().await.problem(), (status, code, Some(field)), "{told}");
    }
    let looked = stage.post("/v1/cards/lookup", json!({"number": "123"})).by(&token).send().await;
    assert_eq!(looked.problem(), (422, "CARD_NUMBER_INVALID", Some("/number")));
}

#[tokio::test]
async fn a_binding_needs_a_verified_person_and_its_own_key() {
    let stage = Stage::new().await;
    let bind = async |token: &str, number: u8| {
        let body = json!({"number": debit_card(number), "phone": "13900139000"});
        stage.post("/v1/card-bindings", body).by(token).key("bind").send().await
    };
    let stranger = stage.wallet_of("13800138098").await;
    assert_eq!(bind(&stranger, 1).await.problem(), (403, "CARD_BIND_IDENTITY_REQUIRED", None));
    let token = stage.person(1, true).await.token;
    let first = bind(&token, 1).await;
    assert_eq!(first.status, 201);
    assert_eq!(bind(&token, 1).await.body, first.body);
    assert_eq!(bind(&token, 2).await.problem(), (409, "IDEMPOTENCY_CONFLICT", None));
    let path = format!("/v1/card-bindings/{}", first.text("/id"));
    let foreign = stage.get(&path).by(&stranger).send().await;
    assert_eq!(foreign.problem(), (404, "OBJECT_NOT_FOUND", None));
    let confirm = |token: &str, code: &str| {
        let body = json!({"code": code});
        stage.post(&format!("{path}/confirm"), body).by(token).key("confirm")
    };
    let foreign = confirm(&stranger, "123456").send().await;
    assert_eq!(foreign.problem(), (404, "OBJECT_NOT_FOUND", None));
    for code in ["", "123", "123456789", "12345a"] {
        let refused = confirm(&token, code).send().await;
        assert_eq!(refused.problem(), (400, "PARAM_INVALID", Some("/code")), "{code}");
    }
    stage.issuer_says(&first.text("/id"), IssuerAnswer::CodeSent).await;
    stage.wait(15 * MINUTE);
    assert_eq!(
        confirm(&token, "123456").send().await.problem(),
        (410, "BIND_SESSION_EXPIRED", None)
    );
}
