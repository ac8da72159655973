//! Top-ups: every refusal in its order, and every way a bank can answer.

use super::*;
use crate::card::testing::{
    USER, WALLET, add_card, any_answer, declined, done, fen, person, returned, right, usage,
    wallet_balance, wrong,
};
use crate::card::{BankAnswer, BankMovement, BankOperation, Card, CardState, MovementState};
use crate::catalogue::Code;
use crate::command::{Once, Refusal};
use crate::ids::{CardId, TopUpId, UserId};
use crate::job::JobKind;
use crate::ledger::JournalKind;
use crate::rules::Rules;
use crate::testing::{World, id_bytes};
use crate::validate::bin_table::CardKind;
use crate::wallet::{PasswordRefusal, Wallet, WalletBlocked, WalletState};
use kernel::time::{DAY, SECOND};
use proptest::prelude::*;

const CARD: CardId = CardId::from_bytes([5; 16]);

fn id(number: u64) -> TopUpId {
    TopUpId::from_bytes(id_bytes(number))
}

fn world() -> World {
    let mut world = person();
    add_card(&mut world, CARD, "ICBC", CardKind::Debit);
    world
}

fn start(number: u64, minor: i64) -> StartTopUp {
    StartTopUp {
        user: USER,
        wallet: WALLET,
        card: CARD,
        top_up: id(number),
        amount: fen(minor),
        password: right(),
        once: Once::State,
    }
}

fn record(world: &mut World, number: u64, answer: BankAnswer) -> TopUpState {
    let state = world.run(&RecordTopUp { top_up: id(number), answer }).unwrap();
    assert_eq!(world.get::<TopUp>(&id(number)).state, state);
    check(world);
    state
}

fn no(text: &str) -> BankAnswer {
    declined(text, BankOperation::Debit)
}

/// The ledger, and that suspense is what the top-ups say.
fn check(world: &mut World) {
    world.check_ledger();
    let suspended: i64 = world.all::<TopUp>().iter().map(|top_up| top_up.suspended_minor).sum();
    let suspense = world.rules().system.suspense;
    assert_eq!(world.balance(suspense), suspended);
    let open = world.all::<TopUp>().iter().filter(|top_up| top_up.is_open()).count();
    assert_eq!(world.get::<Card>(&CARD).open_items, open as i64);
    let counted = world.all::<TopUp>().into_iter().filter(|top_up| top_up.is_counted);
    let today = usage(world);
    let sum: i64 = counted.filter(|one| one.day == today.day).map(|one| one.amount.minor()).sum();
    assert_eq!(today.topped_up_day, sum);
}

fn suspended(world: &World, number: u64) -> i64 {
    world.get::<TopUp>(&id(number)).suspended_minor
}

#[test]
fn money_reaches_the_balance_when_the_bank_says_yes_and_only_then() {
    let mut world = world();
    assert_eq!(world.run(&start(1, 10_000)), Ok(id(1)));
    assert_eq!((wallet_balance(&world), world.journals().len()), (0, 0));
    assert!(world.job(JobKind::SubmitTopUp, id(1)).is_some());
    assert_eq!(usage(&world).topped_up_day, 10_000);
    assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Success);
    assert_eq!(wallet_balance(&world), 10_000);
    assert_eq!(world.job(JobKind::SubmitTopUp, id(1)), None);
    let top_up = world.get::<TopUp>(&id(1));
    assert_eq!((top_up.bank_ref.as_deref(), top_up.journal), (Some("R1"), 1));
    let journal = &world.journals()[0].journal;
    assert_eq!(journal.kind, JournalKind::TopUp);
    assert_eq!(journal.subject.as_str(), format!("top_up:{}", id(1)));
}

#[test]
fn the_same_yes_twice_credits_once() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    for _ in 0..3 {
        assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Success);
    }
    assert_eq!((wallet_balance(&world), world.journals().len()), (10_000, 1));
}

