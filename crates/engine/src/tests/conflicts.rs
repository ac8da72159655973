//! Other processes, poisoned and defective commands: what they do to a batch, and what not.

use super::acts::{Act, No};
use super::audit::{all, audit};
use super::world::{World, play_one};
use crate::failed::Failed;
use crate::rider::{MoveClock, Pending};
use domain::ledger::Batch;
use store::faults::Fault;

fn refused<D>(no: No) -> Result<D, Failed<No>> {
    Err(Failed::Refused(no))
}

#[test]
fn wallet_frozen_between_load_and_commit_does_not_pay() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.rival_after(1, Act::Freeze { who: 1, is_on: true });
    assert_eq!(world.play_one(Act::pay(1, 2, 50)), refused(No::Frozen));
    assert_eq!(world.balance(1), 100);
    assert_eq!(world.writer.meter.totals.snapshot().conflicts, 1);
    audit(&world.memory);
}

#[test]
fn a_refusal_on_an_old_balance_is_decided_again() {
    let mut world = World::rich(&[(1, 10), (2, 1)]);
    assert_eq!(world.play_one(Act::Check { who: 1, least: 5 }), Ok(10));
    let mut rival = world.rival();
    play_one(&mut rival, Act::Deposit { who: 1, amount: 90 }).unwrap();
    assert_eq!(world.play_one(Act::Check { who: 1, least: 50 }), Ok(100));
    assert!(world.play_one(Act::pay(1, 2, 100)).is_ok());
    audit(&world.memory);
}

#[test]
fn an_answer_that_changes_nothing_is_confirmed_by_the_position() {
    let mut world = World::rich(&[(1, 10)]);
    let before = world.batches().len();
    assert_eq!(world.play_one(Act::Check { who: 1, least: 5 }), Ok(10));
    assert_eq!(world.play_one(Act::Open { who: 1 }), Ok(2));
    assert_eq!(world.batches().len(), before, "nothing is written");
    world.rival_after(0, Act::Deposit { who: 1, amount: 1 });
    let with_rival = world.batches().len();
    assert_eq!(world.play_one(Act::Check { who: 1, least: 11 }), Ok(11));
    let added = world.batches().len() - with_rival;
    assert_eq!(added, 2, "the rival's batch, and an empty one of ours behind it");
}

#[test]
fn rows_read_at_two_positions_are_never_mixed() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.writer.cache.forget();
    let mut other = world.rival();
    // Without a base every attempt excludes others, so the rival comes before or after, not
    // between.
    world.rival_after(0, Act::pay(1, 2, 60));
    assert_eq!(world.play_one(Act::pay(1, 2, 60)), refused(No::Short { available: 40 }));
    assert_eq!(play_one(&mut other, Act::Check { who: 2, least: 61 }), Ok(61));
    audit(&world.memory);
}

#[test]
fn no_batch_loses_its_place_twice() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    for _ in 0..5 {
        world.rival_after(0, Act::Deposit { who: 2, amount: 1 });
    }
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok());
    assert_eq!(world.writer.meter.totals.snapshot().conflicts, 1);
    audit(&world.memory);
}

#[test]
fn a_batch_that_waited_for_others_takes_along_who_came_meanwhile() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.writer.queue.set_ready(true);
    let wait = |world: &World, act| {
        let (waiting, answer) = Pending::new(act);
        assert!(world.writer.queue.push(Box::new(waiting)).is_ok());
        answer
    };
    let mut waiting = wait(&world, Act::pay(1, 2, 7));
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok());
    assert!(waiting.try_recv().is_err(), "alone on the database, the next batch is soon enough");

    world.writer.has_rival = true;
    let (mover, mut moved) = MoveClock::new(1);
    world.writer.run(vec![Box::new(mover)]);
    assert!(moved.try_recv().unwrap().is_ok());
    assert!(waiting.try_recv().is_err(), "the clock is moved by a batch of its own");

    world.writer.has_rival = true;
    let before = world.batches().len();
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok());
    assert!(waiting.try_recv().unwrap().is_ok());
    assert_eq!(world.batches().len(), before + 1);

    world.writer.has_rival = true;
    let mut last = wait(&world, Act::pay(1, 2, 1));
    let mixed = world.play([Act::Poison { who: 3 }, Act::pay(1, 2, 1)]);
    assert_eq!(mixed.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
    assert!(last.try_recv().unwrap().is_ok(), "it came along before the poison was found");
    assert_eq!(world.balance(1), 89);
    audit(&world.memory);
}

