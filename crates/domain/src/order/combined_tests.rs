//! Combined orders: paid together or not at all, closed together, refunded one by one.

use super::card_payment_tests::check_in_transit;
use super::tests::{PAYER, balances, fen, order, pay, place, world};
use super::*;
use crate::card::testing::{declined, done};
use crate::card::{BankAnswer, BankOperation};
use crate::command::Stop;
use crate::fact::FactKind;
use crate::merchant::{AddAppid, AddMerchant, Merchant, MerchantState, OpenidKeys};
use crate::refund::{CreateRefund, NoticeForm, OrderOfRefund, Refund, RefundSource, RefundState};
use crate::testing::{self, APPID, MCHID, World};
use kernel::time::{DAY, MINUTE};

const OTHER: &str = "1900000002";

/// A world with two merchants that share an app id.
fn market(fee_bp: i64) -> World {
    let mut world = world(fee_bp);
    let other = AddMerchant {
        mchid: OTHER.into(),
        name: "Noodle shop".into(),
        fee_bp: 100,
        apiv3_key: vec![1],
        appid: "wxfedcba9876543210".into(),
        serial: "01".into(),
        certificate: "PEM".into(),
        public_key_only: false,
        transfer_scenes: String::new(),
    };
    world.run(&other).unwrap();
    world.run(&AddAppid { mchid: OTHER.into(), appid: APPID.into() }).unwrap();
    world
}

fn part(mchid: &str, number: &str, minor: i64) -> PartAsked {
    PartAsked {
        mchid: mchid.into(),
        partner: None,
        out_trade_no: number.into(),
        description: "Tea".into(),
        amount: fen(minor),
        attach: None,
        profit_sharing: ProfitSharing::No,
    }
}

/// Three parts: two of one merchant, one of the other; 60.00 in all.
fn combine() -> CreateCombinedOrder {
    CreateCombinedOrder {
        cards_taken: CardsTaken::All,
        takes_balance: true,
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_trade_no: "C001".into(),
        trade_type: TradeType::Native,
        notify_url: "https://tea.example/notify".into(),
        time_expire: None,
        openid: None,
        device_id: None,
        parts: vec![
            part(MCHID, "T001", 1_000),
            part(OTHER, "T001", 2_000),
            part(MCHID, "T002", 3_000),
        ],
        fingerprint: [7; 32],
        prepay_id: "wxC001".into(),
    }
}

/// The whole part of the other merchant, given back.
fn refund_all(order: OrderOfRefund) -> CreateRefund {
    CreateRefund {
        payout: testing::payout_of("any"),
        mchid: OTHER.into(),
        sub_mchid: None,
        order,
        out_refund_no: "R1".into(),
        amount: fen(2_000),
        total: fen(2_000),
        source: RefundSource::Unsettled,
        reason: None,
        notify_url: None,
        notice_form: NoticeForm::Json,
        refund_id: "50R1".into(),
    }
}

fn pay_all() -> PayOrder {
    let transaction_id = "4200202611210000009999999999".into();
    PayOrder { transaction_id, ..pay("C001", 6_000) }
}

fn combined(world: &World) -> CombinedOrder {
    world.get::<CombinedOrder>(&(MCHID.into(), "C001".into()))
}

fn part_of(world: &World, mchid: &str, number: &str) -> Order {
    world.get::<Order>(&(mchid.into(), number.into()))
}

fn close(parts: &[PartAsked]) -> CloseCombinedOrder {
    let named = |part: &PartAsked| PartToClose {
        mchid: part.mchid.clone(),
        out_trade_no: part.out_trade_no.clone(),
        sub_mchid: None,
        sub_appid: None,
    };
    CloseCombinedOrder {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_trade_no: "C001".into(),
        parts: parts.iter().map(named).collect(),
    }
}

#[test]
fn all_parts_are_paid_by_one_journal_and_told_once() {
    let mut world = market(60);
    world.run(&combine()).unwrap();
    let paid = world.run(&pay_all()).unwrap();
    assert_eq!(paid.amount_minor, 6_000);
    // 0.06 and 0.18 of the one merchant, 0.20 of the other.
    assert_eq!(balances(&world), (94_000, 3_976, 44));
    let other = world.get::<Merchant>(&OTHER.to_owned());
    assert_eq!(world.balance(other.balance_account), 1_980);
    let whole = combined(&world);
    assert_eq!((whole.state, whole.journal), (OrderState::Success, order(&world, "T001").journal));
    let numbers = [(MCHID, "T001"), (OTHER, "T001"), (MCHID, "T002")]
        .map(|(mchid, number)| part_of(&world, mchid, number).transaction_id.unwrap());
    let following = ["0000000000", "0000000001", "0000000002"];
    assert_eq!(numbers, following.map(|tail| format!("420020261121000001{tail}")));
    let told: Vec<_> = world.facts().iter().map(|fact| (fact.kind, fact.journal)).collect();
    assert_eq!(told, [(FactKind::CombinedPaymentSucceeded, whole.journal)]);
    assert_eq!(world.run(&pay_all()), Err(PayOrderRefusal::AlreadyPaid));
    world.check_ledger();
}