#[test]
fn a_no_gives_the_days_sum_back_while_the_day_lasts() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    assert_eq!(record(&mut world, 1, no("51")), TopUpState::Failed);
    assert_eq!(world.get::<TopUp>(&id(1)).failure, Some(Code::CardFundsInsufficient));
    assert_eq!(usage(&world).topped_up_day, 0);
    assert_eq!(world.get::<Card>(&CARD).debited_day, 0);
    assert_eq!(world.job(JobKind::SubmitTopUp, id(1)), None);
    world.run(&start(2, 10_000)).unwrap();
    world.wait(DAY);
    world.run(&start(3, 7_000)).unwrap();
    record(&mut world, 2, no("51"));
    assert_eq!(usage(&world).topped_up_day, 7_000, "another day's sum stays as it is");
    assert_eq!(world.get::<Card>(&CARD).debited_day, 7_000);
}

fn notice(world: &World) -> Option<Code> {
    world.get::<TopUp>(&id(1)).notice(world.now(), &Rules::default())
}

#[test]
fn an_unclear_answer_is_asked_again_later_and_later() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    for wait in [10, 20, 40] {
        assert_eq!(record(&mut world, 1, BankAnswer::Unknown), TopUpState::Unknown);
        let job = world.job(JobKind::SubmitTopUp, id(1)).unwrap();
        assert_eq!(job.due_at, world.now().plus(wait * SECOND));
    }
    assert_eq!(notice(&world), Some(Code::PaymentResultUnknown));
    assert_eq!(record(&mut world, 1, BankAnswer::Pending), TopUpState::BankProcessing);
    assert_eq!(notice(&world), None);
    assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Success);
    assert_eq!(record(&mut world, 1, BankAnswer::Unknown), TopUpState::Success);
    assert_eq!(record(&mut world, 1, BankAnswer::Pending), TopUpState::Success);
    assert_eq!(world.job(JobKind::SubmitTopUp, id(1)), None);
}

#[test]
fn a_person_is_told_not_to_pay_again_when_the_bank_takes_a_minute() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    record(&mut world, 1, BankAnswer::Pending);
    world.wait(59 * SECOND);
    assert_eq!(notice(&world), None);
    world.wait(SECOND);
    assert_eq!(notice(&world), Some(Code::PaymentResultUnknown));
    record(&mut world, 1, done("R1"));
    assert_eq!(notice(&world), None);
}

#[test]
fn a_request_the_bank_never_saw_is_given_up_after_a_day() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    assert_eq!(record(&mut world, 1, BankAnswer::NotSeen), TopUpState::Unknown);
    let may_be_sent = |world: &mut World| {
        let (top_up, now) = (world.get::<TopUp>(&id(1)), world.now());
        top_up.may_be_sent(now, world.rules())
    };
    assert!(may_be_sent(&mut world));
    world.rules().topup_send_s = 60;
    world.wait(60 * SECOND);
    assert!(!may_be_sent(&mut world), "the life is a figure");
    world.rules().topup_send_s = 86_400;
    world.wait(DAY);
    assert!(!may_be_sent(&mut world));
    assert_eq!(record(&mut world, 1, BankAnswer::Unknown), TopUpState::Unknown);
    assert_eq!(record(&mut world, 1, BankAnswer::NotSeen), TopUpState::Failed);
    assert_eq!(world.get::<TopUp>(&id(1)).failure, Some(Code::BankSystemError));
}

#[test]
fn a_second_movement_under_another_reference_goes_to_suspense() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    record(&mut world, 1, done("R1"));
    for _ in 0..2 {
        assert_eq!(record(&mut world, 1, done("R2")), TopUpState::Success);
        assert_eq!((wallet_balance(&world), suspended(&world, 1)), (10_000, 10_000));
    }
    record(&mut world, 1, returned("R2"));
    assert_eq!((wallet_balance(&world), suspended(&world, 1)), (10_000, 0));
}

#[test]
fn a_yes_after_a_no_goes_to_suspense() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    record(&mut world, 1, no("05"));
    for _ in 0..2 {
        assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Failed);
        assert_eq!((wallet_balance(&world), suspended(&world, 1)), (0, 10_000));
    }
    assert_eq!(record(&mut world, 1, no("05")), TopUpState::Failed, "nothing more is known");
    let told = world.get::<TopUp>(&id(1)).notice(world.now(), &Rules::default());
    assert_eq!(told, Some(Code::TopupUnderReview));
}

