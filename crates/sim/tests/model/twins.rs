//! A side of the product beside the model of it: after each deed the answers, all balances and
//! where everything stands are equal; at the end the stored rows are audited.

use jiaozi_sim::model::ask::Answer;
use jiaozi_sim::model::{House, Twin};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Deeds in a sequence.
const DEEDS: usize = 60;

/// Plays sequences in one house after the other; a house sees `stay` of them before it is audited.
pub(crate) fn compare<S, T>(open: fn() -> House, sequences: u32, stay: u32)
where
    S: ReferenceStateMachine,
    T: Twin<S>,
{
    let config = Config { failure_persistence: None, ..Config::with_cases(stay) };
    for _ in 0..sequences / stay {
        let house = open();
        let engine = house.engine();
        let drawn = S::sequential_strategy(DEEDS);
        let played = TestRunner::new(config.clone()).run(&drawn, |(mut model, deeds, seen)| {
            let mut product = T::enter(&house, &engine, &model);
            for deed in &deeds {
                if let Some(seen) = &seen {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
                assert_eq!(product.ask(deed), T::expect(&mut model, deed), "after {deed:?}");
            }
            Ok(())
        });
        played.unwrap_or_else(|failed| panic!("{failed}"));
        drop(engine);
        house.verify();
    }
}

/// What four hundred sequences come to by the model: refusals by code, answers, and where things
/// stood at the end.
pub(crate) fn reached<S, T>() -> (BTreeMap<&'static str, usize>, BTreeSet<String>)
where
    S: ReferenceStateMachine,
    T: Twin<S>,
{
    let (mut codes, mut states) = (BTreeMap::new(), BTreeSet::new());
    let mut runner = TestRunner::deterministic();
    let drawn = S::sequential_strategy(DEEDS);
    for _ in 0..400 {
        let (mut model, deeds, _) = drawn.new_tree(&mut runner).expect("a sequence").current();
        for deed in &deeds {
            let (answer, _, all) = T::expect(&mut model, deed);
            states.extend(all);
            match answer {
                Answer::Refused(code, _) => *codes.entry(code.as_str()).or_insert(0) += 1,
                Answer::Done(_, _, state) => drop(states.insert(state.to_owned())),
            }
        }
    }
    (codes, states)
}
