//! Batches that wait for the merchant's staff: approved, rejected, forgotten.

use super::tests::{batch, detail, escrow, outcome, paying, ready};
use super::*;
use crate::merchant::{
    GrantTransferScene, Merchant, MerchantState, SetBatchApproval, SetBatchApprovalRefusal,
};
use crate::merchant_transfer::{CreateTransferRefusal, TransferLimit};
use crate::order::tests::balances;
use crate::testing::{MCHID, World};
use kernel::time::DAY;

const UNTOUCHED: (i64, i64, i64) = (100_000, 50_000, 0);

fn key() -> (String, String) {
    (MCHID.into(), "B1".into())
}

fn approve() -> ApproveTransferBatch {
    ApproveTransferBatch { mchid: MCHID.into(), out_batch_no: "B1".into() }
}

fn reject() -> RejectTransferBatch {
    RejectTransferBatch { mchid: MCHID.into(), out_batch_no: "B1".into() }
}

fn expire() -> ExpireTransferBatch {
    ExpireTransferBatch { mchid: MCHID.into(), out_batch_no: "B1".into() }
}

/// Two details of 10.00 and 20.00 that wait.
fn waiting() -> World {
    let mut world = ready();
    let approval = SetBatchApproval { mchid: MCHID.into(), approves_batches: true };
    world.run(&approval).unwrap();
    let details = vec![detail("D1", "o-payee", 1_000), detail("D2", "o-poor", 2_000)];
    let asked = CreateTransferBatch { scene_id: Some("1000".into()), ..batch("B1", details) };
    world.run(&asked).unwrap();
    world.run(&asked).expect("the same batch");
    assert_eq!((escrow(&mut world), balances(&world)), (0, UNTOUCHED));
    assert_eq!(outcome(&world, 1), (DetailState::WaitPay, None));
    world
}

fn stands(world: &World) -> (BatchState, Option<CloseReason>) {
    let batch = world.get::<TransferBatch>(&key());
    (batch.state, batch.close_reason)
}

fn told(world: &World) -> usize {
    let is_end = |fact: &&crate::fact::Fact| fact.kind == FactKind::TransferBatchEnded;
    world.facts().iter().filter(is_end).count()
}

/// It has ended without money: what its details say, and that all of them do.
fn ended_unpaid(world: &mut World, failure: DetailFailure) {
    for place in [1, 2] {
        assert_eq!(outcome(world, place), (DetailState::Fail, Some(failure)));
    }
    let batch = world.get::<TransferBatch>(&key());
    assert_eq!((batch.fail_num, batch.fail_minor, batch.success_num), (2, 3_000, 0));
    assert_eq!(world.run(&paying("B1")), Ok(2), "nothing is left to be paid");
    assert_eq!((escrow(world), balances(world)), (0, UNTOUCHED));
    assert_eq!((told(world), world.all::<Job>()), (1, Vec::new()));
}

#[test]
fn an_approved_batch_is_paid_like_any_other() {
    let mut world = waiting();
    assert_eq!(world.run(&paying("B1")), Ok(0), "nothing is paid before");
    assert_eq!(world.run(&approve()), Ok(BatchState::Accepted));
    assert_eq!(world.run(&approve()), Ok(BatchState::Accepted));
    assert_eq!((escrow(&mut world), balances(&world).1), (3_000, 47_000));
    assert_eq!(world.run(&reject()), Err(RejectTransferBatchRefusal::Over));
    world.wait(2 * DAY);
    world.run(&expire()).unwrap();
    assert_eq!(world.run(&paying("B1")), Ok(2));
    assert_eq!((escrow(&mut world), balances(&world)), (0, (101_000, 49_000, 0)));
    assert_eq!(world.run(&approve()), Ok(BatchState::Finished));
    assert_eq!((told(&world), stands(&world)), (1, (BatchState::Finished, None)));
    assert_eq!(world.all::<Job>(), []);
}

#[test]
fn a_rejected_batch_fails_with_all_its_details() {
    let mut world = waiting();
    world.run(&reject()).unwrap();
    world.run(&reject()).unwrap();
    assert_eq!(stands(&world), (BatchState::Finished, None));
    assert_eq!(world.run(&approve()), Err(ApproveTransferBatchRefusal::Over));
    ended_unpaid(&mut world, DetailFailure::MerchantReject);
    let missing = ApproveTransferBatch { out_batch_no: "B9".into(), ..approve() };
    assert_eq!(world.run(&missing), Err(ApproveTransferBatchRefusal::NotFound));
    let missing = RejectTransferBatch { out_batch_no: "B9".into(), ..reject() };
    assert_eq!(world.run(&missing), Err(RejectTransferBatchRefusal::NotFound));
}

