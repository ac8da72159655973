//! What merchants send, share and hear besides payments: timers do their work, and each kind of
//! word arrives signed and sealed.

use crate::merchant::MerchantServer;
use crate::stage::{PERSON, Stage, USER, WALLET, fen, platform_key};
use apiv3::oaep;
use domain::Once;
use domain::complaint::{AnswerComplaint, ComplaintAct, FileComplaint, ProblemType};
use domain::merchant::{
    KeyState, Merchant, MerchantCertificate, Openid, OpenidKeys, SetWebhook, WebhookChange,
    WebhookKind,
};
use domain::merchant_transfer::{CreateTransfer, MerchantTransfer, TransferState};
use domain::order::{CreateOrder, Order, PayOrder, ProfitSharing};
use domain::profit::{
    AddReceiver, ProfitOrder, ProfitOrderState, ReceiverKind, Rest, SharePart, ShareProfit,
};
use domain::testing::{self, APPID, MCHID};
use domain::transfer_batch::{
    BatchState, CreateTransferBatch, NewDetail, TransferBatch, detail_name_place,
};
use domain::user::{User, phone_place};
use domain::wallet::{Identity, name_place};
use kernel::crypto::seal;
use kernel::time::{DAY, MINUTE, SECOND};
use serde_json::Value;

const PARTNER: &str = "1900000002";

/// A merchant with a payer of 100.00 whom it knows, and a paid order of 5.00 for sharing.
async fn paid(stage: &Stage, url: &str) {
    stage.add_person(10_000).await;
    stage.add_merchant(MCHID).await;
    let openid = OpenidKeys::for_tests().newest(APPID, USER);
    let place = name_place(&PERSON.index);
    let sealed = seal(&stage.keys.personal_data, &place, "张三".as_bytes(), &[7; 56]);
    stage
        .plant(move |tx| {
            tx.put(Openid { openid: openid.clone(), appid: APPID.into(), user: USER });
            let identity = tx.get::<Identity>(&PERSON.identity)?;
            tx.put(Identity { name: sealed.clone(), ..identity });
            Ok(())
        })
        .await;
    let (notify_url, profit_sharing) = (Some(url.to_owned()), ProfitSharing::Yes);
    let order = CreateOrder { notify_url, profit_sharing, ..testing::order("T0001", fen(500)) };
    let pay = PayOrder {
        transaction_id: "4200202611200000000000000001".into(),
        once: Once::State,
        ..PERSON.pay(&order)
    };
    stage.engine.run(order).await.unwrap();
    stage.engine.run(pay).await.unwrap();
}

async fn told(server: &mut MerchantServer, event_type: &str) -> Value {
    loop {
        let opened = server.next().await.open();
        if opened.event_type == event_type {
            return serde_json::from_slice(&opened.resource).unwrap();
        }
    }
}

async fn hook(stage: &Stage, mchid: &str, kind: WebhookKind, url: &str) {
    let change = WebhookChange::Put(url.to_owned());
    stage.engine.run(SetWebhook { mchid: mchid.into(), kind, change }).await.unwrap();
}

/// Gives the merchant what waits for sharing, so that it has something to send.
async fn released(stage: &Stage) {
    stage.advance(30 * DAY).await;
    let key = (MCHID.to_owned(), "T0001".to_owned());
    let released = async || stage.get::<Order>(&key).await.unsettled_minor == 0;
    stage.until("what nobody shared is released", released).await;
}

