//! Withdrawals: every refusal in its order, every way a bank can answer, and the money in between.

use super::*;
use crate::card::testing::{
    IDENTITY, USER, WALLET, add_card, any_answer, declined, done, fen, person, returned, right,
    usage, wallet_balance, wrong,
};
use crate::card::{BankAnswer, BankOperation, Card, CardState};
use crate::catalogue::{Code, Param};
use crate::command::{Once, Refusal};
use crate::ids::{CardId, UserId, WithdrawalId};
use crate::job::JobKind;
use crate::ledger::JournalKind;
use crate::rules::Rules;
use crate::testing::{World, id_bytes};
use crate::validate::bin_table::CardKind;
use crate::wallet::{PasswordRefusal, PaymentPassword, Usage, Wallet, WalletBlocked, WalletState};
use kernel::Timestamp;
use kernel::time::{DAY, HOUR, SECOND};
use proptest::prelude::*;

const CARD: CardId = CardId::from_bytes([5; 16]);

fn id(number: u64) -> WithdrawalId {
    WithdrawalId::from_bytes(id_bytes(number))
}

fn world(balance: i64) -> World {
    let mut world = person();
    add_card(&mut world, CARD, "ICBC", CardKind::Debit);
    let account = world.get::<Wallet>(&WALLET).balance_account;
    world.fund(account, balance);
    world
}

fn start(number: u64, minor: i64, fee: i64) -> StartWithdrawal {
    StartWithdrawal {
        user: USER,
        wallet: WALLET,
        card: CARD,
        withdrawal: id(number),
        amount: fen(minor),
        expected_fee_minor: fee,
        password: right(),
        once: Once::State,
    }
}

fn record(world: &mut World, number: u64, answer: BankAnswer) -> WithdrawalState {
    let state = world.run(&RecordWithdrawal { withdrawal: id(number), answer }).unwrap();
    assert_eq!(world.get::<Withdrawal>(&id(number)).state, state);
    check(world);
    state
}

fn no(text: &str) -> BankAnswer {
    declined(text, BankOperation::Credit)
}

/// The ledger, and that transit, suspense and used sums are what the withdrawals say.
fn check(world: &mut World) {
    world.check_ledger();
    let all = world.all::<Withdrawal>();
    let system = world.rules().system;
    let open = all.iter().filter(|one| one.is_open());
    let waiting: i64 = open.clone().map(Withdrawal::total_minor).sum();
    assert_eq!(world.balance(system.transit_withdrawal), waiting);
    let suspended: i64 = all.iter().map(|one| one.suspended_minor).sum();
    assert_eq!(world.balance(system.suspense), suspended);
    assert_eq!(world.get::<Card>(&CARD).open_items, open.count() as i64);
    let used = usage(world);
    let counted = all.iter().filter(|one| one.is_counted);
    assert_eq!(used.free_used, counted.clone().map(|one| one.free_minor).sum::<i64>());
    let today = counted.filter(|one| one.day == used.day);
    assert_eq!(used.withdrawals_day, today.clone().count() as i64);
    assert_eq!(used.withdrawn_day, today.map(|one| one.amount.minor()).sum::<i64>());
}

fn system(world: &mut World) -> (i64, i64, i64) {
    let accounts = world.rules().system;
    (
        world.balance(accounts.transit_withdrawal),
        world.balance(accounts.income_fee),
        world.balance(accounts.suspense),
    )
}

#[test]
fn money_waits_in_transit_until_the_bank_has_paid_it_out() {
    let mut world = world(200_000);
    let started = world.run(&start(1, 150_000, 50)).unwrap();
    assert_eq!((started.fee_minor, started.arrival_day), (50, Some(20_261_125)));
    assert_eq!(wallet_balance(&world), 49_950);
    assert_eq!(system(&mut world), (150_050, 0, 0));
    assert_eq!(usage(&world).free_used, 100_000);
    assert!(world.job(JobKind::SubmitWithdrawal, id(1)).is_some());
    assert_eq!(record(&mut world, 1, BankAnswer::Pending), WithdrawalState::BankProcessing);
    assert!(world.job(JobKind::SubmitWithdrawal, id(1)).is_some(), "the bank is asked again");
    assert_eq!(record(&mut world, 1, done("R1")), WithdrawalState::Success);
    assert_eq!(world.job(JobKind::SubmitWithdrawal, id(1)), None);
    assert_eq!(system(&mut world), (0, 50, 0));
    let bank = world.rules().system.bank;
    assert_eq!(world.balance(bank), -50_000);
    for _ in 0..2 {
        assert_eq!(record(&mut world, 1, done("R1")), WithdrawalState::Success);
    }
}

