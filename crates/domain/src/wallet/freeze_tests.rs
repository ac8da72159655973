//! Freezing and lifting, by everyone who may.

use super::*;
use crate::command::Once;
use crate::ids::{UserId, WalletId};
use crate::testing::{Person, World};
use crate::user::User;

const WALLET: WalletId = WalletId::from_bytes([5; 16]);
const USER: UserId = UserId::from_bytes([6; 16]);
const OWNER: Person =
    Person { user: USER, wallet: WALLET, password: [1; 32], ..Person::numbered(0) };
const STRANGER: UserId = UserId::from_bytes([9; 16]);

fn world_with(state: WalletState) -> World {
    let mut world = World::new();
    let now = world.now();
    world.put(User { session_epoch: 4, ..OWNER.user_row(now) });
    world.put(Wallet { state, ..OWNER.wallet_row(1, now) });
    world.put(OWNER.password_row(now));
    world
}

fn by_owner(user: UserId) -> FreezeWallet {
    FreezeWallet { wallet: WALLET, by: FrozenBy::Owner(user), once: Once::State }
}

fn by_operator(kind: OperatorFreeze) -> FreezeWallet {
    let by = FrozenBy::Operator { name: "officer".into(), kind, reason: "case 7".into() };
    FreezeWallet { wallet: WALLET, by, once: Once::State }
}

fn owner_lifts(user: UserId, digits: u8) -> UnfreezeWallet {
    let password = PasswordTry { tags: vec![(1, [digits; 32])], last_try: [digits; 32] };
    UnfreezeWallet { wallet: WALLET, by: LiftedBy::Owner { user, password }, once: Once::State }
}

fn operator_lifts(kind: FreezeKind) -> UnfreezeWallet {
    let by = LiftedBy::Operator { name: "officer".into(), kind };
    UnfreezeWallet { wallet: WALLET, by, once: Once::State }
}

#[test]
fn an_owner_freezes_ends_all_sessions_and_lifts_with_the_password() {
    let mut world = world_with(WalletState::Active);
    assert_eq!(world.run(&by_owner(STRANGER)), Err(FreezeWalletRefusal::WalletNotFound));
    world.run(&by_owner(USER)).unwrap();
    let wallet = world.get::<Wallet>(&WALLET);
    assert_eq!((wallet.state, wallet.freeze), (WalletState::Frozen, Some(FreezeKind::User)));
    assert_eq!(wallet.may_pay(), Err(WalletBlocked::Frozen));
    assert_eq!(world.get::<User>(&USER).session_epoch, 5);
    assert_eq!(world.run(&by_owner(USER)), Err(FreezeWalletRefusal::Already));

    let foreign = world.run(&owner_lifts(STRANGER, 1));
    assert_eq!(foreign, Err(UnfreezeWalletRefusal::WalletNotFound));
    let wrong = UnfreezeWalletRefusal::Password(PasswordRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&owner_lifts(USER, 2)), Err(wrong));
    let done = world.run(&owner_lifts(USER, 1)).unwrap();
    assert_eq!(done.state, WalletState::Active);
    let wallet = world.get::<Wallet>(&WALLET);
    assert_eq!((wallet.freeze, wallet.before_freeze), (None, None));
    let freeze = world.get::<Freeze>(&(WALLET, FreezeKind::User));
    assert_eq!((freeze.lifted_by.clone(), freeze.is_in_force()), (USER.to_string(), false));
    world.run(&by_owner(USER)).expect("it can be frozen again");
}

#[test]
fn an_owner_lifts_no_freeze_of_the_operator_and_is_not_asked_for_the_password() {
    let mut world = world_with(WalletState::Active);
    let not_allowed = Err(UnfreezeWalletRefusal::NotAllowed);
    assert_eq!(world.run(&owner_lifts(USER, 2)), not_allowed, "not frozen");
    world.run(&by_operator(OperatorFreeze::Risk)).unwrap();
    assert_eq!(world.run(&owner_lifts(USER, 2)), not_allowed);
    assert_eq!(world.run(&by_owner(USER)), Err(FreezeWalletRefusal::Already));
    assert!(world.all::<Attempts>().is_empty());
    assert_eq!(world.get::<User>(&USER).session_epoch, 4, "the owner can still look");
}

#[test]
fn a_wallet_stays_frozen_until_the_last_freeze_is_lifted() {
    let mut world = world_with(WalletState::Restricted);
    world.run(&by_owner(USER)).unwrap();
    world.run(&by_operator(OperatorFreeze::Judicial)).unwrap();
    world.run(&by_operator(OperatorFreeze::Risk)).unwrap();
    let again = world.run(&by_operator(OperatorFreeze::Risk));
    assert_eq!(again, Err(FreezeWalletRefusal::Already));
    assert_eq!(world.get::<Wallet>(&WALLET).freeze, Some(FreezeKind::Judicial));
    assert_eq!(world.run(&owner_lifts(USER, 1)), Err(UnfreezeWalletRefusal::NotAllowed));

    let done = world.run(&operator_lifts(FreezeKind::Judicial)).unwrap();
    assert_eq!(done.state, WalletState::Frozen);
    assert_eq!(world.get::<Wallet>(&WALLET).freeze, Some(FreezeKind::Risk));
    let lifted = world.run(&operator_lifts(FreezeKind::Judicial));
    assert_eq!(lifted, Err(UnfreezeWalletRefusal::NotAllowed));
    world.run(&operator_lifts(FreezeKind::Risk)).unwrap();
    let done = world.run(&owner_lifts(USER, 1)).unwrap();
    assert_eq!(done.state, WalletState::Restricted, "as before the first freeze");
}

#[test]
fn a_wallet_completed_while_frozen_is_active_afterwards() {
    let mut world = world_with(WalletState::Opening);
    world.run(&by_operator(OperatorFreeze::Risk)).unwrap();
    let done = world.run(&operator_lifts(FreezeKind::Risk)).unwrap();
    assert_eq!(done.state, WalletState::Active);
}

#[test]
fn a_closed_or_unknown_wallet_is_not_frozen() {
    let mut world = world_with(WalletState::Closed);
    let closed = Err(FreezeWalletRefusal::Closed);
    assert_eq!(world.run(&by_operator(OperatorFreeze::Judicial)), closed);
    assert_eq!(world.run(&by_owner(USER)), closed);
    world.remove::<Wallet>(&WALLET);
    let unknown = Err(FreezeWalletRefusal::WalletNotFound);
    assert_eq!(world.run(&by_operator(OperatorFreeze::Risk)), unknown);
    let unknown = Err(UnfreezeWalletRefusal::WalletNotFound);
    assert_eq!(world.run(&operator_lifts(FreezeKind::Risk)), unknown);
}
