//! Who is verified, who is not, and how often one may try.

use super::*;
use crate::catalogue::Code;
use crate::command::{Once, Stop};
use crate::ids::{IdentityId, UserId, VerificationId, WalletId};
use crate::job::JobKind;
use crate::testing::{Person, World, id_bytes};
use crate::wallet::{DocumentKind, Identity, IdentityClass, Wallet, WalletState};
use SubmitVerificationRefusal as Refused;
use kernel::time::{DAY, HOUR, SECOND};

fn wallet(n: u64) -> WalletId {
    WalletId::from_bytes(id_bytes(n))
}

fn user(n: u64) -> UserId {
    UserId::from_bytes(id_bytes(n))
}

fn verification(n: u64) -> VerificationId {
    VerificationId::from_bytes(id_bytes(n))
}

fn open(world: &mut World, n: u64, has_password: bool) {
    let owner = Person { user: user(n), wallet: wallet(n), ..Person::numbered(0) };
    let row = owner.wallet_row(1, world.now());
    let state = WalletState::Opening;
    world.put(Wallet { state, identity: None, has_password, cards: 0, ..row });
}

fn submit(of: u64, n: u64, document: u8) -> SubmitVerification {
    SubmitVerification {
        verification: verification(n),
        user: user(of),
        wallet: wallet(of),
        document: DocumentKind::ResidentId,
        document_index: [document; 32],
        name: vec![1],
        number: vec![2],
        consent: "2026-11".into(),
        once: Once::State,
    }
}

fn answer(n: u64, answer: AuthorityAnswer) -> RecordVerification {
    let identity = IdentityId::from_bytes(id_bytes(1000 + n));
    RecordVerification { verification: verification(n), answer, identity }
}

const MATCH: AuthorityAnswer = AuthorityAnswer::Match { phone: true };

fn world() -> World {
    let mut world = World::new();
    open(&mut world, 1, false);
    world
}

fn reject(world: &mut World, n: u64) {
    world.run(&submit(1, n, 9)).unwrap();
    let state = world.run(&answer(n, AuthorityAnswer::Mismatch)).unwrap();
    assert_eq!(state, VerificationState::Rejected);
}

#[test]
fn a_match_makes_a_person_of_two_channels_and_keeps_nothing_in_the_submission() {
    let mut world = world();
    assert_eq!(world.run(&submit(1, 1, 9)), Ok(verification(1)));
    assert!(world.job(JobKind::CheckIdentity, verification(1)).is_some());
    assert_eq!(world.run(&answer(1, MATCH)).unwrap(), VerificationState::Verified);
    let done = world.get::<Verification>(&verification(1));
    assert_eq!((done.name.len(), done.number.len()), (0, 0));
    assert_eq!(done.decided_at, Some(world.now()));
    assert!(world.job(JobKind::CheckIdentity, verification(1)).is_none());
    let id = world.get::<Wallet>(&wallet(1)).identity.unwrap();
    let person = world.get::<Identity>(&id);
    assert_eq!((person.channels, person.wallets), (3, 1));
    assert_eq!((person.name.clone(), person.number.clone()), (vec![1], vec![2]));
    assert_eq!(person.class(world.rules()), IdentityClass::ClassI);
    assert_eq!(world.get::<Wallet>(&wallet(1)).state, WalletState::Opening, "no password yet");
}

#[test]
fn a_match_without_the_phone_is_one_channel_and_opens_a_wallet_with_a_password() {
    let mut world = World::new();
    open(&mut world, 1, true);
    world.run(&submit(1, 1, 9)).unwrap();
    world.run(&answer(1, AuthorityAnswer::Match { phone: false })).unwrap();
    assert_eq!(world.all::<Identity>()[0].channels, 1);
    assert_eq!(world.get::<Wallet>(&wallet(1)).state, WalletState::Active);
    world.run(&submit(1, 2, 9)).expect("the same person may be checked again");
    world.run(&answer(2, MATCH)).unwrap();
    let people = world.all::<Identity>();
    assert_eq!((people.len(), people[0].channels, people[0].wallets), (1, 3, 1));
}

