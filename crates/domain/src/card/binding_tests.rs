//! Binding a card from the first question to the token, and all that can go wrong on the way.

use super::testing::{
    WALLET, add_card, add_wallet, binding_id, checked, confirm, confirmed, person, signed, start,
};
use super::*;
use crate::catalogue::{Code, Param};
use crate::command::Refusal;
use crate::ids::{CardId, UserId, WalletId};
use crate::job::JobKind;
use crate::testing::{World, id_bytes};
use crate::validate::bin_table::CardKind;
use crate::wallet::{Identity, IdentityClass, Wallet, WalletBlocked, WalletState};
use kernel::time::{DAY, MINUTE, SECOND};

fn binding(world: &World, number: u64) -> CardBinding {
    world.get::<CardBinding>(&binding_id(number))
}

fn jobs(world: &World, number: u64) -> [bool; 3] {
    [JobKind::CheckCard, JobKind::ConfirmCard, JobKind::ExpireCardBinding]
        .map(|kind| world.job(kind, binding_id(number)).is_some())
}

/// Up to the code that the issuer has sent.
fn code_sent(number: u64) -> World {
    let mut world = person();
    world.run(&start(number)).unwrap();
    world.run(&checked(number, IssuerAnswer::CodeSent)).unwrap();
    world
}

fn bind(world: &mut World, command: &StartCardBinding, number: u64) {
    world.run(command).unwrap();
    world.run(&checked(number, IssuerAnswer::CodeSent)).unwrap();
    let owner = ConfirmCardBinding { user: command.user, ..confirm(number) };
    world.run(&owner).unwrap();
    let state = world.run(&confirmed(number, 1, signed()));
    assert_eq!(state, Ok(BindingState::Bound));
}

fn fail(world: &mut World, number: u64, card: u8) {
    let command = StartCardBinding { number_index: [card; 32], ..start(number) };
    world.run(&command).unwrap();
    let why = BankDecline::parse("CARD_PHONE_MISMATCH", BankOperation::Binding);
    let state = world.run(&checked(number, IssuerAnswer::Declined(why)));
    assert_eq!(state, Ok(BindingState::Failed));
}

#[test]
fn a_card_is_bound_step_by_step_and_secrets_go_when_the_issuer_answers() {
    let mut world = person();
    assert_eq!(world.run(&start(5)), Ok(binding_id(5)));
    assert_eq!(jobs(&world, 5), [true, false, true]);
    assert!(binding(&world, 5).secrets.is_some());
    assert_eq!(world.run(&checked(5, IssuerAnswer::CodeSent)), Ok(BindingState::OtpSent));
    assert_eq!(jobs(&world, 5), [false, false, true]);
    assert_eq!(binding(&world, 5).secrets, None);
    assert_eq!(world.run(&confirm(5)), Ok(binding_id(5)));
    assert_eq!(jobs(&world, 5), [false, true, true]);
    assert_eq!(binding(&world, 5).code, Some(vec![6]));
    assert_eq!(binding(&world, 5).confirmation_id(), format!("{}.1", binding_id(5)));
    assert_eq!(world.run(&confirmed(5, 1, signed())), Ok(BindingState::Bound));
    assert_eq!(jobs(&world, 5), [false, false, false]);
    let after = binding(&world, 5);
    assert_eq!((after.code, after.secrets, after.failure), (None, None, None));
    let card = world.get::<Card>(&after.card);
    assert_eq!((card.state, card.token), (CardState::Bound, Some(vec![7, 7])));
    assert_eq!(world.get::<Wallet>(&WALLET).cards, 1);
    assert_eq!(world.get::<CardUse>(&[5; 32]).wallets, 1);
    assert_eq!(world.get::<CardByNumber>(&(WALLET, [5; 32])).card, card.id);
    let identity = world.get::<Identity>(&super::testing::IDENTITY);
    assert_eq!((identity.channels, identity.card_bank.as_str()), (0b101, "ICBC"));
}

