//! What only time brings about.

use crate::stage::{Stage, USER, fen};
use domain::complaint::{Media, UploadPicture};
use domain::job::JobKind;
use domain::merchant::{OpenidKeys, SetBatchApproval};
use domain::order::{Order, OrderState};
use domain::testing::{APPID, MCHID};
use domain::transfer_batch::{
    BatchState, CloseReason, CreateTransferBatch, NewDetail, TransferBatch,
};
use kernel::time::{DAY, HOUR};

#[tokio::test]
async fn unpaid_orders_close_by_themselves_however_many_there_are() {
    let stage = Stage::new().await;
    stage.add_unpaid("1900000001", 600, OrderState::NotPay).await;
    let worker = stage.start_worker("one");
    stage.advance(HOUR - 1).await;
    let open = async || {
        let orders = stage.all::<Order>().await;
        orders.iter().filter(|order| order.state == OrderState::NotPay).count()
    };
    assert_eq!(open().await, 600);
    stage.advance(1).await;
    stage.until("all are closed", async || open().await == 0).await;
    worker.stop().await;
}

#[tokio::test]
async fn payments_by_code_that_nobody_confirms_are_revoked() {
    let stage = Stage::new().await;
    stage.add_unpaid("1900000001", 3, OrderState::UserPaying).await;
    let worker = stage.start_worker("one");
    stage.advance(HOUR).await;
    let revoked = async || {
        let orders = stage.all::<Order>().await;
        orders.iter().all(|order| order.state == OrderState::Revoked)
    };
    stage.until("all are revoked", revoked).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_batch_that_nobody_approves_in_time_closes() {
    let stage = Stage::new().await;
    stage.add_person(10_000).await;
    stage.add_merchant(MCHID).await;
    let approval = SetBatchApproval { mchid: MCHID.into(), approves_batches: true };
    stage.engine.run(approval).await.unwrap();
    let detail = NewDetail {
        out_detail_no: "D1".into(),
        amount: fen(100),
        remark: "prize".into(),
        openid: OpenidKeys::for_tests().newest(APPID, USER),
        user_name: None,
    };
    let batch = |number: &str| CreateTransferBatch {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_batch_no: number.into(),
        name: "prizes".into(),
        remark: "November".into(),
        total: fen(100),
        scene_id: None,
        notify_url: None,
        details: vec![detail.clone()],
        fingerprint: [1; 32],
        batch_id: format!("1030{number}"),
    };
    let worker = stage.start_worker("one");
    stage.engine.run(batch("B1")).await.unwrap();
    stage.advance(1).await;
    stage.engine.run(batch("B2")).await.unwrap();
    let get = async |number: &str| stage.get::<TransferBatch>(&(MCHID.into(), number.into())).await;
    let is_closed = async |number: &str| get(number).await.state == BatchState::Closed;
    stage.advance(DAY - 1).await;
    stage.until("the first one is closed", async || is_closed("B1").await).await;
    assert_eq!(get("B2").await.state, BatchState::WaitPay);
    stage.advance(1).await;
    stage.until("so is the other one", async || is_closed("B2").await).await;
    for number in ["B1", "B2"] {
        let batch = get(number).await;
        assert_eq!(batch.close_reason, Some(CloseReason::OverdueClose));
        assert_eq!(batch.updated_at.since(batch.created_at), DAY, "{number}");
    }
    let job = async || stage.job(JobKind::ExpireTransferBatch, format!("{MCHID}:B2")).await;
    assert_eq!(job().await, None);
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_picture_that_no_complaint_shows_is_forgotten_a_day_after_it_was_last_uploaded() {
    let stage = Stage::new().await;
    let upload = async |id: &str| {
        let (media_id, content_type) = (id.into(), "image/png".into());
        let picture = UploadPicture { user: USER, media_id, content_type, content: vec![1] };
        stage.engine.run(picture).await.unwrap();
    };
    let is_kept = async |id: &str| stage.find::<Media>(&id.to_owned()).await.is_some();
    let worker = stage.start_worker("one");
    upload("P1").await;
    upload("P2").await;
    stage.advance(HOUR).await;
    upload("P2").await;
    stage.advance(DAY - HOUR - 1).await;
    assert!(is_kept("P1").await);
    stage.advance(1).await;
    stage.until("the first one is forgotten", async || !is_kept("P1").await).await;
    assert!(is_kept("P2").await, "its day began anew");
    stage.advance(HOUR).await;
    stage.until("so is the other one", async || !is_kept("P2").await).await;
    assert_eq!(stage.job(JobKind::ForgetPicture, "P2").await, None);
    worker.stop().await;
}