#[test]
fn a_rejected_withdrawal_comes_back_with_fee_allowance_and_the_days_sums() {
    let mut world = world(200_000);
    world.run(&start(1, 150_000, 50)).unwrap();
    let state = record(&mut world, 1, no("WITHDRAW_CARD_CLASS_LIMIT"));
    assert_eq!(state, WithdrawalState::Returned);
    assert_eq!(wallet_balance(&world), 200_000);
    assert_eq!(system(&mut world), (0, 0, 0));
    let used = usage(&world);
    assert_eq!((used.free_used, used.withdrawn_day, used.withdrawals_day), (0, 0, 0));
    let after = world.get::<Withdrawal>(&id(1));
    assert_eq!(after.failure, Some(Code::WithdrawCardClassLimit));
    assert_eq!(world.job(JobKind::SubmitWithdrawal, id(1)), None);
    assert_eq!(record(&mut world, 1, no("05")), WithdrawalState::Returned, "no second return");
    assert_eq!(wallet_balance(&world), 200_000);
}

#[test]
fn what_comes_back_on_a_later_day_gives_back_the_allowance_only() {
    let mut world = world(300_000);
    world.run(&start(1, 100_000, 0)).unwrap();
    world.wait(DAY);
    world.run(&start(2, 50_000, 50)).unwrap();
    record(&mut world, 1, no("05"));
    let used = usage(&world);
    assert_eq!((used.free_used, used.withdrawn_day, used.withdrawals_day), (0, 50_000, 1));
}

#[test]
fn a_return_before_any_yes_comes_back_and_an_old_yes_changes_nothing() {
    let mut world = world(200_000);
    world.run(&start(1, 1_000, 0)).unwrap();
    assert_eq!(record(&mut world, 1, returned("R1")), WithdrawalState::Returned);
    assert_eq!(record(&mut world, 1, done("R1")), WithdrawalState::Returned);
    assert_eq!(record(&mut world, 1, returned("R9")), WithdrawalState::Returned);
    assert_eq!(wallet_balance(&world), 200_000);
}

#[test]
fn a_contradiction_goes_to_suspense_and_makes_an_exception() {
    for again in [returned("R1"), no("05")] {
        let mut world = world(200_000);
        world.run(&start(1, 1_000, 0)).unwrap();
        record(&mut world, 1, done("R1"));
        for _ in 0..2 {
            assert_eq!(record(&mut world, 1, again.clone()), WithdrawalState::Exception);
            assert_eq!(system(&mut world), (0, 0, 1_000));
        }
        assert_eq!(wallet_balance(&world), 199_000, "an officer decides whose it is");
        let withdrawal = world.get::<Withdrawal>(&id(1));
        let told = withdrawal.notice(world.now(), &Rules::default());
        assert_eq!(told, Some(Code::WithdrawUnderReview));
    }
    let mut world = world(200_000);
    world.run(&start(1, 1_000, 0)).unwrap();
    record(&mut world, 1, no("05"));
    for _ in 0..2 {
        assert_eq!(record(&mut world, 1, done("R1")), WithdrawalState::Exception);
        assert_eq!((wallet_balance(&world), system(&mut world)), (200_000, (0, 0, -1_000)));
    }
}

#[test]
fn money_paid_out_twice_is_missing_in_suspense_until_it_is_sent_back() {
    let mut world = world(200_000);
    world.run(&start(1, 1_000, 0)).unwrap();
    record(&mut world, 1, done("R1"));
    assert_eq!(record(&mut world, 1, done("R2")), WithdrawalState::Exception);
    assert_eq!(system(&mut world), (0, 0, -1_000));
    assert_eq!(record(&mut world, 1, returned("R2")), WithdrawalState::Exception);
    assert_eq!(system(&mut world), (0, 0, 0));
}

