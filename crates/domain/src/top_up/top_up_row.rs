//! The top-up row and its states.

use crate::catalogue::Code;
use crate::ids::{CardId, IdentityId, TopUpId, WalletId};
use crate::ledger::Subject;
use crate::rules::Rules;
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a top-up stands.
    TopUpState {
        /// The bank is asked for the money.
        BankProcessing = "BANK_PROCESSING",
        /// The bank gave no clear answer; it is asked again.
        Unknown = "UNKNOWN",
        /// The money is in the balance.
        Success = "SUCCESS",
        /// The bank did not give it.
        Failed = "FAILED",
    }
);

/// One movement from a card to the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// Its public id, which is also the id of the request at the bank.
    pub id: TopUpId,
    /// The wallet.
    pub wallet: WalletId,
    /// The person behind it.
    pub identity: IdentityId,
    /// The card.
    pub card: CardId,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub state: TopUpState,
    /// Why it failed.
    pub failure: Option<Code>,
    /// The bank's reference of the movement that reached the balance.
    pub bank_ref: Option<String>,
    /// The journal that credited the balance, 0 for none.
    pub journal: i64,
    /// The business day it counts for, as yyyymmdd.
    pub day: i64,
    /// Whether it counts towards the identity's sum of that day; not once it failed.
    pub is_counted: bool,
    /// What of it lies in suspense, in fen, credit positive: the bank gave more than once or after
    /// a no, or took back what was credited (then negative).
    pub suspended_minor: i64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

record!(TopUp, "top_up", Kept, id: TopUpId);

impl TopUp {
    /// Whether the bank's word is awaited.
    pub fn is_open(&self) -> bool {
        match self.state {
            TopUpState::BankProcessing | TopUpState::Unknown => true,
            TopUpState::Success | TopUpState::Failed => false,
        }
    }

    /// Whether a request that the bank never saw may still be sent. Nobody wants a card debited
    /// long after they gave up waiting.
    pub fn may_be_sent(&self, now: Timestamp, rules: &Rules) -> bool {
        self.is_open() && now.since(self.created_at) < rules.topup_send_s.saturating_mul(SECOND)
    }

    /// What is to be told besides the state. What the bank said last is no help to a person while
    /// money of this top-up is where it belongs to nobody.
    pub fn notice(&self, now: Timestamp, rules: &Rules) -> Option<Code> {
        if self.suspended_minor != 0 {
            return Some(Code::TopupUnderReview);
        }
        let told_after = rules.topup_delay_told_s.saturating_mul(SECOND);
        let is_unsettling = match self.state {
            TopUpState::Unknown => true,
            TopUpState::BankProcessing => now.since(self.created_at) >= told_after,
            TopUpState::Success | TopUpState::Failed => false,
        };
        self.failure.or(is_unsettling.then_some(Code::PaymentResultUnknown))
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::new("top_up", self.id)
    }
}
