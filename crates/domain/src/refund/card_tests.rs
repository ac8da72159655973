//! Refunds to cards: on the way, arrived, refused by the card, sent elsewhere, given up.

use super::*;
use crate::card::testing::{any_answer, declined, done, fen, returned};
use crate::card::{BankAnswer, BankOperation, CardByNumber, CardState};
use crate::command::Stop;
use crate::ids::CardPaymentId;
use crate::merchant::OpenidKeys;
use crate::merchant_transfer::NameCheck;
use crate::order::card_payment_tests::check_in_transit;
use crate::order::tests::{PAYER, balances, order, pay, place, world};
use crate::order::{CreateOrder, OrderState, PayOrderByCard, RecordCardPayment};
use crate::testing::{self, MCHID, World, payout_of};
use crate::wallet::{Wallet, WalletState};
use kernel::time::{DAY, MINUTE};
use proptest::prelude::*;

const OTHER_CARD: CardId = CardId::from_bytes([77; 16]);
const SECOND: RefundPayoutId = RefundPayoutId::from_bytes([5; 16]);

/// A world in which a card has paid an order of 100.00, at a fee of 0.6 %.
fn paid() -> World {
    paid_order(&place("T001", 10_000))
}

/// The same of this order `T001`.
pub(super) fn paid_order(order: &CreateOrder) -> World {
    let mut world = world(60);
    world.run(order).unwrap();
    let payment = CardPaymentId::from_bytes([8; 16]);
    let by_card = PayOrderByCard { order: pay("T001", 10_000), card: PAYER.card, payment };
    world.run(&by_card).unwrap();
    let answer = RecordCardPayment {
        payment,
        answer: done("P1"),
        transaction_id: "4200202611210000000000000001".into(),
        openid_keys: OpenidKeys::for_tests(),
        payout: RefundPayoutId::from_bytes([9; 16]),
    };
    world.run(&answer).unwrap();
    world
}

fn ask(number: &str, minor: i64) -> CreateRefund {
    testing::refund(&place("T001", 10_000), number, fen(minor))
}

fn refund(world: &World, number: &str) -> Refund {
    world.get::<Refund>(&(MCHID.into(), number.into()))
}

pub(super) fn record(world: &mut World, payout: RefundPayoutId, answer: BankAnswer) -> PayoutState {
    let state = world.run(&RecordRefundPayout { payout, answer }).unwrap();
    check_in_transit(world);
    state
}

pub(super) fn no() -> BankAnswer {
    declined("REFUND_ABNORMAL", BankOperation::Refund)
}

fn told(world: &World) -> Vec<FactKind> {
    world.facts().iter().map(|fact| fact.kind).collect()
}

/// An order of which 40.00 go back to a card that refuses them.
fn abnormal() -> World {
    let mut world = paid();
    world.run(&ask("R1", 4_000)).unwrap();
    assert_eq!(record(&mut world, payout_of("R1"), no()), PayoutState::Failed);
    assert_eq!(refund(&world, "R1").state, RefundState::Abnormal);
    world
}

fn apply(target: AbnormalTarget) -> ApplyAbnormalRefund {
    ApplyAbnormalRefund {
        mchid: MCHID.into(),
        sub_mchid: None,
        refund_id: "50R1".into(),
        out_refund_no: "R1".into(),
        target,
        payout: SECOND,
    }
}

fn to_card(holder: NameCheck) -> AbnormalTarget {
    AbnormalTarget::Card { number_index: [77; 32], bank_type: "CMB_DEBIT".into(), holder }
}

fn bind_other(world: &mut World) {
    let number_index = [77; 32];
    let card = PAYER.card_row(world.now());
    world.put(Card { id: OTHER_CARD, bank: "CMB".into(), number_index, ..card });
    world.put(CardByNumber { wallet: PAYER.wallet, number_index, card: OTHER_CARD });
}

