//! Money that goes back to a card: one movement at the bank, for a refund or for a payment that
//! came too late. A refund that a card did not take may have another one.

use crate::card::Card;
use crate::catalogue::Code;
use crate::command::Halt;
use crate::ids::{CardId, CardPaymentId, RefundPayoutId};
use crate::job::{Job, JobKind};
use crate::ledger::Subject;
use crate::rules::Rules;
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a payout stands.
    PayoutState {
        /// The bank is asked to pay it out.
        Processing = "PROCESSING",
        /// It has reached the card.
        Success = "SUCCESS",
        /// The bank did not pay it out.
        Failed = "FAILED",
        /// The bank contradicted itself after the end; an officer looks at it.
        Exception = "EXCEPTION",
    }
);

/// What a payout is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutOrigin {
    /// For a refund: the merchant and its number.
    Refund(String, String),
    /// For a card payment that came when its order could not be paid any more.
    LatePayment(CardPaymentId),
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundPayout {
    /// Its public id, which is also the id of the request at the bank.
    pub id: RefundPayoutId,
    /// The merchant of the refund it is for.
    pub mchid: Option<String>,
    /// The merchant's number of that refund.
    pub out_refund_no: Option<String>,
    /// The card payment it is for, if it is for no refund.
    pub card_payment: Option<CardPaymentId>,
    /// The card.
    pub card: CardId,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub state: PayoutState,
    /// Why it failed.
    pub failure: Option<Code>,
    /// The bank's reference of the movement that counted.
    pub bank_ref: Option<String>,
    /// The journal that took it out of transit to the bank; 0 for none.
    pub journal: i64,
    /// What of it lies in suspense, in fen, credit positive.
    pub suspended_minor: i64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

record!(RefundPayout, "refund_payout", Kept, id: RefundPayoutId);

impl RefundPayout {
    /// Owes the bank's call; the money waits in transit.
    pub(crate) fn start(
        tx: &mut Tx<'_>,
        id: RefundPayoutId,
        origin: PayoutOrigin,
        card: Card,
        amount: Amount,
    ) -> Result<(), Halt> {
        if tx.find::<Self>(&id)?.is_some() {
            return Err(Halt::Stale); // The edge drew an id that is taken; it draws again.
        }
        let (mchid, out_refund_no, card_payment) = match origin {
            PayoutOrigin::Refund(mchid, number) => (Some(mchid), Some(number), None),
            PayoutOrigin::LatePayment(payment) => (None, None, Some(payment)),
        };
        tx.put(Self {
            id,
            mchid,
            out_refund_no,
            card_payment,
            card: card.id,
            amount,
            state: PayoutState::Processing,
            failure: None,
            bank_ref: None,
            journal: 0,
            suspended_minor: 0,
            created_at: tx.now(),
            ended_at: None,
        });
        tx.put(card.after_start(0, 0));
        tx.schedule(Job::new(JobKind::SubmitRefundPayout, id, tx.now()));
        Ok(())
    }

    /// Whether the bank's word is awaited.
    pub fn is_open(&self) -> bool {
        self.state == PayoutState::Processing
    }

    /// Whether a request that the bank never saw may still be sent.
    pub fn may_be_sent(&self, now: Timestamp, rules: &Rules) -> bool {
        let longest = rules.refund_abnormal_s.saturating_mul(SECOND);
        self.is_open() && now.since(self.created_at) < longest
    }

    /// What it is for; `None` for a row that contradicts itself.
    pub fn origin(&self) -> Option<PayoutOrigin> {
        match (&self.mchid, &self.out_refund_no, self.card_payment) {
            (Some(mchid), Some(number), None) => {
                Some(PayoutOrigin::Refund(mchid.clone(), number.clone()))
            }
            (None, None, Some(payment)) => Some(PayoutOrigin::LatePayment(payment)),
            _ => None,
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::new("refund_payout", self.id)
    }
}
