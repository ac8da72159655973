//! A service provider shares the money of its sub-merchants.

use super::tests::finish;
use super::*;
use crate::merchant::{AddMerchant, BindSubMerchant, Merchant, Openid, SubMerchantState};
use crate::order::tests::{balances, fen, order, pay, place, world};
use crate::order::{CreateOrder, CreateOrderRefusal, Partner, ProfitSharing};
use crate::testing::{self, APPID, MCHID, Person, World};
use kernel::time::MINUTE;

const SUB: &str = "1900000002";
const SUB_APPID: &str = "wxfedcba9876543210";
const OPENID: &str = "o-payer";

fn bind(state: SubMerchantState) -> BindSubMerchant {
    BindSubMerchant { mchid: MCHID.into(), sub_mchid: SUB.into(), state }
}

/// A paid order of 100 yuan that the provider placed for its sub-merchant, to be shared.
fn paid() -> World {
    let mut world = world(0);
    let (mchid, name) = (SUB.into(), "Noodle shop".into());
    let appid = SUB_APPID.into();
    let sub = AddMerchant { mchid, name, fee_bp: 0, appid, ..testing::merchant() };
    world.run(&sub).unwrap();
    world.run(&bind(SubMerchantState::Active)).unwrap();
    let user = Person::numbered(1).user;
    world.put(Openid { openid: OPENID.into(), appid: SUB_APPID.into(), user });
    let partner = Partner { sub_mchid: SUB.into(), sub_appid: None, sub_openid: None };
    let order = CreateOrder {
        partner: Some(partner),
        profit_sharing: ProfitSharing::Yes,
        ..place("T001", 10_000)
    };
    world.run(&order).unwrap();
    world.run(&pay("T001", 10_000)).unwrap();
    world.wait(MINUTE);
    world
}

fn receiver(kind: ReceiverKind, account: &str) -> AddReceiver {
    AddReceiver {
        mchid: MCHID.into(),
        sub_mchid: Some(SUB.into()),
        appid: APPID.into(),
        sub_appid: Some(SUB_APPID.into()),
        kind,
        account: account.into(),
        name: None,
        relation: "SERVICE_PROVIDER".into(),
        custom_relation: None,
    }
}

fn share(number: &str, kind: ReceiverKind, account: &str, minor: i64) -> ShareProfit {
    let (account, description) = (account.into(), "part".into());
    let part = SharePart { kind, account, amount: fen(minor), description, name: None };
    ShareProfit {
        mchid: MCHID.into(),
        sub_mchid: Some(SUB.into()),
        appid: APPID.into(),
        transaction_id: "4200T001".into(),
        out_order_no: number.into(),
        parts: vec![part],
        rest: Rest::Waits,
        fingerprint: [1; 32],
        order_id: format!("30{number}"),
    }
}

/// What the sub-merchant and its order have.
fn sub_has(world: &World) -> (i64, i64) {
    let sub = world.get::<Merchant>(&SUB.to_owned());
    let order = order(world, "T001");
    assert_eq!(world.balance(order.unsettled_account), order.unsettled_minor);
    world.check_ledger();
    (world.balance(sub.balance_account), order.unsettled_minor)
}

#[test]
fn a_provider_takes_its_part_and_the_rest_is_the_sub_merchants() {
    let mut world = paid();
    world.run(&receiver(ReceiverKind::Merchant, MCHID)).unwrap();
    world.run(&receiver(ReceiverKind::SubOpenid, OPENID)).unwrap();
    world.run(&share("P1", ReceiverKind::Merchant, MCHID, 2_000)).unwrap();
    finish(&mut world, "P1");
    world.run(&share("P2", ReceiverKind::SubOpenid, OPENID, 500)).unwrap();
    finish(&mut world, "P2");
    assert_eq!((sub_has(&world), balances(&world)), ((0, 7_500), (90_500, 2_000, 0)));
    let back = ReturnProfit {
        mchid: MCHID.into(),
        sub_mchid: Some(SUB.into()),
        order: NamedProfitOrder::OutOrderNo("P1".into()),
        out_return_no: "B1".into(),
        return_mchid: MCHID.into(),
        amount: fen(300),
        description: "back".into(),
        fingerprint: [3; 32],
        return_id: "60B1".into(),
    };
    let elsewhere = ReturnProfit { sub_mchid: None, ..back.clone() };
    assert_eq!(world.run(&elsewhere), Err(ReturnProfitRefusal::OrderNotFound));
    world.run(&back).unwrap();
    assert_eq!((sub_has(&world), balances(&world)), ((300, 7_500), (90_500, 1_700, 0)));
    let unfreeze = UnfreezeProfit {
        mchid: MCHID.into(),
        sub_mchid: Some(SUB.into()),
        transaction_id: "4200T001".into(),
        out_order_no: "P3".into(),
        description: "rest".into(),
        fingerprint: [2; 32],
        order_id: "30P3".into(),
    };
    let elsewhere = UnfreezeProfit { sub_mchid: None, ..unfreeze.clone() };
    assert_eq!(world.run(&elsewhere), Err(ShareProfitRefusal::OrderNotFound));
    world.run(&unfreeze).unwrap();
    finish(&mut world, "P3");
    assert_eq!((sub_has(&world), balances(&world)), ((7_800, 0), (90_500, 1_700, 0)));
    let shares = world.all::<ProfitShare>();
    assert_eq!(shares.last().map(|share| share.account.as_str()), Some(SUB));
}

