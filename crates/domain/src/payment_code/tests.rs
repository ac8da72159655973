//! Payments by code: each refusal, each transition, and the order of the checks.

use super::*;
use crate::command::Stop;
use crate::fact::FactKind;
use crate::ids::{CardPaymentId, UserId};
use crate::job::Job;
use crate::merchant::{Merchant, MerchantState};
use crate::order::tests::{balances, fen, order, pay, place, world};
use crate::order::{
    CloseOrder, CloseOrderRefusal, CreateOrderRefusal, ExpireOrder, Order, OrderState, PayOrder,
    PayOrderByCard, PayOrderRefusal, ProfitSharing, TradeType,
};
use crate::refund::{CreateRefundRefusal, OrderOfRefund, Refund};
use crate::testing::{self, MCHID, Person, World, id_bytes};
use crate::user::{Session, User};
use crate::wallet::{
    FreezeKind, LimitRefusal, PasswordRefusal, PasswordTry, Wallet, WalletBlocked, WalletState,
};
use kernel::ExposeSecret;
use kernel::time::{DAY, SECOND};

const PAYER: Person = Person::numbered(1);
const FIRST: i64 = 1_234_567_890;

/// The world of orders, whose payer shows codes.
fn shown(fee_bp: i64) -> World {
    let mut world = world(fee_bp);
    world.run(&turn_on(FIRST)).unwrap();
    world
}

fn turn_on(locator: i64) -> TurnOnPaymentCodes {
    PAYER.turn_on_codes(locator)
}

/// The code that the payer's device shows now.
fn code(world: &mut World, digits: Digits) -> String {
    let codes = world.get::<PaymentCodes>(&PAYER.wallet);
    let used = world.find::<PaymentCodeUse>(&PAYER.wallet);
    let content = codes.next_code(used.as_ref(), digits, world.now()).unwrap();
    content.write(&testing::code_keys(), world.rules()).expose_secret().to_owned()
}

fn scan_text(world: &World, number: &str, minor: i64, text: &str) -> PayByCode {
    testing::charge(number, fen(minor), text, world.now())
}

/// The payer confirms.
fn confirm(number: &str, minor: i64) -> PayOrder {
    PayOrder { prepay_id: order_reference(MCHID, number), ..pay(number, minor) }
}

/// The merchant scans what the payer's device shows now.
fn scan(world: &mut World, number: &str, minor: i64) -> PayByCode {
    let text = code(world, Digits::Hidden);
    scan_text(world, number, minor, &text)
}

fn reverse(number: &str) -> ReverseOrder {
    ReverseOrder {
        mchid: MCHID.into(),
        sub_mchid: None,
        order: OrderOfRefund::OutTradeNo(number.into()),
        appid: None,
        sub_appid: None,
        reason: "reversed".into(),
        refund_id: format!("50{number}"),
        payout: testing::payout_of(number),
    }
}

fn state(world: &World, number: &str) -> OrderState {
    order(world, number).state
}

#[test]
fn a_small_payment_is_paid_at_once() {
    let mut world = shown(60);
    let scanned = scan(&mut world, "T001", 10_000);
    assert_eq!(world.run(&scanned), Ok(CodePayment { is_new: true }));
    let paid = order(&world, "T001");
    assert_eq!((paid.state, paid.trade_type), (OrderState::Success, TradeType::Micropay));
    assert_eq!((paid.payer, paid.notify_url), (Some(PAYER.wallet), None));
    assert_eq!(balances(&world), (90_000, 9_940, 60));
    let told: Vec<_> = world.facts().iter().map(|fact| (fact.kind, fact.journal)).collect();
    assert_eq!(told, [(FactKind::PaymentSucceeded, paid.journal)]);
    let usage = world.get::<PaymentCodeUsage>(&PAYER.identity);
    assert_eq!((usage.paid_minor, usage.without_password), (10_000, 1));
    assert_eq!(world.run(&scanned), Ok(CodePayment { is_new: false }), "the same request again");
    assert_eq!(balances(&world).0, 90_000);
    world.check_ledger();
}