#[test]
fn a_bank_that_claims_more_than_we_have_there_stops_nothing() {
    let mut world = world(1_000);
    world.run(&start(1, 600, 0)).unwrap();
    record(&mut world, 1, done("R1"));
    assert_eq!(record(&mut world, 1, done("R2")), WithdrawalState::Exception);
    assert_eq!(system(&mut world), (0, 0, 0), "600 more than the 400 that are there");
    assert_eq!(record(&mut world, 1, returned("R2")), WithdrawalState::Exception);
    assert_eq!(system(&mut world), (0, 0, 0));
    world.run(&start(2, 200, 0)).unwrap();
    record(&mut world, 2, done("R3"));
    assert_eq!(record(&mut world, 2, done("R4")), WithdrawalState::Exception);
    assert_eq!(system(&mut world), (0, 0, -200));
    world.run(&start(3, 200, 0)).unwrap();
    assert_eq!(record(&mut world, 3, done("R5")), WithdrawalState::Success);
    assert_eq!(system(&mut world), (0, 0, 0), "suspense paid for what the bank no longer holds");
}

#[test]
fn an_unclear_answer_keeps_the_money_in_transit_and_is_asked_again() {
    let mut world = world(200_000);
    world.run(&start(1, 1_000, 0)).unwrap();
    for (answer, wait) in [(BankAnswer::Unknown, 10), (BankAnswer::NotSeen, 20)] {
        assert_eq!(record(&mut world, 1, answer), WithdrawalState::Held);
        let job = world.job(JobKind::SubmitWithdrawal, id(1)).unwrap();
        assert_eq!(job.due_at, world.now().plus(wait * SECOND));
    }
    record(&mut world, 1, BankAnswer::Pending);
    let state = record(&mut world, 1, BankAnswer::Unknown);
    assert_eq!(state, WithdrawalState::BankProcessing);
    record(&mut world, 1, done("R1"));
    assert_eq!(record(&mut world, 1, BankAnswer::Unknown), WithdrawalState::Success);
}

#[test]
fn a_slow_bank_is_told_and_an_overdue_withdrawal_is_marked() {
    let mut world = world(200_000);
    world.run(&start(1, 1_000, 0)).unwrap();
    let notice = |world: &mut World| {
        let (withdrawal, now) = (world.get::<Withdrawal>(&id(1)), world.now());
        withdrawal.notice(now, world.rules())
    };
    assert_eq!(notice(&mut world), None);
    world.wait(2 * HOUR);
    assert_eq!(notice(&mut world), Some(Code::WithdrawBankDelay));
    world.at("2026-11-25T23:59:59+08:00");
    record(&mut world, 1, BankAnswer::Pending);
    assert_eq!(world.get::<Withdrawal>(&id(1)).overdue_at, None);
    world.wait(SECOND);
    assert_eq!(notice(&mut world), Some(Code::WithdrawOverdue));
    record(&mut world, 1, BankAnswer::Pending);
    let since = Some(world.now());
    world.wait(DAY);
    record(&mut world, 1, BankAnswer::Unknown);
    assert_eq!(world.get::<Withdrawal>(&id(1)).overdue_at, since);
    record(&mut world, 1, done("R1"));
    assert_eq!(notice(&mut world), None);
}

#[test]
fn what_is_slow_and_what_is_late_are_figures() {
    let mut world = world(200_000);
    world.rules().withdraw_arrival_days = 1;
    world.rules().withdraw_delay_told_s = 60;
    world.at("2026-11-18T10:00:00+08:00");
    assert_eq!(world.run(&start(1, 1_000, 0)).unwrap().arrival_day, Some(20_261_119));
    world.wait(60 * SECOND);
    let (withdrawal, now) = (world.get::<Withdrawal>(&id(1)), world.now());
    assert_eq!(withdrawal.notice(now, world.rules()), Some(Code::WithdrawBankDelay));
}

