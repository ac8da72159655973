//! Refunds: parts and the rest, each refusal, and the fee that goes back.

use super::*;
use crate::fact::FactKind;
use crate::merchant::Merchant;
use crate::order::tests::{balances, fen, order, pay, place, world};
use crate::testing::{self, MCHID, World};
use crate::wallet::{Wallet, WalletState};
use kernel::time::{DAY, MINUTE};
use proptest::prelude::*;

fn refund(number: &str, minor: i64, total: i64) -> CreateRefund {
    testing::refund(&place("T001", total), number, fen(minor))
}

fn paid(fee_bp: i64, minor: i64) -> World {
    let mut world = world(fee_bp);
    world.run(&place("T001", minor)).unwrap();
    world.run(&pay("T001", minor)).unwrap();
    world.wait(MINUTE);
    world
}

#[test]
fn a_part_then_the_rest_and_never_more() {
    let mut world = paid(60, 10_000);
    world.run(&refund("R1", 4_000, 10_000)).unwrap();
    assert_eq!(balances(&world), (94_000, 5_964, 36));
    world.wait(MINUTE);
    let too_much = world.run(&refund("R2", 6_001, 10_000));
    assert_eq!(too_much, Err(CreateRefundRefusal::AmountExceeded { left: 6_000 }));
    let by_transaction = OrderOfRefund::Transaction("4200T001".into());
    world.run(&CreateRefund { order: by_transaction, ..refund("R2", 6_000, 10_000) }).unwrap();
    assert_eq!(balances(&world), (100_000, 0, 0), "the whole fee goes back too");
    world.wait(MINUTE);
    let more = world.run(&refund("R3", 1, 10_000));
    assert_eq!(more, Err(CreateRefundRefusal::AmountExceeded { left: 0 }));
    let told = world.facts().iter().filter(|fact| fact.kind == FactKind::RefundSucceeded);
    assert_eq!(told.count(), 2);
    world.check_ledger();
}

#[test]
fn the_same_number_is_the_same_refund() {
    let mut world = paid(0, 100);
    let first = world.run(&refund("R1", 40, 100)).unwrap();
    let resent = CreateRefund { refund_id: "50other".into(), ..refund("R1", 40, 100) };
    assert_eq!(world.run(&resent).unwrap(), first);
    let order_name = OrderOfRefund::Transaction("4200T001".into());
    let otherwise = CreateRefund { order: order_name, reason: None, ..resent.clone() };
    assert_eq!(world.run(&otherwise).unwrap(), first, "named and told in another way");
    for other in [refund("R1", 41, 100), refund("R1", 40, 101)] {
        let other = world.run(&other);
        assert_eq!(other, Err(CreateRefundRefusal::NumberUsedDifferently));
    }
    world.run(&place("T002", 100)).unwrap();
    world.run(&pay("T002", 100)).unwrap();
    let elsewhere = OrderOfRefund::OutTradeNo("T002".into());
    let elsewhere = world.run(&CreateRefund { order: elsewhere, ..resent });
    assert_eq!(elsewhere, Err(CreateRefundRefusal::NumberUsedDifferently), "another order");
    assert_eq!(order(&world, "T001").refunded_minor, 40);
    world.check_ledger();
}

#[test]
fn of_two_names_ours_decides_and_the_other_must_be_of_the_same_order() {
    let mut world = paid(0, 100);
    world.run(&place("T002", 100)).unwrap();
    world.run(&pay("T002", 100)).unwrap();
    let both = |transaction_id: &str, out_trade_no: &str| CreateRefund {
        order: OrderOfRefund::Both {
            transaction_id: transaction_id.into(),
            out_trade_no: out_trade_no.into(),
        },
        ..refund("R1", 40, 100)
    };
    for other in ["T002", "T404"] {
        let refused = world.run(&both("4200T001", other));
        assert_eq!(refused, Err(CreateRefundRefusal::NamesDiffer), "{other}");
    }
    let unknown = world.run(&both("4200T404", "T001"));
    assert_eq!(unknown, Err(CreateRefundRefusal::OrderNotFound));
    world.run(&both("4200T001", "T001")).unwrap();
    let refused = world.run(&both("4200T002", "T001"));
    assert_eq!(refused, Err(CreateRefundRefusal::NamesDiffer), "before the number is looked at");
    assert_eq!(order(&world, "T001").refunded_minor, 40);
    world.check_ledger();
}

