//! Paying from a card: every refusal, every way a bank can answer, and money that comes too late.

use super::tests::{PAYER, balances, order, pay, place, world};
use super::*;
use crate::card::testing::{any_answer, declined, done, fen, returned};
use crate::card::{BankAnswer, BankOperation, Card, CardState};
use crate::catalogue::Code;
use crate::command::Refusal;
use crate::fact::FactKind;
use crate::ids::{CardId, CardPaymentId, RefundPayoutId};
use crate::job::JobKind;
use crate::ledger::{Account, JournalKind};
use crate::merchant::{Merchant, MerchantState, OpenidKeys};
use crate::refund::{PayoutState, RecordRefundPayout, Refund, RefundPayout, RefundState};
use crate::testing::{MCHID, World, id_bytes, payout_of};
use crate::validate::bin_table::CardKind;
use crate::wallet::{PasswordRefusal, PasswordTry, Usage, Wallet, WalletState};
use kernel::time::{DAY, MINUTE};
use proptest::prelude::*;

const PAYMENT: CardPaymentId = CardPaymentId::from_bytes([8; 16]);
const PAYOUT: RefundPayoutId = RefundPayoutId::from_bytes([9; 16]);

fn by_card(number: &str, minor: i64) -> PayOrderByCard {
    PayOrderByCard { order: pay(number, minor), card: PAYER.card, payment: PAYMENT }
}

/// A world in which a card pays an order of 100.00, at a fee of 0.6 %.
fn paying() -> World {
    let mut world = world(60);
    world.run(&place("T001", 10_000)).unwrap();
    assert_eq!(world.run(&by_card("T001", 10_000)), Ok(PAYMENT));
    world
}

fn record(world: &mut World, answer: BankAnswer) -> CardPaymentState {
    let command = RecordCardPayment {
        payment: PAYMENT,
        answer,
        transaction_id: "4200202611210000000000000001".into(),
        openid_keys: OpenidKeys::for_tests(),
        payout: PAYOUT,
    };
    let state = world.run(&command).unwrap();
    assert_eq!(world.get::<CardPayment>(&PAYMENT).state, state);
    check_in_transit(world);
    state
}

fn pay_out(world: &mut World, answer: BankAnswer) -> PayoutState {
    let state = world.run(&RecordRefundPayout { payout: PAYOUT, answer }).unwrap();
    check_in_transit(world);
    state
}

fn no(text: &str) -> BankAnswer {
    declined(text, BankOperation::Payment)
}

fn account(world: &World, number: i64) -> i64 {
    world.get::<Account>(&number).balance
}

/// The ledger; that transit holds what goes back to cards, and suspense what rows say lies there;
/// and that cards count what goes on with them.
pub(crate) fn check_in_transit(world: &mut World) {
    world.check_ledger();
    let system = world.rules().system;
    let payouts = world.all::<RefundPayout>();
    let payments = world.all::<CardPayment>();
    let on_the_way = payouts.iter().filter(|payout| payout.is_open());
    let abnormal = world.all::<Refund>().into_iter();
    let abnormal = abnormal.filter(|refund| refund.state == RefundState::Abnormal);
    let waiting: i64 = on_the_way.map(|payout| payout.amount.minor()).sum::<i64>()
        + abnormal.map(|refund| refund.amount.minor()).sum::<i64>();
    assert_eq!(account(world, system.transit_refund), waiting);
    let suspended: i64 = payouts.iter().map(|payout| payout.suspended_minor).sum::<i64>()
        + payments.iter().map(|payment| payment.suspended_minor).sum::<i64>();
    assert_eq!(account(world, system.suspense), suspended);
    for card in world.all::<Card>() {
        let open = payouts.iter().filter(|payout| payout.is_open() && payout.card == card.id);
        let paying = payments.iter().filter(|one| one.is_open() && one.card == card.id);
        assert_eq!(card.open_items, (open.count() + paying.count()) as i64);
    }
}

