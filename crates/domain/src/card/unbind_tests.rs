//! Removing a card, and what the bank answers to it.

use super::testing::{USER, WALLET, add_card, checked, confirm, confirmed, person, right, signed};
use super::testing::{start, wrong};
use super::*;
use crate::catalogue::Code;
use crate::command::{Once, Refusal};
use crate::ids::{CardId, UserId, WalletId};
use crate::job::JobKind;
use crate::testing::World;
use crate::validate::bin_table::CardKind;
use crate::wallet::{PasswordRefusal, Wallet};
use kernel::time::SECOND;

const CARD: CardId = CardId::from_bytes([5; 16]);

fn world() -> World {
    let mut world = person();
    add_card(&mut world, CARD, "ICBC", CardKind::Debit);
    world
}

fn unbind() -> UnbindCard {
    UnbindCard { user: USER, wallet: WALLET, card: CARD, password: right(), once: Once::State }
}

#[test]
fn a_removed_card_is_gone_and_its_token_is_revoked() {
    let mut world = world();
    assert_eq!(world.run(&unbind()), Ok(CARD));
    let card = world.get::<Card>(&CARD);
    assert_eq!((card.state, card.unbound_at), (CardState::Unbound, Some(world.now())));
    assert_eq!(world.get::<Wallet>(&WALLET).cards, 0);
    assert_eq!(world.get::<CardUse>(&[5; 32]).wallets, 0);
    assert_eq!(world.find::<CardByNumber>(&(WALLET, [5; 32])), None);
    assert_eq!(world.run(&unbind()), Err(UnbindCardRefusal::NotFound));

    let unclear = RecordTokenRevoked { card: CARD, answer: RevocationAnswer::Unknown };
    world.run(&unclear).unwrap();
    let job = world.job(JobKind::RevokeCardToken, CARD).unwrap();
    assert_eq!(job.due_at, world.now().plus(10 * SECOND));
    assert!(world.get::<Card>(&CARD).token.is_some());
    let revoked = RecordTokenRevoked { card: CARD, answer: RevocationAnswer::Revoked };
    world.run(&revoked).unwrap();
    assert_eq!(world.get::<Card>(&CARD).token, None);
    assert_eq!(world.job(JobKind::RevokeCardToken, CARD), None);
    world.run(&unclear).unwrap();
    assert_eq!(world.job(JobKind::RevokeCardToken, CARD), None, "nothing is left to ask");
}

#[test]
fn a_card_is_removed_by_its_owner_with_the_password_when_nothing_goes_on() {
    let mut world = world();
    let foreign = UnbindCard { user: UserId::from_bytes([8; 16]), ..unbind() };
    assert_eq!(world.run(&foreign), Err(UnbindCardRefusal::NotFound));
    let mut card = world.get::<Card>(&CARD);
    card.wallet = WalletId::from_bytes([8; 16]);
    world.put(card.clone());
    assert_eq!(world.run(&unbind()), Err(UnbindCardRefusal::NotFound), "another wallet's card");
    (card.wallet, card.open_items) = (WALLET, 1);
    world.put(card.clone());
    let guess = UnbindCard { password: wrong(1), ..unbind() };
    assert_eq!(world.run(&guess), Err(UnbindCardRefusal::InUse));
    card.open_items = 0;
    world.put(card);
    let refused = UnbindCardRefusal::Password(PasswordRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&guess), Err(refused));
    assert!(refused.is_about_secret() && !UnbindCardRefusal::InUse.is_about_secret());
    assert_eq!(refused.code(), Code::PayPasswordWrong);
    assert_eq!(UnbindCardRefusal::InUse.code(), Code::CardInUse);
    assert_eq!(UnbindCardRefusal::NotFound.code(), Code::ObjectNotFound);
}

#[test]
fn a_suspended_card_can_be_removed_and_the_same_number_bound_again() {
    let mut world = world();
    let card = world.get::<Card>(&CARD);
    let (state, failure) = (CardState::Suspended, Some(Code::CardStatusAbnormal));
    world.put(Card { state, failure, ..card });
    world.run(&unbind()).unwrap();
    world.run(&start(5)).unwrap();
    world.run(&checked(5, IssuerAnswer::CodeSent)).unwrap();
    world.run(&confirm(5)).unwrap();
    assert_eq!(world.run(&confirmed(5, 1, signed())), Ok(BindingState::Bound));
    assert_eq!(world.get::<CardUse>(&[5; 32]).wallets, 1);
}

#[test]
fn a_token_in_use_is_not_erased() {
    let mut world = world();
    let revoked = RecordTokenRevoked { card: CARD, answer: RevocationAnswer::Revoked };
    world.run(&revoked).unwrap();
    assert_eq!(world.get::<Card>(&CARD).token, Some(vec![7]));
}