#[test]
fn a_code_is_charged_once_and_so_are_all_older_ones() {
    let mut world = shown(0);
    let older = code(&mut world, Digits::Hidden);
    world.wait(SECOND);
    let text = code(&mut world, Digits::Hidden);
    let first = scan_text(&world, "T001", 100, &text);
    world.run(&first).unwrap();
    let second = scan_text(&world, "T002", 100, &text);
    assert_eq!(world.run(&second), Err(PayByCodeRefusal::CodeUsed));
    let late = scan_text(&world, "T003", 100, &older);
    assert_eq!(world.run(&late), Err(PayByCodeRefusal::CodeUsed));
    let fresh = scan(&mut world, "T004", 100);
    world.run(&fresh).expect("the device shows another one, within the same second");
    assert_eq!(balances(&world).0, 99_800);
    world.check_ledger();
}

#[test]
fn a_failed_payment_uses_its_code_up() {
    let mut world = shown(0);
    let balance = world.get::<Wallet>(&PAYER.wallet).balance_account;
    let equity = world.rules().system.equity;
    world.fund(equity, 1);
    world.rules().barcode_c_day_minor = 0;
    world.rules().verify_one_day_minor = 0;
    world.rules().code_free_max_minor = 1_000_000;
    let text = code(&mut world, Digits::Hidden);
    let too_much = scan_text(&world, "T001", 100_001, &text);
    assert_eq!(world.run(&too_much), Err(PayByCodeRefusal::BalanceInsufficient));
    assert_eq!(world.find::<Order>(&(MCHID.into(), "T001".into())), None, "nothing is written");
    let again = scan_text(&world, "T002", 1, &text);
    assert_eq!(world.run(&again), Err(PayByCodeRefusal::CodeUsed));
    assert_eq!(world.balance(balance), 100_000);
    world.check_ledger();
}

#[test]
fn a_code_lives_ninety_seconds_and_no_clock_makes_it_live_longer() {
    let mut world = shown(0);
    let text = code(&mut world, Digits::Hidden);
    world.wait(89 * SECOND);
    let good = scan_text(&world, "T001", 100, &text);
    world.run(&good).unwrap();
    let next = code(&mut world, Digits::Hidden);
    world.wait(90 * SECOND);
    let late = scan_text(&world, "T002", 100, &next);
    assert_eq!(world.run(&late), Err(PayByCodeRefusal::CodeExpired));
    let fresh = code(&mut world, Digits::Hidden);
    world.wait(-(AHEAD_S + 1) * SECOND);
    let ahead = scan_text(&world, "T003", 100, &fresh);
    assert_eq!(world.run(&ahead), Err(PayByCodeRefusal::CodeInvalid), "of a time to come");
    world.wait(SECOND);
    let ahead = scan_text(&world, "T004", 100, &fresh);
    world.run(&ahead).unwrap();
    world.wait(400 * DAY);
    let ancient = scan_text(&world, "T005", 100, &fresh);
    assert_eq!(world.run(&ancient), Err(PayByCodeRefusal::CodeInvalid));
    world.check_ledger();
}

#[test]
fn no_card_confirms_a_payment_by_code() {
    let mut world = shown(0);
    let waits = scan(&mut world, "T001", 100_001);
    world.run(&waits).unwrap();
    let payment = CardPaymentId::from_bytes([8; 16]);
    let by_card = PayOrderByCard { order: confirm("T001", 100_001), card: PAYER.card, payment };
    assert_eq!(world.run(&by_card), Err(PayOrderRefusal::CardNotTaken));
    assert_eq!(state(&world, "T001"), OrderState::UserPaying);
    world.check_ledger();
}