#[test]
fn a_batch_that_nobody_approves_in_time_is_closed() {
    let mut world = waiting();
    world.wait(DAY - 1);
    world.run(&expire()).unwrap();
    assert_eq!(stands(&world), (BatchState::WaitPay, None), "not before its time");
    world.wait(1);
    assert_eq!(world.run(&approve()), Err(ApproveTransferBatchRefusal::Over), "too late");
    assert_eq!(world.run(&reject()), Err(RejectTransferBatchRefusal::Over));
    world.run(&expire()).unwrap();
    world.run(&expire()).unwrap();
    assert_eq!(stands(&world), (BatchState::Closed, Some(CloseReason::OverdueClose)));
    ended_unpaid(&mut world, DetailFailure::MerchantNotConfirm);
}

#[test]
fn a_batch_whose_scene_was_taken_back_is_closed_when_it_is_approved() {
    let mut world = waiting();
    let (mchid, scene_id) = (MCHID.to_owned(), "1000".to_owned());
    world.run(&GrantTransferScene { mchid, scene_id, is_granted: false }).unwrap();
    assert_eq!(world.run(&approve()), Ok(BatchState::Closed));
    assert_eq!(stands(&world).1, Some(CloseReason::TransferSceneInvalid));
    assert_eq!(world.run(&approve()), Err(ApproveTransferBatchRefusal::Over));
    ended_unpaid(&mut world, DetailFailure::TransferSceneInvalid);
}

#[test]
fn a_suspended_merchants_batch_waits_on() {
    let mut world = waiting();
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.put(Merchant { state: MerchantState::Suspended, ..merchant.clone() });
    assert_eq!(world.run(&approve()), Err(ApproveTransferBatchRefusal::MerchantSuspended));
    assert_eq!(stands(&world), (BatchState::WaitPay, None));
    world.put(merchant);
    assert_eq!(world.run(&approve()), Ok(BatchState::Accepted));
    world.run(&paying("B1")).unwrap();
    assert_eq!(escrow(&mut world), 0);
}

#[test]
fn a_batch_without_a_scene_needs_a_merchant_with_any() {
    let mut world = ready();
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.put(Merchant { transfer_scenes: String::new(), ..merchant.clone() });
    let asked = batch("B1", vec![detail("D1", "o-payee", 1_000)]);
    let refused = CreateTransferBatchRefusal::Transfer(CreateTransferRefusal::SceneNotGranted);
    assert_eq!(world.run(&asked), Err(refused));
    world.put(merchant);
    world.run(&asked).unwrap();
    world.run(&paying("B1")).unwrap();
    assert_eq!(escrow(&mut world), 0);
}

#[test]
fn too_little_money_or_a_cap_refuses_the_approval_and_the_batch_waits_on() {
    let mut world = waiting();
    let cap = world.rules().transfer_merchant_day_minor;
    world.rules().transfer_merchant_day_minor = 2_999;
    let limit = ApproveTransferBatchRefusal::Limit(TransferLimit::MerchantAmount);
    assert_eq!(world.run(&approve()), Err(limit));
    world.rules().transfer_merchant_day_minor = cap;
    let approval = |approves_batches| SetBatchApproval { mchid: MCHID.into(), approves_batches };
    world.run(&approval(false)).unwrap();
    let many = (1..=3).map(|n| detail(&format!("D{n}"), "o-payee", 16_000)).collect();
    world.run(&batch("B2", many)).expect("without approval as ever");
    assert_eq!(world.run(&approve()), Err(ApproveTransferBatchRefusal::NotEnough));
    assert_eq!(stands(&world), (BatchState::WaitPay, None));
    world.run(&paying("B2")).unwrap();
    assert_eq!(world.run(&approve()), Ok(BatchState::Accepted), "when some came back");
    world.run(&paying("B1")).unwrap();
    assert_eq!(escrow(&mut world), 0);
    let unknown = SetBatchApproval { mchid: "1900000404".into(), ..approval(true) };
    assert_eq!(world.run(&unknown), Err(SetBatchApprovalRefusal::MerchantUnknown));
    let scene = CreateTransferBatch {
        scene_id: Some("1001".into()),
        ..batch("B3", vec![detail("D1", "o-payee", 1_000)])
    };
    let refused = CreateTransferBatchRefusal::Transfer(CreateTransferRefusal::SceneNotGranted);
    assert_eq!(world.run(&scene), Err(refused));
}