#[test]
fn an_order_is_paid_when_the_bank_says_yes_and_only_then() {
    let mut world = paying();
    assert_eq!(order(&world, "T001").state, OrderState::BankPending);
    assert_eq!(order(&world, "T001").payer_openid, None, "nobody has paid yet");
    assert_eq!(balances(&world), (100_000, 0, 0));
    assert!(world.job(JobKind::SubmitCardPayment, PAYMENT).is_some());
    let twice = world.run(&pay("T001", 10_000));
    assert_eq!(twice, Err(PayOrderRefusal::ResultUnknown), "it may be paid already");
    assert_eq!(record(&mut world, BankAnswer::Pending), CardPaymentState::BankProcessing);
    assert_eq!(record(&mut world, BankAnswer::Unknown), CardPaymentState::Unknown);
    for _ in 0..2 {
        assert_eq!(record(&mut world, done("R1")), CardPaymentState::Success);
    }
    let paid = order(&world, "T001");
    assert_eq!((paid.state, paid.bank_type.as_deref()), (OrderState::Success, Some("ICBC_DEBIT")));
    assert_eq!(paid.transaction_id.as_deref(), Some("4200202611210000000000000001"));
    assert!(paid.payer_openid.is_some());
    assert_eq!(balances(&world), (100_000, 9_940, 60));
    let bank = world.rules().system.bank;
    assert_eq!((paid.payer_account, account(&world, bank)), (bank, -110_000));
    assert_eq!(world.job(JobKind::SubmitCardPayment, PAYMENT), None);
    let told: Vec<FactKind> = world.facts().iter().map(|fact| fact.kind).collect();
    assert_eq!(told, [FactKind::PaymentSucceeded]);
    let usage = world.find::<Usage>(&PAYER.identity);
    assert_eq!(usage.map_or(0, |usage| usage.paid_day), 0, "limits of the balance do not count");
}

#[test]
fn after_a_no_the_order_can_be_paid_again() {
    let mut world = paying();
    assert_eq!(record(&mut world, no("05")), CardPaymentState::Failed);
    assert_eq!(world.get::<CardPayment>(&PAYMENT).failure, Some(Code::BankDeclined));
    assert_eq!(order(&world, "T001").state, OrderState::NotPay);
    assert_eq!(world.get::<Card>(&PAYER.card).debited_day, 0);
    world.run(&pay("T001", 10_000)).unwrap();
    assert_eq!(order(&world, "T001").card_payment, None, "the balance paid");
    check_in_transit(&mut world);
}

#[test]
fn a_request_that_the_bank_never_saw_is_given_up_after_a_while() {
    let mut world = paying();
    assert_eq!(record(&mut world, BankAnswer::NotSeen), CardPaymentState::Unknown);
    world.wait(10 * MINUTE);
    assert_eq!(record(&mut world, BankAnswer::NotSeen), CardPaymentState::Failed);
    assert_eq!(world.get::<CardPayment>(&PAYMENT).failure, Some(Code::BankSystemError));
}

#[test]
fn money_that_comes_after_the_close_goes_back_to_its_card() {
    for how in ["closed", "timed out", "before the timer"] {
        let mut world = paying();
        let (mchid, out_trade_no) = (MCHID.to_owned(), "T001".to_owned());
        if how == "closed" {
            world.run(&CloseOrder { mchid, sub_mchid: None, out_trade_no }).unwrap();
        } else {
            world.wait(7 * DAY);
            if how == "timed out" {
                world.run(&ExpireOrder { mchid, out_trade_no }).unwrap();
            }
        }
        let is_open = order(&world, "T001").state == OrderState::BankPending;
        assert_eq!(is_open, how == "before the timer", "{how}");
        assert_eq!(record(&mut world, done("R1")), CardPaymentState::Refunding);
        assert_eq!(order(&world, "T001").state, OrderState::Closed, "it never turns paid");
        assert_eq!(balances(&world), (100_000, 0, 0));
        assert!(world.job(JobKind::SubmitRefundPayout, PAYOUT).is_some());
        assert_eq!(pay_out(&mut world, BankAnswer::Pending), PayoutState::Processing);
        assert_eq!(pay_out(&mut world, done("R2")), PayoutState::Success);
        let state = world.get::<CardPayment>(&PAYMENT).state;
        assert_eq!(state, CardPaymentState::Refunded);
        assert_eq!(world.journals().last().unwrap().journal.kind, JournalKind::RefundSettle);
        assert_eq!(world.facts(), [], "merchants hear nothing of it");
    }
}