#[test]
fn the_largest_part_counts_over_all_requests_of_a_sub_merchants_order() {
    let mut world = paid();
    world.rules().profit_max_bp = 2_000;
    world.run(&receiver(ReceiverKind::Merchant, MCHID)).unwrap();
    let ask = |number, minor| share(number, ReceiverKind::Merchant, MCHID, minor);
    assert_eq!(world.run(&ask("P1", 2_001)), Err(ShareProfitRefusal::RatioExceeded));
    world.run(&ask("P1", 1_500)).unwrap();
    assert_eq!(world.run(&ask("P2", 501)), Err(ShareProfitRefusal::RatioExceeded));
    world.run(&ask("P2", 500)).unwrap();
    world.check_ledger();
}

#[test]
fn a_sub_merchants_money_is_shared_in_its_name_and_with_its_receivers() {
    let mut world = paid();
    world.run(&AddReceiver { sub_mchid: None, ..receiver(ReceiverKind::Merchant, SUB) }).unwrap();
    let own = ShareProfit { sub_mchid: None, ..share("P1", ReceiverKind::Merchant, SUB, 1) };
    assert_eq!(world.run(&own), Err(ShareProfitRefusal::OrderNotFound), "it is not its own order");
    let unknown = world.run(&share("P1", ReceiverKind::Merchant, SUB, 1));
    assert_eq!(unknown, Err(ShareProfitRefusal::ReceiverUnknown), "it was added for other orders");
    world.run(&receiver(ReceiverKind::Merchant, MCHID)).unwrap();
    let delete = |sub_mchid: Option<&str>| DeleteReceiver {
        mchid: MCHID.into(),
        sub_mchid: sub_mchid.map(str::to_owned),
        appid: APPID.into(),
        kind: ReceiverKind::Merchant,
        account: MCHID.into(),
    };
    world.run(&delete(None)).unwrap();
    world.run(&share("P1", ReceiverKind::Merchant, MCHID, 1)).unwrap();
    finish(&mut world, "P1");
    world.run(&delete(Some(SUB))).unwrap();
    let deleted = world.run(&share("P2", ReceiverKind::Merchant, MCHID, 1));
    assert_eq!(deleted, Err(ShareProfitRefusal::ReceiverUnknown));
    assert_eq!(sub_has(&world), (0, 9_999));
}

#[test]
fn receivers_are_added_for_those_whom_the_provider_serves() {
    let mut world = paid();
    let itself = world.run(&receiver(ReceiverKind::Merchant, SUB));
    assert_eq!(itself, Err(AddReceiverRefusal::Itself));
    // The payer is known under the sub-merchant's app, not under the provider's.
    let elsewhere = world.run(&receiver(ReceiverKind::Openid, OPENID));
    assert_eq!(elsewhere, Err(AddReceiverRefusal::AccountUnknown));
    let nameless = AddReceiver { sub_appid: None, ..receiver(ReceiverKind::SubOpenid, OPENID) };
    assert_eq!(world.run(&nameless), Err(AddReceiverRefusal::AccountUnknown));
    let good = receiver(ReceiverKind::Merchant, MCHID);
    let refused = AddReceiverRefusal::Partner;
    let foreign = AddReceiver { sub_appid: Some(APPID.into()), ..good.clone() };
    assert_eq!(world.run(&foreign), Err(refused(CreateOrderRefusal::SubAppidNotBound)));
    let stranger = AddReceiver { sub_mchid: Some("1900000003".into()), ..good.clone() };
    assert_eq!(world.run(&stranger), Err(refused(CreateOrderRefusal::SubMerchantUnknown)));
    world.run(&good).unwrap();
    world.run(&bind(SubMerchantState::Ended)).unwrap();
    assert_eq!(world.run(&good), Err(refused(CreateOrderRefusal::SubMerchantUnknown)));
    // Orders that were placed are shared and ended as ever.
    world.run(&share("P1", ReceiverKind::Merchant, MCHID, 100)).unwrap();
    finish(&mut world, "P1");
    assert_eq!(sub_has(&world), (0, 9_900));
}