#[test]
fn cards_of_two_banks_raise_the_class_and_a_second_of_one_bank_does_not() {
    let mut world = person();
    let phone = world.get::<Identity>(&super::testing::IDENTITY);
    world.put(phone.with(crate::wallet::Channel::Phone));
    bind(&mut world, &start(5), 5);
    let class = |world: &mut World| {
        let identity = world.get::<Identity>(&super::testing::IDENTITY);
        identity.class(world.rules())
    };
    assert_eq!(class(&mut world), IdentityClass::ClassII);
    bind(&mut world, &start(6), 6);
    assert_eq!(world.get::<Identity>(&super::testing::IDENTITY).channels, 0b111);
    bind(&mut world, &StartCardBinding { bank: "CMB".into(), ..start(7) }, 7);
    assert_eq!(world.get::<Identity>(&super::testing::IDENTITY).channels, 0b1111);
    world.rules().class3_channels = 4;
    assert_eq!(class(&mut world), IdentityClass::ClassIII, "how many it takes is a figure");
}

#[test]
fn a_binding_is_refused_in_the_order_of_the_checks() {
    let mut world = person();
    let foreign = StartCardBinding { user: UserId::from_bytes([8; 16]), ..start(5) };
    assert_eq!(world.run(&foreign), Err(StartCardBindingRefusal::WalletNotFound));
    for number in 10..20 {
        let card = CardId::from_bytes([number; 16]);
        add_card(&mut world, card, "ICBC", CardKind::Debit);
    }
    // Everything is wrong at once; what is mended lets the next refusal show.
    let mut wallet = world.get::<Wallet>(&WALLET);
    (wallet.state, wallet.identity) = (WalletState::Frozen, None);
    world.put(wallet.clone());
    let blocked_until = world.now().plus(DAY);
    world.put(BindingFails {
        subject: WALLET.to_string(),
        failed: 10,
        open: 0,
        since: world.now(),
        blocked_until,
    });
    world.put(CardUse { number_index: [10; 32], wallets: 3 });
    let semi = StartCardBinding { kind: CardKind::SemiCredit, number_index: [10; 32], ..start(5) };
    let debit = StartCardBinding { kind: CardKind::Debit, ..semi.clone() };
    let frozen = StartCardBindingRefusal::Wallet(WalletBlocked::Frozen);
    assert_eq!(world.run(&semi), Err(frozen));
    wallet.state = WalletState::Closing;
    world.put(wallet.clone());
    let closed = StartCardBindingRefusal::Wallet(WalletBlocked::Closed);
    assert_eq!(world.run(&semi), Err(closed));
    wallet.state = WalletState::Opening;
    world.put(wallet.clone());
    assert_eq!(world.run(&semi), Err(StartCardBindingRefusal::IdentityRequired));
    wallet.identity = Some(super::testing::IDENTITY);
    world.put(wallet.clone());
    assert_eq!(world.run(&semi), Err(StartCardBindingRefusal::KindNotSupported));
    let too_many = StartCardBindingRefusal::TooManyAttempts { until: blocked_until };
    assert_eq!(world.run(&debit), Err(too_many));
    assert_eq!(too_many.params().get("time"), Some(&Param::Time(blocked_until.micros())));
    world.remove::<BindingFails>(&WALLET.to_string());
    assert_eq!(world.run(&debit), Err(StartCardBindingRefusal::TooManyCards));
    wallet.cards = 9;
    world.put(wallet);
    assert_eq!(world.run(&debit), Err(StartCardBindingRefusal::AlreadyBound));
    world.remove::<CardByNumber>(&(WALLET, [10; 32]));
    assert_eq!(world.run(&debit), Err(StartCardBindingRefusal::BoundElsewhere));
    world.put(CardUse { number_index: [10; 32], wallets: 2 });
    assert_eq!(world.run(&debit), Ok(binding_id(5)));
}

#[test]
fn every_refusal_of_a_start_has_its_code() {
    use StartCardBindingRefusal as R;
    let until = person().now();
    for (refusal, code) in [
        (R::WalletNotFound, Code::ObjectNotFound),
        (R::Wallet(WalletBlocked::Frozen), Code::AccountFrozen),
        (R::IdentityRequired, Code::CardBindIdentityRequired),
        (R::KindNotSupported, Code::CardTypeNotSupported),
        (R::TooManyAttempts { until }, Code::CardBindAttemptsExceeded),
        (R::TooManyCards, Code::CardCountLimit),
        (R::AlreadyBound, Code::CardAlreadyBound),
        (R::BoundElsewhere, Code::CardBoundElsewhereLimit),
    ] {
        assert_eq!(refusal.code(), code);
    }
}

