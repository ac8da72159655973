//! What a withdrawal costs and when it arrives, before anything is decided.

use crate::calendar::day_key;
use crate::fee::{WithdrawalFeeRules, WithdrawalQuote};
use crate::rules::Rules;
use crate::wallet::Usage;
use kernel::Timestamp;

/// The price and the promise of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What reaches the card, in fen.
    pub amount_minor: i64,
    /// The fee, taken from the balance on top, in fen.
    pub fee_minor: i64,
    /// How much of the amount the free allowance covers, in fen.
    pub free_minor: i64,
    /// What leaves the balance, in fen.
    pub total_minor: i64,
    /// The day it arrives at the latest, as yyyymmdd; `None`: within 1 to 3 working days.
    pub arrival_day: Option<i64>,
}

/// The price of withdrawing `amount_minor` from a balance; `None` for an amount below 1.
/// Whether the balance covers the total is for the caller to see.
pub fn quote(
    amount_minor: i64,
    usage: &Usage,
    balance_minor: i64,
    now: Timestamp,
    rules: &Rules,
) -> Option<Quote> {
    let priced = fee_rules(rules).quote(amount_minor, free_left(usage, rules), balance_minor)?;
    Some(Quote::of(priced, now, rules))
}

/// The largest withdrawal that a balance covers with its fee; `None` when there is none.
pub fn quote_all(
    usage: &Usage,
    balance_minor: i64,
    now: Timestamp,
    rules: &Rules,
) -> Option<Quote> {
    let priced = fee_rules(rules).quote_all(free_left(usage, rules), balance_minor)?;
    Some(Quote::of(priced, now, rules))
}

impl Quote {
    fn of(priced: WithdrawalQuote, now: Timestamp, rules: &Rules) -> Self {
        let (today, days) = (now.business_date(), rules.withdraw_arrival_days);
        let arrival = rules.working_days.working_day_after(today, days);
        Self {
            amount_minor: priced.amount,
            fee_minor: priced.fee,
            free_minor: priced.free_used,
            total_minor: priced.debit,
            arrival_day: arrival.map(day_key),
        }
    }
}

fn free_left(usage: &Usage, rules: &Rules) -> i64 {
    (rules.withdraw_free_lifetime_minor - usage.free_used).max(0)
}

fn fee_rules(rules: &Rules) -> WithdrawalFeeRules {
    WithdrawalFeeRules {
        fee_bp: u32::try_from(rules.withdraw_fee_bp).unwrap_or(0),
        fee_min_minor: rules.withdraw_fee_min_minor,
        dust_free_minor: rules.withdraw_dust_free_minor,
    }
}
