//! The product against the reference model: random sequences of every command that moves money or
//! guards it, on each store. After each ask the answers and all balances are equal; at the end the
//! stored rows are audited.

mod cards;
mod market;
mod twins;

use domain::catalogue::Code;
use engine::Engine;
use jiaozi_sim::model::ask::{Answer, Ask, BankSays, What};
use jiaozi_sim::model::{House, Product, Reference, Sequences, prelude};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Asks in a sequence, after those that bring money.
const ASKS: usize = 60;

fn step(product: &mut Product, model: &mut Reference, ask: &Ask) {
    let expected = model.ask(ask);
    assert_eq!(product.ask(ask), expected, "the answer to {ask:?}");
    assert_eq!(product.balances(), model.balances(), "balances after {ask:?}");
}

fn play(house: &House, engine: &Engine, asks: &[Ask], seen: impl Fn()) {
    let mut model = Reference::default();
    let mut product = Product::new(house, engine, &model);
    for ask in prelude() {
        step(&mut product, &mut model, &ask);
    }
    for ask in asks {
        seen();
        step(&mut product, &mut model, ask);
    }
    product.finish(&mut model);
}

/// Plays sequences in one house after the other; a house sees `stay` of them before it is audited.
fn compare(open: fn() -> House, sequences: u32, stay: u32) {
    let config = Config { failure_persistence: None, ..Config::with_cases(stay) };
    for _ in 0..sequences / stay {
        let house = open();
        let engine = house.engine();
        let drawn = Sequences::sequential_strategy(ASKS);
        let played = TestRunner::new(config.clone()).run(&drawn, |(_, asks, seen)| {
            play(&house, &engine, &asks, || {
                if let Some(seen) = &seen {
                    seen.fetch_add(1, Ordering::SeqCst);
                }
            });
            Ok(())
        });
        played.unwrap_or_else(|failed| panic!("{failed}"));
        drop(engine);
        house.verify();
    }
}

#[test]
fn in_memory_the_product_does_what_the_model_does() {
    compare(House::memory, 500, 10);
}

#[test]
fn on_sqlite_the_product_does_what_the_model_does() {
    compare(House::sqlite, 100, 100);
}

#[test]
fn on_postgres_the_product_does_what_the_model_does() {
    compare(House::postgres, 50, 50);
}

/// No drawn sequence takes so much back from the bank.
#[test]
fn a_withdrawal_that_the_bank_has_no_money_for_is_paid_out_of_suspense() {
    let bank = |movement, says| Ask::of(What::Bank { movement, says });
    let prelude = prelude();
    let top_ups = prelude.iter().filter(|ask| matches!(ask.what, What::TopUp { .. }));
    let returned = |ask: &Ask| bank(ask.serial, BankSays::Returned(1));
    let mut asks: Vec<Ask> = top_ups.map(returned).collect();
    let what = What::Withdraw { card: 0, fee: 0 };
    asks.push(Ask { serial: 100, amount: 30, digits: 1, key: 100, ..Ask::of(what) });
    asks.push(bank(100, BankSays::Done(2)));
    let mut model = Reference::default();
    for ask in prelude.iter().chain(&asks) {
        model.ask(ask);
    }
    let [bank, suspense] = *model.balances().last_chunk().expect("there are many accounts");
    assert_eq!((bank, suspense), (0, -730), "760 went back, 30 more were paid out");
    let house = House::memory();
    play(&house, &house.engine(), &asks, || {});
    house.verify();
}

/// What every sequence of a few hundred comes to, by code and by state.
fn reached(sequences: usize) -> (BTreeMap<&'static str, usize>, BTreeSet<&'static str>) {
    let (mut codes, mut states) = (BTreeMap::new(), BTreeSet::new());
    let mut runner = TestRunner::deterministic();
    let drawn = Sequences::sequential_strategy(ASKS);
    for _ in 0..sequences {
        let (mut model, asks, _) = drawn.new_tree(&mut runner).expect("a sequence").current();
        for ask in &asks {
            match model.ask(ask) {
                Answer::Refused(code, _) => *codes.entry(code.as_str()).or_insert(0) += 1,
                Answer::Done(_, _, state) => drop(states.insert(state)),
            }
        }
    }
    (codes, states)
}

#[test]
fn the_sequences_reach_every_refusal_and_every_end() {
    let (codes, states) = reached(400);
    for code in REFUSALS {
        let times = codes.get(code.as_str()).copied().unwrap_or(0);
        assert!(times >= 3, "{} was met {times} times", code.as_str());
    }
    let ends = ["", "ACTIVE", "BANK_PROCESSING", "EXCEPTION", "FAILED", "FROZEN", "HELD"];
    let more = ["OPENING", "RESTRICTED", "RETURNED", "SUCCESS", "UNKNOWN"];
    for state in ends.into_iter().chain(more) {
        assert!(states.contains(state), "nothing came to {state:?}");
    }
}

/// Every code that these commands refuse with, but for two: no command makes an order wait for a
/// bank yet, and a merchant's balance always covers what is left of its orders.
const REFUSALS: &[Code] = &[
    Code::AccountFrozen,
    Code::AccountRestricted,
    Code::AccountStatusAbnormal,
    Code::BalanceAnnualLimitExceeded,
    Code::BalanceCapExceeded,
    Code::BalanceInsufficient,
    Code::BalanceLifetimeLimitExceeded,
    Code::CardSuspended,
    Code::FreezeAlready,
    Code::IdempotencyConflict,
    Code::IdentityRequired,
    Code::MerchantAbnormal,
    Code::ObjectNotFound,
    Code::OrderAlreadyPaid,
    Code::OrderAmountChanged,
    Code::OrderClosed,
    Code::OrderExpired,
    Code::OrderNotFound,
    Code::OrderParamsChanged,
    Code::OrderPayerMismatch,
    Code::OtpInvalid,
    Code::ParamInvalid,
    Code::PasswordResetCooldown,
    Code::PasswordResetIdentityFailed,
    Code::PasswordResetLimit,
    Code::PayPasswordHardLocked,
    Code::PayPasswordLocked,
    Code::PayPasswordNotSet,
    Code::PayPasswordReused,
    Code::PayPasswordTooWeak,
    Code::PayPasswordWrong,
    Code::RefundAccountAbnormal,
    Code::RefundAmountExceeded,
    Code::RefundCountExceeded,
    Code::RefundNoConflict,
    Code::RefundOrderNotPaid,
    Code::RefundTooFrequent,
    Code::RefundWindowExpired,
    Code::SessionExpired,
    Code::TopupCardNotSupported,
    Code::TopupLimitExceeded,
    Code::UnfreezeNotAllowed,
    Code::VerifyStrengthLimitExceeded,
    Code::WithdrawBalanceAndFee,
    Code::WithdrawCardNotSupported,
    Code::WithdrawCountLimit,
    Code::WithdrawFeeChanged,
    Code::WithdrawLimitDaily,
    Code::WithdrawLimitSingle,
    Code::WithdrawNoCard,
];
