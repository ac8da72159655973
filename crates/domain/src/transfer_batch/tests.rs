//! Batches: who gets what, what goes back, and that every fen is somewhere.

use super::*;
use crate::fact::FactKind;
use crate::job::JobKind;
use crate::merchant::{Merchant, Openid};
use crate::merchant_transfer::{CreateTransferRefusal, NameCheck, TransferLimit};
use crate::order::tests::{balances, fen, world};
use crate::testing::{APPID, MCHID, Person, World};
use crate::user::User;
use crate::wallet::{Wallet, WalletState};
use std::collections::BTreeMap;

const PAYEE: Person = Person::numbered(1);
const POOR: Person = Person::numbered(5);

/// A merchant with 500.00, a payee who is verified, and one who has no wallet.
pub(super) fn ready() -> World {
    let mut world = world(0);
    for (openid, user) in [("o-payee", PAYEE.user), ("o-poor", POOR.user)] {
        world.put(Openid { openid: openid.into(), appid: APPID.into(), user });
    }
    world.put(User { wallet: None, ..POOR.user_row(world.now()) });
    let merchant = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(merchant, 50_000);
    world
}

pub(super) fn detail(number: &str, openid: &str, minor: i64) -> NewDetail {
    NewDetail {
        out_detail_no: number.into(),
        amount: fen(minor),
        remark: "prize".into(),
        openid: openid.into(),
        user_name: None,
    }
}

pub(super) fn batch(number: &str, details: Vec<NewDetail>) -> CreateTransferBatch {
    let total = details.iter().map(|detail| detail.amount.minor()).sum();
    CreateTransferBatch {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_batch_no: number.into(),
        name: "prizes".into(),
        remark: "November".into(),
        total: fen(total),
        scene_id: None,
        notify_url: None,
        details,
        fingerprint: [1; 32],
        batch_id: format!("1030{number}"),
    }
}

pub(super) fn paying(number: &str) -> PayTransferBatch {
    PayTransferBatch { mchid: MCHID.into(), out_batch_no: number.into(), names: BTreeMap::new() }
}

/// What lies in escrow, by the account and by the details, which must agree.
pub(super) fn escrow(world: &mut World) -> i64 {
    let account = world.rules().system.escrow_transfer;
    let open = world.all::<TransferDetail>();
    let open = open.iter().filter(|detail| detail.state == DetailState::Processing);
    let open: i64 = open.map(|detail| detail.amount.minor()).sum();
    assert_eq!(world.balance(account), open);
    world.check_ledger();
    open
}

pub(super) fn outcome(world: &World, place: i64) -> (DetailState, Option<DetailFailure>) {
    let detail = world.get::<TransferDetail>(&(MCHID.into(), "B1".into(), place));
    (detail.state, detail.failure)
}

#[test]
fn each_detail_ends_by_itself_and_the_batch_with_the_last() {
    let mut world = ready();
    let details = vec![
        detail("D1", "o-payee", 1_000),
        detail("D2", "o-poor", 2_000),
        detail("D3", "o-404", 3_000),
    ];
    world.run(&batch("B1", details)).unwrap();
    assert_eq!((escrow(&mut world), balances(&world)), (6_000, (100_000, 44_000, 0)));
    assert!(world.job(JobKind::PayTransferBatch, format!("{MCHID}:B1")).is_some());
    assert_eq!(world.run(&paying("B1")), Ok(3));
    assert_eq!(world.run(&paying("B1")), Ok(3));
    assert_eq!((escrow(&mut world), balances(&world)), (0, (101_000, 49_000, 0)));
    assert_eq!(outcome(&world, 1), (DetailState::Success, None));
    let failed = |failure| (DetailState::Fail, Some(failure));
    assert_eq!(outcome(&world, 2), failed(DetailFailure::AccountNotExist));
    assert_eq!(outcome(&world, 3), failed(DetailFailure::OpenidInvalid));
    let after = world.get::<TransferBatch>(&(MCHID.into(), "B1".into()));
    assert_eq!(
        (after.state, after.success_minor, after.fail_num),
        (BatchState::Finished, 1_000, 2)
    );
    let told: Vec<_> = world.facts().iter().map(|fact| (fact.kind, &fact.subject[..])).collect();
    assert_eq!(told, [(FactKind::TransferBatchEnded, "B1")]);
    assert!(world.job(JobKind::PayTransferBatch, format!("{MCHID}:B1")).is_none());
}

