//! Refunds: a merchant gives back what a person paid, in whole or in part.

mod create_refund;
mod repayment;
#[cfg(test)]
mod tests;

pub(crate) use create_refund::find_order;
pub use create_refund::{
    CreateRefund, CreateRefundRefusal, OrderOfRefund, RefundCreated, RefundSource,
};
pub(crate) use repayment::Repayment;

use crate::{record, text_enum};
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a refund stands. A refund to a balance arrives at once.
    RefundState {
        /// On its way to a card.
        Processing = "PROCESSING",
        /// It arrived.
        Success = "SUCCESS",
        /// The card cannot take it.
        Abnormal = "ABNORMAL",
        /// It will not happen.
        Closed = "CLOSED",
    }
);

/// One refund of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The merchant.
    pub mchid: String,
    /// Who was paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The merchant's number of it.
    pub out_refund_no: String,
    /// Our number of it: 29 digits.
    pub refund_id: String,
    /// The order's number.
    pub out_trade_no: String,
    /// The number of the payment.
    pub transaction_id: String,
    /// What goes back.
    pub amount: Amount,
    /// The total of the order.
    pub total: Amount,
    /// Told to the payer.
    pub reason: Option<String>,
    /// Where the result is notified; `None` for nowhere.
    pub notify_url: Option<String>,
    /// Where it stands.
    pub state: RefundState,
    /// What of the merchant's fee goes back with it, in fen.
    pub fee_minor: i64,
    /// What of it came from money that waited for profit sharing, in fen.
    pub unsettled_minor: i64,
    /// Hash of what the merchant asked for.
    pub fingerprint: [u8; 32],
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it arrived.
    pub succeeded_at: Option<Timestamp>,
    /// The journal of it.
    pub journal: i64,
}

record!(Refund, "refund", Kept, mchid: String, out_refund_no: String);

/// Keeps our refund numbers unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundById {
    /// Our number.
    pub refund_id: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_refund_no: String,
}

record!(RefundById, "refund_by_id", Kept, refund_id: String);