#[test]
fn money_taken_back_after_a_yes_stays_with_the_person_and_shows_in_suspense() {
    for again in [returned("R1"), no("05")] {
        let mut world = world();
        world.run(&start(1, 10_000)).unwrap();
        record(&mut world, 1, done("R1"));
        for _ in 0..2 {
            assert_eq!(record(&mut world, 1, again.clone()), TopUpState::Success);
            assert_eq!((wallet_balance(&world), suspended(&world, 1)), (10_000, -10_000));
        }
        let key = (format!("top_up:{}", id(1)), "R1".to_owned());
        assert_eq!(world.get::<BankMovement>(&key).state, MovementState::Returned);
        assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Success);
        assert_eq!(suspended(&world, 1), -10_000, "an old yes changes nothing");
    }
}

#[test]
fn a_return_that_arrives_first_fails_the_top_up_and_the_yes_behind_it_is_void() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    assert_eq!(record(&mut world, 1, returned("R1")), TopUpState::Failed);
    assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Failed);
    assert_eq!(record(&mut world, 1, returned("R9")), TopUpState::Failed);
    assert_eq!((wallet_balance(&world), suspended(&world, 1)), (0, 0));
}

#[test]
fn a_frozen_wallet_still_receives_and_a_closed_one_does_not() {
    let mut world = world();
    world.run(&start(1, 10_000)).unwrap();
    world.run(&start(2, 500)).unwrap();
    let wallet = world.get::<Wallet>(&WALLET);
    world.put(Wallet { state: WalletState::Frozen, ..wallet.clone() });
    assert_eq!(record(&mut world, 1, done("R1")), TopUpState::Success);
    world.put(Wallet { state: WalletState::Closed, ..wallet });
    assert_eq!(record(&mut world, 2, done("R2")), TopUpState::Failed);
    assert_eq!((wallet_balance(&world), suspended(&world, 2)), (10_000, 500));
    assert_eq!(world.get::<TopUp>(&id(2)).failure, Some(Code::AccountStatusAbnormal));
}

#[test]
fn three_hard_noes_in_a_row_or_a_dead_card_suspend_it() {
    let mut world = world();
    for (number, answer) in [(1, no("05")), (2, no("51")), (3, no("05"))] {
        world.run(&start(number, 100)).unwrap();
        record(&mut world, number, answer);
        assert_eq!(world.get::<Card>(&CARD).state, CardState::Bound);
    }
    world.run(&start(4, 100)).unwrap();
    record(&mut world, 4, done("R4"));
    assert_eq!(world.get::<Card>(&CARD).hard_declines, 0, "a yes forgets them");
    for number in 5..=7 {
        world.run(&start(number, 100)).unwrap();
        record(&mut world, number, no("05"));
    }
    let card = world.get::<Card>(&CARD);
    assert_eq!((card.state, card.failure), (CardState::Suspended, Some(Code::TopupBankDeclined)));
    assert_eq!(world.run(&start(8, 100)), Err(StartTopUpRefusal::CardSuspended));

    let mut world = self::world();
    world.run(&start(1, 100)).unwrap();
    record(&mut world, 1, no("41"));
    assert_eq!(world.get::<Card>(&CARD).state, CardState::Suspended);
}

#[test]
fn a_top_up_is_refused_in_the_order_of_the_checks() {
    let mut world = world();
    world.rules().balance_cap_minor = 50;
    world.rules().topup_day_max_minor = 50;
    let wallet = world.get::<Wallet>(&WALLET);
    let mut card = world.get::<Card>(&CARD);
    world.put(Wallet { state: WalletState::Frozen, ..wallet.clone() });
    world.put(Card { kind: CardKind::Credit, state: CardState::Suspended, ..card.clone() });
    let guess = |minor| StartTopUp { password: wrong(1), ..start(1, minor) };
    let foreign = StartTopUp { user: UserId::from_bytes([8; 16]), ..guess(3_000_001) };
    assert_eq!(world.run(&foreign), Err(StartTopUpRefusal::WalletNotFound));
    let unknown = StartTopUp { card: CardId::from_bytes([6; 16]), ..guess(3_000_001) };
    let frozen = StartTopUpRefusal::Wallet(WalletBlocked::Frozen);
    assert_eq!(world.run(&unknown), Err(frozen));
    world.put(wallet);
    assert_eq!(world.run(&unknown), Err(StartTopUpRefusal::CardNotFound));
    assert_eq!(world.run(&guess(3_000_001)), Err(StartTopUpRefusal::CardSuspended));
    card.kind = CardKind::Credit;
    world.put(card.clone());
    assert_eq!(world.run(&guess(3_000_001)), Err(StartTopUpRefusal::CardNotSupported));
    card.kind = CardKind::Debit;
    world.put(card);
    assert_eq!(world.run(&guess(3_000_001)), Err(StartTopUpRefusal::SingleLimit));
    let refused = StartTopUpRefusal::Password(PasswordRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&guess(51)), Err(refused));
    assert_eq!(world.run(&start(1, 51)), Err(StartTopUpRefusal::DayLimit));
    world.rules().topup_day_max_minor = 51;
    assert_eq!(world.run(&start(1, 51)), Err(StartTopUpRefusal::BalanceCap));
    assert_eq!(world.run(&start(1, 50)), Ok(id(1)));
    assert!(refused.is_about_secret() && !frozen.is_about_secret());
}

