//! The merchant's side: sharing, its returns, refunds of it, transfers and batches.

use crate::twins::{compare, reached};
use domain::catalogue::Code;
use jiaozi_sim::model::House;
use jiaozi_sim::model::market::{Markets, Stall};

#[test]
fn in_memory_the_merchants_side_acts_as_the_model_does() {
    compare::<Markets, Stall>(House::memory, 500, 10);
}

#[test]
fn on_sqlite_the_merchants_side_acts_as_the_model_does() {
    compare::<Markets, Stall>(House::sqlite, 100, 100);
}

#[test]
fn on_postgres_the_merchants_side_acts_as_the_model_does() {
    compare::<Markets, Stall>(House::postgres, 50, 50);
}

#[test]
fn the_deeds_reach_every_refusal_and_every_end() {
    let (codes, states) = reached::<Markets, Stall>();
    for code in REFUSALS {
        let times = codes.get(code.as_str()).copied().unwrap_or(0);
        assert!(times >= 3, "{} was met {times} times", code.as_str());
    }
    for state in ENDS {
        assert!(states.contains(*state), "nothing came to {state}");
    }
}

const ENDS: &[&str] = &[
    "ACCEPTED",
    "CANCELLED",
    "CLOSED",
    "FAIL",
    "FAILED",
    "FINISHED",
    "PROCESSING",
    "SUCCESS",
    "WAIT_PAY",
    "WAIT_USER_CONFIRM",
];

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