#[test]
fn without_calendar_data_no_day_is_promised_and_two_weeks_are_overdue() {
    let mut world = world(200_000);
    world.at("2026-12-30T10:00:00+08:00");
    assert_eq!(world.run(&start(1, 1_000, 0)).unwrap().arrival_day, None);
    world.wait(13 * DAY);
    let notice = |world: &mut World| {
        let (withdrawal, now) = (world.get::<Withdrawal>(&id(1)), world.now());
        withdrawal.notice(now, world.rules())
    };
    assert_eq!(notice(&mut world), Some(Code::WithdrawBankDelay));
    world.wait(DAY);
    assert_eq!(notice(&mut world), Some(Code::WithdrawOverdue));
}

#[test]
fn a_withdrawal_is_refused_in_the_order_of_the_checks() {
    let mut world = world(200_000);
    world.rules().withdraw_single_max_minor = 150_000;
    world.rules().withdraw_day_max_minor = 140_000;
    world.rules().withdraw_count_day = 0;
    let wallet = world.get::<Wallet>(&WALLET);
    let mut card = world.get::<Card>(&CARD);
    world.put(Wallet { state: WalletState::Frozen, cards: 0, ..wallet.clone() });
    let guess = |minor| StartWithdrawal { password: wrong(1), ..start(1, minor, 7) };
    let foreign = StartWithdrawal { user: UserId::from_bytes([8; 16]), ..guess(150_001) };
    assert_eq!(world.run(&foreign), Err(StartWithdrawalRefusal::WalletNotFound));
    let frozen = StartWithdrawalRefusal::Wallet(WalletBlocked::Frozen);
    assert_eq!(world.run(&guess(150_001)), Err(frozen));
    world.put(Wallet { cards: 0, ..wallet.clone() });
    assert_eq!(world.run(&guess(150_001)), Err(StartWithdrawalRefusal::NoCard));
    world.put(wallet);
    let unknown = StartWithdrawal { card: CardId::from_bytes([6; 16]), ..guess(150_001) };
    assert_eq!(world.run(&unknown), Err(StartWithdrawalRefusal::CardNotFound));
    (card.state, card.kind) = (CardState::Suspended, CardKind::Credit);
    world.put(card.clone());
    assert_eq!(world.run(&guess(150_001)), Err(StartWithdrawalRefusal::CardSuspended));
    card.state = CardState::Bound;
    world.put(card.clone());
    assert_eq!(world.run(&guess(150_001)), Err(StartWithdrawalRefusal::CardNotSupported));
    card.kind = CardKind::Debit;
    world.put(card);
    assert_eq!(world.run(&guess(150_001)), Err(StartWithdrawalRefusal::SingleLimit));
    let refused = StartWithdrawalRefusal::Password(PasswordRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&guess(150_000)), Err(refused));
    let asked = start(1, 150_000, 7);
    assert_eq!(world.run(&asked), Err(StartWithdrawalRefusal::DayLimit));
    world.rules().withdraw_day_max_minor = 300_000;
    assert_eq!(world.run(&asked), Err(StartWithdrawalRefusal::CountLimit));
    world.rules().withdraw_count_day = 3;
    assert_eq!(world.run(&asked), Err(StartWithdrawalRefusal::FeeChanged));
    world.rules().withdraw_single_max_minor = 300_000;
    let short = StartWithdrawalRefusal::BalanceAndFee { fee_minor: 100 };
    assert_eq!(world.run(&start(1, 200_000, 100)), Err(short));
    assert_eq!(short.params().get("fee"), Some(&Param::Amount(100)));
    assert_eq!(world.run(&start(1, 150_000, 50)).unwrap().fee_minor, 50);
    assert!(refused.is_about_secret() && !short.is_about_secret());
}

#[test]
fn every_refusal_has_its_code() {
    use StartWithdrawalRefusal as R;
    for (refusal, code) in [
        (R::WalletNotFound, Code::ObjectNotFound),
        (R::Wallet(WalletBlocked::Frozen), Code::AccountFrozen),
        (R::NoCard, Code::WithdrawNoCard),
        (R::CardNotFound, Code::ObjectNotFound),
        (R::CardSuspended, Code::CardSuspended),
        (R::CardNotSupported, Code::WithdrawCardNotSupported),
        (R::SingleLimit, Code::WithdrawLimitSingle),
        (R::Password(PasswordRefusal::HardLocked), Code::PayPasswordHardLocked),
        (R::DayLimit, Code::WithdrawLimitDaily),
        (R::ResetCooldown { until: Timestamp::default() }, Code::PasswordResetCooldown),
        (R::CountLimit, Code::WithdrawCountLimit),
        (R::FeeChanged, Code::WithdrawFeeChanged),
        (R::BalanceAndFee { fee_minor: 1 }, Code::WithdrawBalanceAndFee),
    ] {
        assert_eq!(refusal.code(), code);
    }
}

