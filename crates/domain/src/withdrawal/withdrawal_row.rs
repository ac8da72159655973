//! The withdrawal row and its states.

use crate::calendar::day_key;
use crate::catalogue::Code;
use crate::ids::{CardId, IdentityId, WalletId, WithdrawalId};
use crate::ledger::Subject;
use crate::rules::Rules;
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a withdrawal stands.
    WithdrawalState {
        /// The money has left the balance; the bank is asked to pay it out.
        Held = "HELD",
        /// The bank has it and will pay it out.
        BankProcessing = "BANK_PROCESSING",
        /// It has reached the card.
        Success = "SUCCESS",
        /// It came back to the balance, with its fee.
        Returned = "RETURNED",
        /// The bank contradicted itself after the end; an officer looks at it.
        Exception = "EXCEPTION",
    }
);

/// One movement from the balance to a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its public id, which is also the id of the request at the bank.
    pub id: WithdrawalId,
    /// The wallet.
    pub wallet: WalletId,
    /// The person behind it.
    pub identity: IdentityId,
    /// The card.
    pub card: CardId,
    /// What reaches the card.
    pub amount: Amount,
    /// The fee on top, in fen.
    pub fee_minor: i64,
    /// How much of the amount the free allowance covers, in fen.
    pub free_minor: i64,
    /// Where it stands.
    pub state: WithdrawalState,
    /// Why it came back, or what the bank says now.
    pub failure: Option<Code>,
    /// The bank's reference of the payment that settled it.
    pub bank_ref: Option<String>,
    /// The business day it counts for, as yyyymmdd.
    pub day: i64,
    /// Whether it counts towards the identity's sums and allowance; not once it came back.
    pub is_counted: bool,
    /// The day it arrives at the latest, as yyyymmdd, if that could be counted.
    pub arrival_day: Option<i64>,
    /// Since when it is overdue.
    pub overdue_at: Option<Timestamp>,
    /// What of it lies in suspense, in fen, credit positive: the bank sent back what was settled,
    /// or (negative) paid out what was not to be paid out.
    pub suspended_minor: i64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

record!(Withdrawal, "withdrawal", Kept, id: WithdrawalId);

impl Withdrawal {
    /// Whether its money is in transit.
    pub fn is_open(&self) -> bool {
        match self.state {
            WithdrawalState::Held | WithdrawalState::BankProcessing => true,
            WithdrawalState::Success | WithdrawalState::Returned | WithdrawalState::Exception => {
                false
            }
        }
    }

    /// What left the balance, in fen.
    pub fn total_minor(&self) -> i64 {
        // Amount and fee left an account together, so their sum is an amount.
        self.amount.minor() + self.fee_minor
    }

    /// What is to be told besides the state. What the bank said last is no help to a person once
    /// it has contradicted itself.
    pub fn notice(&self, now: Timestamp, rules: &Rules) -> Option<Code> {
        if self.state == WithdrawalState::Exception {
            Some(Code::WithdrawUnderReview)
        } else if self.failure.is_some() || !self.is_open() {
            self.failure
        } else if self.is_overdue(now, rules) {
            Some(Code::WithdrawOverdue)
        } else {
            let told_after = rules.withdraw_delay_told_s.saturating_mul(SECOND);
            let is_slow = now.since(self.created_at) >= told_after;
            is_slow.then_some(Code::WithdrawBankDelay)
        }
    }

    pub(crate) fn is_overdue(&self, now: Timestamp, rules: &Rules) -> bool {
        match self.arrival_day {
            Some(day) => day_key(now.business_date()) > day,
            None => {
                let overdue_after = rules.withdraw_overdue_s.saturating_mul(SECOND);
                now.since(self.created_at) >= overdue_after
            }
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::new("withdrawal", self.id)
    }
}