#[test]
fn codes_end_with_their_session_device_and_switch() {
    let mut world = shown(0);
    let session = world.get::<Session>(&PAYER.index);
    let owner = world.get::<User>(&PAYER.user);
    let refused = |world: &mut World, number: &str, why: &str| {
        let scanned = scan(world, number, 100);
        assert_eq!(world.run(&scanned), Err(PayByCodeRefusal::CodeInvalid), "{why}");
        assert_eq!(world.find::<PaymentCodeUse>(&PAYER.wallet), None, "{why}");
    };
    world.remove::<Session>(&PAYER.index);
    refused(&mut world, "T001", "logged out");
    world.put(session.clone());
    world.put(User { session_epoch: 1, ..owner.clone() });
    refused(&mut world, "T002", "all sessions ended");
    world.put(owner);
    let off = TurnOffPaymentCodes { user: PAYER.user, wallet: PAYER.wallet };
    let text = code(&mut world, Digits::Hidden);
    world.run(&off).unwrap();
    world.run(&off).expect("turning off what is off is done again");
    refused(&mut world, "T003", "turned off");
    world.run(&turn_on(FIRST + 1)).unwrap();
    let older = scan_text(&world, "T004", 100, &text);
    assert_eq!(world.run(&older), Err(PayByCodeRefusal::CodeInvalid), "of before");
    assert_eq!(world.decide(&turn_on(FIRST)), Err(Stop::Stale), "a locator is never used again");
    let idle = world.rules().session_idle_s * SECOND;
    world.wait(idle);
    refused(&mut world, "T005", "idle for too long");
    world.put(Session { seen_at: world.now(), created_at: world.now(), ..session });
    let scanned = scan(&mut world, "T006", 100);
    world.run(&scanned).unwrap();
    world.check_ledger();
}

#[test]
fn codes_are_turned_on_with_the_password_by_who_may_pay() {
    let mut world = shown(0);
    let thief = UserId::from_bytes(id_bytes(77));
    let foreign = TurnOnPaymentCodes { user: thief, ..turn_on(7) };
    assert_eq!(world.run(&foreign), Err(TurnOnPaymentCodesRefusal::WalletNotFound));
    let entered = PasswordTry { tags: vec![(1, [8; 32])], last_try: [2; 32] };
    let wrong = TurnOnPaymentCodes { entered, ..turn_on(7) };
    let refusal = PasswordRefusal::Wrong { left: 4 };
    assert_eq!(world.run(&wrong), Err(TurnOnPaymentCodesRefusal::Password(refusal)));
    let open = world.get::<Wallet>(&PAYER.wallet);
    world.put(Wallet { state: WalletState::Frozen, freeze: Some(FreezeKind::Risk), ..open });
    let blocked = TurnOnPaymentCodesRefusal::Wallet(WalletBlocked::Frozen);
    assert_eq!(world.run(&turn_on(7)), Err(blocked));
    assert_eq!(world.get::<PaymentCodes>(&PAYER.wallet).locator, FIRST);
}

#[test]
fn the_payer_confirms_large_many_exposed_or_all_payments() {
    let mut world = shown(0);
    let balance = world.get::<Wallet>(&PAYER.wallet).balance_account;
    world.fund(balance, 400_000);
    world.rules().barcode_c_day_minor = 0;
    world.rules().verify_one_day_minor = 0;
    let waits = |world: &mut World, number: &str, minor, digits| {
        let text = code(world, digits);
        let scanned = scan_text(world, number, minor, &text);
        world.run(&scanned).unwrap();
        state(world, number) == OrderState::UserPaying
    };
    assert!(!waits(&mut world, "T001", 100_000, Digits::Hidden), "up to 1,000.00");
    assert!(waits(&mut world, "T002", 100_001, Digits::Hidden), "above 1,000.00");
    assert!(waits(&mut world, "T003", 1, Digits::Shown), "digits that were shown");
    for number in 2..=10 {
        assert!(!waits(&mut world, &format!("N{number}"), 1, Digits::Hidden), "payment {number}");
    }
    assert!(waits(&mut world, "N11", 1, Digits::Hidden), "more than ten a day");
    world.wait(DAY);
    world.put(Session { seen_at: world.now(), ..world.get::<Session>(&PAYER.index) });
    assert!(!waits(&mut world, "T004", 1, Digits::Hidden), "a new day");
    world.run(&TurnOnPaymentCodes { password: PasswordRule::Always, ..turn_on(8) }).unwrap();
    assert!(waits(&mut world, "T005", 1, Digits::Hidden), "the person wants it so");
    world.check_ledger();
}

