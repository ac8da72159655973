//! Profit sharing: whose money it is at each step, each refusal, and what goes back.

use super::*;
use crate::fact::FactKind;
use crate::merchant::{
    AddMerchant, AllowProfitReturn, AllowProfitReturnRefusal, Merchant, MerchantState, Openid,
};
use crate::order::tests::{balances, fen, order, pay, place, world};
use crate::order::{CreateOrder, ProfitSharing};
use crate::refund::{CreateRefund, CreateRefundRefusal, Refund, RefundSource};
use crate::testing::{self, APPID, MCHID, Person, World};
use kernel::time::{DAY, MINUTE, SECOND};
use proptest::prelude::*;

const PARTNER: &str = "1900000002";
const OPENID: &str = "o-payer";

/// A paid order of `minor` fen for sharing, a partner, and the payer as a possible receiver.
fn paid(fee_bp: i64, minor: i64) -> World {
    let mut world = world(fee_bp);
    let appid = "wxfedcba9876543210".into();
    let (mchid, name) = (PARTNER.into(), "Tea garden".into());
    let partner = AddMerchant { mchid, name, fee_bp: 0, appid, ..testing::merchant() };
    world.run(&partner).unwrap();
    agree(&mut world, true);
    let user = Person::numbered(1).user;
    world.put(Openid { openid: OPENID.into(), appid: APPID.into(), user });
    world.run(&CreateOrder { profit_sharing: ProfitSharing::Yes, ..place("T001", minor) }).unwrap();
    world.run(&pay("T001", minor)).unwrap();
    world.wait(MINUTE);
    world
}

fn agree(world: &mut World, is_allowed: bool) {
    world.run(&AllowProfitReturn { mchid: PARTNER.into(), is_allowed }).unwrap();
}

fn receiver(kind: ReceiverKind, account: &str) -> AddReceiver {
    AddReceiver {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        sub_appid: None,
        kind,
        account: account.into(),
        name: None,
        relation: "PARTNER".into(),
        custom_relation: None,
    }
}

fn with_receivers(fee_bp: i64, minor: i64) -> World {
    let mut world = paid(fee_bp, minor);
    world.run(&receiver(ReceiverKind::Merchant, PARTNER)).unwrap();
    world.run(&receiver(ReceiverKind::Openid, OPENID)).unwrap();
    world
}

fn part(kind: ReceiverKind, account: &str, minor: i64) -> SharePart {
    let (account, description) = (account.into(), "part".into());
    SharePart { kind, account, amount: fen(minor), description, name: None }
}

fn share(number: &str, parts: Vec<SharePart>) -> ShareProfit {
    ShareProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        transaction_id: "4200T001".into(),
        out_order_no: number.into(),
        parts,
        rest: Rest::Waits,
        fingerprint: [1; 32],
        order_id: format!("30{number}"),
    }
}

fn to_partner(number: &str, minor: i64) -> ShareProfit {
    share(number, vec![part(ReceiverKind::Merchant, PARTNER, minor)])
}

fn unfreeze(number: &str) -> UnfreezeProfit {
    UnfreezeProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        transaction_id: "4200T001".into(),
        out_order_no: number.into(),
        description: "rest".into(),
        fingerprint: [2; 32],
        order_id: format!("30{number}"),
    }
}

/// Has an accepted request move its money.
pub(super) fn finish(world: &mut World, number: &str) {
    world.wait(SECOND);
    let (mchid, out_order_no) = (MCHID.into(), number.into());
    world.run(&FinishProfit { mchid, out_order_no }).unwrap();
}

/// Shares, and has the money moved.
fn share_now(world: &mut World, asked: &ShareProfit) -> Result<(), ShareProfitRefusal> {
    world.run(asked)?;
    finish(world, &asked.out_order_no);
    Ok(())
}

/// Unfreezes the rest, and has the money moved.
fn unfreeze_now(world: &mut World, number: &str) -> Result<(), ShareProfitRefusal> {
    world.run(&unfreeze(number))?;
    finish(world, number);
    Ok(())
}