#[test]
fn an_answer_counts_once() {
    let mut world = world();
    world.run(&submit(1, 1, 9)).unwrap();
    world.run(&answer(1, AuthorityAnswer::Expired)).unwrap();
    let state = world.run(&answer(1, MATCH)).unwrap();
    assert_eq!(state, VerificationState::Rejected, "the first answer holds");
    assert!(world.all::<Identity>().is_empty());
    let reason = world.get::<Verification>(&verification(1)).reason;
    assert_eq!(reason, Some(RejectReason::DocumentExpired));
    assert!(matches!(world.decide(&answer(7, MATCH)), Err(Stop::Defect(_))));
}

#[test]
fn an_unavailable_authority_is_asked_again_ever_later_and_the_data_stay() {
    let mut world = world();
    world.run(&submit(1, 1, 9)).unwrap();
    let mut waits = Vec::new();
    for _ in 0..10 {
        let unavailable = answer(1, AuthorityAnswer::Unavailable);
        assert_eq!(world.run(&unavailable).unwrap(), VerificationState::Submitted);
        let job = world.job(JobKind::CheckIdentity, verification(1)).unwrap();
        waits.push(job.due_at.since(world.now()) / SECOND);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
    assert_eq!(world.get::<Verification>(&verification(1)).number, vec![2]);
}

#[test]
fn what_is_refused_comes_in_order() {
    let mut world = world();
    let foreign = SubmitVerification { user: user(2), ..submit(1, 1, 9) };
    assert_eq!(world.run(&foreign), Err(Refused::WalletNotFound));
    let mut closed = world.get::<Wallet>(&wallet(1));
    closed.state = WalletState::Closing;
    world.put(closed);
    assert_eq!(world.run(&submit(1, 1, 9)), Err(Refused::WalletClosed));
    open(&mut world, 1, false);

    for n in 1..=4 {
        reject(&mut world, n);
    }
    world.run(&submit(1, 5, 9)).unwrap();
    assert_eq!(world.run(&submit(1, 6, 9)), Err(Refused::ReviewPending));
    world.run(&answer(5, AuthorityAnswer::Mismatch)).unwrap();
    let until = world.now().plus(DAY);
    assert_eq!(world.run(&submit(1, 6, 9)), Err(Refused::AttemptsExceeded { until }));
    world.at(&until.rfc3339()).run(&submit(1, 6, 9)).unwrap();
    world.run(&answer(6, MATCH)).unwrap();
    assert_eq!(world.run(&submit(1, 7, 8)), Err(Refused::OtherPerson));
}

#[test]
fn rejections_of_different_days_do_not_add_up() {
    let mut world = world();
    for n in 1..=12 {
        reject(&mut world, n);
        world.wait(6 * HOUR + HOUR);
    }
}

#[test]
fn a_person_has_five_wallets_and_their_rejection_counts_no_try() {
    let mut world = World::new();
    for n in 1..=7 {
        open(&mut world, n, false);
    }
    for n in 1..=4 {
        world.run(&submit(n, n, 9)).unwrap();
        world.run(&answer(n, MATCH)).unwrap();
    }
    world.run(&submit(5, 5, 9)).unwrap();
    world.run(&submit(6, 6, 9)).unwrap();
    world.run(&answer(5, MATCH)).unwrap();
    assert_eq!(world.run(&answer(6, MATCH)).unwrap(), VerificationState::Rejected);
    let rejected = world.get::<Verification>(&verification(6));
    assert_eq!(rejected.reason.unwrap().code(), Code::IdAccountCountExceeded);
    assert!(world.all::<crate::wallet::Attempts>().is_empty());
    world.run(&submit(7, 7, 9)).expect("a number alone tells nothing about its holder");
    assert_eq!(world.run(&answer(7, AuthorityAnswer::Mismatch)).unwrap(), rejected.state);
    let mismatch = world.get::<Verification>(&verification(7)).reason;
    assert_eq!(mismatch, Some(RejectReason::InfoMismatch));
    let people = world.all::<Identity>();
    assert_eq!((people.len(), people[0].wallets), (1, 5));
    assert_eq!(world.get::<Wallet>(&wallet(6)).identity, None);
}