#[test]
fn what_the_card_does_not_take_back_is_in_the_balance() {
    let mut world = paying();
    record(&mut world, no("05"));
    assert_eq!(record(&mut world, done("R1")), CardPaymentState::Refunding, "a yes after a no");
    assert_eq!(pay_out(&mut world, declined("43", BankOperation::Refund)), PayoutState::Failed);
    assert_eq!(world.get::<CardPayment>(&PAYMENT).state, CardPaymentState::Refunded);
    assert_eq!(balances(&world), (110_000, 0, 0));
    assert_eq!(world.get::<Card>(&PAYER.card).state, CardState::Suspended);

    let mut world = paying();
    record(&mut world, no("05"));
    let card = world.get::<Card>(&PAYER.card);
    world.put(Card { state: CardState::Unbound, ..card });
    assert_eq!(record(&mut world, done("R1")), CardPaymentState::Refunded, "no card is left");
    assert_eq!(balances(&world), (110_000, 0, 0));

    let mut world = paying();
    record(&mut world, no("05"));
    record(&mut world, done("R1"));
    let wallet = world.get::<Wallet>(&PAYER.wallet);
    world.put(Wallet { state: WalletState::Closed, ..wallet });
    pay_out(&mut world, declined("43", BankOperation::Refund));
    assert_eq!(world.get::<CardPayment>(&PAYMENT).suspended_minor, 10_000, "nobody can have it");
}

#[test]
fn money_for_a_merchant_that_was_suspended_meanwhile_goes_back() {
    let mut world = paying();
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.put(Merchant { state: MerchantState::Suspended, ..merchant });
    assert_eq!(record(&mut world, done("R1")), CardPaymentState::Refunding);
    assert_eq!(order(&world, "T001").state, OrderState::NotPay);
}

#[test]
fn what_the_bank_reports_twice_or_takes_back_waits_for_an_officer() {
    let mut world = paying();
    record(&mut world, done("R1"));
    record(&mut world, done("R2"));
    assert_eq!(world.get::<CardPayment>(&PAYMENT).suspended_minor, 10_000);
    record(&mut world, returned("R1"));
    assert_eq!(world.get::<CardPayment>(&PAYMENT).suspended_minor, 0);
    assert_eq!(balances(&world), (100_000, 9_940, 60), "the merchant keeps what it was paid");
}