fn give_back(number: &str, minor: i64) -> ReturnProfit {
    ReturnProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        order: NamedProfitOrder::OutOrderNo("P1".into()),
        out_return_no: number.into(),
        return_mchid: PARTNER.into(),
        amount: fen(minor),
        description: "back".into(),
        fingerprint: [3; 32],
        return_id: format!("60{number}"),
    }
}

fn partner_has(world: &World) -> i64 {
    world.balance(world.get::<Merchant>(&PARTNER.to_owned()).balance_account)
}

/// What waits, by the account and by the order, which must agree.
fn waits(world: &World) -> i64 {
    let order = order(world, "T001");
    let requests = world.all::<ProfitOrder>();
    let open = requests.iter().filter(|asked| asked.state == ProfitOrderState::Processing);
    let on_the_way: i64 = open.map(|asked| asked.shared_minor + asked.unfrozen_minor).sum();
    assert_eq!(world.balance(order.unsettled_account), order.unsettled_minor + on_the_way);
    let due = world.job(JobKind::ReleaseUnsettled, order.job_subject());
    assert_eq!(due.is_some(), order.unsettled_minor > 0, "something waits and will be released");
    world.check_ledger();
    order.unsettled_minor
}

#[test]
fn the_money_of_an_order_for_sharing_waits_until_it_is_shared_or_unfrozen() {
    let mut world = with_receivers(60, 10_000);
    assert_eq!((waits(&world), balances(&world)), (9_940, (90_000, 0, 60)));
    let parts =
        vec![part(ReceiverKind::Merchant, PARTNER, 3_000), part(ReceiverKind::Openid, OPENID, 500)];
    share_now(&mut world, &share("P1", parts)).unwrap();
    assert_eq!((waits(&world), partner_has(&world)), (6_440, 3_000));
    assert_eq!(balances(&world), (90_500, 0, 60));
    let told = world.facts().last().unwrap();
    assert_eq!((told.kind, told.mchid.as_str()), (FactKind::ProfitShared, PARTNER));
    assert_eq!(told.subject, format!("{MCHID}:P1:1"));
    unfreeze_now(&mut world, "P2").unwrap();
    assert_eq!((waits(&world), balances(&world)), (0, (90_500, 6_440, 60)));
    let nothing = world.run(&unfreeze("P3"));
    assert_eq!(nothing, Err(ShareProfitRefusal::NotEnough { left: 0 }));
    let after = order(&world, "T001");
    assert_eq!((after.shared_minor, after.profit_orders), (3_500, 2));
}

#[test]
fn sharing_can_unfreeze_the_rest_in_the_same_journal() {
    let mut world = with_receivers(0, 1_000);
    let all = ShareProfit { rest: Rest::Unfrozen, ..to_partner("P1", 400) };
    share_now(&mut world, &all).unwrap();
    assert_eq!((waits(&world), partner_has(&world)), (0, 400));
    assert_eq!(balances(&world), (99_000, 600, 0));
}

#[test]
fn without_receivers_the_rest_is_unfrozen_while_there_is_one() {
    let mut world = with_receivers(0, 1_000);
    share_now(&mut world, &to_partner("P1", 400)).unwrap();
    let rest = |number| ShareProfit { rest: Rest::Unfrozen, ..share(number, Vec::new()) };
    share_now(&mut world, &rest("P2")).unwrap();
    assert_eq!((waits(&world), balances(&world)), (0, (99_000, 600, 0)));
    let done = world.get::<ProfitOrder>(&(MCHID.into(), "P2".into()));
    assert_eq!((done.shares, done.shared_minor, done.unfrozen_minor), (0, 0, 600));
    let nothing = world.run(&rest("P3"));
    assert_eq!(nothing, Err(ShareProfitRefusal::NotEnough { left: 0 }));
    assert_eq!(order(&world, "T001").profit_orders, 2);
}

