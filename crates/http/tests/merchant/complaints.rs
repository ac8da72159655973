//! Complaints and uploads over the wire.

use crate::partner::{self, provider};
use crate::world::{Answer, PAYER, World, put};
use apiv3::authorization::RawRequest;
use apiv3::oaep;
use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use domain::Once;
use domain::complaint::{
    ApplyPlatformService, ContinueComplaint, FileComplaint, FinishPlatformService, PlatformReason,
    ProblemType, RespondForPlatform, UploadPicture, WithdrawComplaint,
};
use domain::user::{User, phone_place};
use kernel::crypto::sha256;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tower::ServiceExt;

const COMPLAINTS: &str = "/v3/merchant-service/complaints-v2";
const NOTIFICATIONS: &str = "/v3/merchant-service/complaint-notifications";
const WITHDREW: &str = "USER_REVOKE_COMPLAINT";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\npicture";

async fn complained(world: &World) {
    give_phone(world).await;
    let transaction_id = world.paid("T2026-0001").await;
    file(world, transaction_id).await;
}

/// Complaints are shown with the payer's phone.
async fn give_phone(world: &World) {
    let row = PAYER.user_row(world.app.business_now());
    let phone = world.app.seal(&phone_place(&row.phone_index), "+8613800138000");
    world.app.engine.run(put(User { phone, ..row })).await.unwrap();
}

/// The payer says something about it.
fn say(content: &str, images: &[&str]) -> ContinueComplaint {
    let images = images.iter().map(|id| (*id).to_owned()).collect();
    let (complaint_id, content) = ("2000000001".into(), content.into());
    ContinueComplaint { user: PAYER.user, complaint_id, content, images }
}

async fn file(world: &World, transaction_id: String) {
    file_with(world, transaction_id, &[]).await;
}

async fn file_with(world: &World, transaction_id: String, images: &[&str]) {
    let command = FileComplaint {
        user: PAYER.user,
        wallet: PAYER.wallet,
        transaction_id,
        problem: ProblemType::Refund,
        detail: "茶是冷的".into(),
        apply_refund_minor: 500,
        images: images.iter().map(|id| (*id).to_owned()).collect(),
        complaint_id: "2000000001".into(),
        once: Once::State,
    };
    world.app.engine.run(command).await.unwrap();
}

/// Uploads a file; the signature covers its meta alone.
async fn upload(world: &World, target: &str, name: &str, content: &[u8], said: &[u8]) -> Answer {
    let hash = kernel::id::Hex(&sha256(&[said])).to_string();
    let meta = json!({"filename": name, "sha256": hash}).to_string();
    let head = format!(
        "--limit\r\nContent-Disposition: form-data; name=\"meta\";\r\nContent-Type: \
         application/json\r\n\r\n{meta}\r\n--limit\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--limit--\r\n"].concat();
    let raw = RawRequest { method: "POST", target, body: meta.as_bytes() };
    let header = world.authorization(&world.merchant, (&world.nonce(), 0), &raw);
    let mut request = world.bare("POST", target, &body);
    request.headers_mut().insert("authorization", header.parse().unwrap());
    request.headers_mut().insert("content-type", "multipart/form-data".parse().unwrap());
    world.send(request).await
}