#[test]
fn the_reason_for_a_part_of_at_most_one_yuan_is_not_shown() {
    for (minor, total, is_shown) in
        [(100, 101, false), (101, 102, true), (100, 100, true), (1, 2, false), (1, 1, true)]
    {
        let mut world = paid(0, total);
        let reason = Some("cold".to_owned());
        world.run(&CreateRefund { reason, ..refund("R1", minor, total) }).unwrap();
        let made = world.get::<Refund>(&(MCHID.into(), "R1".into()));
        assert_eq!(made.shown_reason(), is_shown.then_some("cold"), "{minor} of {total}");
        assert_eq!(made.reason.as_deref(), Some("cold"));
    }
}

#[test]
fn a_refund_is_refused_for_a_wrong_order_total_time_or_count() {
    let mut world = paid(0, 100);
    let elsewhere = OrderOfRefund::OutTradeNo("T404".into());
    let unknown = world.run(&CreateRefund { order: elsewhere, ..refund("R1", 1, 100) });
    assert_eq!(unknown, Err(CreateRefundRefusal::OrderNotFound));
    let foreign = CreateRefund { mchid: "1900000009".into(), ..refund("R1", 1, 100) };
    assert_eq!(world.run(&foreign), Err(CreateRefundRefusal::OrderNotFound));
    let total = world.run(&refund("R1", 1, 101));
    assert_eq!(total, Err(CreateRefundRefusal::TotalDiffers));
    world.run(&place("T002", 100)).unwrap();
    let unpaid = OrderOfRefund::OutTradeNo("T002".into());
    let unpaid = world.run(&CreateRefund { order: unpaid, ..refund("R1", 1, 100) });
    assert_eq!(unpaid, Err(CreateRefundRefusal::NotPaid));

    world.run(&refund("R1", 1, 100)).unwrap();
    let until = world.now().plus(MINUTE);
    world.wait(MINUTE - 1);
    let early = world.run(&refund("R2", 1, 100));
    assert_eq!(early, Err(CreateRefundRefusal::TooFrequent { until }));
    for number in 2..=50 {
        world.wait(MINUTE);
        world.run(&refund(&format!("R{number}"), 1, 100)).unwrap();
    }
    world.wait(MINUTE);
    let many = world.run(&refund("R51", 1, 100));
    assert_eq!(many, Err(CreateRefundRefusal::CountExceeded));
    world.wait(366 * DAY);
    let late = world.run(&refund("R51", 1, 100));
    assert_eq!(late, Err(CreateRefundRefusal::WindowExpired));
    world.check_ledger();
}

#[test]
fn a_merchant_without_money_writes_nothing_and_may_use_the_number_later() {
    let mut world = paid(0, 100);
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.fund(merchant.balance_account, -60);
    let poor = world.run(&refund("R1", 50, 100));
    assert_eq!(poor, Err(CreateRefundRefusal::NotEnough));
    assert_eq!(world.all::<Refund>(), []);
    world.fund(merchant.balance_account, 60);
    world.run(&refund("R1", 50, 100)).unwrap();
    world.check_ledger();
}

#[test]
fn a_frozen_payer_gets_the_money_and_a_closed_one_cannot() {
    let mut world = paid(0, 100);
    let wallet = world.all::<Wallet>().remove(0);
    world.put(Wallet { state: WalletState::Closed, ..wallet.clone() });
    let closed = world.run(&refund("R1", 50, 100));
    assert_eq!(closed, Err(CreateRefundRefusal::PayerClosed));
    world.put(Wallet { state: WalletState::Frozen, ..wallet });
    world.run(&refund("R1", 50, 100)).unwrap();
    world.check_ledger();
}

proptest! {
    #[test]
    fn any_parts_of_an_order_return_the_whole_fee_at_the_end(
        total in 1i64..50_000,
        fee_bp in 0i64..10_000,
        cuts in proptest::collection::vec(1i64..20_000, 0..8),
    ) {
        let mut world = paid(fee_bp, total);
        let mut left = total;
        for (place, part) in cuts.into_iter().chain([i64::MAX]).enumerate() {
            let part = part.min(left);
            if part == 0 {
                break;
            }
            world.wait(MINUTE);
            world.run(&refund(&format!("R{place}"), part, total)).unwrap();
            left -= part;
        }
        prop_assert_eq!(left, 0);
        prop_assert_eq!(balances(&world), (100_000, 0, 0));
        world.check_ledger();
    }
}
