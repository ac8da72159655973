//! Proving who one is: every wrong digit is named with its field and part, and what the authority
//! says is shown.

use super::{PHONE, passport, resident};
use crate::testing::Stage;
use domain::identity::AuthorityAnswer;
use kernel::time::DAY;
use serde_json::{Value, json};

const CHINESE_1: &str = "P<CHNZHANG<<SAN";
const CHINESE_2: &str = "E123456782CHN9001011M3001019<<<<<<<<<<<<<<<2";

/// The status and code, field and reason of each submission that cannot be right.
#[tokio::test]
async fn what_cannot_be_right_is_named() {
    const NAME: &str = "/resident_id/name";
    const NUMBER: &str = "/resident_id/number";
    const LINE_1: &str = "/passport/mrz_line_1";
    const LINE_2: &str = "/passport/mrz_line_2";
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    let id = |number| resident("张三", number);
    let mrz = |line_2| passport(CHINESE_1, line_2);
    let cases: [(Value, u16, &str, &str, Option<&str>); 18] = [
        (id("110101199003070012"), 422, "ID_CHECK_DIGIT_INVALID", NUMBER, None),
        (id("11010119900307001"), 422, "ID_NUMBER_FORMAT_INVALID", NUMBER, None),
        (id("990101199003070015"), 422, "ID_AREA_INVALID", NUMBER, None),
        (id("110101201302290014"), 422, "ID_BIRTHDATE_INVALID", NUMBER, None),
        (id(&born_on("20190101")), 403, "ID_AGE_TOO_YOUNG", NUMBER, None),
        (id(&born_on("20120101")), 403, "GUARDIAN_CONSENT_REQUIRED", NUMBER, None),
        (resident("张", "110101199003070011"), 422, "ID_NAME_INVALID", NAME, None),
        (resident("张3三", "110101199003070011"), 422, "ID_NAME_INVALID", NAME, None),
        (mrz(&CHINESE_2[1..]), 422, "PASSPORT_MRZ_INVALID", LINE_2, None),
        (passport("V<CHN", CHINESE_2), 422, "PASSPORT_MRZ_INVALID", LINE_1, None),
        (
            mrz("E123456783CHN9001011M3001019<<<<<<<<<<<<<<<2"),
            422,
            "PASSPORT_MRZ_INVALID",
            LINE_2,
            Some("number"),
        ),
        (
            mrz("E123456782CHN9001012M3001019<<<<<<<<<<<<<<<2"),
            422,
            "PASSPORT_MRZ_INVALID",
            LINE_2,
            Some("birth_date"),
        ),
        (
            mrz("E123456782CHN9001011M3001018<<<<<<<<<<<<<<<2"),
            422,
            "PASSPORT_MRZ_INVALID",
            LINE_2,
            Some("expiry"),
        ),
        (
            mrz("E123456782CHN9001011M3001019<<<<<<<<<<<<<<<3"),
            422,
            "PASSPORT_MRZ_INVALID",
            LINE_2,
            Some("composite"),
        ),
        (
            mrz("L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
            422,
            "ID_DOC_EXPIRED",
            LINE_2,
            Some("expiry"),
        ),
        (json!({"consent": "identity-1"}), 400, "PARAM_INVALID", "/resident_id", None),
        (with(mrz(CHINESE_2), "consent", Value::Null), 403, "CONSENT_REQUIRED", "/consent", None),
        (with(mrz(CHINESE_2), "consent", json!("")), 400, "PARAM_INVALID", "/consent", None),
    ];
    for (body, status, code, field, reason) in cases {
        let told = body.to_string();
        let call = stage.post("/v1/verifications", body).by(&token).key("wrong").quietly();
        let answer = call.send().await;
        assert_eq!(answer.problem(), (status, code, Some(field)), "{told}");
        assert_eq!(answer.body["reason"].as_str(), reason, "{told}");
    }
    let both = with(mrz(CHINESE_2), "resident_id", json!({"name": "张三", "number": ""}));
    let both = stage.post("/v1/verifications", both).by(&token).key("both").send().await;
    assert_eq!(both.problem(), (400, "PARAM_INVALID", Some("/passport")));
}

/// A resident ID of somebody born on a day.
pub(super) fn born_on(birth_date: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let head = format!("110101{birth_date}001");
    let digits = head.bytes().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    format!("{head}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[tokio::test]
async fn a_passport_verifies_as_a_resident_id_does() {
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    let body = passport(CHINESE_1, CHINESE_2);
    let submitted = stage.post("/v1/verifications", body).by(&token).key("one").send().await;
    let id = submitted.text("/id");
    stage.authority_says(&id, AuthorityAnswer::Match { phone: false }).await;
    stage.get(&format!("/v1/verifications/{id}")).by(&token).send().await;
    stage.get("/v1/wallet").by(&token).send().await;
    insta::assert_snapshot!(stage.told());
}

#[tokio::test]
async fn the_answer_of_the_authority_is_shown() {
    let stage = Stage::new().await;
    for (place, (name, answer)) in [
        ("mismatch", AuthorityAnswer::Mismatch),
        ("expired", AuthorityAnswer::Expired),
        ("unavailable", AuthorityAnswer::Unavailable),
    ]
    .into_iter()
    .enumerate()
    {
        stage.tell(name);
        let token = stage.wallet_of(&format!("1380013800{place}")).await;
        let body = resident("张三", "110101199003070011");
        let call = stage.post("/v1/verifications", body).by(&token).key("one").quietly();
        let id = call.send().await.text("/id");
        let path = format!("/v1/verifications/{id}");
        stage.authority_says(&id, answer).await;
        stage.get(&path).by(&token).language("en").send().await;
        let wallet = stage.get("/v1/wallet").by(&token).quietly().send().await;
        assert_eq!(wallet.body["state"], "OPENING");
        assert_eq!(wallet.text("/last_verification"), id);
    }
    insta::assert_snapshot!(stage.told());
}

#[tokio::test]
async fn one_submission_is_open_at_a_time_and_five_may_fail_a_day() {
    let stage = Stage::new().await;
    let token = stage.wallet_of(PHONE).await;
    let submit = async |key: String| {
        let body = resident("张三", "110101199003070011");
        stage.post("/v1/verifications", body).by(&token).key(&key).send().await
    };
    for number in 0..5 {
        let id = submit(format!("try-{number}")).await.text("/id");
        let open = submit(format!("open-{number}")).await;
        assert_eq!(open.problem(), (409, "ID_REVIEW_PENDING", None));
        stage.authority_says(&id, AuthorityAnswer::Mismatch).await;
    }
    let refused = submit("sixth".into()).await;
    assert_eq!(refused.problem(), (429, "ID_ATTEMPTS_EXCEEDED", None));
    assert_eq!(refused.body["retry"]["reset_at"], "2026-11-22T10:00:00+08:00");
    stage.wait(DAY);
    assert_eq!(submit("next-day".into()).await.status, 201);
}

#[tokio::test]
async fn a_verified_wallet_stays_the_same_persons() {
    let stage = Stage::new().await;
    let token = stage.verified(PHONE, "110101199003070011").await;
    let other = resident("李四", "11010119900307002X");
    let refused = stage.post("/v1/verifications", other).by(&token).key("other").send().await;
    assert_eq!(refused.problem(), (403, "PERMISSION_DENIED", None));
}