#[test]
fn the_lower_of_our_limit_and_the_banks_holds() {
    let mut world = world();
    let bank = world.rules().bank_limits.of("ICBC", CardKind::Debit);
    world.run(&start(1, bank.single_minor)).unwrap();
    let rest = bank.day_minor - bank.single_minor;
    assert_eq!(world.run(&start(2, rest + 1)), Err(StartTopUpRefusal::DayLimit));
    world.run(&start(2, rest)).unwrap();
    let other = CardId::from_bytes([6; 16]);
    add_card(&mut world, other, "CMB", CardKind::Debit);
    world.rules().topup_single_max_minor = 100;
    let by_other = |minor| StartTopUp { card: other, ..start(3, minor) };
    assert_eq!(world.run(&by_other(101)), Err(StartTopUpRefusal::SingleLimit));
    assert_eq!(world.run(&by_other(100)), Ok(id(3)), "another bank's day is another day");
    world.at("2026-11-22T00:00:00+08:00");
    assert_eq!(world.run(&start(4, 100)), Ok(id(4)), "a new day");
}

#[test]
fn a_changed_bank_limit_holds_from_then_on() {
    let mut world = world();
    assert!(world.rules().set_figure("bank_limit.icbc.debit.single", 100));
    assert!(world.rules().set_figure("bank_limit.icbc.debit.day", 150));
    assert_eq!(world.run(&start(1, 101)), Err(StartTopUpRefusal::SingleLimit));
    assert_eq!(world.run(&start(1, 100)), Ok(id(1)));
    assert_eq!(world.run(&start(2, 51)), Err(StartTopUpRefusal::DayLimit));
    assert_eq!(world.run(&start(2, 50)), Ok(id(2)));
}

#[test]
fn a_single_hard_no_suspends_where_the_figure_says_so() {
    let mut world = world();
    world.rules().card_hard_declines_max = 1;
    world.run(&start(1, 100)).unwrap();
    record(&mut world, 1, no("05"));
    assert_eq!(world.get::<Card>(&CARD).state, CardState::Suspended);
}

#[test]
fn every_refusal_has_its_code() {
    use StartTopUpRefusal as R;
    for (refusal, code) in [
        (R::WalletNotFound, Code::ObjectNotFound),
        (R::CardNotFound, Code::ObjectNotFound),
        (R::Wallet(WalletBlocked::Frozen), Code::AccountFrozen),
        (R::CardSuspended, Code::CardSuspended),
        (R::CardNotSupported, Code::TopupCardNotSupported),
        (R::SingleLimit, Code::TopupLimitExceeded),
        (R::Password(PasswordRefusal::NotSet), Code::PayPasswordNotSet),
        (R::DayLimit, Code::TopupLimitExceeded),
        (R::BalanceCap, Code::BalanceCapExceeded),
    ] {
        assert_eq!(refusal.code(), code);
    }
}

proptest! {
    #[test]
    fn whatever_a_bank_answers_credits_at_most_once(
        said in prop::collection::vec(0..8usize, 1..12)
    ) {
        let mut world = world();
        world.run(&start(1, 10_000)).unwrap();
        for one in said {
            record(&mut world, 1, any_answer(one, BankOperation::Debit));
            let is_credited = world.get::<TopUp>(&id(1)).state == TopUpState::Success;
            prop_assert_eq!(wallet_balance(&world), if is_credited { 10_000 } else { 0 });
        }
    }
}
