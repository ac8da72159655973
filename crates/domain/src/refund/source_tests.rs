//! Which money of the merchant a refund takes, and where it goes when it closes.

use super::card_tests::{no, paid_order, record};
use super::*;
use crate::card::testing::done;
use crate::command::Once;
use crate::complaint::{ComplaintLog, ComplaintStep, FileComplaint, ProblemType};
use crate::order::tests::{PAYER, balances, fen, order, pay, place, world};
use crate::order::{CreateOrder, ProfitSharing};
use crate::profit::{FinishProfit, ReleaseUnsettled, UnfreezeProfit};
use crate::testing::{self, MCHID, World, payout_of};
use kernel::time::{DAY, MINUTE};
use proptest::prelude::*;

fn for_sharing(minor: i64) -> CreateOrder {
    CreateOrder { profit_sharing: ProfitSharing::Yes, ..place("T001", minor) }
}

/// A paid order for sharing, and a merchant that has `balance` besides.
fn paid(fee_bp: i64, minor: i64, balance: i64) -> World {
    let mut world = world(fee_bp);
    world.run(&for_sharing(minor)).unwrap();
    world.run(&pay("T001", minor)).unwrap();
    let account = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(account, balance);
    world.wait(MINUTE);
    world
}

fn ask(number: &str, minor: i64, total: i64, unavailable_minor: i64) -> CreateRefund {
    let source = RefundSource::Named { unavailable_minor };
    CreateRefund { source, ..testing::refund(&place("T001", total), number, fen(minor)) }
}

/// What waits, and the merchant's balance.
fn has(world: &World) -> (i64, i64) {
    let order = order(world, "T001");
    assert_eq!(world.balance(order.unsettled_account), order.unsettled_minor);
    let due = world.job(JobKind::ReleaseUnsettled, order.job_subject());
    assert_eq!(due.is_some(), order.unsettled_minor > 0, "something waits and will be released");
    world.check_ledger();
    (order.unsettled_minor, balances(world).1)
}

#[test]
fn a_refund_is_taken_exactly_where_the_merchant_says() {
    let mut world = paid(0, 1_000, 500);
    for (number, minor, unavailable, then) in [
        ("R1", 100, 0, (1_000, 400)),
        ("R2", 100, 100, (900, 400)),
        ("R3", 300, 200, (700, 300)),
        ("R4", 500, 500, (200, 300)),
    ] {
        world.run(&ask(number, minor, 1_000, unavailable)).unwrap();
        assert_eq!(has(&world), then, "{number}");
        let kept = world.get::<Refund>(&(MCHID.into(), number.into()));
        assert_eq!((kept.named_minor, kept.unsettled_minor), (Some(unavailable), unavailable));
        world.wait(MINUTE);
    }
}

#[test]
fn the_fee_that_goes_back_makes_up_for_what_it_had_been_taken_from() {
    let mut world = paid(1_000, 1_000, 500);
    assert_eq!(has(&world), (900, 500));
    world.run(&ask("R1", 100, 1_000, 100)).unwrap();
    assert_eq!(has(&world), (810, 500), "ten of the fee, the rest waited");
    world.wait(MINUTE);
    world.run(&ask("R2", 100, 1_000, 4)).unwrap();
    assert_eq!(has(&world), (810, 410), "more of the fee than was to wait");
    world.wait(MINUTE);
    world.run(&ask("R3", 100, 1_000, 0)).unwrap();
    assert_eq!(has(&world), (810, 320));
}

#[test]
fn each_part_must_be_there_and_nothing_is_written_until_it_is() {
    let mut world = paid(0, 1_000, 50);
    let poor = Err(CreateRefundRefusal::NotEnough);
    assert_eq!(world.run(&ask("R1", 100, 1_000, 49)), poor, "the balance lacks a fen");
    let merchant = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(merchant, 1_000);
    world.run(&ask("R2", 950, 1_000, 950)).unwrap();
    world.wait(MINUTE);
    assert_eq!(
        world.run(&ask("R1", 51, 1_000, 51)),
        Err(CreateRefundRefusal::AmountExceeded { left: 50 })
    );
    assert_eq!(has(&world), (50, 1_050));
    assert_eq!(world.all::<Refund>().len(), 1);
    world.run(&ask("R1", 50, 1_000, 50)).unwrap();
    assert_eq!(has(&world), (0, 1_050));
}