#[test]
fn a_cap_of_the_code_alone_asks_for_the_password_and_one_of_both_refuses() {
    let mut world = shown(0);
    let balance = world.get::<Wallet>(&PAYER.wallet).balance_account;
    world.fund(balance, 900_000);
    let first = scan(&mut world, "T001", 60_000);
    world.run(&first).unwrap();
    let second = scan(&mut world, "T002", 40_001);
    world.run(&second).unwrap();
    assert_eq!(state(&world, "T002"), OrderState::UserPaying);
    world.run(&confirm("T002", 40_001)).unwrap();
    let too_much = scan(&mut world, "T003", 400_000);
    let left = LimitRefusal::VerifyStrength { left: 399_999 };
    assert_eq!(world.run(&too_much), Err(PayByCodeRefusal::Limit(left)));
    world.rules().verify_two_day_minor = 0;
    let too_much = scan(&mut world, "T004", 400_000);
    assert_eq!(world.run(&too_much), Err(PayByCodeRefusal::CodeLimit));
    for number in ["T005", "T006"] {
        let fits = scan(&mut world, number, 399_999);
        world.run(&fits).unwrap();
    }
    world.run(&confirm("T005", 399_999)).unwrap();
    assert_eq!(world.run(&confirm("T006", 399_999)), Err(PayOrderRefusal::CodeLimit));
    world.check_ledger();
}

/// An order that waits for its payer.
fn waiting(world: &mut World, number: &str) {
    let text = code(world, Digits::Shown);
    let scanned = scan_text(world, number, 500, &text);
    world.run(&scanned).unwrap();
    assert_eq!(state(world, number), OrderState::UserPaying);
}

#[test]
fn the_payer_confirms_with_the_password_and_nobody_else_does() {
    let mut world = shown(0);
    waiting(&mut world, "T001");
    let stranger = WalletId::from_bytes(id_bytes(99));
    let of_stranger = Wallet { id: stranger, ..world.get::<Wallet>(&PAYER.wallet) };
    world.put(of_stranger);
    let theft = PayOrder { wallet: stranger, ..confirm("T001", 500) };
    assert_eq!(world.run(&theft), Err(PayOrderRefusal::PayerMismatch));
    let mut wrong = confirm("T001", 500);
    wrong.password = PasswordTry { tags: vec![(1, [8; 32])], last_try: [2; 32] };
    let refusal = PasswordRefusal::Wrong { left: 4 };
    assert_eq!(world.run(&wrong), Err(PayOrderRefusal::Password(refusal)));
    assert_eq!(state(&world, "T001"), OrderState::UserPaying, "it can be tried again");
    world.run(&confirm("T001", 500)).unwrap();
    assert_eq!(balances(&world), (99_500, 500, 0));
    let usage = world.get::<PaymentCodeUsage>(&PAYER.identity);
    assert_eq!((usage.paid_minor, usage.without_password), (500, 0));
    assert_eq!(world.run(&confirm("T001", 500)), Err(PayOrderRefusal::AlreadyPaid));
    world.remove::<Wallet>(&stranger);
    world.check_ledger();
}