#[test]
fn an_app_of_another_merchant_and_another_name_are_refused() {
    let mut world = with_receivers(0, 1_000);
    let foreign = || "wxfedcba9876543210".to_owned();
    let elsewhere = ShareProfit { appid: foreign(), ..to_partner("P1", 1) };
    assert_eq!(world.run(&elsewhere), Err(ShareProfitRefusal::AppidNotBound));
    let named = |name: &str| {
        let part = part(ReceiverKind::Merchant, PARTNER, 1);
        share("P1", vec![SharePart { name: Some(name.into()), ..part }])
    };
    assert_eq!(world.run(&named("Tea house")), Err(ShareProfitRefusal::NameDiffers));
    share_now(&mut world, &named("Tea garden")).unwrap();
    assert_eq!((waits(&world), partner_has(&world)), (999, 1));
}

#[test]
fn the_same_number_is_the_same_request() {
    let mut world = with_receivers(0, 1_000);
    share_now(&mut world, &to_partner("P1", 100)).unwrap();
    world.run(&ShareProfit { order_id: "30other".into(), ..to_partner("P1", 100) }).unwrap();
    let other = ShareProfit { fingerprint: [9; 32], ..to_partner("P1", 200) };
    assert_eq!(world.run(&other), Err(ShareProfitRefusal::NumberUsedDifferently));
    let taken = ShareProfit { order_id: "30P1".into(), ..to_partner("P2", 100) };
    assert_eq!(world.decide(&taken), Err(crate::Stop::Stale));
    assert_eq!((waits(&world), partner_has(&world)), (900, 100));
}

#[test]
fn a_request_is_refused_for_its_order_time_receivers_and_sums() {
    let mut world = paid(0, 1_000);
    let stranger = world.run(&to_partner("P1", 1));
    assert_eq!(stranger, Err(ShareProfitRefusal::ReceiverUnknown));
    world.run(&receiver(ReceiverKind::Merchant, PARTNER)).unwrap();
    let elsewhere = ShareProfit { transaction_id: "4200T404".into(), ..to_partner("P1", 1) };
    assert_eq!(world.run(&elsewhere), Err(ShareProfitRefusal::OrderNotFound));
    let appid = "wxfedcba9876543210".into();
    let foreign = ShareProfit { mchid: PARTNER.into(), appid, ..to_partner("P1", 1) };
    assert_eq!(world.run(&foreign), Err(ShareProfitRefusal::OrderNotFound));
    world.run(&place("T002", 100)).unwrap();
    world.run(&pay("T002", 100)).unwrap();
    let plain = ShareProfit { transaction_id: "4200T002".into(), ..to_partner("P1", 1) };
    assert_eq!(world.run(&plain), Err(ShareProfitRefusal::NotForSharing));
    world.rules().profit_max_bp = 2_000;
    let more = world.run(&share("P1", vec![part(ReceiverKind::Merchant, PARTNER, 1_000)]));
    assert_eq!(more, Ok(()), "everything: the largest part is for sub-merchants' orders");
    let nothing = world.run(&to_partner("P2", 1));
    assert_eq!(nothing, Err(ShareProfitRefusal::NotEnough { left: 0 }));
    assert_eq!(waits(&world), 0);
}

#[test]
fn what_the_fee_took_cannot_be_shared_and_a_fresh_payment_waits_a_minute() {
    let mut world = with_receivers(100, 1_000);
    let much = world.run(&to_partner("P1", 991));
    assert_eq!(much, Err(ShareProfitRefusal::NotEnough { left: 990 }));
    let fresh = CreateOrder { profit_sharing: ProfitSharing::Yes, ..place("T003", 100) };
    world.run(&fresh).unwrap();
    world.run(&pay("T003", 100)).unwrap();
    let early = ShareProfit { transaction_id: "4200T003".into(), ..to_partner("P1", 1) };
    assert_eq!(world.run(&early), Err(ShareProfitRefusal::TooEarly));
    let rest = UnfreezeProfit { transaction_id: "4200T003".into(), ..unfreeze("P9") };
    assert_eq!(world.run(&rest), Err(ShareProfitRefusal::TooEarly));
    world.wait(MINUTE);
    assert_eq!(world.run(&rest), Ok(()));
    world.rules().profit_orders_max = 1;
    world.run(&to_partner("P1", 1)).unwrap();
    assert_eq!(world.run(&to_partner("P2", 1)), Err(ShareProfitRefusal::CountExceeded));
    world.check_ledger();
}

