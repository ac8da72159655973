//! Outcomes that nobody knows, and the times when nothing may be decided.

use super::acts::Act;
use super::audit::audit;
use super::world::{Answer, Clock, Event, START, World, play_one, raw_writer, writer};
use crate::failed::Failed;
use crate::rider::Pending;
use crate::shell::{Limits, Shell};
use domain::ledger::{Account, Batch};
use domain::record::RowKey;
use kernel::time::SECOND;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::faults::Fault;
use store::memory::Memory;
use store::{Commit, Loaded, Store, Unavailable, Write};

const BUSY: Answer = Err(Failed::Busy { retry_after: Duration::from_secs(1) });

#[test]
fn a_batch_lost_after_its_commit_is_answered_as_done_once() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let before = world.batches().len();
    world.script.commit(Fault::UnknownDone);
    assert!(world.play_one(Act::pay(1, 2, 10)).is_ok());
    assert_eq!(world.balance(2), 11);
    assert_eq!(world.batches().len(), before + 2, "an empty batch is committed behind it");
    audit(&world.memory);
}

#[test]
fn a_batch_lost_before_its_commit_is_decided_again() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commit(Fault::UnknownNotDone);
    assert!(world.play_one(Act::pay(1, 2, 10)).is_ok());
    assert_eq!(world.balance(2), 11);
    audit(&world.memory);
}

#[test]
fn a_lost_batch_whose_place_a_rival_took_never_happened() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commit(Fault::UnknownNotDone);
    // After the load and the commit, when the connection is made anew.
    world.rival_after(2, Act::pay(1, 2, 95));
    let answer = world.play_one(Act::pay(1, 2, 10));
    assert_eq!(answer, Err(Failed::Refused(super::acts::No::Short { available: 5 })));
    assert_eq!(world.balance(2), 96);
    audit(&world.memory);
}

#[test]
fn an_unknown_settling_batch_is_settled_in_turn() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let fates = [Fault::UnknownDone, Fault::UnknownDone, Fault::UnknownNotDone];
    world.script.commits(fates.map(Some));
    assert!(world.play_one(Act::pay(1, 2, 10)).is_ok());
    assert_eq!(world.balance(2), 11);
    audit(&world.memory);
}

#[test]
fn callers_of_a_lost_batch_hear_unknown_when_their_deadline_ends() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commit(Fault::UnknownDone);
    world.script.fail_connects(40);
    let answers = world.play([Act::pay(1, 2, 10), Act::Check { who: 1, least: 1 }]);
    assert_eq!(answers, [Err(Failed::Unknown), Err(Failed::Unknown)]);
    assert!(world.clock.now() - START >= 8 * SECOND);
    assert!(world.writer.queue.is_ready(), "it is settled at last");
    assert_eq!(world.balance(2), 11);
    audit(&world.memory);
}

#[test]
fn who_waits_while_the_position_is_uncertain_is_sent_away() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let (waiting, mut answer) = Pending::new(Act::pay(1, 2, 1));
    assert!(world.writer.queue.push(Box::new(waiting)).is_ok());
    world.script.commit(Fault::UnknownDone);
    world.script.fail_connects(1);
    assert!(world.play_one(Act::pay(1, 2, 10)).is_ok());
    assert_eq!(answer.try_recv().unwrap(), BUSY);
    assert_eq!(world.balance(2), 11);
}

#[test]
fn the_gate_is_closed_until_the_position_is_certain() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (queue, log) = (Arc::clone(&world.writer.queue), Arc::clone(&seen));
    world.script.commit(Fault::UnknownDone);
    let look = move || {
        let (late, _) = Pending::new(Act::pay(1, 2, 1));
        log.lock().unwrap().push((queue.is_ready(), queue.push(Box::new(late)).is_ok()));
    };
    // After the load and the commit, when the connection is made anew.
    world.calls.lock().unwrap().extend([None, None, Some(Box::new(look) as Event)]);
    assert!(world.play_one(Act::pay(1, 2, 10)).is_ok());
    assert_eq!(*seen.lock().unwrap(), [(false, false)]);
    assert!(world.writer.queue.is_ready());
}