#[test]
fn the_payer_refuses_and_that_is_the_end_of_it() {
    let mut world = shown(0);
    let text = code(&mut world, Digits::Shown);
    let first = scan_text(&world, "T001", 500, &text);
    world.run(&first).unwrap();
    let refuse = |number: &str, wallet| RefuseOrder {
        user: PAYER.user,
        wallet,
        prepay_id: order_reference(MCHID, number),
    };
    let stranger = WalletId::from_bytes(id_bytes(99));
    let not_found = Err(RefuseOrderRefusal::OrderNotFound);
    assert_eq!(world.run(&refuse("T001", stranger)), not_found);
    assert_eq!(world.run(&refuse("T404", PAYER.wallet)), not_found);
    world.run(&refuse("T001", PAYER.wallet)).unwrap();
    world.run(&refuse("T001", PAYER.wallet)).expect("refusing again is done again");
    assert_eq!(state(&world, "T001"), OrderState::PayError);
    assert_eq!(world.run(&confirm("T001", 500)), Err(PayOrderRefusal::Refused));
    assert_eq!(world.run(&first), Err(PayByCodeRefusal::Refused));
    let again = scan(&mut world, "T001", 500);
    assert_eq!(
        world.run(&again),
        Err(PayByCodeRefusal::Order(CreateOrderRefusal::NumberUsedDifferently))
    );
    waiting(&mut world, "T002");
    world.run(&confirm("T002", 500)).unwrap();
    assert_eq!(world.run(&refuse("T002", PAYER.wallet)), Err(RefuseOrderRefusal::AlreadyPaid));
    world.run(&place("T003", 500)).unwrap();
    assert_eq!(world.run(&refuse("T003", PAYER.wallet)), not_found, "nobody asked this person");
    world.check_ledger();
}

#[test]
fn what_is_not_confirmed_in_time_is_revoked() {
    let mut world = shown(0);
    let text = code(&mut world, Digits::Shown);
    let scanned = scan_text(&world, "T001", 500, &text);
    world.run(&scanned).unwrap();
    waiting(&mut world, "T002");
    let expire = |number: &str| ExpireOrder { mchid: MCHID.into(), out_trade_no: number.into() };
    world.wait(45 * SECOND - 1);
    world.run(&expire("T001")).unwrap();
    assert_eq!(state(&world, "T001"), OrderState::UserPaying, "too early");
    world.run(&confirm("T002", 500)).unwrap();
    world.wait(1);
    assert_eq!(world.run(&confirm("T001", 500)), Err(PayOrderRefusal::Expired));
    assert_eq!(world.run(&scanned), Err(PayByCodeRefusal::Over), "seen before it is written");
    world.run(&expire("T001")).unwrap();
    world.run(&expire("T002")).unwrap();
    assert_eq!(state(&world, "T001"), OrderState::Revoked);
    assert_eq!(state(&world, "T002"), OrderState::Success, "a paid order stays paid");
    assert_eq!(world.run(&confirm("T001", 500)), Err(PayOrderRefusal::Revoked));
    world.run(&reverse("T001")).expect("what is revoked is reversed");
    world.check_ledger();
}

#[test]
fn a_reversal_gives_everything_back_once() {
    let mut world = shown(60);
    let scanned = scan(&mut world, "T001", 10_000);
    world.run(&scanned).unwrap();
    let by_transaction = OrderOfRefund::Transaction("4200T001".into());
    world.run(&ReverseOrder { order: by_transaction, ..reverse("T001") }).unwrap();
    world.run(&ReverseOrder { refund_id: "50other".into(), ..reverse("T001") }).unwrap();
    assert_eq!(balances(&world), (100_000, 0, 0), "the fee too, and once");
    let reversed = order(&world, "T001");
    assert_eq!((reversed.state, reversed.refunded_minor), (OrderState::Revoked, 10_000));
    assert_eq!(world.all::<Refund>().len(), 1);
    let again = testing::refund(&place("T001", 10_000), "R1", fen(1));
    assert_eq!(world.run(&again), Err(CreateRefundRefusal::NotPaid));
    let our_number = world.all::<Refund>()[0].out_refund_no.clone();
    let taken = testing::refund(&place("T001", 10_000), &our_number, fen(10_000));
    let taken = world.run(&taken);
    assert_eq!(taken, Err(CreateRefundRefusal::NumberUsedDifferently), "no refund of its own");
    assert_eq!(world.run(&scanned), Err(PayByCodeRefusal::Over));
    world.check_ledger();
}

