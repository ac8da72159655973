//! Complaints with pictures, as payers file and see them.

use super::shop::fen;
use crate::testing::Stage;
use domain::complaint::{AnswerComplaint, ComplaintAct, WORDS_A_DAY};
use domain::testing::MCHID;
use serde_json::{Value, json};

/// A picture of the kind whose bytes can be text.
const PICTURE: &[u8] = b"BM cold tea";

#[tokio::test]
async fn a_complaint_shows_the_pictures_that_its_payer_uploaded_and_what_came_back() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    let other = stage.wallet_of("13800138099").await;
    stage.open_shop().await;
    stage.place("order-1", 1_000).await;
    assert_eq!(stage.pay(&payer.token, "pay", "order-1", 1_000).send().await.status, 200);
    let bills = stage.get("/v1/bills").by(&payer.token).send().await;
    let mut bills = bills.body["items"].as_array().unwrap().iter();
    let transaction_id = bills.find_map(|bill| bill["transaction_id"].as_str()).unwrap();
    let upload = async |token: &str, content: &[u8]| {
        stage.post("/v1/complaint-pictures", json!({})).by(token).bytes(content).send().await
    };
    assert_eq!(upload(&payer.token, b"no picture").await.problem().1, "MEDIA_TYPE_UNSUPPORTED");
    let mut large = PICTURE.to_vec();
    large.resize(2 * 1024 * 1024 + 1, b' ');
    assert_eq!(upload(&payer.token, &large).await.problem().1, "BODY_TOO_LARGE");
    let kept = upload(&payer.token, PICTURE).await;
    assert_eq!(kept.status, 201);
    let picture = kept.text("/id");
    assert_eq!(upload(&payer.token, PICTURE).await.text("/id"), picture);
    let foreign = upload(&other, PICTURE).await.text("/id");
    assert_ne!(foreign, picture, "everybody has an own one");
    let file = async |key: &'static str, pictures: &[&str]| {
        let body = json!({
            "transaction_id": transaction_id, "problem_type": "REFUND", "detail": "cold",
            "apply_refund": 400, "pictures": pictures,
        });
        stage.post("/v1/complaints", body).by(&payer.token).key(key).send().await
    };
    assert_eq!(file("foreign", &[&foreign]).await.problem(), (404, "OBJECT_NOT_FOUND", None));
    let five = file("five", &[picture.as_str(); 5]).await;
    assert_eq!((five.status, five.text("/field").as_str()), (400, "/pictures"));
    let filed = file("file", &[&picture]).await;
    assert_eq!((filed.status, &filed.body["steps"][0]["pictures"]), (201, &json!([picture])));
    assert_eq!((&filed.body["apply_refund"], &filed.body["refunded"]), (&fen(400), &fen(0)));
    stage.refund("order-1", 400, 1_000).await;
    let path = format!("/v1/complaints/{}", filed.text("/id"));
    let shown = stage.get(&path).by(&payer.token).send().await;
    assert_eq!(shown.body["refunded"], fen(400));
    let steps = shown.body["steps"].as_array().unwrap();
    assert_eq!(steps[1]["step"], "COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE");
    let target = format!("{path}/pictures/{picture}");
    let back = stage.get(&target).by(&payer.token).send().await;
    assert_eq!((back.status, &back.headers["content-type"]), (200, &"image/bmp".parse().unwrap()));
    assert_eq!(back.body.as_str().unwrap().as_bytes(), PICTURE);
    for (token, path) in [
        (&other, target.clone()),
        (&payer.token, format!("{path}/pictures/{foreign}")),
        (&payer.token, format!("{path}/pictures/%ff")),
    ] {
        let missing = stage.get(&path).by(token).send().await;
        assert_eq!(missing.problem(), (404, "OBJECT_NOT_FOUND", None), "{path}");
    }
    stage.assert_books_are_right().await;
}

/// A payer with a complaint about an order of 10.00; gives the payer's token and its path.
async fn complained(stage: &Stage) -> (String, String) {
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order-1", 1_000).await;
    assert_eq!(stage.pay(&payer.token, "pay", "order-1", 1_000).send().await.status, 200);
    let bills = stage.get("/v1/bills").by(&payer.token).send().await;
    let mut bills = bills.body["items"].as_array().unwrap().iter();
    let transaction_id = bills.find_map(|bill| bill["transaction_id"].as_str()).unwrap();
    let body = json!({
        "transaction_id": transaction_id, "problem_type": "OTHERS", "detail": "cold",
    });
    let filed = stage.post("/v1/complaints", body).by(&payer.token).key("file").send().await;
    assert_eq!((filed.status, filed.body.get("ended")), (201, None));
    (payer.token, format!("/v1/complaints/{}", filed.text("/id")))
}

/// The shop says that it is dealt with.
async fn complete(stage: &Stage, path: &str) {
    let complaint_id = path.rsplit('/').next().unwrap().to_owned();
    let act = ComplaintAct::Complete { mchid: MCHID.into(), about: MCHID.into() };
    stage.app.engine.run(AnswerComplaint { complaint_id, act }).await.unwrap();
}

#[tokio::test]
async fn of_a_long_complaint_the_last_steps_are_shown() {
    let stage = Stage::new().await;
    let (token, path) = complained(&stage).await;
    let complaint_id = path.rsplit('/').next().unwrap().to_owned();
    for number in 2..=302 {
        let (mchid, about, images) = (MCHID.into(), MCHID.into(), Vec::new());
        let act = ComplaintAct::Respond { mchid, about, content: number.to_string(), images };
        let complaint_id = complaint_id.clone();
        stage.app.engine.run(AnswerComplaint { complaint_id, act }).await.unwrap();
    }
    let shown = stage.get(&path).by(&token).send().await;
    let steps = shown.body["steps"].as_array().unwrap();
    let details = |place: usize| steps[place]["details"].as_str().unwrap();
    assert_eq!((steps.len(), details(0), details(299)), (300, "3", "302"));
}

