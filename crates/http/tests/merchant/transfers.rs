//! Transfers to people over the wire: created, queried, cancelled, and taken by the payee.

use crate::world::{PAYER, World};
use apiv3::oaep;
use apiv3::transfer::{package_info, parse_package_info};
use axum::http::HeaderValue;
use domain::Tx;
use domain::merchant::GrantTransferScene;
use domain::merchant::Merchant;
use domain::merchant_transfer::{ConfirmTransfer, NameCheck, TransferState};
use domain::testing::{Plant, transfer};
use serde_json::{Value, json};
use store::queries;

pub(crate) const BILLS: &str = "/v3/fund-app/mch-transfer/transfer-bills";

/// A merchant with 100.00 and a payee whom it knows.
pub(crate) async fn ready() -> World {
    ready_in(World::new().await).await
}

/// The same in this world.
pub(crate) async fn ready_in(world: World) -> World {
    let mchid = world.merchant.made.mchid.clone();
    let merchant = queries::find::<Merchant>(world.app.queries.as_ref(), &mchid).await;
    let to = merchant.unwrap().unwrap().balance_account;
    let from = world.app.rules().system.bank;
    let seed = Plant(move |tx: &mut Tx<'_>| transfer(tx, from, to, 10_000));
    world.app.engine.run(seed).await.unwrap();
    world.known_payer().await;
    world
}

pub(crate) fn body(world: &World, number: &str, fen: i64) -> Value {
    json!({
        "appid": world.merchant.made.appid,
        "out_bill_no": number,
        "transfer_scene_id": "1000",
        "openid": world.payer_openid(),
        "transfer_amount": fen,
        "transfer_remark": "prize",
        "notify_url": "https://tea.example.com/transfers",
        "transfer_scene_report_infos": [
            {"info_type": "活动名称", "info_content": "新会员有礼"},
            {"info_type": "奖励说明", "info_content": "抽奖"},
        ],
    })
}

pub(crate) async fn take(world: &World, package: &str, name: NameCheck) -> TransferState {
    let command = ConfirmTransfer {
        user: PAYER.user,
        wallet: PAYER.wallet,
        transfer_bill_no: parse_package_info(package).unwrap(),
        name,
    };
    world.app.engine.run(command).await.unwrap()
}

#[tokio::test]
async fn a_transfer_is_created_taken_and_found_by_both_numbers() {
    let world = ready().await;
    let answer = world.post(BILLS, &body(&world, "B1", 500)).await;
    let created = answer.json();
    let number = created["transfer_bill_no"].as_str().unwrap().to_owned();
    assert_eq!(number.len(), 40);
    answer.is(
        200,
        json!({
            "out_bill_no": "B1",
            "transfer_bill_no": number,
            "create_time": "2026-11-21T10:00:00+08:00",
            "state": "WAIT_USER_CONFIRM",
            "package_info": package_info(&number),
        }),
    );
    world.post(BILLS, &body(&world, "B1", 500)).await.is(200, created.clone());
    let package = created["package_info"].as_str().unwrap();
    assert_eq!(take(&world, package, NameCheck::None).await, TransferState::Success);
    let shown = json!({
        "mch_id": world.merchant.made.mchid,
        "out_bill_no": "B1",
        "transfer_bill_no": number,
        "appid": world.merchant.made.appid,
        "state": "SUCCESS",
        "transfer_amount": 500,
        "transfer_remark": "prize",
        "openid": world.payer_openid(),
        "create_time": "2026-11-21T10:00:00+08:00",
        "update_time": "2026-11-21T10:00:00+08:00",
    });
    world.get(&format!("{BILLS}/out-bill-no/B1")).await.is(200, shown.clone());
    world.get(&format!("{BILLS}/transfer-bill-no/{number}")).await.is(200, shown);
    let over = world.post(&format!("{BILLS}/out-bill-no/B1/cancel"), &json!({})).await;
    over.refuses(400, "INVALID_REQUEST", "the transfer has ended");
    let other = world.add_merchant("Book shop").await;
    let target = format!("{BILLS}/transfer-bill-no/{number}");
    let foreign = world.send(world.signed(&other, ("GET", &target), b"")).await;
    foreign.refuses(404, "NOT_FOUND", "the transfer does not exist");
    world.check_books().await;
}

#[tokio::test]
async fn a_transfer_is_cancelled_or_runs_out() {
    let world = ready().await;
    world.post(BILLS, &body(&world, "B1", 500)).await;
    let target = format!("{BILLS}/out-bill-no/B1/cancel");
    let answer = world.send(world.signed(&world.merchant, ("POST", &target), b"")).await;
    assert_eq!((answer.status, &answer.json()["state"]), (200, &json!("CANCELLED")));
    let unknown = world.post(&format!("{BILLS}/out-bill-no/B9/cancel"), &json!({})).await;
    unknown.refuses(404, "NOT_FOUND", "the transfer does not exist");
    let second = world.post(BILLS, &body(&world, "B2", 500)).await.json();
    world.advance(24 * 3_600).await;
    let number = second["transfer_bill_no"].as_str().unwrap().to_owned();
    let expire = domain::merchant_transfer::ExpireTransfer { transfer_bill_no: number };
    world.app.engine.run(expire).await.unwrap();
    let shown = world.get(&format!("{BILLS}/out-bill-no/B2")).await.json();
    assert_eq!((&shown["state"], &shown["fail_reason"]), (&json!("FAIL"), &json!("OVERDUE_CLOSE")));
    world.advance(30 * 86_400).await;
    let old = world.get(&format!("{BILLS}/out-bill-no/B2")).await;
    old.refuses(404, "NOT_FOUND", "the transfer does not exist");
    world.check_books().await;
}

#[tokio::test]
async fn a_sealed_name_is_kept_for_the_merchant_and_decides_at_the_end() {
    let world = ready().await;
    let (serial, key) = &world.platform[0];
    let mut named = body(&world, "B1", 500);
    named["user_name"] = json!(oaep::encrypt(key, "张三").unwrap());
    let text = named.to_string();
    let mut request = world.signed(&world.merchant, ("POST", BILLS), text.as_bytes());
    request.headers_mut().insert("wechatpay-serial", HeaderValue::from_str(serial).unwrap());
    let created = world.send(request).await;
    assert_eq!(created.status, 200, "{created:?}");
    let shown = world.get(&format!("{BILLS}/out-bill-no/B1")).await.json();
    let name = oaep::decrypt(&world.merchant.key, shown["user_name"].as_str().unwrap());
    assert_eq!(name.unwrap().as_str(), "张三");
    let package = created.json()["package_info"].as_str().unwrap().to_owned();
    let other = NameCheck::Differs(PAYER.identity);
    assert_eq!(take(&world, &package, other).await, TransferState::Fail);
    let shown = world.get(&format!("{BILLS}/out-bill-no/B1")).await.json();
    assert_eq!(shown["fail_reason"], "NAME_NOT_CORRECT");
    let unnamed = world.post(BILLS, &named).await;
    assert_eq!((unnamed.status, &unnamed.json()["code"]), (400, &json!("PARAM_ERROR")));
    world.check_books().await;
}

#[tokio::test]
async fn refusals_of_a_transfer_have_the_protocols_codes() {
    let world = ready().await;
    let answer = world.post(BILLS, &body(&world, "B1", 9)).await;
    let message = "transfer_amount is outside the single limit";
    answer.refuses(400, "INVALID_REQUEST", message);
    let answer = world.post(BILLS, &body(&world, "B1", 10_001)).await;
    answer.refuses(403, "NOT_ENOUGH", "balance is not enough");
    assert_eq!(world.post(BILLS, &body(&world, "B1", 500)).await.status, 200);
    let answer = world.post(BILLS, &body(&world, "B1", 501)).await;
    answer.refuses(400, "INVALID_REQUEST", "out_bill_no was used with other parameters");
    let mut stranger = body(&world, "B2", 500);
    stranger["openid"] = json!("o-404");
    let answer = world.post(BILLS, &stranger).await;
    answer.refuses(400, "INVALID_REQUEST", "openid is not known under the appid");
    let (mchid, scene_id) = (world.merchant.made.mchid.clone(), "1000".into());
    let take_back = GrantTransferScene { mchid, scene_id, is_granted: false };
    world.app.engine.run(take_back).await.unwrap();
    let answer = world.post(BILLS, &body(&world, "B3", 500)).await;
    let message = "the merchant was not granted this transfer scene";
    answer.refuses(400, "INVALID_REQUEST", message);
    let answer = world.post(BILLS, &body(&world, "B-2", 500)).await;
    answer.refuses_field("/out_bill_no", "may contain only [0-9A-Za-z]");
    world.check_books().await;
}