#[test]
fn money_for_sharing_waits_apart_and_a_reversal_takes_it_back_from_there() {
    let mut world = shown(60);
    let mut scanned = scan(&mut world, "T001", 10_000);
    scanned.profit_sharing = ProfitSharing::Yes;
    world.run(&scanned).unwrap();
    assert_eq!(balances(&world), (90_000, 0, 60));
    assert_eq!(order(&world, "T001").unsettled_minor, 9_940);
    let text = code(&mut world, Digits::Shown);
    let mut waits = scan_text(&world, "T002", 500, &text);
    waits.profit_sharing = ProfitSharing::Yes;
    world.run(&waits).unwrap();
    world.run(&confirm("T002", 500)).unwrap();
    assert_eq!(order(&world, "T002").unsettled_minor, 497);
    world.wait(15 * SECOND);
    for number in ["T001", "T002"] {
        world.run(&reverse(number)).unwrap();
        let reversed = order(&world, number);
        assert_eq!((reversed.state, reversed.unsettled_minor), (OrderState::Revoked, 0));
    }
    assert_eq!(balances(&world), (100_000, 0, 0));
    assert!(world.all::<Job>().is_empty(), "nothing is left to release");
    world.check_ledger();
}

#[test]
fn a_reversal_keeps_its_rules() {
    let mut world = shown(0);
    for number in ["T001", "T002", "T003"] {
        let scanned = scan(&mut world, number, 1_000);
        world.run(&scanned).unwrap();
    }
    world.run(&place("T009", 100)).unwrap();
    waiting(&mut world, "T010");
    let until = world.now().plus(15 * SECOND);
    assert_eq!(world.run(&reverse("T010")), Err(ReverseOrderRefusal::TooEarly { until }));
    world.wait(15 * SECOND);
    assert_eq!(world.run(&reverse("T404")), Err(ReverseOrderRefusal::NotFound));
    assert_eq!(world.run(&reverse("T009")), Err(ReverseOrderRefusal::NotByCode));
    world.run(&reverse("T010")).unwrap();
    assert_eq!(state(&world, "T010"), OrderState::Revoked);
    assert_eq!(world.run(&confirm("T010", 500)), Err(PayOrderRefusal::Revoked));
    let part = testing::refund(&place("T002", 1_000), "R1", fen(1));
    world.run(&part).unwrap();
    assert_eq!(world.run(&reverse("T002")), Err(ReverseOrderRefusal::Refunded));
    let open = world.get::<Wallet>(&PAYER.wallet);
    world.put(Wallet { state: WalletState::Closed, ..open.clone() });
    assert_eq!(world.run(&reverse("T001")), Err(ReverseOrderRefusal::PayerClosed));
    world.put(open);
    world.wait(7 * DAY);
    assert_eq!(world.run(&reverse("T003")), Err(ReverseOrderRefusal::WindowExpired));
    world.check_ledger();
}

#[test]
fn a_merchant_without_money_reverses_later() {
    let mut world = shown(0);
    let scanned = scan(&mut world, "T001", 1_000);
    world.run(&scanned).unwrap();
    world.wait(20 * SECOND);
    let account = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(account, -1);
    assert_eq!(world.run(&reverse("T001")), Err(ReverseOrderRefusal::NotEnough));
    assert_eq!(state(&world, "T001"), OrderState::Success, "nothing is written");
    world.fund(account, 1);
    world.run(&reverse("T001")).unwrap();
    world.check_ledger();
}

