//! Money in and out over a bank that answers late, twice, not at all, or against its own word.

use crate::stage::{PERSON, Stage, fen};
use domain::ids::{TopUpId, WithdrawalId};
use domain::job::JobKind;
use domain::ledger::Account;
use domain::top_up::{TopUp, TopUpState};
use domain::withdrawal::{Withdrawal, WithdrawalState};
use jiaozi_worker::BankCallbacks;
use kernel::time::{DAY, HOUR, SECOND};
use providers::bank::{BankAnswer, BankCall};
use providers::{RequestId, Unclear};
use std::sync::Arc;

const TOP_UP: TopUpId = TopUpId::from_bytes([11; 16]);
const WITHDRAWAL: WithdrawalId = WithdrawalId::from_bytes([12; 16]);

async fn start_top_up(stage: &Stage) -> RequestId {
    stage.engine.run(PERSON.top_up(TOP_UP, fen(5_000))).await.unwrap();
    RequestId::parse(TOP_UP.to_string()).unwrap()
}

async fn start_withdrawal(stage: &Stage) -> RequestId {
    stage.engine.run(PERSON.withdraw(WITHDRAWAL, fen(5_000))).await.unwrap();
    RequestId::parse(WITHDRAWAL.to_string()).unwrap()
}

async fn until_top_up(stage: &Stage, state: TopUpState) {
    let reached = async || stage.get::<TopUp>(&TOP_UP).await.state == state;
    stage.until(state.as_str(), reached).await;
}

async fn until_withdrawal(stage: &Stage, state: WithdrawalState) {
    let reached = async || stage.get::<Withdrawal>(&WITHDRAWAL).await.state == state;
    stage.until(state.as_str(), reached).await;
}

/// Waits until the job was tried so often, and gives the wait until it is tried again.
async fn wait_after(stage: &Stage, kind: JobKind, subject: &str, attempts: i64) -> i64 {
    let tried = async || stage.job(kind, subject).await.is_some_and(|job| job.attempts == attempts);
    stage.until("it was tried", tried).await;
    stage.job(kind, subject).await.unwrap().due_at.since(stage.now())
}

async fn suspense(stage: &Stage) -> i64 {
    let account = stage.engine.rules().system.suspense;
    stage.get::<Account>(&account).await.balance
}

/// A message of the bank about a movement, as it arrives.
async fn callback(stage: &Stage, kind: &str, id: &RequestId, status: &str, bank_ref: &str) -> bool {
    let body = format!(
        r#"{{"kind":"{kind}","request_id":"{id}","status":"{status}","code":"05",
            "bank_ref":"{bank_ref}","amount":5000}}"#
    );
    let now = crate::stage::noon().seconds().to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"bank secret");
    let tag = aws_lc_rs::hmac::sign(&key, format!("{now}.{body}").as_bytes());
    let signature = kernel::id::Hex(tag.as_ref()).to_string();
    let callbacks = BankCallbacks {
        engine: stage.engine.clone(),
        queries: Arc::clone(&stage.queries),
        shell: stage.shell(),
        keys: Arc::clone(&stage.keys),
        secret: "bank secret".to_owned().into(),
    };
    assert!(callbacks.take(&now, "00", body.as_bytes()).await.is_err(), "unsigned");
    callbacks.take(&now, &signature, body.as_bytes()).await.is_ok()
}