#[test]
fn a_server_that_stays_away_means_nothing_was_tried() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commit(Fault::Unavailable);
    assert!(world.play_one(Act::pay(1, 2, 10)).is_ok(), "a short absence is bridged");
    world.script.commit(Fault::Unavailable);
    world.script.fail_connects(40);
    assert_eq!(world.play_one(Act::pay(1, 2, 10)), BUSY);
    // Reads fail, settling passes: tried again, but not for ever.
    world.writer.cache.forget();
    world.script.commits((0..40).map(|nth| (nth % 2 == 0).then_some(Fault::Unavailable)));
    assert_eq!(world.play_one(Act::pay(1, 2, 10)), BUSY);
    assert_eq!(world.balance(2), 11);
    audit(&world.memory);
}

#[test]
fn a_start_commits_an_empty_batch_before_the_first_answer() {
    let mut world = World::rich(&[(1, 100)]);
    let before = world.batches().len();
    let mut next = writer(world.memory.another(), &Clock::new(true), Limits::default());
    assert_eq!(world.batches().len(), before + 1);
    assert_eq!(play_one(&mut next, Act::Check { who: 1, least: 1 }), Ok(100));
    assert_eq!(world.batches().len(), before + 1, "now reading needs no batch");
    world.play_one(Act::Open { who: 1 }).unwrap();
    audit(&world.memory);
}

#[test]
fn a_clock_that_lies_behind_stops_deciding_until_it_catches_up() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.clock.step(-4 * SECOND);
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok(), "a little behind: time stands still");
    let last = world.batches().pop().unwrap();
    assert_eq!(last.now.micros(), START);
    world.clock.step(-2 * SECOND);
    assert_eq!(world.play_one(Act::pay(1, 2, 1)), BUSY);
    assert!(world.clock.now() - START >= -5 * SECOND, "it came back when the clock had");
    assert!(world.writer.queue.is_ready());
    assert!(world.play_one(Act::pay(1, 2, 1)).is_ok());
}

#[test]
fn stopping_while_uncertain_tells_unknown() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.script.commit(Fault::UnknownNotDone);
    world.script.fail_connects(usize::MAX);
    world.writer.queue.stop();
    assert_eq!(world.play_one(Act::pay(1, 2, 10)), Err(Failed::Unknown));
    assert!(!world.writer.queue.is_ready());
}

/// A database that shows a batch before it is durable and then loses it: the wait for a standby is
/// cancelled, and the standby takes over.
struct Fading {
    shown: Memory,
    durable: Memory,
    commits_to_fade: usize,
}

impl Fading {
    fn side(&mut self) -> &mut Memory {
        if self.commits_to_fade > 0 { &mut self.shown } else { &mut self.durable }
    }
}

impl Store for Fading {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.side().tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.side().load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.side().first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.side().exclude_others()
    }

    fn abandon(&mut self) {
        self.side().abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        let outcome = self.side().commit(batch, writes);
        if self.commits_to_fade == 0 {
            return outcome;
        }
        assert_eq!(outcome, Commit::Done, "it is visible");
        self.commits_to_fade -= 1;
        Commit::Unknown("a warning came with the commit".into())
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        Ok(())
    }
}

#[test]
fn what_is_visible_and_not_yet_durable_is_not_answered_as_done() {
    for commits_to_fade in 1..5 {
        let (shown, durable) = (Memory::new(), Memory::new());
        let mut fading = Fading { shown, durable: durable.another(), commits_to_fade };
        let deposit = Act::Deposit { who: 1, amount: 7 };
        // Both sides begin with the same first batch.
        let mut first = Batch { seq: 1, id: [9; 16], ..Batch::origin() };
        first.previous = Batch::origin().hash;
        let first = first.sealed();
        assert_eq!(fading.shown.commit(&first, &[]), Commit::Done);
        assert_eq!(fading.durable.commit(&first, &[]), Commit::Done);
        let mut writer = raw_writer(fading, &Clock::new(true), Limits::default());
        writer.cache.begin_at(first);
        assert!(play_one(&mut writer, deposit).is_ok());
        let accounts = super::audit::all::<Account>(&durable);
        let held: i64 = accounts.iter().map(|account| account.balance.max(0)).sum();
        assert_eq!(held, 7, "what was answered is durable, and there once");
        audit(&durable);
    }
}