#[test]
fn codes_that_nobody_showed_are_counted_and_then_not_looked_at() {
    let mut world = shown(0);
    for number in 0..20 {
        let text = format!("13{number:016}");
        let guess = scan_text(&world, "T001", 100, &text);
        assert_eq!(world.run(&guess), Err(PayByCodeRefusal::CodeInvalid), "{number}");
    }
    let until = world.now().plus(60 * SECOND);
    let right = scan(&mut world, "T002", 100);
    assert_eq!(world.run(&right), Err(PayByCodeRefusal::TooManyUnknown { until }));
    world.wait(60 * SECOND);
    let right = scan(&mut world, "T002", 100);
    world.run(&right).unwrap();
    world.check_ledger();
}

#[test]
fn a_code_is_refused_for_a_wrong_merchant_app_or_number() {
    let mut world = shown(0);
    world.run(&place("T001", 100)).unwrap();
    let good = scan(&mut world, "T001", 100);
    let unknown = PayByCode { mchid: "1900000009".into(), ..good.clone() };
    assert_eq!(
        world.run(&unknown),
        Err(PayByCodeRefusal::Order(CreateOrderRefusal::MerchantUnknown))
    );
    let foreign = PayByCode { appid: "wxffffffffffffffff".into(), ..good.clone() };
    assert_eq!(
        world.run(&foreign),
        Err(PayByCodeRefusal::Order(CreateOrderRefusal::AppidNotBound))
    );
    assert_eq!(
        world.run(&good),
        Err(PayByCodeRefusal::Order(CreateOrderRefusal::NumberUsedDifferently))
    );
    let paid = PayByCode { out_trade_no: "T002".into(), ..good.clone() };
    world.run(&paid).unwrap();
    let fresh = scan(&mut world, "T003", 100);
    let taken = PayByCode { transaction_id: paid.transaction_id.clone(), ..fresh };
    assert_eq!(world.decide(&taken), Err(Stop::Stale), "the payment's number is taken");
    let placed = world.run(&place("T002", 100));
    assert_eq!(placed, Err(CreateOrderRefusal::NumberUsedDifferently));
    let close = CloseOrder { mchid: MCHID.into(), sub_mchid: None, out_trade_no: "T002".into() };
    assert_eq!(world.run(&close), Err(CloseOrderRefusal::ByCode));
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.put(Merchant { state: MerchantState::Suspended, ..merchant });
    assert_eq!(
        world.run(&paid),
        Err(PayByCodeRefusal::Order(CreateOrderRefusal::MerchantSuspended))
    );
    world.check_ledger();
}

#[test]
fn a_frozen_payer_is_refused_and_the_code_is_used_up() {
    let mut world = shown(0);
    let open = world.get::<Wallet>(&PAYER.wallet);
    let (state, freeze) = (WalletState::Frozen, Some(FreezeKind::Risk));
    world.put(Wallet { state, freeze, ..open.clone() });
    let scanned = scan(&mut world, "T001", 100);
    let blocked = PayByCodeRefusal::Payer(WalletBlocked::Frozen);
    assert_eq!(world.run(&scanned), Err(blocked));
    world.put(open);
    let again = PayByCode { out_trade_no: "T002".into(), ..scanned };
    assert_eq!(world.run(&again), Err(PayByCodeRefusal::CodeUsed));
    world.check_ledger();
}

#[test]
fn too_many_codes_at_once_wait_for_the_clock() {
    let world = shown(0);
    let codes = world.get::<PaymentCodes>(&PAYER.wallet);
    let now_s = world.now().seconds();
    let used = |used_until_s| PaymentCodeUse { wallet: PAYER.wallet, used_until_s };
    let next = |used: &PaymentCodeUse| codes.next_code(Some(used), Digits::Hidden, world.now());
    assert_eq!(next(&used(now_s - 5)).unwrap().issued_s, now_s);
    assert_eq!(next(&used(now_s)).unwrap().issued_s, now_s + 1);
    assert_eq!(next(&used(now_s + AHEAD_S)), None);
}
