//! Batches that are decided while the one before them is being committed.

use super::acts::{Act, No};
use super::audit::audit;
use super::world::{Answer, Clock, Log, Recorded, World, drive_all, play, writer};
use crate::failed::Failed;
use crate::shell::Limits;
use crate::writer::Writer;
use domain::ledger::Batch;
use domain::record::RowKey;
use store::faults::Fault;
use store::memory::Memory;
use store::{Commit, Loaded, Loader, Store, Unavailable, Write};

const SHORT: Answer = Err(Failed::Refused(No::Short { available: 0 }));

/// Runs acts in batches of `most` and gives their answers, in the order of the acts.
fn drive(writer: &mut Writer, acts: &[Act], most: usize) -> Vec<Answer> {
    let log = Log::default();
    let riders = acts.iter().map(|act| Recorded::rider(act.clone(), &log)).collect();
    drive_all(writer, riders, &[most]);
    let log = log.lock().unwrap();
    let answer = |act: &Act| log.iter().find(|logged| logged.act == *act).unwrap().answer.clone();
    acts.iter().map(answer).collect()
}

/// One pays another, who pays a third, and so on: each needs what the batch before it wrote.
fn chain(length: i64) -> Vec<Act> {
    (0..length).map(|who| Act::pay(who, who + 1, 10)).collect()
}

fn world_of(people: i64) -> World {
    let mut world = World::rich(&[(0, 10)]);
    for who in 1..=people {
        world.play_one(Act::Open { who }).unwrap();
    }
    world
}

#[test]
fn a_batch_builds_on_what_the_one_under_way_writes() {
    let mut world = world_of(8);
    let before = world.batches().len();
    let answers = drive(&mut world.writer, &chain(8), 1);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((world.balance(0), world.balance(8)), (0, 10));
    assert_eq!(world.batches().len() - before, 8);
    assert!(world.writer.loader.is_some(), "nothing was decided ahead");
    audit(&world.memory);
}

#[test]
fn what_was_decided_on_a_batch_that_never_happened_is_decided_again() {
    for fault in [Fault::UnknownNotDone, Fault::UnknownDone, Fault::Unavailable, Fault::Conflict] {
        let mut world = world_of(4);
        world.script.commit(fault);
        let answers = drive(&mut world.writer, &chain(4), 1);
        // While the outcome is unknown the gate is closed, and who waits behind it is sent away.
        let busy = |answer: &Answer| matches!(answer, Err(Failed::Busy { .. }));
        assert!(answers.iter().all(|a| a.is_ok() || *a == SHORT || busy(a)), "{answers:?}");
        assert!(answers[0].is_ok(), "{answers:?}");
        audit(&world.memory);
    }
}

#[test]
fn a_rival_between_two_batches_is_seen_by_the_second() {
    let mut world = world_of(3);
    let mut rival = world.rival();
    world.script.commit(Fault::After(Box::new(move || {
        super::world::play_one(&mut rival, Act::Freeze { who: 1, is_on: true }).unwrap();
    })));
    let answers = drive(&mut world.writer, &chain(3), 1);
    assert!(answers[0].is_ok(), "{answers:?}");
    assert_eq!(answers[1], Err(Failed::Refused(No::Frozen)));
    assert_eq!(answers[2], SHORT);
    assert_eq!(world.writer.meter.totals.snapshot().losing_run_max, 1);
    audit(&world.memory);
}

#[test]
fn reads_that_fail_beside_a_commit_are_repeated_after_it() {
    let mut world = world_of(6);
    let script = world.script.clone();
    world.script.commit(Fault::After(Box::new(move || script.fail_reads(1))));
    let answers = drive(&mut world.writer, &chain(6), 1);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    audit(&world.memory);
}

/// A database whose reading handle reaches another server than the writing one.
struct Parted {
    here: Memory,
    there: Memory,
}

impl Store for Parted {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.here.tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.here.load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.here.first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.here.exclude_others()
    }

    fn abandon(&mut self) {
        self.here.abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        self.here.commit(batch, writes)
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.here.reconnect()
    }

    fn loader(&self) -> Result<Box<dyn Loader>, Unavailable> {
        self.there.loader()
    }
}

#[test]
fn rows_of_another_history_are_not_believed() {
    let (here, there) = (Memory::new(), Memory::new());
    let limits = Limits { cached_rows: 2, ..Limits::default() };
    let people = || (0..4).map(|who| Act::Deposit { who, amount: 10 });
    let clock = Clock::new(true);
    let frozen = (0..4).map(|who| Act::Freeze { who, is_on: true });
    play(&mut writer(there.another(), &clock, limits), people().chain(frozen));

    let mut writer = writer(Parted { here: here.another(), there }, &clock, limits);
    assert!(play(&mut writer, people()).iter().all(Result::is_ok));
    let answers = drive(&mut writer, &chain(3), 1);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    audit(&here);
}