#[test]
fn five_failures_of_a_card_and_ten_of_a_wallet_block_for_a_day() {
    let mut world = person();
    (1..=5).for_each(|number| fail(&mut world, number, 77));
    let until = world.now().plus(DAY);
    let same_card = StartCardBinding { number_index: [77; 32], ..start(6) };
    let blocked = Err(StartCardBindingRefusal::TooManyAttempts { until });
    assert_eq!(world.run(&same_card), blocked);
    (11..=15).for_each(|number| fail(&mut world, number, number as u8));
    assert_eq!(world.run(&start(16)), blocked, "ten of the wallet");
    world.wait(DAY);
    assert_eq!(world.run(&same_card), Ok(binding_id(6)));
    fail(&mut world, 17, 17);
    let wallet = world.get::<BindingFails>(&WALLET.to_string());
    assert_eq!((wallet.failed, wallet.open), (1, 1), "a block that is over counts no more");
}

#[test]
fn how_long_an_issuer_is_asked_and_a_card_is_blocked_are_figures() {
    let mut world = person();
    let rules = world.rules();
    (rules.card_issuer_s, rules.binding_fails_card, rules.binding_block_s) = (60, 1, 3_600);
    world.run(&start(5)).unwrap();
    world.wait(MINUTE);
    assert_eq!(world.run(&checked(5, IssuerAnswer::Unknown)), Ok(BindingState::Failed));
    fail(&mut world, 6, 77);
    let until = world.now().plus(60 * MINUTE);
    let same_card = StartCardBinding { number_index: [77; 32], ..start(7) };
    let blocked = Err(StartCardBindingRefusal::TooManyAttempts { until });
    assert_eq!(world.run(&same_card), blocked);
    world.wait(60 * MINUTE);
    assert_eq!(world.run(&same_card), Ok(binding_id(7)), "the block is over, and so is the count");
}

#[test]
fn bindings_that_go_on_count_so_that_parallel_tries_do_not_pass_the_cap() {
    let mut world = person();
    for number in 1..=5 {
        world.run(&StartCardBinding { number_index: [77; 32], ..start(number) }).unwrap();
    }
    let sixth = StartCardBinding { number_index: [77; 32], ..start(6) };
    let until = world.now().plus(15 * MINUTE);
    assert_eq!(world.run(&sixth), Err(StartCardBindingRefusal::TooManyAttempts { until }));
    world.run(&checked(1, IssuerAnswer::CodeSent)).unwrap();
    world.run(&confirm(1)).unwrap();
    world.run(&confirmed(1, 1, signed())).unwrap();
    assert_eq!(world.run(&sixth), Err(StartCardBindingRefusal::AlreadyBound));
}

#[test]
fn the_issuers_no_ends_the_binding_with_its_reason() {
    let mut world = person();
    fail(&mut world, 5, 5);
    let after = binding(&world, 5);
    assert_eq!((after.failure, after.secrets), (Some(Code::CardPhoneMismatch), None));
    assert_eq!(after.ended_at, Some(world.now()));
    assert_eq!(jobs(&world, 5), [false, false, false]);
    let late = world.run(&checked(5, IssuerAnswer::CodeSent));
    assert_eq!(late, Ok(BindingState::Failed), "a later word changes nothing");
    let refused = world.run(&confirm(5));
    let failed = ConfirmCardBindingRefusal::Failed(Code::CardPhoneMismatch);
    assert_eq!(refused, Err(failed));
}

#[test]
fn a_silent_issuer_is_asked_for_five_minutes_and_nobody_is_blamed() {
    let mut world = person();
    world.run(&start(5)).unwrap();
    for wait in [10, 20, 40] {
        let state = world.run(&checked(5, IssuerAnswer::Unknown));
        assert_eq!(state, Ok(BindingState::IssuerCheck));
        let due_at = world.job(JobKind::CheckCard, binding_id(5)).unwrap().due_at;
        assert_eq!(due_at, world.now().plus(wait * SECOND));
        world.wait(wait * SECOND);
    }
    assert!(binding(&world, 5).secrets.is_some(), "they may have to be sent again");
    world.wait(5 * MINUTE);
    assert_eq!(world.run(&checked(5, IssuerAnswer::Unknown)), Ok(BindingState::Failed));
    let after = binding(&world, 5);
    assert_eq!((after.failure, after.secrets), (Some(Code::CardIssuerUnavailable), None));
    assert_eq!(world.get::<BindingFails>(&WALLET.to_string()).failed, 0);
}

