//! The payment of an order from a card: the bank is asked for the money, and the order waits.

use crate::catalogue::Code;
use crate::ids::{CardId, CardPaymentId, WalletId};
use crate::ledger::Subject;
use crate::rules::Rules;
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a card payment stands.
    CardPaymentState {
        /// The bank is asked for the money.
        BankProcessing = "BANK_PROCESSING",
        /// The bank gave no clear answer; it is asked again.
        Unknown = "UNKNOWN",
        /// The order is paid.
        Success = "SUCCESS",
        /// The bank did not give the money.
        Failed = "FAILED",
        /// The bank gave it when the order could not be paid any more; it goes back to the card.
        Refunding = "REFUNDING",
        /// It went back.
        Refunded = "REFUNDED",
    }
);

/// One movement from a card for an order, or for all orders of a combined one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPayment {
    /// Its public id, which is also the id of the request at the bank.
    pub id: CardPaymentId,
    /// The wallet.
    pub wallet: WalletId,
    /// The card.
    pub card: CardId,
    /// The prepay id that leads to what is paid.
    pub prepay_id: String,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub state: CardPaymentState,
    /// Why it failed.
    pub failure: Option<Code>,
    /// The bank's reference of the movement that counted.
    pub bank_ref: Option<String>,
    /// The journal that carried the money, 0 for none.
    pub journal: i64,
    /// The business day it counts for, as yyyymmdd.
    pub day: i64,
    /// What of it lies in suspense, in fen, credit positive.
    pub suspended_minor: i64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When the bank's word ended it.
    pub ended_at: Option<Timestamp>,
}

record!(CardPayment, "card_payment", Kept, id: CardPaymentId);

impl CardPayment {
    /// Whether the bank's word is awaited.
    pub fn is_open(&self) -> bool {
        match self.state {
            CardPaymentState::BankProcessing | CardPaymentState::Unknown => true,
            CardPaymentState::Success
            | CardPaymentState::Failed
            | CardPaymentState::Refunding
            | CardPaymentState::Refunded => false,
        }
    }

    /// Whether a request that the bank never saw may still be sent.
    pub fn may_be_sent(&self, now: Timestamp, rules: &Rules) -> bool {
        let longest = rules.card_payment_send_s.saturating_mul(SECOND);
        self.is_open() && now.since(self.created_at) < longest
    }

    /// What is to be told besides the state.
    pub fn notice(&self) -> Option<Code> {
        match self.state {
            CardPaymentState::BankProcessing | CardPaymentState::Unknown => {
                Some(Code::PaymentResultUnknown)
            }
            CardPaymentState::Failed => self.failure,
            CardPaymentState::Refunding => Some(Code::RefundProcessing),
            CardPaymentState::Success | CardPaymentState::Refunded => None,
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::new("card_payment", self.id)
    }
}