#[tokio::test]
async fn who_says_too_much_is_told_when_there_is_more() {
    let stage = Stage::new().await;
    let (token, path) = complained(&stage).await;
    let say = async || {
        let body = json!({ "content": "cold" });
        let said = stage.post(&format!("{path}/responses"), body);
        said.by(&token).language("en").send().await
    };
    for _ in 1..WORDS_A_DAY {
        assert_eq!(say().await.status, 200);
    }
    let refused = say().await;
    assert_eq!(refused.problem(), (429, "RATE_LIMITED", None));
    assert_eq!(refused.text("/remedies/0/text"), "Try again after 2026-11-22 00:00");
}

#[tokio::test]
async fn a_payer_says_whether_a_complaint_is_settled_and_withdraws_it() {
    let stage = Stage::new().await;
    let (token, path) = complained(&stage).await;
    let stranger = stage.wallet_of("13800138099").await;
    let act = async |token: &str, way: &str| {
        let body = if way == "reopen" { json!({ "content": "it is not" }) } else { json!({}) };
        stage.post(&format!("{path}/{way}"), body).by(token).send().await
    };
    for way in ["confirm", "withdraw", "reopen"] {
        let missing = act(&stranger, way).await;
        assert_eq!(missing.problem(), (404, "OBJECT_NOT_FOUND", None), "{way}");
    }
    assert_eq!(act(&token, "reopen").await.problem(), (409, "COMPLAINT_DUPLICATE", None));
    let empty = stage.post(&format!("{path}/reopen"), json!({ "content": " " }));
    assert_eq!(empty.by(&token).send().await.text("/field"), "/content");
    complete(&stage, &path).await;
    let reopened = act(&token, "reopen").await;
    assert_eq!((reopened.status, reopened.text("/state").as_str()), (200, "PROCESSING"));
    let withdrawn = act(&token, "withdraw").await;
    assert_eq!((withdrawn.status, withdrawn.text("/state").as_str()), (200, "PROCESSED"));
    assert_eq!(withdrawn.text("/ended"), "PAYER_WITHDREW");
    assert_eq!(withdrawn.text("/steps/3/step"), "USER_REVOKE_COMPLAINT");
    assert_eq!(act(&token, "confirm").await.problem(), (409, "ORDER_CLOSED", None));
    let bare = stage.post(&format!("{path}/withdraw"), json!({})).send().await;
    assert_eq!(bare.status, 401);
}

#[tokio::test]
async fn a_payer_asks_the_platform_to_step_in_and_says_how_it_finds_the_outcome() {
    let stage = Stage::new().await;
    let (token, path) = complained(&stage).await;
    let stranger = stage.wallet_of("13800138099").await;
    let act = async |token: &str, way: &str, body: Value| {
        stage.post(&format!("{path}/{way}"), body).by(token).language("en").send().await
    };
    let (apply, cancel, rate) =
        ("apply-platform-service", "cancel-platform-service", "satisfaction");
    let why = json!({ "reason": "MERCHANT_SILENT", "content": " a week " });
    let good = json!({ "satisfaction": "SATISFIED" });
    for (way, body) in [(apply, &why), (cancel, &json!({})), (rate, &good)] {
        let missing = act(&stranger, way, body.clone()).await;
        assert_eq!(missing.problem(), (404, "OBJECT_NOT_FOUND", None), "{way}");
    }
    let open = act(&token, rate, good.clone()).await;
    assert_eq!(open.problem(), (409, "COMPLAINT_DUPLICATE", None));
    let strange = act(&token, apply, json!({ "reason": "BORED" })).await;
    assert_eq!(strange.status, 400);
    let long = json!({ "reason": "OTHERS", "content": "x".repeat(501) });
    assert_eq!(act(&token, apply, long).await.text("/field"), "/content");
    let asked = act(&token, apply, why.clone()).await;
    assert_eq!((asked.status, &asked.body["in_platform_service"]), (200, &json!(true)));
    assert_eq!(asked.text("/steps/1/step"), "USER_APPLY_PLATFORM_SERVICE");
    assert_eq!(asked.text("/steps/1/details"), "The merchant does not answer; a week");
    let cancelled = act(&token, cancel, json!({})).await;
    assert_eq!(cancelled.body["in_platform_service"], false);
    complete(&stage, &path).await;
    assert_eq!(act(&token, apply, why).await.problem(), (409, "ORDER_CLOSED", None));
    let rated = act(&token, rate, good).await;
    assert_eq!((rated.status, rated.text("/satisfaction").as_str()), (200, "SATISFIED"));
    assert_eq!(rated.text("/steps/4/details"), "Satisfied");
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn what_was_refunded_is_told_in_the_readers_language() {
    let stage = Stage::new().await;
    let (token, path) = complained(&stage).await;
    stage.refund("order-1", 400, 1_000).await;
    for (language, details) in [("zh-CN", "退款 4.00 元"), ("en", "Refund of 4.00 yuan")] {
        let shown = stage.get(&path).by(&token).language(language).send().await;
        assert_eq!(shown.text("/steps/1/details"), details);
        assert_eq!(shown.text("/steps/0/details"), "cold", "words stay as they are");
    }
    let confirmed = stage.post(&format!("{path}/confirm"), json!({})).by(&token).send().await;
    assert_eq!(confirmed.text("/ended"), "PAYER_CONFIRMED");
    stage.assert_books_are_right().await;
}