#[test]
fn money_of_other_orders_or_of_one_that_is_not_shared_does_not_count() {
    let mut world = paid(0, 1_000, 1);
    world.run(&place("T002", 300)).unwrap();
    world.run(&pay("T002", 300)).unwrap();
    let plain = |unavailable_minor| CreateRefund {
        source: RefundSource::Named { unavailable_minor },
        ..testing::refund(&place("T002", 300), "R1", fen(300))
    };
    assert_eq!(world.run(&plain(1)), Err(CreateRefundRefusal::NotEnough));
    assert_eq!(world.run(&plain(300)), Err(CreateRefundRefusal::NotEnough));
    world.run(&plain(0)).unwrap();
    assert_eq!(has(&world), (1_000, 1));
}

/// A refund of 40.00 to a card, half of it from what waits, which the card refuses.
fn abnormal() -> World {
    let mut world = paid_order(&for_sharing(10_000));
    let account = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(account, 5_000);
    world.run(&ask("R1", 4_000, 10_000, 2_000)).unwrap();
    assert_eq!(has(&world), (9_940 - 1_976, 3_000));
    record(&mut world, payout_of("R1"), no());
    world
}

fn close() -> CloseRefund {
    CloseRefund { mchid: MCHID.into(), out_refund_no: "R1".into() }
}

#[test]
fn a_refund_that_closes_gives_back_where_it_was_taken() {
    let mut world = abnormal();
    world.wait(7 * DAY);
    for _ in 0..2 {
        world.run(&close()).unwrap();
        assert_eq!(has(&world), (9_940, 5_000));
    }
}

#[test]
fn whatever_a_refund_leads_to_is_read_in_as_few_rounds_as_the_engine_allows() {
    let mut world = paid_order(&for_sharing(10_000));
    let transaction_id = "4200202611210000000000000001".to_owned();
    let complaint = FileComplaint {
        user: PAYER.user,
        wallet: PAYER.wallet,
        transaction_id: transaction_id.clone(),
        problem: ProblemType::Refund,
        detail: "cold tea".into(),
        apply_refund_minor: 0,
        images: Vec::new(),
        complaint_id: "C1".into(),
        once: Once::State,
    };
    world.run(&complaint).unwrap();
    let account = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(account, 500);
    world.wait(MINUTE);
    let refund = ask("R1", 1_000, 10_000, 600);
    let order = OrderOfRefund::Transaction(transaction_id);
    world.run(&CreateRefund { order, ..refund }).unwrap();
    record(&mut world, payout_of("R1"), done("B1"));
    let steps: Vec<ComplaintStep> =
        world.all::<ComplaintLog>().iter().map(|log| log.step).collect();
    let arrived = ComplaintStep::RefundReceived;
    assert_eq!(steps, [ComplaintStep::UserCreate, ComplaintStep::PartialRefunded, arrived]);
    world.check_ledger();
}

#[test]
fn what_waits_again_is_released_when_it_would_have_been() {
    let mut world = abnormal();
    world.wait(MINUTE);
    let unfreeze = UnfreezeProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        transaction_id: "4200202611210000000000000001".into(),
        out_order_no: "P1".into(),
        description: "rest".into(),
        fingerprint: [2; 32],
        order_id: "30P1".into(),
    };
    world.run(&unfreeze).unwrap();
    world.wait(MINUTE);
    world.run(&FinishProfit { mchid: MCHID.into(), out_order_no: "P1".into() }).unwrap();
    assert_eq!(has(&world), (0, 3_000 + 7_964));
    world.wait(7 * DAY);
    world.run(&close()).unwrap();
    assert_eq!(has(&world), (1_976, 5_000 + 7_964));
    let release = ReleaseUnsettled { mchid: MCHID.into(), out_trade_no: "T001".into() };
    world.run(&release).unwrap();
    assert_eq!(has(&world).0, 1_976, "not before its time");
    world.wait(23 * DAY);
    world.run(&release).unwrap();
    assert_eq!(has(&world), (0, 5_000 + 9_940));
}

proptest! {
    #[test]
    fn no_split_takes_more_than_it_says(
        total in 1i64..5_000,
        fee_bp in 0i64..3_000,
        parts in proptest::collection::vec((1i64..3_000, 0i64..3_000), 1..6),
    ) {
        let mut world = paid(fee_bp, total, 2_000);
        for (place, (minor, unavailable)) in parts.into_iter().enumerate() {
            let unavailable = unavailable.min(minor);
            let (waited, balance) = has(&world);
            let asked = ask(&format!("R{place}"), minor, total, unavailable);
            let done = world.run(&asked);
            let after = has(&world);
            let taken = (waited - after.0, balance - after.1);
            match done {
                Ok(_) => {
                    prop_assert!((0..=unavailable).contains(&taken.0));
                    prop_assert!((0..=minor - unavailable).contains(&taken.1));
                }
                Err(_) => prop_assert_eq!(taken, (0, 0)),
            }
            world.wait(MINUTE);
        }
    }
}