#[test]
fn a_share_whose_receiver_takes_no_money_stays_with_the_order() {
    let mut world = with_receivers(0, 1_000);
    let partner = world.get::<Merchant>(&PARTNER.to_owned());
    let state = crate::merchant::MerchantState::Suspended;
    world.put(Merchant { state, ..partner });
    share_now(&mut world, &to_partner("P1", 400)).unwrap();
    let shares = world.all::<ProfitShare>();
    assert_eq!(shares[0].result, ShareResult::Closed);
    assert_eq!(shares[0].failure, Some(ShareFailure::AccountAbnormal));
    assert_eq!((waits(&world), partner_has(&world)), (1_000, 0));
    assert_eq!(world.all::<ProfitOrder>()[0].journal, 0);
}

#[test]
fn what_nobody_shared_in_time_is_released() {
    let mut world = with_receivers(0, 1_000);
    let release = ReleaseUnsettled { mchid: MCHID.into(), out_trade_no: "T001".into() };
    world.wait(30 * DAY - 2 * MINUTE);
    world.run(&release).unwrap();
    assert_eq!(waits(&world), 1_000, "not before its time");
    world.wait(MINUTE);
    world.run(&release).unwrap();
    world.run(&release).unwrap();
    assert_eq!((waits(&world), balances(&world)), (0, (99_000, 1_000, 0)));
}

#[test]
fn a_receiver_gives_back_at_most_what_it_got() {
    let mut world = with_receivers(0, 1_000);
    world.run(&to_partner("P1", 400)).unwrap();
    let early = world.run(&give_back("B1", 150));
    assert_eq!(early, Err(ReturnProfitRefusal::ReceiverUnknown), "it has nothing yet");
    finish(&mut world, "P1");
    world.run(&give_back("B1", 150)).unwrap();
    world.run(&ReturnProfit { return_id: "60other".into(), ..give_back("B1", 150) }).unwrap();
    assert_eq!((partner_has(&world), balances(&world).1), (250, 150));
    assert_eq!(order(&world, "T001").shared_minor, 250);
    assert_eq!(world.facts().last().unwrap().kind, FactKind::ProfitReturned);
    let much = world.run(&give_back("B2", 251));
    assert_eq!(much, Err(ReturnProfitRefusal::AmountExceeded { left: 250 }));
    let account = world.get::<Merchant>(&PARTNER.to_owned()).balance_account;
    world.fund(account, -200);
    let by_id = NamedProfitOrder::OrderId("30P1".into());
    world.run(&ReturnProfit { order: by_id, ..give_back("B2", 100) }).unwrap();
    let failed = world.get::<ProfitReturn>(&(MCHID.into(), "B2".into()));
    assert_eq!(failed.result, ReturnResult::Failed);
    assert_eq!(failed.failure, Some(ReturnFailure::BalanceNotEnough));
    let other = ReturnProfit { return_mchid: MCHID.into(), ..give_back("B3", 1) };
    assert_eq!(world.run(&other), Err(ReturnProfitRefusal::ReceiverUnknown));
    world.wait(181 * DAY);
    assert_eq!(world.run(&give_back("B3", 1)), Err(ReturnProfitRefusal::WindowExpired));
    world.check_ledger();
}

#[test]
fn a_receiver_that_does_not_agree_gives_nothing_back() {
    let mut world = with_receivers(0, 1_000);
    share_now(&mut world, &to_partner("P1", 400)).unwrap();
    agree(&mut world, false);
    assert_eq!(world.run(&give_back("B1", 100)), Err(ReturnProfitRefusal::NotAllowed));
    assert_eq!(partner_has(&world), 400);
    agree(&mut world, true);
    agree(&mut world, true);
    world.run(&give_back("B1", 100)).unwrap();
    assert_eq!(partner_has(&world), 300);
    let nobody = AllowProfitReturn { mchid: "1900000404".into(), is_allowed: true };
    assert_eq!(world.run(&nobody), Err(AllowProfitReturnRefusal::MerchantUnknown));
    world.check_ledger();
}