const PAYMENT: CardPaymentId = CardPaymentId::from_bytes([8; 16]);

fn answered(answer: BankAnswer) -> RecordCardPayment {
    RecordCardPayment {
        payment: PAYMENT,
        answer,
        transaction_id: "4200202611210000010000000000".into(),
        openid_keys: OpenidKeys::for_tests(),
        payout: testing::payout_of("late"),
    }
}

/// Of the whole, and of its parts.
fn states(world: &World) -> (OrderState, [OrderState; 3]) {
    let parts = [(MCHID, "T001"), (OTHER, "T001"), (MCHID, "T002")];
    (combined(world).state, parts.map(|(mchid, number)| part_of(world, mchid, number).state))
}

#[test]
fn a_card_pays_all_parts_at_once_and_takes_back_a_part() {
    let mut world = market(60);
    world.run(&combine()).unwrap();
    let by_card = PayOrderByCard { order: pay_all(), card: PAYER.card, payment: PAYMENT };
    world.run(&by_card).unwrap();
    assert_eq!(states(&world), (OrderState::BankPending, [OrderState::BankPending; 3]));
    world.run(&answered(declined("05", BankOperation::Payment))).unwrap();
    assert_eq!(states(&world), (OrderState::NotPay, [OrderState::NotPay; 3]));
    let payment = CardPaymentId::from_bytes([9; 16]);
    world.run(&PayOrderByCard { payment, ..by_card }).unwrap();
    let state = world.run(&RecordCardPayment { payment, ..answered(done("B1")) });
    assert_eq!(state, Ok(CardPaymentState::Success));
    assert_eq!(states(&world), (OrderState::Success, [OrderState::Success; 3]));
    assert_eq!(balances(&world), (100_000, 3_976, 44), "the balance has paid nothing");
    world.run(&refund_all(OrderOfRefund::OutTradeNo("T001".into()))).unwrap();
    let refund = world.get::<Refund>(&(OTHER.into(), "R1".into()));
    assert_eq!((refund.state, refund.card), (RefundState::Processing, Some(PAYER.card)));
    check_in_transit(&mut world);
}

#[test]
fn a_card_that_pays_when_the_time_is_over_pays_no_part() {
    let mut world = market(60);
    world.run(&combine()).unwrap();
    let by_card = PayOrderByCard { order: pay_all(), card: PAYER.card, payment: PAYMENT };
    world.run(&by_card).unwrap();
    world.wait(7 * DAY);
    let state = world.run(&answered(done("B1")));
    assert_eq!(state, Ok(CardPaymentState::Refunding), "the timer has not come by yet");
    assert_eq!(states(&world), (OrderState::Closed, [OrderState::Closed; 3]));
    assert_eq!(balances(&world), (100_000, 0, 0));
    check_in_transit(&mut world);
}

#[test]
fn a_part_for_sharing_waits_and_the_others_do_not() {
    let mut world = market(60);
    let mut asked = combine();
    asked.parts[0].profit_sharing = ProfitSharing::Yes;
    asked.parts[1].profit_sharing = ProfitSharing::Yes;
    world.run(&asked).unwrap();
    world.run(&pay_all()).unwrap();
    assert_eq!(balances(&world), (94_000, 2_982, 44));
    for (mchid, waits) in [(MCHID, 994), (OTHER, 1_980)] {
        let part = part_of(&world, mchid, "T001");
        assert_eq!((part.unsettled_minor, world.balance(part.unsettled_account)), (waits, waits));
    }
    assert!(!part_of(&world, MCHID, "T002").is_shared());
    world.check_ledger();
    world.wait(MINUTE);
    let back = refund_all(OrderOfRefund::OutTradeNo("T001".into()));
    world.run(&back).unwrap();
    let part = part_of(&world, OTHER, "T001");
    assert_eq!((part.unsettled_minor, world.balance(part.unsettled_account)), (0, 0));
    assert_eq!(balances(&world), (96_000, 2_982, 24));
    world.check_ledger();
}

#[test]
fn a_taken_number_of_one_part_has_all_drawn_again() {
    let mut world = market(0);
    world.run(&combine()).unwrap();
    world.run(&place("T009", 100)).unwrap();
    let transaction_id = "4200202611210000010000000001".to_owned();
    world.run(&PayOrder { transaction_id, ..pay("T009", 100) }).unwrap();
    assert_eq!(world.decide(&pay_all()), Err(Stop::Stale));
    assert_eq!(combined(&world).state, OrderState::NotPay);
    world.check_ledger();
}

#[test]
fn nothing_is_paid_while_one_part_cannot_be() {
    let mut world = market(0);
    world.run(&combine()).unwrap();
    let other = world.get::<Merchant>(&OTHER.to_owned());
    world.put(Merchant { state: MerchantState::Suspended, ..other });
    assert_eq!(world.run(&pay_all()), Err(PayOrderRefusal::MerchantSuspended));
    let wrong = PayOrder { amount: fen(1_000), ..pay_all() };
    assert_eq!(world.run(&wrong), Err(PayOrderRefusal::AmountChanged));
    assert_eq!(order(&world, "T001").state, OrderState::NotPay);
    world.check_ledger();
}

