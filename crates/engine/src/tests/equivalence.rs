//! The property everything stands on: a batch equals its commands one at a time, however they are
//! cut into batches, whatever other processes commit in between, and whatever the store does.

use super::acts::Act;
use super::audit::{audit, domain_rows};
use super::world::{Clock, Log, Logged, Recorded, World, play_one, writer};
use crate::failed::Failed;
use crate::shell::Limits;
use crate::writer::Writer;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use store::faults::Fault;
use store::memory::Memory;

fn act() -> impl Strategy<Value = Act> {
    let who = 0..5i64;
    let amount = 1..60i64;
    let key = prop::option::weighted(0.5, 0..4i64);
    prop_oneof![
        2 => who.clone().prop_map(|who| Act::Open { who }),
        5 => (who.clone(), 1..100i64).prop_map(|(who, amount)| Act::Deposit { who, amount }),
        12 => (who.clone(), who.clone(), amount, key.clone())
            .prop_map(|(from, to, amount, key)| Act::Move { from, to, amount, key }),
        4 => (who.clone(), 0..80i64).prop_map(|(who, least)| Act::Check { who, least }),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, is_on)| Act::Freeze { who, is_on }),
        4 => (who.clone(), any::<bool>(), key)
            .prop_map(|(who, is_right, key)| Act::Guess { who, is_right, key }),
        3 => (0..4i64).prop_map(|what| Act::Owe { what }),
        3 => (0..4i64).prop_map(|what| Act::Meet { what }),
        1 => who.clone().prop_map(|who| Act::Stale { who }),
        1 => who.clone().prop_map(|who| Act::DefectWhenOdd { who }),
        1 => misbehaviour(who),
    ]
}

fn misbehaviour(who: std::ops::Range<i64>) -> impl Strategy<Value = Act> {
    prop_oneof![
        who.clone().prop_map(|who| Act::Panic { who }),
        who.prop_map(|who| Act::Poison { who }),
        Just(Act::Bulk { rows: 600 }),
        (2..8i64).prop_map(|rounds| Act::Winding { rounds }),
    ]
}

/// The kinds of [`Fault`], which cannot be copied.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    UnknownNotDone,
    UnknownDone,
    Unavailable,
    Conflict,
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::UnknownNotDone => Self::UnknownNotDone,
            Trouble::UnknownDone => Self::UnknownDone,
            Trouble::Unavailable => Self::Unavailable,
            Trouble::Conflict => Self::Conflict,
        }
    }
}

fn trouble() -> impl Strategy<Value = Option<Trouble>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Trouble::UnknownNotDone)),
        1 => Just(Some(Trouble::UnknownDone)),
        1 => Just(Some(Trouble::Unavailable)),
        1 => Just(Some(Trouble::Conflict)),
    ]
}

#[derive(Clone, Debug)]
struct Scenario {
    acts: Vec<Act>,
    cuts: Vec<usize>,
    rows_max: usize,
    rivals: Vec<Option<Act>>,
    troubles: Vec<Option<Trouble>>,
    failing_connects: usize,
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let rival = prop::option::weighted(0.3, act());
    (
        prop::collection::vec(act(), 1..50),
        prop::collection::vec(1..16usize, 1..8),
        prop_oneof![Just(8_192usize), 1..40usize],
        prop::collection::vec(rival, 0..24),
        prop::collection::vec(trouble(), 0..12),
        0..3usize,
    )
        .prop_map(|(acts, cuts, rows_max, rivals, troubles, failing_connects)| Scenario {
            acts,
            cuts,
            rows_max,
            rivals,
            troubles,
            failing_connects,
        })
}

/// Runs the scenario; gives the rows and every command in the order in which it took effect.
fn run(scenario: &Scenario) -> (Memory, Vec<Logged>) {
    let limits = Limits { batch_rows: scenario.rows_max, cached_rows: 12, ..Limits::default() };
    let mut world = World::with(limits, false);
    let log = Log::default();
    let rival = Arc::new(Mutex::new(world.rival()));
    for act in &scenario.rivals {
        let (log, rival) = (Arc::clone(&log), Arc::clone(&rival));
        let event = act.clone().map(|act| {
            Box::new(move || run_batch(&mut rival.lock().unwrap(), [act], &log))
                as super::world::Event
        });
        world.calls.lock().unwrap().push_back(event);
    }
    world.script.commits(scenario.troubles.iter().map(|trouble| trouble.map(Fault::from)));
    world.script.fail_connects(scenario.failing_connects);
    let mut acts = scenario.acts.as_slice();
    for cut in scenario.cuts.iter().cycle() {
        if acts.is_empty() {
            break;
        }
        let (batch, rest) = acts.split_at((*cut).min(acts.len()));
        run_batch(&mut world.writer, batch.iter().cloned(), &log);
        acts = rest;
    }
    let mut order = log.lock().unwrap().clone();
    // A command that changed nothing leaves before the batch in the place it was decided for.
    order.sort_by_key(|logged| logged.seq);
    (world.memory, order)
}

fn run_batch(writer: &mut Writer, acts: impl IntoIterator<Item = Act>, log: &Log) {
    writer.run(acts.into_iter().map(|act| Recorded::rider(act, log)).collect());
}

fn check(scenario: &Scenario) {
    let (memory, order) = run(scenario);
    audit(&memory);
    let reference = Memory::new();
    let mut alone = writer(reference.another(), &Clock::new(false), Limits::default());
    for Logged { act, answer, .. } in &order {
        match answer {
            Err(Failed::Unknown) => panic!("the truth came in time for {act:?}"),
            // Nothing was tried, or nothing was kept.
            Err(Failed::Busy { .. } | Failed::Defect) => {}
            answer => assert_eq!(&play_one(&mut alone, act.clone()), answer, "{act:?}"),
        }
        if act.is_hopeless() {
            assert!(matches!(answer, Err(Failed::Defect | Failed::Busy { .. })), "{act:?}");
        }
    }
    assert_eq!(domain_rows(&memory), domain_rows(&reference));
    audit(&reference);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_batch_equals_its_commands_one_at_a_time(scenario in scenario()) {
        check(&scenario);
    }

    #[test]
    fn without_faults_every_command_gets_the_answer_it_gets_alone(scenario in scenario()) {
        let calm = Scenario { troubles: Vec::new(), failing_connects: 0, ..scenario };
        let (_, order) = run(&calm);
        for logged in &order {
            let is_busy = matches!(logged.answer, Err(Failed::Busy { .. }));
            prop_assert!(!is_busy, "{logged:?}");
            let may_fail = logged.act.is_hopeless()
                || matches!(logged.act, Act::DefectWhenOdd { .. });
            prop_assert!(may_fail || logged.answer != Err(Failed::Defect), "{logged:?}");
        }
        check(&calm);
    }
}