#[test]
fn only_known_receivers_are_added_and_deleted_ones_get_nothing() {
    let mut world = paid(0, 1_000);
    let add = |world: &mut World, kind, account: &str| world.run(&receiver(kind, account));
    let itself = add(&mut world, ReceiverKind::Merchant, MCHID);
    assert_eq!(itself, Err(AddReceiverRefusal::Itself));
    for (kind, account) in [(ReceiverKind::Merchant, "1900000404"), (ReceiverKind::Openid, "o")] {
        assert_eq!(add(&mut world, kind, account), Err(AddReceiverRefusal::AccountUnknown));
    }
    let named = |name: &str| AddReceiver {
        name: Some(name.into()),
        ..receiver(ReceiverKind::Merchant, PARTNER)
    };
    assert_eq!(world.run(&named("Tea house")), Err(AddReceiverRefusal::NameDiffers));
    world.run(&named("Tea garden")).unwrap();
    let account = PARTNER.to_owned();
    let delete = DeleteReceiver {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        kind: ReceiverKind::Merchant,
        account,
    };
    let elsewhere = DeleteReceiver { appid: "wxfedcba9876543210".into(), ..delete.clone() };
    assert_eq!(world.run(&elsewhere), Err(AddReceiverRefusal::AppidNotBound));
    world.run(&delete).unwrap();
    world.run(&delete).unwrap();
    assert_eq!(world.run(&to_partner("P1", 1)), Err(ShareProfitRefusal::ReceiverUnknown));
}

/// Suspends the partner, or takes it back.
fn toggle(world: &mut World) {
    let partner = world.get::<Merchant>(&PARTNER.to_owned());
    let state = match partner.state {
        MerchantState::Active => MerchantState::Suspended,
        MerchantState::Suspended => MerchantState::Active,
    };
    world.put(Merchant { state, ..partner });
}

fn finish_all(world: &mut World) {
    let mut requests = world.all::<ProfitOrder>();
    requests.retain(|asked| asked.state == ProfitOrderState::Processing);
    for asked in requests {
        finish(world, &asked.out_order_no);
    }
}

#[test]
fn an_accepted_request_keeps_its_money_from_everybody_until_it_is_finished() {
    let mut world = with_receivers(0, 1_000);
    world.run(&to_partner("P1", 400)).unwrap();
    assert_eq!((waits(&world), partner_has(&world)), (600, 0));
    let asked = |world: &World| world.get::<ProfitOrder>(&(MCHID.into(), "P1".into()));
    let pending = asked(&world);
    assert_eq!((pending.state, pending.journal), (ProfitOrderState::Processing, 0));
    assert_eq!(world.all::<ProfitShare>()[0].result, ShareResult::Pending);
    let much = world.run(&to_partner("P2", 601));
    assert_eq!(much, Err(ShareProfitRefusal::NotEnough { left: 600 }));
    world.run(&unfreeze("P3")).unwrap();
    assert_eq!((waits(&world), balances(&world).1), (0, 0), "nobody has it yet");
    let nothing = world.run(&unfreeze("P4"));
    assert_eq!(nothing, Err(ShareProfitRefusal::NotEnough { left: 0 }));
    let poor = world.run(&refund("R1", 1, RefundSource::Unsettled));
    assert_eq!(poor, Err(CreateRefundRefusal::NotEnough), "nor does a refund get it");
    let early = FinishProfit { mchid: MCHID.into(), out_order_no: "P1".into() };
    world.run(&early).unwrap();
    assert_eq!(asked(&world).state, ProfitOrderState::Processing, "its time has not come");
    for _ in 0..2 {
        finish(&mut world, "P1");
        assert_eq!((waits(&world), partner_has(&world)), (0, 400));
    }
    let done = asked(&world);
    assert_eq!(done.finished_at, Some(done.created_at.plus(SECOND)));
    finish(&mut world, "P3");
    assert_eq!((waits(&world), balances(&world).1), (0, 600));
}

