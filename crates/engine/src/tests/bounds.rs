//! The bounds: how much a command, a batch, an owner, the queue and the cache may take.

use super::acts::{Act, Frozen};
use super::audit::audit;
use super::world::World;
use crate::cache::Cache;
use crate::failed::Failed;
use crate::queue::{Queue, Taken};
use crate::rider::{Pending, Rider};
use crate::shell::Limits;
use domain::complaint::{Media, MediaKind};
use domain::record::{Record, RowKey};
use kernel::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;
use store::Loaded;

fn rider(act: Act) -> Box<dyn Rider> {
    Box::new(Pending::new(act).0)
}

fn owners(queue: &Queue, most: usize) -> Vec<String> {
    match queue.take(most, Duration::ZERO) {
        Taken::Batch(riders) => riders.iter().map(|rider| rider.owner().to_owned()).collect(),
        Taken::Idle | Taken::Stopped => Vec::new(),
    }
}

fn closed_queue(places: usize) -> Queue {
    Queue::new(Limits { queue_places: places, ..Limits::default() })
}

fn open_queue(places: usize) -> Queue {
    let queue = closed_queue(places);
    queue.set_ready(true);
    queue
}

#[test]
fn owners_are_served_in_turn() {
    let queue = open_queue(100);
    for who in [1, 1, 1, 1, 2, 2, 3] {
        assert!(queue.push(rider(Act::Open { who })).is_ok());
    }
    assert_eq!(owners(&queue, 4), ["1", "2", "3", "1"]);
    assert!(queue.push(rider(Act::Open { who: 4 })).is_ok());
    assert_eq!(owners(&queue, 100), ["2", "1", "4", "1"]);
    assert_eq!(queue.len(), 0);
}

#[test]
fn one_owner_gets_a_quarter_of_the_places_and_all_together_get_all() {
    let queue = open_queue(8);
    let let_in = |who, tries: usize| {
        (0..tries).filter(|_| queue.push(rider(Act::Open { who })).is_ok()).count()
    };
    assert_eq!(let_in(1, 5), 2);
    assert_eq!((2..9).map(|who| let_in(who, 2)).sum::<usize>(), 6);
    assert_eq!(let_in(9, 1), 0, "full");
    assert_eq!(owners(&queue, 1).len(), 1);
    assert_eq!(let_in(9, 1), 1);
}

#[test]
fn a_closed_gate_lets_nobody_in_and_stopping_finishes_what_waits() {
    let queue = closed_queue(8);
    assert!(queue.push(rider(Act::Open { who: 1 })).is_err());
    assert!(!queue.wait_ready(Duration::ZERO));
    queue.set_ready(true);
    assert!(queue.wait_ready(Duration::ZERO));
    assert!(queue.push(rider(Act::Open { who: 1 })).is_ok());
    queue.stop();
    assert!(queue.push(rider(Act::Open { who: 1 })).is_err());
    assert!(queue.push_alone(rider(Act::Open { who: 1 })).is_err());
    assert_eq!(owners(&queue, 8), ["1"]);
    assert!(matches!(queue.take(8, Duration::ZERO), Taken::Stopped));
}

#[test]
fn an_operation_of_the_engine_is_a_batch_of_its_own() {
    let queue = open_queue(8);
    assert!(queue.push(rider(Act::Open { who: 1 })).is_ok());
    assert!(queue.push_alone(rider(Act::Open { who: 7 })).is_ok());
    assert_eq!(owners(&queue, 8), ["7"]);
    assert_eq!(owners(&queue, 8), ["1"]);
    assert!(matches!(queue.take(8, Duration::ZERO), Taken::Idle));
}

/// A queue whose batches wait for four commands, for so long, while that is allowed. It tells when
/// it asks, which it does while it is locked.
fn patient_queue(linger: Duration, is_allowed: Arc<AtomicBool>) -> (Queue, Receiver<()>) {
    let queue = Queue::new(Limits { linger_commands: 4, linger, ..Limits::default() });
    let (asking, asked) = mpsc::channel();
    queue.linger_while(Box::new(move || asking.send(()).is_ok() && is_allowed.load(Relaxed)));
    queue.set_ready(true);
    (queue, asked)
}

const LONG: Duration = Duration::from_secs(20);

/// What a taker gets when this happens after it has asked whether it may wait, so that it waits
/// already if it may.
fn taken_while((queue, asked): &(Queue, Receiver<()>), happens: impl FnOnce()) -> usize {
    assert!(queue.push(rider(Act::Open { who: 1 })).is_ok());
    thread::scope(|scope| {
        let taker = scope.spawn(|| owners(queue, 100).len());
        asked.recv_timeout(LONG).expect("the taker asks");
        happens();
        taker.join().expect("the taker ends")
    })
}