/// A file without a signature.
async fn fetched(world: &World, target: &str) -> (String, Vec<u8>) {
    let mut request = world.signed(&world.merchant, ("GET", target), b"");
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    let (parts, body) = world.router.clone().oneshot(request).await.unwrap().into_parts();
    assert_eq!(parts.status, 200);
    let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
    (kind, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

/// The complaint as its merchant sees it, the phone opened with the merchant's key.
async fn check_view(world: &World, path: &str) {
    let mut shown = world.get(path).await.json();
    let phone = shown.as_object_mut().unwrap().remove("payer_phone").unwrap();
    let phone = oaep::decrypt(&world.merchant.key, phone.as_str().unwrap()).unwrap();
    assert_eq!(phone.as_str(), "+8613800138000");
    let expected: Value = json!({
        "complaint_id": "2000000001",
        "complaint_time": "2026-11-21T10:00:00+08:00",
        "complaint_detail": "茶是冷的",
        "complaint_state": "PENDING",
        "complainted_mchid": world.merchant.made.mchid,
        "payer_openid": world.payer_openid(),
        "complaint_order_info": [{
            "transaction_id": shown["complaint_order_info"][0]["transaction_id"],
            "out_trade_no": "T2026-0001",
            "amount": 1_000,
        }],
        "complaint_full_refunded": false,
        "incoming_user_response": true,
        "problem_description": "申请退款",
        "user_complaint_times": 1,
        "problem_type": "REFUND",
        "apply_refund_amount": 500,
        "in_platform_service": false,
        "need_immediate_service": false,
        "is_agent_mode": false,
    });
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_complaint_is_listed_answered_with_a_picture_and_completed() {
    let world = World::new().await;
    complained(&world).await;
    let list = world
        .get(&format!("{COMPLAINTS}?begin_date=2026-11-01&end_date=2026-11-21&limit=5"))
        .await
        .json();
    assert_eq!((&list["total_count"], &list["limit"]), (&json!(1), &json!(5)));
    let path = format!("{COMPLAINTS}/2000000001");
    check_view(&world, &path).await;
    let media = upload(&world, "/v3/merchant-service/images/upload", "a.png", PNG, PNG).await;
    let id = media.json()["media_id"].as_str().unwrap().to_owned();
    let mchid = world.merchant.made.mchid.clone();
    let answer = json!({
        "complainted_mchid": mchid, "response_content": "sorry", "response_images": [id],
    });
    assert_eq!(world.post(&format!("{path}/response"), &answer).await.status, 204);
    assert_eq!(world.get(&path).await.json()["complaint_state"], "PROCESSING");
    let at_once = world.post(&format!("{path}/response-immediate-service"), &answer).await;
    at_once.is(200, json!({ "log_id": "2000000001000003" }));
    let approve = json!({"action": "APPROVE", "launch_refund_day": 1});
    assert_eq!(world.post(&format!("{path}/update-refund-progress"), &approve).await.status, 204);
    world.app.engine.run(say("thanks", &[])).await.unwrap();
    let done = json!({"complainted_mchid": mchid});
    assert_eq!(world.post(&format!("{path}/complete"), &done).await.status, 204);
    let history = world.get(&format!("{path}/negotiation-historys")).await.json();
    let steps: Vec<&str> = history["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["operate_type"].as_str().unwrap())
        .collect();
    assert_eq!(
        steps,
        [
            "MERCHANT_CONFIRM_COMPLETE",
            "USER_RESPONSE",
            "MERCHANT_APPROVE_REFUND",
            "MERCHANT_RESPONSE",
            "MERCHANT_RESPONSE",
            "USER_CREATE_COMPLAINT",
        ]
    );
    assert_eq!(history["data"][2]["operate_details"], "1天内发起退款");
    assert_eq!(history["data"][3]["log_id"], "2000000001000003");
    let media = &history["data"][3]["complaint_media_list"];
    assert_eq!(media["media_type"], "OPERATION_IMAGE");
    assert_eq!(media["media_url"], history["data"][3]["image_list"]);
    let url = history["data"][3]["image_list"][0].as_str().unwrap();
    let picture = fetched(&world, url.strip_prefix("https://localhost").unwrap()).await;
    assert_eq!(picture, ("image/png".into(), PNG.to_vec()));
    let late = world.post(&format!("{path}/response"), &answer).await;
    late.refuses(400, "INVALID_REQUEST", "the complaint is dealt with");
}

/// Keeps a picture of the payer.
async fn keep_picture(world: &World, id: &str) {
    let (media_id, content_type) = (id.to_owned(), "image/png".to_owned());
    let content = PNG.to_vec();
    let command = UploadPicture { user: PAYER.user, media_id, content_type, content };
    world.app.engine.run(command).await.unwrap();
}

#[tokio::test]
async fn pictures_of_the_payer_are_downloaded_by_the_complaints_merchant_alone() {
    let world = World::new().await;
    give_phone(&world).await;
    let transaction_id = world.paid("T2026-0001").await;
    for id in ["cold", "colder", "unused"] {
        keep_picture(&world, id).await;
    }
    file_with(&world, transaction_id, &["cold"]).await;
    world.app.engine.run(say("look", &["colder"])).await.unwrap();
    let path = format!("{COMPLAINTS}/2000000001");
    let images = "/v3/merchant-service/images/";
    let shown = world.get(&path).await.json();
    let cold = format!("https://localhost{images}cold");
    let list = json!([{ "media_type": "USER_COMPLAINT_IMAGE", "media_url": [cold] }]);
    assert_eq!(shown["complaint_media_list"], list);
    let history = world.get(&format!("{path}/negotiation-historys")).await.json();
    let said = &history["data"][0]["complaint_media_list"];
    assert_eq!(said["media_type"], "USER_COMPLAINT_IMAGE");
    for id in ["cold", "colder"] {
        let picture = fetched(&world, &format!("{images}{id}")).await;
        assert_eq!(picture, ("image/png".into(), PNG.to_vec()));
    }
    let missing = "object does not exist";
    let unused = world.get(&format!("{images}unused")).await;
    unused.refuses(404, "RESOURCE_NOT_EXISTS", missing);
    let other = world.add_merchant("Book shop").await;
    let target = format!("{images}cold");
    let stranger = world.send(world.signed(&other, ("GET", &target), b"")).await;
    stranger.refuses(404, "RESOURCE_NOT_EXISTS", missing);
}

#[tokio::test]
async fn a_complaint_tells_of_the_refunds_of_its_order() {
    let world = World::new().await;
    complained(&world).await;
    world.wait(60);
    let refund = world.refund("T2026-0001", "R1", 1_000);
    assert_eq!(world.post("/v3/refund/domestic/refunds", &refund).await.status, 200);
    let path = format!("{COMPLAINTS}/2000000001");
    assert_eq!(world.get(&path).await.json()["complaint_full_refunded"], true);
    let history = world.get(&format!("{path}/negotiation-historys")).await.json();
    let steps = [1, 0].map(|place| {
        let step = &history["data"][place];
        ["operate_type", "operate_details", "operator"].map(|name| step[name].as_str().unwrap())
    });
    let (made, arrived) =
        ("COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE", "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE");
    assert_eq!(steps, [made, arrived].map(|kind| [kind, "退款 10.00 元", "系统"]));
}

#[tokio::test]
async fn a_merchant_sees_that_the_payer_withdrew_and_answers_no_more() {
    let world = World::new().await;
    complained(&world).await;
    let withdraw = WithdrawComplaint { user: PAYER.user, complaint_id: "2000000001".into() };
    world.app.engine.run(withdraw).await.unwrap();
    let path = format!("{COMPLAINTS}/2000000001");
    let shown = world.get(&path).await.json();
    assert_eq!(shown["complaint_state"], "PROCESSED");
    assert_eq!(shown["incoming_user_response"], false);
    let history = world.get(&format!("{path}/negotiation-historys")).await.json();
    let step = &history["data"][0];
    assert_eq!((&step["operate_type"], &step["operator"]), (&json!(WITHDREW), &json!("投诉人")));
    let mchid = &world.merchant.made.mchid;
    let answer = json!({ "complainted_mchid": mchid, "response_content": "sorry" });
    let late = world.post(&format!("{path}/response"), &answer).await;
    late.refuses(400, "INVALID_REQUEST", "the complaint is dealt with");
    let done = json!({ "complainted_mchid": mchid });
    world.post(&format!("{path}/complete"), &done).await.is(204, Value::Null);
}

#[tokio::test]
async fn a_merchant_sees_that_the_platform_steps_in_and_what_it_says() {
    let world = World::new().await;
    complained(&world).await;
    let complaint_id = || "2000000001".to_owned();
    let path = format!("{COMPLAINTS}/2000000001");
    let stands = async || world.get(&path).await.json()["in_platform_service"].as_bool().unwrap();
    let history = async || world.get(&format!("{path}/negotiation-historys")).await.json();
    let asked = ApplyPlatformService {
        user: PAYER.user,
        complaint_id: complaint_id(),
        reason: PlatformReason::NotAgreed,
        content: "一周没有回复".into(),
        images: Vec::new(),
    };
    assert!(!stands().await);
    world.app.engine.run(asked).await.unwrap();
    assert!(stands().await);
    let step = &history().await["data"][0];
    assert_eq!(step["operate_type"], "USER_APPLY_PLATFORM_SERVICE");
    assert_eq!(step["operator"], "投诉人");
    assert_eq!(step["user_appy_platform_service_reason"], "与商家协商不一致");
    assert_eq!(step["user_appy_platform_service_reason_description"], "一周没有回复");
    let (complaint_id, content) = (complaint_id(), "请尽快退款".to_owned());
    let said =
        RespondForPlatform { complaint_id: complaint_id.clone(), staff: "amy".into(), content };
    world.app.engine.run(said).await.unwrap();
    let content = String::new();
    world
        .app
        .engine
        .run(FinishPlatformService { complaint_id, staff: "amy".into(), content })
        .await
        .unwrap();
    assert!(!stands().await);
    let steps = history().await;
    let kinds = [1, 0].map(|place| {
        let step = &steps["data"][place];
        ["operate_type", "operate_details", "operator"].map(|name| step[name].as_str().unwrap())
    });
    let said = ["PLATFORM_RESPONSE", "请尽快退款", "系统"];
    assert_eq!(kinds, [said, ["PLATFORM_SERVICE_FINISHED", "", "系统"]]);
    assert_eq!(steps["data"][0].get("user_appy_platform_service_reason"), None);
}

#[tokio::test]
async fn a_complaint_is_its_merchants_alone() {
    let world = World::new().await;
    complained(&world).await;
    let other = world.add_merchant("Book shop").await;
    let path = format!("{COMPLAINTS}/2000000001");
    let answer = world.send(world.signed(&other, ("GET", &path), b"")).await;
    answer.refuses(403, "NO_AUTH", "merchant lacks this permission");
    let answer = world.get(&format!("{COMPLAINTS}/2000000009")).await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let mut link = json!({ "complainted_mchid": world.merchant.made.mchid });
    link["response_content"] = json!("see there");
    link["jump_url"] = json!("https://tea.example.com/");
    let answer = world.post(&format!("{path}/response"), &link).await;
    answer.refuses(403, "NO_AUTH", "an answer to a payer has no links");
    let stranger = json!({"complainted_mchid": "1900000009", "response_content": "sorry"});
    let answer = world.post(&format!("{path}/response"), &stranger).await;
    answer.refuses(403, "NO_AUTH", "merchant lacks this permission");
    let days = "begin_date=2026-11-01&end_date=2026-11-21";
    let about = |mchid: &str| format!("{COMPLAINTS}?{days}&complainted_mchid={mchid}");
    let answer = world.get(&about(&other.made.mchid)).await;
    answer.refuses(403, "NO_AUTH", "merchant lacks this permission");
    let own = world.get(&about(&world.merchant.made.mchid)).await.json();
    assert_eq!(own["total_count"], 1);
}

#[tokio::test]
async fn a_complaint_about_a_sub_merchant_names_it_and_is_answered_by_its_provider() {
    let (world, sub) = provider().await;
    give_phone(&world).await;
    let body = partner::order(&world, &sub, "T2026-0001");
    let placed = world.post("/v3/pay/partner/transactions/app", &body).await;
    let transaction_id = world.pay(placed.json()["prepay_id"].as_str().unwrap()).await;
    file(&world, transaction_id).await;
    let (mchid, sub_mchid) = (&world.merchant.made.mchid, &sub.made.mchid);
    let days = "begin_date=2026-11-01&end_date=2026-11-21";
    for (about, count) in [(sub_mchid, 1), (mchid, 0)] {
        let target = format!("{COMPLAINTS}?{days}&complainted_mchid={about}");
        assert_eq!(world.get(&target).await.json()["total_count"], count, "{about}");
    }
    let all = world.get(&format!("{COMPLAINTS}?{days}")).await.json();
    assert_eq!(all["data"][0]["complainted_mchid"], json!(sub_mchid));
    let complete = format!("{COMPLAINTS}/2000000001/complete");
    let wrong = world.post(&complete, &json!({ "complainted_mchid": mchid })).await;
    wrong.refuses(403, "NO_AUTH", "merchant lacks this permission");
    let done = world.post(&complete, &json!({ "complainted_mchid": sub_mchid })).await;
    done.is(204, Value::Null);
}

#[tokio::test]
async fn the_address_for_word_of_complaints_is_created_replaced_and_deleted() {
    let world = World::new().await;
    let mchid = world.merchant.made.mchid.clone();
    let missing = world.get(NOTIFICATIONS).await;
    missing.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let one = json!({"url": "https://tea.example.com/complaints"});
    let shown = |url: &Value| json!({"mchid": mchid, "url": url["url"]});
    let text = one.to_string();
    let create = || world.signed(&world.merchant, ("POST", NOTIFICATIONS), text.as_bytes());
    let first = create();
    let header = first.headers()["authorization"].clone();
    world.send(first).await.is(200, shown(&one));
    let exists = "an address is there already";
    let second = create();
    let other_header = second.headers()["authorization"].clone();
    world.send(second).await.refuses(400, "INVALID_REQUEST", exists);
    let again = |header: &HeaderValue| {
        let mut request = world.bare("POST", NOTIFICATIONS, text.as_bytes());
        request.headers_mut().insert("authorization", header.clone());
        world.send(request)
    };
    again(&header).await.is(200, shown(&one));
    again(&other_header).await.refuses(400, "INVALID_REQUEST", exists);
    let two = json!({"url": "https://tea.example.com/others"});
    let twice = world.post(NOTIFICATIONS, &two).await;
    twice.refuses(400, "INVALID_REQUEST", exists);
    let text = two.to_string();
    let put = world.signed(&world.merchant, ("PUT", NOTIFICATIONS), text.as_bytes());
    world.send(put).await.is(200, shown(&two));
    world.get(NOTIFICATIONS).await.is(200, shown(&two));
    let delete = || world.signed(&world.merchant, ("DELETE", NOTIFICATIONS), b"");
    assert_eq!(world.send(delete()).await.status, 204);
    let gone = world.send(delete()).await;
    gone.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let bad = world.post(NOTIFICATIONS, &json!({"url": "https://127.0.0.1/n"})).await;
    bad.refuses_field("/url", "must be a public address");
}

#[tokio::test]
async fn an_upload_is_signed_by_its_meta_and_held_to_its_hash_size_and_type() {
    let world = World::new().await;
    let target = "/v3/merchant/media/upload";
    let first = upload(&world, target, "a.png", PNG, PNG).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = upload(&world, target, "b.png", PNG, PNG).await;
    assert_eq!(again.json(), first.json(), "the same file has the same id");
    let other = upload(&world, target, "a.png", PNG, b"else").await;
    other.refuses_field("/sha256", "is not the SHA-256 of the file");
    let kind = upload(&world, target, "a.gif", PNG, PNG).await;
    kind.refuses_field("/filename", "names a type of file that is not taken");
    let mut large = PNG.to_vec();
    large.resize(2 * 1024 * 1024 + 1, 0);
    let large = upload(&world, target, "a.png", &large, &large).await;
    assert_eq!((large.status, &large.json()["detail"]["field"]), (400, &json!("/file")));
    let film = upload(&world, "/v3/merchant/media/video_upload", "a.mp4", b"film", b"film").await;
    assert_eq!(film.status, 200, "{film:?}");
    let url = upload(&world, "/v3/marketing/favor/media/image-upload", "a.png", PNG, PNG).await;
    let url = url.json()["media_url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://localhost/v3/merchant-service/images/"), "{url}");
    let unsigned = world.bare("POST", target, b"--x\r\n\r\n");
    assert_eq!(world.send(unsigned).await.status, 401);
    let raw = RawRequest { method: "POST", target, body: b"{}" };
    let header = world.authorization(&world.merchant, (&world.nonce(), 0), &raw);
    let mut bare = world.bare("POST", target, b"no parts at all");
    bare.headers_mut().insert("authorization", header.parse().unwrap());
    assert_eq!(world.send(bare).await.status, 401, "without meta nothing is signed");
}