#[test]
fn a_code_is_taken_only_when_the_issuer_waits_for_one() {
    let mut world = person();
    world.run(&start(5)).unwrap();
    assert_eq!(world.run(&confirm(5)), Err(ConfirmCardBindingRefusal::NoCodeSent));
    assert_eq!(world.run(&confirm(6)), Err(ConfirmCardBindingRefusal::NotFound));
    let foreign = ConfirmCardBinding { user: UserId::from_bytes([8; 16]), ..confirm(5) };
    assert_eq!(world.run(&foreign), Err(ConfirmCardBindingRefusal::NotFound));
    world.run(&checked(5, IssuerAnswer::CodeSent)).unwrap();
    world.run(&confirm(5)).unwrap();
    assert_eq!(world.run(&confirm(5)), Err(ConfirmCardBindingRefusal::CodeGiven));
    world.run(&confirmed(5, 1, signed())).unwrap();
    assert_eq!(world.run(&confirm(5)), Err(ConfirmCardBindingRefusal::AlreadyBound));
    let mut world = code_sent(5);
    world.wait(15 * MINUTE);
    assert_eq!(world.run(&confirm(5)), Err(ConfirmCardBindingRefusal::Expired));
    for (refusal, code) in [
        (ConfirmCardBindingRefusal::NotFound, Code::ObjectNotFound),
        (ConfirmCardBindingRefusal::AlreadyBound, Code::CardAlreadyBound),
        (ConfirmCardBindingRefusal::Failed(Code::CardExpired), Code::CardExpired),
        (ConfirmCardBindingRefusal::Expired, Code::BindSessionExpired),
        (ConfirmCardBindingRefusal::NoCodeSent, Code::OtpChallengeMismatch),
        (ConfirmCardBindingRefusal::CodeGiven, Code::OtpUsed),
    ] {
        assert_eq!(refusal.code(), code);
    }
}

#[test]
fn five_wrong_codes_end_the_binding_and_a_repeated_answer_counts_once() {
    let mut world = code_sent(5);
    for number in 1..=4 {
        world.run(&confirm(5)).unwrap();
        let answer = confirmed(5, number, ConfirmationAnswer::WrongCode);
        for _ in 0..2 {
            assert_eq!(world.run(&answer), Ok(BindingState::OtpSent));
        }
        let after = binding(&world, 5);
        assert_eq!((after.wrong_codes, after.code), (number, None));
    }
    world.run(&confirm(5)).unwrap();
    let earlier = world.run(&confirmed(5, 4, ConfirmationAnswer::WrongCode));
    assert_eq!(earlier, Ok(BindingState::Confirming), "an answer to an earlier code");
    let last = world.run(&confirmed(5, 5, ConfirmationAnswer::WrongCode));
    assert_eq!(last, Ok(BindingState::Failed));
    let after = binding(&world, 5);
    assert_eq!((after.failure, after.wrong_codes), (Some(Code::OtpAttemptsExceeded), 5));
    assert_eq!(world.get::<BindingFails>(&WALLET.to_string()).failed, 1);
}

#[test]
fn the_issuer_can_end_a_binding_at_the_code() {
    let decline = BankDecline::parse("05", BankOperation::Binding);
    for (answer, code) in [
        (ConfirmationAnswer::CodeExpired, Code::OtpExpired),
        (ConfirmationAnswer::TooManyTries, Code::OtpAttemptsExceeded),
        (ConfirmationAnswer::Declined(decline), Code::CardIssuerDeclined),
    ] {
        let mut world = code_sent(5);
        world.run(&confirm(5)).unwrap();
        assert_eq!(world.run(&confirmed(5, 1, answer)), Ok(BindingState::Failed));
        let after = binding(&world, 5);
        assert_eq!((after.failure, after.code), (Some(code), None));
        assert_eq!(jobs(&world, 5), [false, false, false]);
    }
}

