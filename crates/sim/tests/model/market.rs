//! The merchant's side against its reference model: after each deed the answers, all balances
//! and where everything stands are equal; at the end the stored rows are audited.

use domain::catalogue::Code;
use jiaozi_sim::model::House;
use jiaozi_sim::model::ask::Answer;
use jiaozi_sim::model::market::{Market, Markets, Stall};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Deeds in a sequence.
const DEEDS: usize = 60;

/// Plays sequences in one house after the other; a house sees `stay` of them before it is audited.
fn compare(open: fn() -> House, sequences: u32, stay: u32) {
    let config = Config { failure_persistence: None, ..Config::with_cases(stay) };
    for _ in 0..sequences / stay {
        let house = open();
        let engine = house.engine();
        let drawn = Markets::sequential_strategy(DEEDS);
        let played = TestRunner::new(config.clone()).run(&drawn, |(mut model, deeds, seen)| {
            let mut stall = Stall::new(&house, &engine, &model);
            for deed in &deeds {
                if let Some(seen) = &seen {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
                let expected = model.ask(deed);
                assert_eq!(stall.ask(deed), expected, "the answer to {deed:?}");
                assert_eq!(stall.balances(), model.balances(), "balances after {deed:?}");
                assert_eq!(stall.states(), model.states(), "states after {deed:?}");
            }
            Ok(())
        });
        played.unwrap_or_else(|failed| panic!("{failed}"));
        drop(engine);
        house.verify();
    }
}

#[test]
fn in_memory_the_merchants_side_does_what_the_model_does() {
    compare(House::memory, 500, 10);
}

#[test]
fn on_sqlite_the_merchants_side_does_what_the_model_does() {
    compare(House::sqlite, 100, 100);
}

#[test]
fn on_postgres_the_merchants_side_does_what_the_model_does() {
    compare(House::postgres, 50, 50);
}

#[test]
fn the_deeds_reach_every_refusal_and_every_end() {
    let (mut codes, mut states) = (BTreeMap::new(), BTreeSet::new());
    let mut runner = TestRunner::deterministic();
    let drawn = Markets::sequential_strategy(DEEDS);
    for _ in 0..400 {
        let (mut model, deeds, _): (Market, _, _) =
            drawn.new_tree(&mut runner).expect("a sequence").current();
        for deed in &deeds {
            match model.ask(deed) {
                Answer::Refused(code, _) => *codes.entry(code.as_str()).or_insert(0) += 1,
                Answer::Done(_, _, state) => drop(states.insert(state)),
            }
        }
    }
    for code in REFUSALS {
        let times = codes.get(code.as_str()).copied().unwrap_or(0);
        assert!(times >= 3, "{} was met {times} times", code.as_str());
    }
    assert_eq!(states, BTreeSet::from(["", "ACCEPTED", "FAILED", "FINISHED", "SUCCESS"]));
}

/// Every code that these commands refuse with, where their callers keep to the protocol.
const REFUSALS: &[Code] = &[
    Code::AccountStatusAbnormal,
    Code::BalanceInsufficient,
    Code::IdempotencyConflict,
    Code::IdentityRequired,
    Code::MerchantAbnormal,
    Code::ObjectNotFound,
    Code::OrderClosed,
    Code::OrderNotFound,
    Code::ParamInvalid,
    Code::PermissionDenied,
    Code::RateLimited,
    Code::RefundAmountExceeded,
    Code::RefundCountExceeded,
    Code::RefundMerchantFundsInsufficient,
    Code::RefundNoConflict,
    Code::RefundTooFrequent,
    Code::RefundWindowExpired,
];
