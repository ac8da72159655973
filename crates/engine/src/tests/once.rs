//! Commands that happen once: replays of every kind, and the turn of the tables that remember.

use super::acts::{Act, No};
use super::audit::{all, audit};
use super::world::{START, World, play_one};
use crate::failed::Failed;
use crate::shell::Shell;
use domain::catalogue::{Code, Param, Params};
use domain::idempotency::{IdempotencyEven, IdempotencyOdd};
use kernel::time::{DAY, HOUR};
use store::faults::Fault;

fn keyed(amount: i64, key: i64) -> Act {
    Act::Move { from: 1, to: 2, amount, key: Some(key) }
}

#[test]
fn the_same_key_gives_the_same_answer_and_pays_once() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let first = world.play_one(keyed(10, 1));
    assert!(first.is_ok());
    assert_eq!(world.play([keyed(10, 1), keyed(10, 1)]), [first.clone(), first.clone()]);
    let mut other = world.rival();
    assert_eq!(play_one(&mut other, keyed(10, 1)), first, "also in another process");
    assert_eq!(world.balance(2), 11);
    audit(&world.memory);
}

#[test]
fn the_same_key_twice_in_one_batch_pays_once() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let answers = world.play([keyed(10, 1), keyed(10, 1), keyed(11, 1), keyed(10, 2)]);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[2], Err(Failed::KeyConflict));
    assert!(answers[3].is_ok() && answers[3] != answers[0]);
    assert_eq!(world.balance(2), 21);
    audit(&world.memory);
}

#[test]
fn the_same_key_with_other_content_is_refused_and_harms_nothing() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let first = world.play_one(keyed(10, 1));
    assert_eq!(world.play_one(keyed(11, 1)), Err(Failed::KeyConflict));
    assert_eq!(world.play_one(keyed(10, 1)), first);
    assert_eq!(Failed::<No>::KeyConflict.failure().code, Code::IdempotencyConflict);
}

#[test]
fn a_refusal_is_given_again_with_its_parameters_although_money_came() {
    let mut world = World::rich(&[(1, 5), (2, 1)]);
    let short = Failed::Refused(No::Short { available: 5 });
    assert_eq!(world.play_one(keyed(10, 1)), Err(short.clone()));
    world.play_one(Act::Deposit { who: 1, amount: 100 }).unwrap();
    let Err(Failed::Replayed(failure)) = world.play_one(keyed(10, 1)) else {
        panic!("a refusal is replayed")
    };
    assert_eq!(failure, short.failure());
    assert_eq!(failure.params, Params(vec![("left", Param::Amount(5))]));
    assert_eq!(failure.field.as_deref(), Some("/amount"));
    audit(&world.memory);
}

#[test]
fn a_refusal_about_a_secret_is_not_kept() {
    let mut world = World::new();
    let guess = |is_right| Act::Guess { who: 1, is_right, key: Some(1) };
    let wrong = Err(Failed::Refused(No::WrongSecret { left: 2 }));
    assert_eq!(world.play_one(guess(false)), wrong);
    assert_eq!(world.play_one(guess(true)), Ok(1), "the right secret may follow under the key");
    assert_eq!(world.play_one(guess(false)), Ok(1), "and then the answer stands");
}

#[test]
fn what_is_not_an_outcome_is_not_kept() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commits((0..3).map(|_| Some(Fault::Conflict)));
    assert_eq!(world.play_one(keyed(10, 1)), Err(Failed::Defect));
    world.script.commit(Fault::UnknownNotDone);
    world.script.fail_connects(40);
    assert_eq!(world.play_one(keyed(10, 1)), Err(Failed::Unknown));
    assert!(world.play_one(keyed(10, 1)).is_ok());
    assert_eq!(world.balance(2), 11);
}

#[test]
fn a_repeat_after_an_unknown_outcome_finds_what_happened() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commit(Fault::UnknownDone);
    world.script.fail_connects(40);
    assert_eq!(world.play_one(keyed(10, 1)), Err(Failed::Unknown));
    assert!(world.play_one(keyed(10, 1)).is_ok());
    assert_eq!(world.balance(2), 11);
    audit(&world.memory);
}

#[test]
fn a_kept_answer_that_cannot_be_read_is_a_defect() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.play_one(keyed(10, 1)).unwrap();
    let other_kind = Act::Guess { who: 10, is_right: true, key: Some(1) };
    // The fingerprint is the same, the outcome is a number: it reads.
    assert!(world.play_one(other_kind).is_ok());
    let mut kept = all::<IdempotencyEven>(&world.memory).remove(0);
    kept.form = 2;
    let key = domain::record::Record::row_key(&kept);
    let loaded = store::Loaded { row: std::sync::Arc::new(kept), version: 1 };
    world.writer.cache.learn(key, Some(loaded));
    assert!(world.play_one(keyed(10, 1)).is_ok(), "the bad row was only in memory");
}

#[test]
fn records_stay_a_day_and_then_go_in_small_steps() {
    let mut world = World::rich(&[(1, 100_000), (2, 1)]);
    assert!(!world.writer.turn(), "not due on the first day");
    for key in 0..3 {
        let batch = (0..500).map(|nth| keyed(1, key * 500 + nth));
        assert!(world.play(batch).iter().all(Result::is_ok));
    }
    world.clock.step(DAY);
    assert!(!world.writer.turn(), "the older table is empty: the tables change places");
    let turned = world.batches().pop().unwrap();
    assert_eq!((turned.turn, turned.turned_at.micros()), (1, START + DAY));
    assert_eq!(all::<IdempotencyEven>(&world.memory).len(), 1_500);
    assert!(world.play_one(keyed(1, 7)).is_ok(), "both tables are looked up");
    assert!(world.play_one(keyed(1, 9_000)).is_ok());
    assert_eq!(all::<IdempotencyOdd>(&world.memory).len(), 1);
    assert_eq!(world.balance(2), 1_502);

    world.clock.step(DAY - HOUR);
    assert!(!world.writer.turn());
    assert_eq!(all::<IdempotencyEven>(&world.memory).len(), 1_500, "none is younger than a day");
    world.clock.step(HOUR);
    assert!(world.writer.turn());
    assert_eq!(all::<IdempotencyEven>(&world.memory).len(), 500);
    assert!(world.writer.turn());
    assert_eq!(world.batches().pop().unwrap().turn, 1, "not before it is empty");
    assert!(!world.writer.turn());
    assert_eq!(world.batches().pop().unwrap().turn, 0);
    assert!(world.play_one(keyed(1, 7)).is_ok(), "forgotten, so it is new");
    assert_eq!(world.balance(2), 1_503);
    assert!(world.play_one(keyed(1, 9_000)).is_ok(), "still remembered");
    assert_eq!(world.balance(2), 1_503);
    audit(&world.memory);
}

#[test]
fn the_turn_survives_rivals_and_unknown_outcomes() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.play_one(keyed(1, 1)).unwrap();
    world.clock.step(DAY);
    world.script.commit(Fault::UnknownDone);
    assert!(!world.writer.turn());
    assert_eq!(world.batches().pop().unwrap().turn, 1, "it happened, and only once");
    world.clock.step(DAY);
    let mut rival = world.rival();
    assert!(rival.turn());
    assert!(!world.writer.turn(), "the rival came first");
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok());
    assert!(all::<IdempotencyEven>(&world.memory).is_empty());
    assert!(world.clock.now() > START);
    audit(&world.memory);
}