#[test]
fn the_same_number_again_is_the_same_order_or_a_refusal() {
    let mut world = market(0);
    world.run(&combine()).unwrap();
    let again = CreateCombinedOrder { prepay_id: "wx-again".into(), ..combine() };
    assert_eq!(world.run(&again).unwrap().prepay_id, "wx-again");
    let other =
        CreateCombinedOrder { fingerprint: [8; 32], prepay_id: "wx-other".into(), ..combine() };
    let different = CreateOrderRefusal::NumberUsedDifferently;
    let refused = world.run(&other);
    assert_eq!(refused, Err(CreateCombinedOrderRefusal::Whole(different)));
    let taken = CreateCombinedOrder { out_trade_no: "C002".into(), ..other };
    let refused = world.run(&taken);
    let refusal = CreateCombinedOrderRefusal::Part { index: 0, refusal: different };
    assert_eq!(refused, Err(refusal));
    // Nor can a part be placed anew alone.
    let alone = CreateOrder { fingerprint: [9; 32], ..place("T001", 1_000) };
    assert_eq!(world.run(&alone), Err(different));
    world.run(&PayOrder { prepay_id: "wx-again".into(), ..pay_all() }).unwrap();
    let paid = world.run(&CreateCombinedOrder { prepay_id: "wx-late".into(), ..combine() });
    let refusal = CreateCombinedOrderRefusal::Whole(CreateOrderRefusal::AlreadyPaid);
    assert_eq!(paid, Err(refusal));
}

#[test]
fn every_part_is_checked_and_named() {
    let mut world = market(0);
    let mut unbound = combine();
    unbound.parts[1] = part("1900000003", "T001", 1);
    let refused = world.run(&unbound);
    let refusal = CreateOrderRefusal::MerchantUnknown;
    assert_eq!(refused, Err(CreateCombinedOrderRefusal::Part { index: 1, refusal }));
    let mut served = combine();
    let partner = Partner { sub_mchid: OTHER.into(), sub_appid: None, sub_openid: None };
    served.parts[2].partner = Some(partner);
    let refusal = CreateOrderRefusal::SubMerchantUnknown;
    let refused = world.run(&served);
    assert_eq!(refused, Err(CreateCombinedOrderRefusal::Part { index: 2, refusal }));
    let mut huge = combine();
    huge.parts[0].amount = fen(Amount::MAX_MINOR);
    assert_eq!(world.run(&huge), Err(CreateCombinedOrderRefusal::SumTooLarge));
}

#[test]
fn it_closes_as_a_whole_and_only_if_every_part_is_named() {
    let mut world = market(0);
    let asked = combine();
    world.run(&asked).unwrap();
    let alone = CloseOrder { mchid: MCHID.into(), sub_mchid: None, out_trade_no: "T001".into() };
    assert_eq!(world.run(&alone), Err(CloseOrderRefusal::PartOfCombined));
    let some = world.run(&close(&asked.parts[..2]));
    assert_eq!(some, Err(CloseCombinedOrderRefusal::Differs));
    let mut parts = asked.parts.clone();
    parts.reverse();
    world.run(&close(&parts)).unwrap();
    world.run(&close(&parts)).unwrap();
    assert_eq!(part_of(&world, OTHER, "T001").state, OrderState::Closed);
    assert_eq!(world.run(&pay_all()), Err(PayOrderRefusal::Closed));
    let unknown = CloseCombinedOrder { out_trade_no: "C009".into(), ..close(&parts) };
    assert_eq!(world.run(&unknown), Err(CloseCombinedOrderRefusal::NotFound));
}

#[test]
fn a_part_whose_time_is_over_closes_all() {
    let mut world = market(0);
    world.run(&combine()).unwrap();
    let expire = ExpireOrder { mchid: OTHER.into(), out_trade_no: "T001".into() };
    world.run(&expire).unwrap();
    assert_eq!(combined(&world).state, OrderState::NotPay);
    world.wait(8 * DAY);
    world.run(&expire).unwrap();
    assert_eq!(combined(&world).state, OrderState::Closed);
    assert_eq!(order(&world, "T002").state, OrderState::Closed);
}

#[test]
fn one_part_is_refunded_and_the_others_stay() {
    let mut world = market(60);
    world.run(&combine()).unwrap();
    world.run(&pay_all()).unwrap();
    world.wait(MINUTE);
    let number = "4200202611210000010000000001".into();
    let refund = refund_all(OrderOfRefund::Transaction(number));
    world.run(&refund).unwrap();
    assert_eq!(balances(&world), (96_000, 3_976, 24));
    assert_eq!(part_of(&world, OTHER, "T001").refunds, 1);
    assert_eq!(order(&world, "T001").refunds, 0);
    world.check_ledger();
}