#[test]
fn what_a_receiver_does_not_take_is_the_merchants_when_the_rest_is() {
    let mut world = with_receivers(0, 1_000);
    let parts =
        vec![part(ReceiverKind::Merchant, PARTNER, 300), part(ReceiverKind::Openid, OPENID, 200)];
    let all = ShareProfit { rest: Rest::Unfrozen, ..share("P1", parts) };
    world.run(&all).unwrap();
    toggle(&mut world);
    finish(&mut world, "P1");
    assert_eq!((waits(&world), partner_has(&world)), (0, 0));
    assert_eq!(balances(&world), (99_200, 800, 0));
    let done = world.get::<ProfitOrder>(&(MCHID.into(), "P1".into()));
    assert_eq!((done.shared_minor, done.unfrozen_minor), (200, 800));
    assert_eq!(order(&world, "T001").shared_minor, 200);
}

#[test]
fn what_a_receiver_does_not_take_waits_again_and_is_released_in_its_time() {
    let mut world = with_receivers(0, 1_000);
    world.run(&to_partner("P1", 1_000)).unwrap();
    toggle(&mut world);
    finish(&mut world, "P1");
    assert_eq!((waits(&world), order(&world, "T001").shared_minor), (1_000, 0));
    world.wait(30 * DAY);
    world.run(&ReleaseUnsettled { mchid: MCHID.into(), out_trade_no: "T001".into() }).unwrap();
    assert_eq!((waits(&world), balances(&world).1), (0, 1_000));
}

fn refund(number: &str, minor: i64, source: RefundSource) -> CreateRefund {
    CreateRefund { source, ..testing::refund(&place("T001", 1_000), number, fen(minor)) }
}

#[test]
fn a_refund_takes_what_waits_before_the_balance() {
    let mut world = with_receivers(0, 1_000);
    share_now(&mut world, &to_partner("P1", 600)).unwrap();
    let merchant = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(merchant, 600);
    world.run(&refund("R1", 300, RefundSource::Unsettled)).unwrap();
    assert_eq!((waits(&world), world.balance(merchant)), (100, 600));
    world.wait(MINUTE);
    world.run(&refund("R2", 50, RefundSource::Balance)).unwrap();
    assert_eq!((waits(&world), world.balance(merchant)), (100, 550));
    world.wait(MINUTE);
    world.run(&refund("R3", 650, RefundSource::Unsettled)).unwrap();
    assert_eq!((waits(&world), world.balance(merchant)), (0, 0));
    let taken: Vec<i64> = world.all::<Refund>().iter().map(|r| r.unsettled_minor).collect();
    assert_eq!(taken, [300, 0, 100]);
}

proptest! {
    #[test]
    fn no_order_of_steps_loses_a_fen(
        total in 1i64..5_000,
        fee_bp in 0i64..2_000,
        steps in proptest::collection::vec((0u8..7, 1i64..3_000), 0..10),
    ) {
        let mut world = with_receivers(fee_bp, total);
        for (place, (step, minor)) in steps.into_iter().enumerate() {
            world.wait(MINUTE);
            let number = format!("S{place}");
            match step {
                0 => drop(world.run(&to_partner(&number, minor))),
                1 => drop(world.run(&unfreeze(&number))),
                4 => drop(world.run(&ShareProfit {
                    rest: Rest::Unfrozen,
                    ..to_partner(&number, minor)
                })),
                5 => toggle(&mut world),
                6 => finish_all(&mut world),
                2 => drop(world.run(&CreateRefund {
                    total: fen(total),
                    ..refund(&number, minor, RefundSource::Unsettled)
                })),
                _ => drop(world.run(&ReturnProfit {
                    order: NamedProfitOrder::OutOrderNo("S0".into()),
                    ..give_back(&number, minor)
                })),
            }
            waits(&world);
        }
        finish_all(&mut world);
        waits(&world);
        let after = order(&world, "T001");
        let (_, merchant, fee) = balances(&world);
        let held = after.unsettled_minor + merchant + partner_has(&world) + fee;
        prop_assert_eq!(held + after.refunded_minor, total);
        prop_assert_eq!(after.shared_minor, partner_has(&world));
    }
}