#[test]
fn a_day_has_three_withdrawals_and_a_restricted_wallet_may_make_them() {
    let mut world = world(200_000);
    let wallet = world.get::<Wallet>(&WALLET);
    world.put(Wallet { state: WalletState::Restricted, ..wallet });
    for number in 1..=3 {
        world.run(&start(number, 100, 0)).unwrap();
    }
    assert_eq!(world.run(&start(4, 100, 0)), Err(StartWithdrawalRefusal::CountLimit));
    record(&mut world, 1, no("05"));
    assert!(world.run(&start(4, 100, 0)).is_ok(), "a failed one gives its place back");
    world.at("2026-11-22T00:00:00+08:00");
    assert!(world.run(&start(5, 100, 0)).is_ok());
    check(&mut world);
}

#[test]
fn a_day_after_a_reset_of_the_password_little_may_leave() {
    let mut world = world(400_000);
    let password = world.get::<PaymentPassword>(&WALLET);
    world.put(PaymentPassword { reset_at: Some(world.now()), ..password });
    let until = world.now().plus(DAY);
    world.run(&start(1, 60_000, 0)).unwrap();
    let capped = StartWithdrawalRefusal::ResetCooldown { until };
    assert_eq!(world.run(&start(2, 40_001, 10)), Err(capped));
    assert_eq!(capped.params().get("time"), Some(&Param::Time(until.micros())));
    world.run(&start(2, 40_000, 0)).unwrap();
    world.wait(DAY);
    world.run(&start(3, 200_000, 200)).unwrap();
    check(&mut world);
}

#[test]
fn dust_leaves_free_as_the_whole_balance_only() {
    let mut world = world(100_010);
    world.run(&start(1, 100_000, 0)).unwrap();
    assert_eq!(world.run(&start(2, 9, 0)), Err(StartWithdrawalRefusal::FeeChanged));
    assert!(world.run(&start(2, 10, 0)).is_ok());
    assert_eq!(wallet_balance(&world), 0);
    check(&mut world);
}

#[test]
fn a_quote_says_what_a_start_does() {
    let (rules, now) = (Rules::default(), world(1).now());
    let mut used = Usage::none(IDENTITY);
    used.free_used = 99_000;
    let quoted = quote(1_500, &used, 5_000, now, &rules).unwrap();
    assert_eq!((quoted.fee_minor, quoted.free_minor, quoted.total_minor), (10, 1_000, 1_510));
    assert_eq!(quoted.arrival_day, Some(20_261_125));
    let all = quote_all(&used, 5_000, now, &rules).unwrap();
    assert_eq!((all.amount_minor, all.fee_minor, all.total_minor), (4_990, 10, 5_000));
    assert_eq!(quote_all(&used, 0, now, &rules), None);
    used.free_used = 200_000;
    assert_eq!(quote(1, &used, 50, now, &rules).unwrap().free_minor, 0, "a lowered allowance");
}

proptest! {
    #[test]
    fn whatever_a_bank_answers_ends_a_withdrawal_at_most_once(
        said in prop::collection::vec(0..8usize, 1..12), balance in 150_050..400_000i64
    ) {
        let mut world = world(balance);
        world.run(&start(1, 150_000, 50)).unwrap();
        for one in said {
            record(&mut world, 1, any_answer(one, BankOperation::Credit));
            let ends = [JournalKind::WithdrawalSettle, JournalKind::WithdrawalReturn];
            let ended = world.journals().iter().filter(|one| ends.contains(&one.journal.kind));
            let is_open = world.get::<Withdrawal>(&id(1)).is_open();
            prop_assert_eq!(ended.count(), usize::from(!is_open));
        }
    }
}