#[tokio::test]
async fn a_transfer_that_nobody_takes_goes_back_and_the_merchant_is_told() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    paid(&stage, &server.url).await;
    let worker = stage.start_worker("one");
    released(&stage).await;
    let transfer = CreateTransfer {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_bill_no: "B1".into(),
        openid: OpenidKeys::for_tests().newest(APPID, USER),
        user_name: None,
        amount: fen(300),
        remark: "prize".into(),
        scene_id: "1000".into(),
        perception: None,
        notify_url: Some(server.url.clone()),
        fingerprint: [1; 32],
        transfer_bill_no: "1330B1".into(),
    };
    stage.engine.run(transfer).await.unwrap();
    stage.advance(DAY).await;
    let ended = told(&mut server, "MCHTRANSFER.BILL.FINISHED").await;
    assert_eq!((&ended["state"], &ended["fail_reason"]), (&"FAIL".into(), &"OVERDUE_CLOSE".into()));
    assert_eq!((&ended["mch_id"], &ended["mchid"]), (&MCHID.into(), &MCHID.into()));
    let row = stage.get::<MerchantTransfer>(&(MCHID.into(), "B1".into())).await;
    assert_eq!(row.state, TransferState::Fail);
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_batch_is_paid_with_its_names_compared_and_the_merchant_is_told() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    paid(&stage, &server.url).await;
    let worker = stage.start_worker("one");
    released(&stage).await;
    let named = |place: i64, name: &str| {
        let at = detail_name_place(MCHID, "B1", place);
        NewDetail {
            out_detail_no: format!("D{place}"),
            amount: fen(100),
            remark: "prize".into(),
            openid: OpenidKeys::for_tests().newest(APPID, USER),
            user_name: Some(seal(&stage.keys.personal_data, &at, name.as_bytes(), &[7; 56])),
        }
    };
    let batch = CreateTransferBatch {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_batch_no: "B1".into(),
        name: "prizes".into(),
        remark: "November".into(),
        total: fen(200),
        scene_id: None,
        notify_url: Some(server.url.clone()),
        details: vec![named(1, "张三"), named(2, "李四")],
        fingerprint: [1; 32],
        batch_id: "1030B1".into(),
    };
    stage.engine.run(batch).await.unwrap();
    let ended = told(&mut server, "MCHTRANSFER.BATCH.FINISHED").await;
    assert_eq!((&ended["success_num"], &ended["fail_amount"]), (&1.into(), &100.into()));
    let row = stage.get::<TransferBatch>(&(MCHID.into(), "B1".into())).await;
    assert_eq!(row.state, BatchState::Finished);
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_receiver_is_told_of_its_share_where_it_wants_to_be() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    paid(&stage, "http://127.0.0.1:9/").await;
    stage.add_merchant(PARTNER).await;
    let (kind, account) = (ReceiverKind::Merchant, PARTNER.to_owned());
    let receiver = AddReceiver {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        sub_appid: None,
        kind,
        account: account.clone(),
        name: None,
        relation: "PARTNER".into(),
        custom_relation: None,
    };
    stage.engine.run(receiver).await.unwrap();
    hook(&stage, PARTNER, WebhookKind::ProfitSharing, &server.url).await;
    stage.advance(MINUTE).await;
    let description = "part".into();
    let part = SharePart { kind, account, amount: fen(120), description, name: None };
    let share = ShareProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        transaction_id: "4200202611200000000000000001".into(),
        out_order_no: "P1".into(),
        parts: vec![part],
        rest: Rest::Unfrozen,
        fingerprint: [1; 32],
        order_id: "30P1".into(),
    };
    stage.engine.run(share).await.unwrap();
    let worker = stage.start_worker("one");
    let key = (MCHID.to_owned(), "P1".to_owned());
    let state = async || stage.get::<ProfitOrder>(&key).await.state;
    assert_eq!(state().await, ProfitOrderState::Processing);
    stage.advance(SECOND).await;
    let finished = async || state().await == ProfitOrderState::Finished;
    stage.until("the money is shared", finished).await;
    let shared = told(&mut server, "PROFITSHARING.SUCCESS").await;
    assert_eq!(shared["receiver"]["amount"], 120);
    assert_eq!((&shared["mchid"], &shared["out_order_no"]), (&MCHID.into(), &"P1".into()));
    let partner = stage.get::<Merchant>(&PARTNER.to_owned()).await;
    let account = stage.get::<domain::ledger::Account>(&partner.balance_account).await;
    assert_eq!(account.balance, 120);
    worker.stop().await;
    stage.check_ledger().await;
}

/// The payer has a phone, and the merchant a key of its own that opens it.
async fn knows_phone(stage: &Stage) {
    let row = PERSON.user_row(stage.now());
    let place = phone_place(&row.phone_index);
    let phone = seal(&stage.keys.personal_data, &place, b"+8613800138000", &[7; 56]);
    stage
        .plant(move |tx| {
            tx.put(User { phone: phone.clone(), ..row.clone() });
            Ok(())
        })
        .await;
    set_key(stage, KeyState::Active).await;
}

/// Where the only key stands that can be read, of those that the merchant signs with.
async fn set_key(stage: &Stage, state: KeyState) {
    let key = MerchantCertificate {
        mchid: MCHID.into(),
        serial: "AA".into(),
        certificate: platform_key().public_key().to_pem(),
        state,
        added_at: stage.now(),
    };
    stage
        .plant(move |tx| {
            tx.put(key.clone());
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn a_merchant_is_told_of_each_step_of_a_complaint() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    paid(&stage, "http://127.0.0.1:9/").await;
    hook(&stage, MCHID, WebhookKind::Complaint, &server.url).await;
    knows_phone(&stage).await;
    let file = FileComplaint {
        user: USER,
        wallet: WALLET,
        transaction_id: "4200202611200000000000000001".into(),
        problem: ProblemType::Others,
        detail: "cold".into(),
        apply_refund_minor: 0,
        images: Vec::new(),
        complaint_id: "2000000001".into(),
        once: Once::State,
    };
    stage.engine.run(file).await.unwrap();
    let worker = stage.start_worker("one");
    let created = told(&mut server, "COMPLAINT.CREATE").await;
    let action = (&created["complaint_id"], &created["action_type"]);
    assert_eq!(action, (&"2000000001".into(), &"CREATE_COMPLAINT".into()));
    assert_eq!(created["complaint_state"], "PENDING");
    let key = platform_key();
    let phone = |told: &Value| oaep::decrypt(key, told["payer_phone"].as_str()?);
    assert_eq!(phone(&created).unwrap().as_str(), "+8613800138000");
    let act = ComplaintAct::Complete { mchid: MCHID.into(), about: MCHID.into() };
    let done = AnswerComplaint { complaint_id: "2000000001".into(), act };
    set_key(&stage, KeyState::Revoked).await;
    stage.engine.run(done).await.unwrap();
    let changed = told(&mut server, "COMPLAINT.STATE_CHANGE").await;
    assert_eq!(changed["action_type"], "MERCHANT_CONFIRM_COMPLETE");
    assert_eq!(changed["complaint_state"], "PROCESSED");
    assert_eq!(changed.get("payer_phone"), None, "the merchant has no key any more");
    worker.stop().await;
    stage.check_ledger().await;
}