#[test]
fn a_refund_goes_back_to_the_card_that_paid_and_waits_in_transit() {
    let mut world = paid();
    assert_eq!(balances(&world), (100_000, 9_940, 60));
    world.run(&ask("R1", 4_000)).unwrap();
    world.run(&ask("R1", 4_000)).unwrap();
    check_in_transit(&mut world);
    assert_eq!(balances(&world), (100_000, 5_964, 36), "the balance gets nothing");
    let on_the_way = refund(&world, "R1");
    assert_eq!(on_the_way.state, RefundState::Processing);
    assert_eq!(on_the_way.card_name.as_deref(), Some("工商银行借记卡9015"));
    assert_eq!(on_the_way.notice(), Some(Code::RefundProcessing));
    let sums = |world: &World| {
        let order = order(world, "T001");
        (order.refunded_minor, order.refund_arrived_minor)
    };
    assert_eq!(sums(&world), (4_000, 0));
    for answer in [BankAnswer::Pending, BankAnswer::Unknown, BankAnswer::NotSeen] {
        assert_eq!(record(&mut world, payout_of("R1"), answer), PayoutState::Processing);
    }
    world.wait(DAY);
    for _ in 0..2 {
        assert_eq!(record(&mut world, payout_of("R1"), done("B1")), PayoutState::Success);
    }
    let arrived = refund(&world, "R1");
    assert_eq!((arrived.state, arrived.succeeded_at), (RefundState::Success, Some(world.now())));
    assert_eq!(sums(&world), (4_000, 4_000));
    assert_eq!(told(&world), [FactKind::PaymentSucceeded, FactKind::RefundSucceeded]);
    assert_eq!(world.job(JobKind::SubmitRefundPayout, payout_of("R1")), None);
}

#[test]
fn a_card_that_was_removed_leaves_the_balance_to_refund_to() {
    let mut world = paid();
    let card = world.get::<Card>(&PAYER.card);
    world.put(Card { state: CardState::Unbound, ..card });
    world.run(&ask("R1", 4_000)).unwrap();
    let back = refund(&world, "R1");
    assert_eq!((back.state, back.channel), (RefundState::Success, RefundChannel::Balance));
    assert_eq!(balances(&world), (104_000, 5_964, 36));
    let wallet = world.get::<Wallet>(&PAYER.wallet);
    world.put(Wallet { state: WalletState::Closed, ..wallet });
    world.wait(MINUTE);
    assert_eq!(world.run(&ask("R2", 1)), Err(CreateRefundRefusal::PayerClosed));
    check_in_transit(&mut world);
}

#[test]
fn a_refund_that_the_card_refuses_is_abnormal_until_it_goes_elsewhere() {
    let mut world = abnormal();
    assert_eq!(order(&world, "T001").refund_arrived_minor, 0);
    let early = CloseRefund { mchid: MCHID.into(), out_refund_no: "R1".into() };
    world.run(&early).unwrap();
    assert_eq!(refund(&world, "R1").state, RefundState::Abnormal, "its time is not over");

    let same = to_card(NameCheck::Same(PAYER.identity));
    let unknown = ApplyAbnormalRefundRefusal::CardUnknown;
    assert_eq!(world.run(&apply(same.clone())), Err(unknown), "the payer has no such card");
    bind_other(&mut world);
    let differs = to_card(NameCheck::Differs(PAYER.identity));
    assert_eq!(world.run(&apply(differs)), Err(unknown), "it is somebody else's name");
    let nobody = world.decide(&apply(to_card(NameCheck::None)));
    assert_eq!(nobody, Err(Stop::Stale), "the name was not compared");
    let other_bank = AbnormalTarget::Card {
        number_index: [77; 32],
        bank_type: "ICBC_DEBIT".into(),
        holder: NameCheck::Same(PAYER.identity),
    };
    assert_eq!(world.run(&apply(other_bank)), Err(unknown));
    let foreign = ApplyAbnormalRefund { refund_id: "50R2".into(), ..apply(same.clone()) };
    assert_eq!(world.run(&foreign), Err(ApplyAbnormalRefundRefusal::NotFound));

    for _ in 0..2 {
        assert_eq!(world.run(&apply(same.clone())), Ok(RefundState::Processing));
        check_in_transit(&mut world);
    }
    let sent = refund(&world, "R1");
    assert_eq!((sent.card, sent.channel), (Some(OTHER_CARD), RefundChannel::OtherCard));
    assert_eq!(world.job(JobKind::CloseRefund, "1900000001:R1"), None);
    assert_eq!(record(&mut world, SECOND, done("B2")), PayoutState::Success);
    assert_eq!(refund(&world, "R1").state, RefundState::Success);
    let merchant = world.run(&apply(AbnormalTarget::Merchant));
    assert_eq!(merchant, Err(ApplyAbnormalRefundRefusal::NotAbnormal));
    let last = [FactKind::RefundAbnormal, FactKind::RefundSucceeded];
    assert_eq!(told(&world)[1..], last);
}