#[test]
fn a_long_batch_is_paid_in_steps() {
    let mut world = ready();
    world.rules().transfer_payee_count_day = 1_000;
    let details = (1..=120).map(|n| detail(&format!("D{n}"), "o-payee", 10)).collect();
    world.run(&batch("B1", details)).unwrap();
    let mut left = Vec::new();
    for done in [50, 100, 120] {
        assert_eq!(world.run(&paying("B1")), Ok(done));
        left.push(escrow(&mut world));
    }
    assert_eq!(left, [700, 200, 0]);
    assert_eq!(balances(&world).0, 101_200);
}

#[test]
fn caps_names_and_closed_wallets_fail_their_detail_alone() {
    let mut world = ready();
    world.rules().transfer_payee_count_day = 3;
    let named =
        |number, minor| NewDetail { user_name: Some(vec![1]), ..detail(number, "o-payee", minor) };
    let details = vec![
        named("D1", 100),
        named("D2", 100),
        detail("D3", "o-payee", 19_950),
        detail("D4", "o-payee", 100),
        detail("D5", "o-payee", 100),
        detail("D6", "o-payee", 100),
    ];
    world.run(&batch("B1", details)).unwrap();
    assert_eq!(world.decide(&paying("B1")), Err(crate::Stop::Stale), "names are compared first");
    let (same, other) = (PAYEE.identity, PAYEE.identity);
    let names = BTreeMap::from([(1, NameCheck::Same(same)), (2, NameCheck::Differs(other))]);
    world.run(&PayTransferBatch { names, ..paying("B1") }).unwrap();
    let outcomes: Vec<_> = (1..=6).map(|place| outcome(&world, place).1).collect();
    assert_eq!(
        outcomes,
        [
            None,
            Some(DetailFailure::NameNotCorrect),
            Some(DetailFailure::DayReceivedQuotaExceed),
            None,
            None,
            Some(DetailFailure::DayReceivedCountExceed),
        ]
    );
    let wallet = world.get::<Wallet>(&PAYEE.wallet);
    world.put(Wallet { state: WalletState::Closed, ..wallet.clone() });
    world.run(&batch("B2", vec![detail("D1", "o-payee", 10)])).unwrap();
    world.run(&paying("B2")).unwrap();
    world.put(Wallet { identity: None, ..wallet });
    world.run(&batch("B3", vec![detail("D1", "o-payee", 10)])).unwrap();
    world.run(&paying("B3")).unwrap();
    let failed: Vec<_> = world.all::<TransferDetail>().into_iter().rev().take(2).collect();
    assert_eq!(failed[0].failure, Some(DetailFailure::RealNameCheckFail));
    assert_eq!(failed[1].failure, Some(DetailFailure::PayeeAccountAbnormal));
    assert_eq!(escrow(&mut world), 0);
}

#[test]
fn the_same_number_is_the_same_batch_and_a_refused_one_writes_nothing() {
    let mut world = ready();
    let one = || vec![detail("D1", "o-payee", 1_000)];
    world.run(&batch("B1", one())).unwrap();
    world.run(&CreateTransferBatch { batch_id: "1030x".into(), ..batch("B1", one()) }).unwrap();
    let other = CreateTransferBatch { fingerprint: [2; 32], ..batch("B1", one()) };
    assert_eq!(world.run(&other), Err(CreateTransferBatchRefusal::NumberUsedDifferently));
    let refused = |refusal| Err(CreateTransferBatchRefusal::Transfer(refusal));
    let scene = CreateTransferBatch { scene_id: Some("1001".into()), ..batch("B2", one()) };
    assert_eq!(world.run(&scene), refused(CreateTransferRefusal::SceneNotGranted));
    let small = batch("B2", vec![detail("D1", "o-payee", 1_000), detail("D2", "o-payee", 9)]);
    assert_eq!(world.run(&small), refused(CreateTransferRefusal::AmountOutOfRange));
    world.rules().transfer_merchant_day_minor = 1_500;
    let limit = CreateTransferRefusal::Limit(TransferLimit::MerchantAmount);
    assert_eq!(world.run(&batch("B2", one())), refused(limit));
    world.rules().transfer_merchant_day_minor = 10_000_000;
    let many = (1..=4).map(|n| detail(&format!("D{n}"), "o-payee", 15_000)).collect();
    assert_eq!(world.run(&batch("B2", many)), refused(CreateTransferRefusal::NotEnough));
    assert_eq!(world.all::<TransferBatch>().len(), 1);
    assert_eq!(escrow(&mut world), 1_000);
}
