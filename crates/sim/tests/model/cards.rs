//! Orders paid from cards: what banks say of them, and refunds that go back to cards.

use crate::twins::{compare, reached};
use domain::catalogue::Code;
use jiaozi_sim::model::House;
use jiaozi_sim::model::cards::{CardSequences, Till};

#[test]
fn in_memory_cards_pay_as_the_model_does() {
    compare::<CardSequences, Till>(House::memory, 500, 10);
}

#[test]
fn on_sqlite_cards_pay_as_the_model_does() {
    compare::<CardSequences, Till>(House::sqlite, 100, 100);
}

#[test]
fn on_postgres_cards_pay_as_the_model_does() {
    compare::<CardSequences, Till>(House::postgres, 50, 50);
}

#[test]
fn the_deeds_reach_every_refusal_and_every_end() {
    let (codes, states) = reached::<CardSequences, Till>();
    for code in REFUSALS {
        let times = codes.get(code.as_str()).copied().unwrap_or(0);
        assert!(times >= 3, "{} was met {times} times", code.as_str());
    }
    for state in ENDS {
        assert!(states.contains(*state), "nothing came to {state}");
    }
}

const ENDS: &[&str] = &[
    "ABNORMAL",
    "BANK_PENDING",
    "BANK_PROCESSING",
    "CLOSED",
    "EXCEPTION",
    "FAILED",
    "NOTPAY",
    "PROCESSING",
    "REFUNDED",
    "REFUNDING",
    "SUCCESS",
    "UNKNOWN",
];

/// Every code that these commands refuse with, where their callers keep to the protocol, but for
/// one: a merchant's balance always covers what is left of its orders.
const REFUSALS: &[Code] = &[
    Code::AccountStatusAbnormal,
    Code::BankLimitExceeded,
    Code::CardSuspended,
    Code::MerchantAbnormal,
    Code::ObjectNotFound,
    Code::OrderAlreadyPaid,
    Code::OrderClosed,
    Code::OrderExpired,
    Code::OrderNotFound,
    Code::PaymentResultUnknown,
    Code::RefundAbnormal,
    Code::RefundAmountExceeded,
    Code::RefundCountExceeded,
    Code::RefundNoConflict,
    Code::RefundOrderNotPaid,
    Code::RefundTooFrequent,
];