#[test]
fn a_merchant_can_have_it_back_to_settle_with_the_payer() {
    let mut world = abnormal();
    for _ in 0..2 {
        assert_eq!(world.run(&apply(AbnormalTarget::Merchant)), Ok(RefundState::Success));
        check_in_transit(&mut world);
    }
    assert_eq!(balances(&world), (100_000, 9_964, 36), "its fee was returned already");
    assert_eq!(order(&world, "T001").refund_arrived_minor, 4_000);
    let late = record(&mut world, payout_of("R1"), done("B1"));
    assert_eq!(late, PayoutState::Exception, "the bank paid after all");
    let payout = world.get::<RefundPayout>(&payout_of("R1"));
    assert_eq!(payout.suspended_minor, -4_000);
}

#[test]
fn a_yes_after_the_no_settles_what_still_waits() {
    let mut world = abnormal();
    assert_eq!(record(&mut world, payout_of("R1"), done("B1")), PayoutState::Success);
    assert_eq!(refund(&world, "R1").state, RefundState::Success);
    assert_eq!(world.job(JobKind::CloseRefund, "1900000001:R1"), None);
    let again = record(&mut world, payout_of("R1"), returned("B1"));
    assert_eq!(again, PayoutState::Exception, "and then it sends the money back");
    assert_eq!(world.get::<RefundPayout>(&payout_of("R1")).suspended_minor, 4_000);
}

#[test]
fn a_refund_that_nobody_settles_closes_and_its_money_can_be_refunded_anew() {
    let mut world = abnormal();
    let job = world.job(JobKind::CloseRefund, "1900000001:R1").unwrap();
    assert_eq!(job.due_at, world.now().plus(7 * DAY));
    world.wait(7 * DAY);
    let close = CloseRefund { mchid: MCHID.into(), out_refund_no: "R1".into() };
    for _ in 0..2 {
        world.run(&close).unwrap();
    }
    check_in_transit(&mut world);
    let closed = refund(&world, "R1");
    assert_eq!((closed.state, closed.closed_at), (RefundState::Closed, Some(world.now())));
    assert_eq!(balances(&world), (100_000, 9_940, 60), "amount and fee are where they were");
    let after = order(&world, "T001");
    assert_eq!((after.refunded_minor, after.fee_refunded_minor, after.refunds), (0, 0, 1));
    assert_eq!(after.state, OrderState::Success);
    assert_eq!(told(&world)[1..], [FactKind::RefundAbnormal, FactKind::RefundClosed]);
    assert_eq!(world.run(&ask("R1", 4_000)).unwrap().refund_id, "50R1", "the number is used");
    assert_eq!(refund(&world, "R1").state, RefundState::Closed);
    world.run(&ask("R2", 10_000)).unwrap();
    check_in_transit(&mut world);
}

#[test]
fn a_refund_whose_bank_never_saw_it_closes_in_the_end() {
    let mut world = paid();
    world.run(&ask("R1", 4_000)).unwrap();
    world.wait(7 * DAY);
    assert_eq!(record(&mut world, payout_of("R1"), BankAnswer::Unknown), PayoutState::Processing);
    assert_eq!(record(&mut world, payout_of("R1"), BankAnswer::NotSeen), PayoutState::Failed);
    assert_eq!(refund(&world, "R1").state, RefundState::Closed);
    assert_eq!(balances(&world), (100_000, 9_940, 60));
}

proptest! {
    #[test]
    fn whatever_a_bank_answers_a_refund_has_one_end(
        said in prop::collection::vec((0..8usize, 0..5u8), 1..14), total in 1..10_000i64
    ) {
        let mut world = paid();
        bind_other(&mut world);
        world.run(&ask("R1", total)).unwrap();
        let mut ended = None;
        for (one, what) in said {
            match what {
                0 => {
                    // The second time its payout's id is taken.
                    let _ = world.decide(&apply(to_card(NameCheck::Same(PAYER.identity))));
                }
                1 => {
                    world.wait(2 * DAY);
                    let number = "R1".to_owned();
                    let close = CloseRefund { mchid: MCHID.into(), out_refund_no: number };
                    world.run(&close).unwrap();
                }
                2 if world.find::<RefundPayout>(&SECOND).is_some() => {
                    record(&mut world, SECOND, any_answer(one, BankOperation::Refund));
                }
                _ => {
                    record(&mut world, payout_of("R1"), any_answer(one, BankOperation::Refund));
                }
            }
            check_in_transit(&mut world);
            let state = refund(&world, "R1").state;
            prop_assert!(ended.is_none_or(|ended| ended == state), "{ended:?} became {state:?}");
            if matches!(state, RefundState::Success | RefundState::Closed) {
                ended = Some(state);
            }
        }
        let order = order(&world, "T001");
        let closed = refund(&world, "R1").state == RefundState::Closed;
        prop_assert_eq!(order.refunded_minor, if closed { 0 } else { total });
    }
}