#[test]
fn a_batch_waits_for_more_while_that_is_allowed() {
    let is_allowed = Arc::new(AtomicBool::new(true));
    let patient = patient_queue(LONG, Arc::clone(&is_allowed));
    let more = |count| {
        assert!((0..count).all(|_| patient.0.push(rider(Act::Open { who: 2 })).is_ok()));
    };
    assert_eq!(taken_while(&patient, || more(3)), 4);
    assert_eq!(taken_while(&patient, || more(3)), 4, "the next batch waits too");
    is_allowed.store(false, Relaxed);
    assert_eq!(taken_while(&patient, || ()), 1);
    is_allowed.store(true, Relaxed);
    more(4);
    assert_eq!(owners(&patient.0, 100).len(), 4, "enough is there");
    more(2);
    assert_eq!(owners(&patient.0, 2).len(), 2, "as many as a batch takes");
    assert!(patient.1.try_recv().is_err(), "then nobody asks");
}

#[test]
fn nothing_else_waits_behind_a_batch_that_waits_for_more() {
    let is_allowed = Arc::new(AtomicBool::new(true));
    let patient = patient_queue(LONG, Arc::clone(&is_allowed));
    let queue = &patient.0;
    let alone = || assert!(queue.push_alone(rider(Act::Open { who: 7 })).is_ok());
    assert_eq!(taken_while(&patient, alone), 1);
    assert_eq!(owners(queue, 100), ["7"]);
    assert_eq!(taken_while(&patient, || queue.stop()), 1);

    let patient = patient_queue(Duration::ZERO, is_allowed);
    assert_eq!(taken_while(&patient, || ()), 1, "the time is over");
}

#[test]
fn bulk_work_in_one_command_is_a_defect_of_that_command() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    let acts = [
        Act::pay(1, 2, 1),
        Act::Bulk { rows: 513 },
        Act::Bulk { rows: 500 },
        Act::Winding { rounds: 20 },
        Act::Winding { rounds: 8 },
    ];
    let answers = world.play(acts);
    assert!(answers[0].is_ok());
    assert_eq!(answers[1..], [Err(Failed::Defect), Ok(500), Err(Failed::Defect), Ok(8)]);
    assert_eq!(world.balance(2), 2);
    audit(&world.memory);
}

#[test]
fn a_batch_closes_when_it_has_enough_rows() {
    let limits = Limits { batch_rows: 10, ..Limits::default() };
    let mut world = World::with(limits, true);
    let deposit = |who| Act::Deposit { who, amount: 100 };
    assert!(world.play((0..12).map(deposit)).iter().all(Result::is_ok));
    assert_eq!(world.batches().len(), 1 + 6, "two deposits have ten rows and more");
    audit(&world.memory);
}

#[test]
fn a_batch_needs_no_more_loads_than_one_command() {
    let mut world = World::rich(&[(1, 100), (2, 1)]);
    world.writer.cache.forget();
    let before = world.writer.meter.totals.snapshot();
    assert!(world.play((0..50).map(|_| Act::pay(1, 2, 1))).iter().all(Result::is_ok));
    let after = world.writer.meter.totals.snapshot();
    assert_eq!(after.rounds - before.rounds, 3, "frozen and paths, accounts, decided");
    assert_eq!((after.commits - before.commits, after.commands - before.commands), (1, 50));
}

#[test]
fn a_large_row_is_kept_for_one_batch_only() {
    let mut cache = Cache::new(2);
    let media = Media {
        media_id: "m".into(),
        mchid: None,
        user: None,
        kind: MediaKind::Image,
        content_type: "image/png".into(),
        content: vec![1; 100],
        uploaded_at: Timestamp::default(),
    };
    let key = media.row_key();
    cache.learn(key.clone(), None);
    cache.learn(RowKey::of::<Frozen>(&1), None);
    cache.trim();
    cache.learn(key.clone(), Some(Loaded { row: Arc::new(media), version: 1 }));
    assert!(cache.get(&key).is_some_and(|known| known.is_some()));
    cache.trim();
    assert!(cache.get(&key).is_none(), "neither the row nor that there was none");
    assert!(cache.get(&RowKey::of::<Frozen>(&1)).is_some());
}

#[test]
fn the_cache_stays_within_its_bound_and_is_only_a_cache() {
    let limits = Limits { cached_rows: 8, ..Limits::default() };
    let mut world = World::with(limits, true);
    for who in 0..40 {
        world.play_one(Act::Deposit { who, amount: 100 }).unwrap();
        assert!(world.writer.cache.rows() <= 8 + 2 * 12, "{}", world.writer.cache.rows());
    }
    for who in 1..40 {
        assert!(world.play_one(Act::pay(who, 0, who)).is_ok());
    }
    assert_eq!(world.balance(0), 100 + (1..40).sum::<i64>());
    audit(&world.memory);
}