#[test]
fn rows_that_differ_although_others_are_excluded_stop_the_batch() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commits((0..3).map(|_| Some(Fault::Conflict)));
    let answers = world.play([Act::pay(1, 2, 1), Act::pay(1, 2, 2)]);
    assert_eq!(answers, [Err(Failed::Defect), Err(Failed::Defect)]);
    assert!(world.play_one(Act::pay(1, 2, 3)).is_ok(), "the engine goes on");
    assert_eq!(world.balance(1), 97);
    audit(&world.memory);
}

#[test]
fn a_poisoned_command_fails_alone() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let mut acts: Vec<Act> = (1..20).map(|amount| Act::pay(1, 2, amount % 5 + 1)).collect();
    acts.insert(7, Act::Poison { who: 3 });
    let answers = world.play(acts);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 19);
    assert_eq!(answers[7], Err(Failed::Defect));
    audit(&world.memory);
}

#[test]
fn a_panic_is_the_defect_of_one_command() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let answers = world.play([Act::pay(1, 2, 1), Act::Panic { who: 9 }, Act::pay(1, 2, 1)]);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(answers[1], Err(Failed::Defect));
    let answer = world.play_one(Act::Check { who: 9, least: 0 });
    assert_eq!(answer, refused(No::AccountMissing), "its changes are dropped");
    audit(&world.memory);
}

#[test]
fn a_defect_counts_only_on_fresh_rows() {
    let mut world = World::rich(&[(1, 3)]);
    let mut rival = world.rival();
    play_one(&mut rival, Act::Deposit { who: 1, amount: 1 }).unwrap();
    let act = Act::DefectWhenOdd { who: 1 };
    assert_eq!(world.play_one(act.clone()), Ok(4), "the cached balance was odd");
    play_one(&mut rival, Act::Deposit { who: 1, amount: 1 }).unwrap();
    assert_eq!(world.play_one(act), Err(Failed::Defect));
}

#[test]
fn a_stale_command_leaves_nothing() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    assert_eq!(world.play_one(Act::Stale { who: 1 }), Err(Failed::Stale));
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok(), "the wallet is not frozen");
}

#[test]
fn marks_survive_the_refusal_that_made_them_and_nothing_else_does() {
    let mut world = World::new();
    let wrong = Act::Guess { who: 1, is_right: false, key: None };
    let answers = world.play([wrong.clone(), wrong.clone(), wrong.clone(), wrong]);
    let left = |left| refused(No::WrongSecret { left });
    assert_eq!(answers, [left(2), left(1), left(0), refused(No::Locked)]);
    let right = Act::Guess { who: 1, is_right: true, key: None };
    assert_eq!(world.play_one(right), refused(No::Locked));
    let answer = world.play_one(Act::Check { who: 1, least: 0 });
    assert_eq!(answer, refused(No::AccountMissing), "the account opened on the way is dropped");
}

#[test]
fn a_row_written_without_reading_is_inserted_or_updated_as_it_must() {
    let mut world = World::new();
    let on = |is_on| Act::Freeze { who: 1, is_on };
    assert!(world.play([on(true), on(false)]).iter().all(Result::is_ok));
    world.writer.cache.forget();
    assert_eq!(world.play_one(on(true)), Ok(0));
    assert_eq!(all::<super::acts::Frozen>(&world.memory).len(), 1);
}

#[test]
fn a_row_that_comes_and_goes_in_one_batch_is_never_written() {
    let mut world = World::new();
    let before = world.batches().len();
    assert!(world.play([Act::Owe { what: 1 }, Act::Meet { what: 1 }]).iter().all(Result::is_ok));
    assert_eq!(world.batches().len(), before);
    assert_eq!(world.play_one(Act::Meet { what: 1 }), refused(No::NotOwed));
}

#[test]
fn batches_form_one_chain_over_processes() {
    let mut world = World::rich(&[(1, 100), (2, 100)]);
    let mut rival = world.rival();
    for amount in 1..6 {
        assert!(world.play_one(Act::pay(1, 2, amount)).is_ok());
        assert!(play_one(&mut rival, Act::pay(2, 1, amount)).is_ok());
    }
    let batches = all::<Batch>(&world.memory);
    let mut ids: Vec<_> = batches.iter().map(|batch| batch.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), batches.len(), "an id is drawn for each attempt");
    audit(&world.memory);
}