#[test]
fn an_unclear_answer_to_a_code_is_asked_again_with_the_same_code() {
    let mut world = code_sent(5);
    world.run(&confirm(5)).unwrap();
    let state = world.run(&confirmed(5, 1, ConfirmationAnswer::Unknown));
    assert_eq!(state, Ok(BindingState::Confirming));
    assert_eq!(binding(&world, 5).code, Some(vec![6]));
    let job = world.job(JobKind::ConfirmCard, binding_id(5)).unwrap();
    assert_eq!((job.attempts, job.due_at), (1, world.now().plus(10 * SECOND)));
}

#[test]
fn a_binding_that_is_left_expires_after_fifteen_minutes_without_a_step() {
    let expire = ExpireCardBinding { binding: binding_id(5) };
    let mut world = person();
    world.run(&start(5)).unwrap();
    world.wait(15 * MINUTE - 1);
    assert_eq!(world.run(&expire), Ok(BindingState::IssuerCheck));
    world.wait(1);
    assert_eq!(world.run(&expire), Ok(BindingState::Failed));
    assert_eq!(binding(&world, 5).secrets, None);
    assert_eq!(world.get::<BindingFails>(&WALLET.to_string()).failed, 0);

    let mut world = code_sent(5);
    world.wait(14 * MINUTE);
    world.run(&confirm(5)).unwrap();
    let due_at = world.job(JobKind::ExpireCardBinding, binding_id(5)).unwrap().due_at;
    assert_eq!(due_at, world.now().plus(15 * MINUTE), "a step prolongs it");
    world.wait(15 * MINUTE);
    assert_eq!(world.run(&expire), Ok(BindingState::Failed));
    let after = binding(&world, 5);
    assert_eq!((after.failure, after.code), (Some(Code::BindSessionExpired), None));
    assert_eq!(jobs(&world, 5), [false, false, false]);
    let fails = world.get::<BindingFails>(&WALLET.to_string());
    assert_eq!((fails.failed, fails.open), (1, 0), "a code was sent for nothing");
    assert_eq!(world.run(&expire), Ok(BindingState::Failed));
}

#[test]
fn a_token_that_comes_too_late_is_given_back_to_the_bank() {
    let mut world = code_sent(5);
    world.run(&confirm(5)).unwrap();
    world.wait(15 * MINUTE);
    world.run(&ExpireCardBinding { binding: binding_id(5) }).unwrap();
    for _ in 0..2 {
        assert_eq!(world.run(&confirmed(5, 1, signed())), Ok(BindingState::Failed));
    }
    let card = CardId::from_bytes(id_bytes(5));
    assert_eq!(world.get::<Card>(&card).state, CardState::Unbound);
    assert!(world.job(JobKind::RevokeCardToken, card).is_some());
    assert_eq!(world.get::<Wallet>(&WALLET).cards, 0);
}

#[test]
fn limits_hold_again_when_the_bank_has_signed() {
    let mut world = person();
    for number in [5, 6] {
        world.run(&StartCardBinding { number_index: [77; 32], ..start(number) }).unwrap();
        world.run(&checked(number, IssuerAnswer::CodeSent)).unwrap();
        world.run(&confirm(number)).unwrap();
    }
    assert_eq!(world.run(&confirmed(5, 1, signed())), Ok(BindingState::Bound));
    assert_eq!(world.run(&confirmed(6, 1, signed())), Ok(BindingState::Failed));
    assert_eq!(binding(&world, 6).failure, Some(Code::CardAlreadyBound));
    assert!(world.job(JobKind::RevokeCardToken, CardId::from_bytes(id_bytes(6))).is_some());
    assert_eq!(world.get::<Wallet>(&WALLET).cards, 1);
    assert_eq!(world.get::<CardUse>(&[77; 32]).wallets, 1);
}

#[test]
fn one_card_is_bound_to_three_wallets_at_most() {
    let mut world = person();
    for number in 1..=4 {
        let (user, wallet) = (UserId::from_bytes([50 + number; 16]), [60 + number; 16]);
        let wallet = WalletId::from_bytes(wallet);
        add_wallet(&mut world, user, wallet);
        let number = u64::from(number);
        let command = StartCardBinding { user, wallet, number_index: [77; 32], ..start(number) };
        if number < 4 {
            bind(&mut world, &command, number);
        } else {
            assert_eq!(world.run(&command), Err(StartCardBindingRefusal::BoundElsewhere));
        }
    }
}
