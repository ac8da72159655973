//! Batches of transfers over the wire: sent, paid, and shown with their details.

use crate::sandbox::{ask, sandbox};
use crate::transfers::{ready, ready_in};
use crate::world::World;
use domain::transfer_batch::{ExpireTransferBatch, PayTransferBatch};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const BATCHES: &str = "/v3/transfer/batches";

pub(crate) fn body(world: &World) -> Value {
    let detail = |number: &str, openid: &str| {
        json!({
            "out_detail_no": number, "transfer_amount": 200, "transfer_remark": "prize",
            "openid": openid,
        })
    };
    json!({
        "appid": world.merchant.made.appid,
        "out_batch_no": "B1",
        "batch_name": "prizes",
        "batch_remark": "November",
        "total_amount": 400,
        "total_num": 2,
        "transfer_detail_list": [detail("D1", &world.payer_openid()), detail("D2", "o-404")],
    })
}

pub(crate) async fn pay(world: &World) {
    let (mchid, out_batch_no) = (world.merchant.made.mchid.clone(), "B1".into());
    let command = PayTransferBatch { mchid, out_batch_no, names: BTreeMap::new() };
    world.app.engine.run(command).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_sent_paid_and_shown_with_its_details() {
    let world = ready().await;
    let created = world.post(BATCHES, &body(&world)).await;
    assert_eq!((created.status, &created.json()["batch_status"]), (200, &json!("ACCEPTED")));
    let id = created.json()["batch_id"].as_str().unwrap().to_owned();
    world.post(BATCHES, &body(&world)).await.is(200, created.json());
    pay(&world).await;
    let query = "need_query_detail=true&detail_status=ALL";
    let shown = world.get(&format!("{BATCHES}/batch-id/{id}?{query}")).await.json();
    let batch = &shown["transfer_batch"];
    assert_eq!(batch["batch_status"], "FINISHED");
    assert_eq!((&batch["success_amount"], &batch["fail_num"]), (&json!(200), &json!(1)));
    let details = json!([
        {"detail_id": format!("{id}0001"), "out_detail_no": "D1", "detail_status": "SUCCESS"},
        {"detail_id": format!("{id}0002"), "out_detail_no": "D2", "detail_status": "FAIL"},
    ]);
    assert_eq!(shown["transfer_detail_list"], details);
    let path = format!("{BATCHES}/out-batch-no/B1");
    let failed = world.get(&format!("{path}?need_query_detail=true&detail_status=FAIL")).await;
    assert_eq!(failed.json()["transfer_detail_list"], json!([details[1]]));
    let without = world.get(&format!("{path}?need_query_detail=false")).await.json();
    assert_eq!(without.get("transfer_detail_list"), None);
    let detail = world.get(&format!("{path}/details/out-detail-no/D2")).await.json();
    assert_eq!(detail["fail_reason"], "OPENID_INVALID");
    let same = world.get(&format!("{BATCHES}/batch-id/{id}/details/detail-id/{id}0002")).await;
    same.is(200, detail);
    let unknown = world.get(&format!("{path}/details/out-detail-no/D9")).await;
    unknown.refuses(404, "NOT_FOUND", "the batch or detail does not exist");
    world.check_books().await;
}

#[tokio::test]
async fn refusals_of_a_batch_have_the_protocols_codes() {
    let world = ready().await;
    let mut wrong = body(&world);
    wrong["total_amount"] = json!(401);
    let answer = world.post(BATCHES, &wrong).await;
    answer.refuses_field("/total_amount", "the parts do not add up to the whole");
    assert_eq!(world.post(BATCHES, &body(&world)).await.status, 200);
    let mut other = body(&world);
    other["batch_name"] = json!("presents");
    let answer = world.post(BATCHES, &other).await;
    answer.refuses(400, "INVALID_REQUEST", "out_batch_no was used with other parameters");
    let missing = world.get(&format!("{BATCHES}/out-batch-no/B9?need_query_detail=false")).await;
    missing.refuses(404, "NOT_FOUND", "the batch or detail does not exist");
    world.check_books().await;
}

/// A batch of a merchant whose staff approves batches.
async fn waiting() -> World {
    let world = ready_in(sandbox().await).await;
    let approval = json!({ "mchid": world.merchant.made.mchid, "approves_batches": true });
    let (status, told) = ask(&world, "batch-approval", approval.clone()).await;
    assert_eq!((status, told), (200, approval));
    let created = world.post(BATCHES, &body(&world)).await;
    assert_eq!((created.status, &created.json()["batch_status"]), (200, &json!("WAIT_PAY")));
    world
}

async fn staff(world: &World, action: &str) -> (u16, Value) {
    let mchid = &world.merchant.made.mchid;
    let body = json!({ "mchid": mchid, "out_batch_no": "B1", "action": action });
    ask(world, "transfer-batches", body).await
}

async fn shown(world: &World) -> Value {
    let path = format!("{BATCHES}/out-batch-no/B1?need_query_detail=true&detail_status=ALL");
    world.get(&path).await.json()
}

async fn detail(world: &World) -> Value {
    world.get(&format!("{BATCHES}/out-batch-no/B1/details/out-detail-no/D1")).await.json()
}

#[tokio::test]
async fn a_batch_waits_until_the_merchants_staff_approves_it() {
    let world = waiting().await;
    let before = shown(&world).await;
    assert_eq!(before["transfer_batch"]["batch_status"], "WAIT_PAY");
    assert_eq!(before.get("transfer_detail_list"), None);
    assert_eq!(detail(&world).await["detail_status"], "WAIT_PAY");
    let (status, told) = staff(&world, "approve").await;
    assert_eq!((status, &told["batch_status"]), (200, &json!("ACCEPTED")));
    pay(&world).await;
    assert_eq!(shown(&world).await["transfer_batch"]["batch_status"], "FINISHED");
    let (status, told) = staff(&world, "reject").await;
    assert_eq!((status, &told["code"]), (409, &json!("ORDER_CLOSED")));
    world.check_books().await;
}

#[tokio::test]
async fn a_rejected_batch_is_finished_and_an_overdue_one_closed() {
    let world = waiting().await;
    assert_eq!(staff(&world, "reject").await.1["batch_status"], "FINISHED");
    let after = shown(&world).await;
    assert_eq!(after["transfer_batch"]["fail_amount"], 400);
    assert_eq!(after["transfer_detail_list"][1]["detail_status"], "FAIL");
    assert_eq!(detail(&world).await["fail_reason"], "MERCHANT_REJECT");
    world.check_books().await;
    let world = waiting().await;
    world.wait(24 * 3_600);
    let mchid = world.merchant.made.mchid.clone();
    let expire = ExpireTransferBatch { mchid, out_batch_no: "B1".into() };
    world.app.engine.run(expire).await.unwrap();
    let after = shown(&world).await;
    assert_eq!(after["transfer_batch"]["batch_status"], "CLOSED");
    assert_eq!(after["transfer_batch"]["close_reason"], "OVERDUE_CLOSE");
    assert_eq!(detail(&world).await["fail_reason"], "MERCHANT_NOT_CONFIRM");
    let (status, told) = staff(&world, "approve").await;
    assert_eq!((status, &told["code"]), (409, &json!("ORDER_CLOSED")));
    world.check_books().await;
}