#[test]
fn a_card_is_refused_for_each_reason_in_turn() {
    let mut world = world(0);
    let large = fen(3_000_001);
    world.run(&CreateOrder { amount: large, ..place("T001", 1) }).unwrap();
    let ask = PayOrderByCard {
        order: PayOrder { amount: large, ..pay("T001", 1) },
        ..by_card("T001", 1)
    };
    assert_eq!(world.run(&ask), Err(PayOrderRefusal::CardLimit), "more than the bank allows");
    let other = PayOrderByCard { card: CardId::from_bytes([1; 16]), ..ask.clone() };
    assert_eq!(world.run(&other), Err(PayOrderRefusal::CardNotFound));
    let mut careless = ask.clone();
    careless.order.password = PasswordTry { tags: vec![(1, [8; 32])], last_try: [1; 32] };
    let wrong = PayOrderRefusal::Password(PasswordRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&careless), Err(wrong));
    for (state, refusal) in [
        (CardState::Suspended, PayOrderRefusal::CardSuspended),
        (CardState::Unbound, PayOrderRefusal::CardNotFound),
    ] {
        let card = PAYER.card_row(world.now());
        world.put(Card { state, ..card });
        assert_eq!(world.run(&careless), Err(refusal), "before the password is looked at");
    }
    for (taken, kind, is_taken) in [
        (CardsTaken::All, CardKind::Credit, true),
        (CardsTaken::Debit, CardKind::Debit, true),
        (CardsTaken::Debit, CardKind::SemiCredit, false),
        (CardsTaken::Credit, CardKind::Credit, true),
        (CardsTaken::Credit, CardKind::Debit, false),
        (CardsTaken::None, CardKind::Debit, false),
    ] {
        assert_eq!(taken.takes(kind), is_taken, "{taken:?} {kind:?}");
    }
    world.put(PAYER.card_row(world.now()));
    world.run(&CreateOrder { cards_taken: CardsTaken::Credit, ..place("T002", 100) }).unwrap();
    assert_eq!(world.run(&by_card("T002", 100)), Err(PayOrderRefusal::CardNotTaken));
    world.check_ledger();
}

#[test]
fn an_order_that_takes_no_balance_is_paid_by_card_alone() {
    let mut world = world(0);
    let order = CreateOrder { takes_balance: false, ..place("T001", 100) };
    world.run(&order).unwrap();
    let careless = PayOrder {
        password: PasswordTry { tags: vec![(1, [8; 32])], last_try: [1; 32] },
        ..pay("T001", 100)
    };
    let refused = Err(PayOrderRefusal::BalanceNotTaken);
    assert_eq!(world.run(&careless), refused, "before the password is looked at");
    assert_eq!(world.run(&pay("T001", 100)), refused);
    assert_eq!(PayOrderRefusal::BalanceNotTaken.code(), Code::PayMethodNotAllowedByMerchant);
    world.run(&by_card("T001", 100)).unwrap();
    world.check_ledger();
}

#[test]
fn payments_of_a_day_count_against_the_limit_of_the_bank() {
    let mut world = world(0);
    for number in 1..=3_u64 {
        let name = format!("T00{number}");
        world.run(&CreateOrder { amount: fen(2_500_000), ..place(&name, 1) }).unwrap();
        let payment = CardPaymentId::from_bytes(id_bytes(number));
        let order = PayOrder { amount: fen(2_500_000), ..pay(&name, 1) };
        let paid = world.run(&PayOrderByCard { order, card: PAYER.card, payment });
        assert_eq!(paid.is_ok(), number < 3, "50,000.00 a day");
    }
}

proptest! {
    #[test]
    fn whatever_a_bank_answers_no_money_is_lost(
        said in prop::collection::vec((0..8usize, any::<bool>()), 1..12), closes in 0..12usize
    ) {
        let mut world = paying();
        for (place, (one, is_payment)) in said.into_iter().enumerate() {
            if place == closes {
                let (mchid, out_trade_no) = (MCHID.to_owned(), "T001".to_owned());
                let _ = world.run(&CloseOrder { mchid, sub_mchid: None, out_trade_no });
            }
            if is_payment {
                record(&mut world, any_answer(one, BankOperation::Payment));
            } else if world.find::<RefundPayout>(&PAYOUT).is_some() {
                pay_out(&mut world, any_answer(one, BankOperation::Refund));
            }
            let payment = world.get::<CardPayment>(&PAYMENT);
            let is_paid = order(&world, "T001").state == OrderState::Success;
            prop_assert_eq!(is_paid, payment.state == CardPaymentState::Success);
        }
        prop_assert_eq!(world.find::<RefundPayout>(&payout_of("R1")), None);
    }
}
