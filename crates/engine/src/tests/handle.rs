//! The engine with its thread, as the rest of the program uses it.

use super::acts::{Act, No};
use super::audit::{all, audit};
use super::world::{Answer, Clock, START};
use crate::failed::Failed;
use crate::handle::Engine;
use crate::shell::Limits;
use domain::Rules;
use domain::ledger::Batch;
use kernel::time::DAY;
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::time::Duration;
use store::faults::{Fault, Faulty, Script};
use store::memory::Memory;

const LONG: Duration = Duration::from_secs(60);

fn start(memory: &Memory, script: &Script, limits: Limits) -> (Engine, Clock) {
    let clock = Clock::new(true);
    let store = Faulty::new(memory.another(), script.clone());
    let rules = Arc::new(Rules::default());
    let engine = Engine::start(Box::new(store), clock.clone(), rules, limits).unwrap();
    assert!(engine.wait_ready_blocking(LONG));
    (engine, clock)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn fifty_payments_at_once_from_a_balance_for_ten_leave_ten_done() {
    let memory = Memory::new();
    let (engine, _) = start(&memory, &Script::default(), Limits::default());
    engine.run_blocking(Act::Deposit { who: 1, amount: 100 }).unwrap();
    engine.run_blocking(Act::Open { who: 2 }).unwrap();
    let barrier = Arc::new(Barrier::new(50));
    let payers: Vec<_> = (0..50)
        .map(|_| {
            let (engine, barrier) = (engine.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                engine.run_blocking(Act::pay(1, 2, 10))
            })
        })
        .collect();
    let answers: Vec<Answer> = payers.into_iter().map(|payer| payer.join().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    let short = Err(Failed::Refused(No::Short { available: 0 }));
    assert_eq!(answers.iter().filter(|answer| **answer == short).count(), 40);
    block_on(engine.shutdown());
    audit(&memory);
}

#[test]
fn what_waits_while_a_commit_runs_becomes_one_batch() {
    let (memory, script) = (Memory::new(), Script::default());
    let (engine, _) = start(&memory, &script, Limits::default());
    engine.run_blocking(Act::Deposit { who: 1, amount: 100 }).unwrap();
    let (entered, is_inside) = mpsc::channel();
    let (go_on, may_go) = mpsc::channel::<()>();
    script.commit(Fault::After(Box::new(move || {
        entered.send(()).unwrap();
        may_go.recv().unwrap();
    })));
    let before = engine.stats();
    block_on(async {
        let first = tokio::task::unconstrained(engine.run(Act::Open { who: 0 }));
        tokio::pin!(first);
        // Polling once puts a command into the queue; dropping it does not take it back.
        poll_once(first.as_mut()).await;
        is_inside.recv().unwrap();
        for who in 2..34 {
            poll_once(std::pin::pin!(engine.run(Act::Open { who }))).await;
        }
        go_on.send(()).unwrap();
        assert!(first.await.is_ok());
        engine.shutdown().await;
    });
    let after = engine.stats();
    assert_eq!(after.commits - before.commits, 2);
    assert_eq!(after.commands - before.commands, 33, "a caller that left took nothing back");
    audit(&memory);
}

async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) {
    std::future::poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
}

#[test]
fn business_time_moves_forward_and_is_kept() {
    let memory = Memory::new();
    let (engine, _) = start(&memory, &Script::default(), Limits::default());
    let mut watched = engine.position();
    watched.mark_unchanged();
    let moved = block_on(engine.advance_clock(DAY)).unwrap();
    assert_eq!((moved.offset, moved.now.micros()), (DAY, START + DAY));
    assert!(watched.has_changed().unwrap());
    assert_eq!(*watched.borrow(), moved);
    assert_eq!(block_on(engine.advance_clock(-5)).unwrap(), moved, "never back");
    engine.run_blocking(Act::Deposit { who: 1, amount: 1 }).unwrap();
    block_on(engine.shutdown());
    assert!(all::<Batch>(&memory).pop().unwrap().now.micros() >= START + DAY);

    let (engine, _) = start(&memory, &Script::default(), Limits::default());
    let moved = block_on(engine.advance_clock(7)).unwrap();
    assert_eq!(moved.offset, DAY + 7, "a restart agrees");
    audit(&memory);
}

#[test]
fn an_idle_engine_learns_what_another_committed_and_writes_nothing_otherwise() {
    let memory = Memory::new();
    let (idle, _) = start(&memory, &Script::default(), Limits::default());
    let (busy, _) = start(&memory, &Script::default(), Limits::default());
    busy.run_blocking(Act::Deposit { who: 1, amount: 100 }).unwrap();
    let others = busy.position().borrow().seq;
    assert!(idle.position().borrow().seq < others);
    let caught_up = block_on(idle.catch_up()).unwrap();
    assert_eq!(caught_up.seq, others + 1, "durable is what a clean batch stands behind");
    assert_eq!(block_on(idle.catch_up()).unwrap(), caught_up);
    assert_eq!((idle.stats().conflicts, idle.stats().losing_run_max), (1, 1));
    block_on(idle.shutdown());
    block_on(busy.shutdown());
    audit(&memory);
}

#[test]
fn rules_are_replaced_from_the_next_batch_on() {
    let memory = Memory::new();
    let (engine, _) = start(&memory, &Script::default(), Limits::default());
    let rules = Rules { lease_s: 77, ..Rules::default() };
    engine.set_rules(Arc::new(rules.clone()));
    assert_eq!(*engine.rules(), rules);
    engine.run_blocking(Act::Open { who: 1 }).unwrap();
}

#[test]
fn a_stopped_engine_says_that_nothing_was_tried() {
    let memory = Memory::new();
    let (engine, _) = start(&memory, &Script::default(), Limits::default());
    assert!(engine.ready());
    block_on(engine.shutdown());
    assert!(!engine.ready());
    assert!(!block_on(engine.wait_ready()));
    let answer = engine.run_blocking(Act::Open { who: 1 });
    assert_eq!(answer, Err(Failed::Busy { retry_after: Duration::from_secs(1) }));
    let answer = block_on(engine.advance_clock(1));
    assert_eq!(answer, Err(Failed::Busy { retry_after: Duration::from_secs(1) }));
}

#[test]
fn dropping_the_last_handle_ends_the_thread() {
    let memory = Memory::new();
    let (engine, _) = start(&memory, &Script::default(), Limits::default());
    let mut position = engine.position();
    drop(engine);
    block_on(async { while position.changed().await.is_ok() {} });
}

#[test]
fn a_store_that_panics_leaves_nobody_waiting() {
    let (memory, script) = (Memory::new(), Script::default());
    let (engine, _) = start(&memory, &script, Limits::default());
    let (late, (told, answer)) = (engine.clone(), mpsc::channel());
    script.commit(Fault::After(Box::new(move || {
        block_on(async {
            let mut waiting = Box::pin(async move { late.run(Act::Open { who: 2 }).await });
            poll_once(waiting.as_mut()).await;
            told.send(waiting).unwrap();
        });
        panic!("a store panics in a test");
    })));
    assert_eq!(engine.run_blocking(Act::Open { who: 1 }), Err(Failed::Unknown));
    let busy: Answer = Err(Failed::Busy { retry_after: Duration::from_secs(1) });
    assert_eq!(block_on(answer.recv().unwrap()), busy, "it waited and was not tried");
    assert!(!block_on(engine.wait_ready()));
    assert_eq!(engine.run_blocking(Act::Open { who: 1 }), busy);
    block_on(engine.ended());
}