#[tokio::test]
async fn a_top_up_whose_answer_was_lost_is_asked_about_and_never_sent_twice() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    stage.bank.lost("R1");
    let worker = stage.start_worker("one");
    let id = start_top_up(&stage).await;
    let wait = wait_after(&stage, JobKind::SubmitTopUp, id.as_str(), 1).await;
    assert_eq!(stage.get::<TopUp>(&TOP_UP).await.state, TopUpState::Unknown);
    assert_eq!((wait, stage.balance().await), (10 * SECOND, 1_000));
    stage.advance(wait).await;
    until_top_up(&stage, TopUpState::Success).await;
    assert_eq!(stage.balance().await, 6_000);
    assert_eq!(stage.job(JobKind::SubmitTopUp, TOP_UP).await, None);
    worker.stop().await;
    let calls = [BankCall::Debit(id.clone(), fen(5_000)), BankCall::FindDebit(id, fen(5_000))];
    assert_eq!(stage.bank.calls(), calls);
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_bank_that_is_away_for_hours_is_asked_ever_more_rarely() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    let worker = stage.start_worker("one");
    let id = start_top_up(&stage).await;
    let mut waits = Vec::new();
    for attempts in 1..=10 {
        let wait = wait_after(&stage, JobKind::SubmitTopUp, id.as_str(), attempts).await;
        waits.push(wait / SECOND);
        stage.advance(wait).await;
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
    wait_after(&stage, JobKind::SubmitTopUp, id.as_str(), 11).await;
    stage.bank.query(BankAnswer::Done { bank_ref: "R1".into() });
    stage.advance(HOUR).await;
    until_top_up(&stage, TopUpState::Success).await;
    worker.stop().await;
    assert_eq!(stage.balance().await, 6_000);
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_top_up_that_the_bank_never_saw_is_sent_again_but_not_after_a_day() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    stage.bank.never_arrives();
    let worker = stage.start_worker("one");
    let id = start_top_up(&stage).await;
    let wait = wait_after(&stage, JobKind::SubmitTopUp, id.as_str(), 1).await;
    stage.advance(wait).await;
    wait_after(&stage, JobKind::SubmitTopUp, id.as_str(), 2).await;
    let debit = BankCall::Debit(id.clone(), fen(5_000));
    assert_eq!(stage.bank.calls(), [debit.clone(), BankCall::FindDebit(id, fen(5_000)), debit]);
    stage.bank.query(BankAnswer::NotSeen);
    stage.advance(DAY).await;
    until_top_up(&stage, TopUpState::Failed).await;
    worker.stop().await;
    assert_eq!(stage.bank.calls().len(), 4, "it was not sent once more");
    assert_eq!(stage.balance().await, 1_000);
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_top_up_done_twice_credits_once_and_the_rest_waits_in_suspense() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    stage.bank.submission(BankAnswer::Done { bank_ref: "R1".into() });
    let worker = stage.start_worker("one");
    let id = start_top_up(&stage).await;
    until_top_up(&stage, TopUpState::Success).await;
    assert!(callback(&stage, "DEBIT", &id, "SUCCESS", "R1").await, "known already");
    assert!(callback(&stage, "DEBIT", &id, "SUCCESS", "R2").await);
    assert!(callback(&stage, "DEBIT", &id, "SUCCESS", "R2").await, "told twice");
    assert_eq!((stage.balance().await, suspense(&stage).await), (6_000, 5_000));
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_top_up_that_was_declined_and_done_after_all_waits_in_suspense() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    stage.bank.submission(BankAnswer::Declined { code: "51".into() });
    let worker = stage.start_worker("one");
    let id = start_top_up(&stage).await;
    until_top_up(&stage, TopUpState::Failed).await;
    assert!(callback(&stage, "DEBIT", &id, "SUCCESS", "R1").await);
    assert_eq!(stage.get::<TopUp>(&TOP_UP).await.state, TopUpState::Failed);
    assert_eq!((stage.balance().await, suspense(&stage).await), (1_000, 5_000));
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_withdrawal_stays_in_transit_until_the_bank_says_clearly_that_it_paid() {
    let stage = Stage::new().await;
    stage.add_person(10_000).await;
    stage.bank.submission(BankAnswer::Unknown(Unclear::TimedOut));
    stage.bank.query(BankAnswer::Pending { bank_ref: "R1".into() });
    stage.bank.query(BankAnswer::Done { bank_ref: "R1".into() });
    let worker = stage.start_worker("one");
    let id = start_withdrawal(&stage).await;
    for attempts in 1..=2 {
        let wait = wait_after(&stage, JobKind::SubmitWithdrawal, id.as_str(), attempts).await;
        let transit = stage.engine.rules().system.transit_withdrawal;
        assert_eq!(stage.get::<Account>(&transit).await.balance, 5_000);
        stage.check_ledger().await;
        stage.advance(wait).await;
    }
    until_withdrawal(&stage, WithdrawalState::Success).await;
    worker.stop().await;
    let find = BankCall::FindCredit(id.clone(), fen(5_000));
    let calls = [BankCall::Credit(id, fen(5_000)), find.clone(), find];
    assert_eq!(stage.bank.calls(), calls);
    assert_eq!(stage.balance().await, 5_000);
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_withdrawal_that_the_bank_declines_comes_back() {
    let stage = Stage::new().await;
    stage.add_person(10_000).await;
    stage.bank.submission(BankAnswer::Declined { code: "14".into() });
    let worker = stage.start_worker("one");
    start_withdrawal(&stage).await;
    until_withdrawal(&stage, WithdrawalState::Returned).await;
    worker.stop().await;
    assert_eq!(stage.balance().await, 10_000);
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_withdrawal_that_was_paid_twice_or_came_back_later_is_an_exception_that_balances() {
    let stage = Stage::new().await;
    stage.add_person(10_000).await;
    stage.bank.submission(BankAnswer::Done { bank_ref: "R1".into() });
    let worker = stage.start_worker("one");
    let id = start_withdrawal(&stage).await;
    until_withdrawal(&stage, WithdrawalState::Success).await;
    assert!(callback(&stage, "CREDIT", &id, "RETURNED", "R1").await);
    until_withdrawal(&stage, WithdrawalState::Exception).await;
    assert_eq!((stage.balance().await, suspense(&stage).await), (5_000, 5_000));
    assert!(callback(&stage, "CREDIT", &id, "RETURNED", "R1").await, "told twice");
    assert!(callback(&stage, "CREDIT", &id, "SUCCESS", "R2").await);
    assert_eq!((stage.balance().await, suspense(&stage).await), (5_000, 0));
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_message_about_another_amount_or_an_unknown_movement_is_not_taken() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    let unknown = RequestId::parse(TOP_UP.to_string()).unwrap();
    assert!(!callback(&stage, "DEBIT", &unknown, "SUCCESS", "R1").await);
    assert!(!callback(&stage, "CREDIT", &unknown, "SUCCESS", "R1").await);
    stage.engine.run(PERSON.top_up(TOP_UP, fen(4_999))).await.unwrap();
    assert!(!callback(&stage, "DEBIT", &unknown, "SUCCESS", "R1").await);
    assert_eq!(stage.balance().await, 1_000);
    stage.check_ledger().await;
}
