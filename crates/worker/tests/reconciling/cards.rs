//! Orders that cards pay, and money that goes back to cards.

use crate::merchant::MerchantServer;
use crate::stage::{PERSON, Stage, fen};
use domain::ids::{CardPaymentId, RefundPayoutId};
use domain::job::JobKind;
use domain::order::{CardPayment, CardPaymentState, CreateOrder, Order, OrderState};
use domain::refund::{CreateRefund, Refund, RefundPayout, RefundState};
use domain::testing::{self, MCHID, payout_of};
use kernel::time::{DAY, HOUR, SECOND};
use providers::RequestId;
use providers::bank::{BankAnswer, BankCall};
use serde_json::Value;

const PAYMENT: CardPaymentId = CardPaymentId::from_bytes([8; 16]);

fn done(bank_ref: &str) -> BankAnswer {
    BankAnswer::Done { bank_ref: bank_ref.into() }
}

fn request(id: impl ToString) -> RequestId {
    RequestId::parse(id.to_string()).unwrap()
}

async fn order(stage: &Stage) -> Order {
    stage.get::<Order>(&(MCHID.into(), "T0001".into())).await
}

async fn until_order(stage: &Stage, state: OrderState) {
    stage.until(state.as_str(), async || order(stage).await.state == state).await;
}

async fn until_refund(stage: &Stage, state: RefundState) {
    let key = (MCHID.to_owned(), "R1".to_owned());
    let reached = async || stage.get::<Refund>(&key).await.state == state;
    stage.until(state.as_str(), reached).await;
}

/// An order that the person's card is asked for.
async fn ask(stage: &Stage, server: &MerchantServer) -> CreateOrder {
    stage.add_person(1_000).await;
    stage.add_merchant(MCHID).await;
    let notify_url = Some(server.url.clone());
    let order = CreateOrder { notify_url, ..testing::order("T0001", fen(500)) };
    stage.engine.run(order.clone()).await.unwrap();
    stage.engine.run(PERSON.pay_by_card(&order, PAYMENT)).await.unwrap();
    order
}

fn refund(order: &CreateOrder) -> CreateRefund {
    let notify_url = order.notify_url.clone();
    CreateRefund { notify_url, ..testing::refund(order, "R1", fen(200)) }
}

#[tokio::test]
async fn a_card_pays_an_order_and_its_merchant_is_told_of_the_bank() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    stage.bank.lost("P1");
    let worker = stage.start_worker("one");
    ask(&stage, &server).await;
    let unknown =
        async || stage.get::<CardPayment>(&PAYMENT).await.state == CardPaymentState::Unknown;
    stage.until("the answer is lost", unknown).await;
    assert_eq!(order(&stage).await.state, OrderState::BankPending);
    stage.advance(10 * SECOND).await;
    until_order(&stage, OrderState::Success).await;
    let told = server.next().await.open();
    let told: Value = serde_json::from_slice(&told.resource).unwrap();
    assert_eq!(
        (&told["bank_type"], &told["trade_state"]),
        (&"ICBC_DEBIT".into(), &"SUCCESS".into())
    );
    let number = order(&stage).await.transaction_id.unwrap();
    assert_eq!((number.len(), &number[..12]), (28, "420020261120"));
    worker.stop().await;
    let id = request(PAYMENT);
    let calls = [BankCall::Debit(id.clone(), fen(500)), BankCall::FindDebit(id, fen(500))];
    assert_eq!(stage.bank.calls(), calls);
    assert_eq!(stage.balance().await, 1_000);
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_refund_to_a_card_is_told_when_it_has_arrived() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    let pending = BankAnswer::Pending { bank_ref: "B1".into() };
    stage.bank.submission(done("P1")).submission(pending);
    let worker = stage.start_worker("one");
    let order = ask(&stage, &server).await;
    server.next().await;
    stage.engine.run(refund(&order)).await.unwrap();
    let job = async || {
        let job = stage.job(JobKind::SubmitRefundPayout, payout_of("R1")).await;
        job.is_some_and(|job| job.attempts == 1)
    };
    stage.until("the bank has it", job).await;
    assert!(server.is_quiet(), "nothing has arrived");
    stage.bank.query(done("B1"));
    stage.advance(2 * HOUR).await;
    until_refund(&stage, RefundState::Success).await;
    let told = server.next().await.open();
    assert_eq!(told.event_type, "REFUND.SUCCESS");
    let told: Value = serde_json::from_slice(&told.resource).unwrap();
    assert_eq!(told["refund_status"], "SUCCESS");
    assert_eq!(told["user_received_account"], "工商银行借记卡9015");
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_refund_that_the_card_refuses_is_abnormal_and_closes_after_a_week() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    let no = BankAnswer::Declined { code: "43".into() };
    stage.bank.submission(done("P1")).submission(no);
    let worker = stage.start_worker("one");
    let order = ask(&stage, &server).await;
    server.next().await;
    stage.engine.run(refund(&order)).await.unwrap();
    let told = server.next().await.open();
    assert_eq!(told.event_type, "REFUND.ABNORMAL");
    let told: Value = serde_json::from_slice(&told.resource).unwrap();
    assert_eq!((&told["refund_status"], told.get("success_time")), (&"ABNORMAL".into(), None));
    stage.advance(7 * DAY).await;
    let told = server.next().await.open();
    assert_eq!(told.event_type, "REFUND.CLOSED");
    until_refund(&stage, RefundState::Closed).await;
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn money_for_a_closed_order_goes_back_to_the_card_by_itself() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    let pending = BankAnswer::Pending { bank_ref: "P1".into() };
    stage.bank.submission(pending).query(done("P1")).submission(done("B1"));
    let worker = stage.start_worker("one");
    ask(&stage, &server).await;
    let asked = async || {
        let job = stage.job(JobKind::SubmitCardPayment, PAYMENT).await;
        job.is_some_and(|job| job.attempts == 1)
    };
    stage.until("the bank has it", asked).await;
    let (mchid, out_trade_no) = (MCHID.to_owned(), "T0001".to_owned());
    let close = domain::order::CloseOrder { mchid, sub_mchid: None, out_trade_no };
    stage.engine.run(close).await.unwrap();
    stage.advance(10 * SECOND).await;
    let back =
        async || stage.get::<CardPayment>(&PAYMENT).await.state == CardPaymentState::Refunded;
    stage.until("it went back", back).await;
    assert_eq!(order(&stage).await.state, OrderState::Closed);
    let payouts: Vec<RefundPayoutId> =
        stage.all::<RefundPayout>().await.into_iter().map(|payout| payout.id).collect();
    assert_eq!(stage.bank.calls()[2..], [BankCall::Credit(request(payouts[0]), fen(500))]);
    assert!(server.is_quiet());
    worker.stop().await;
    stage.check_ledger().await;
}
