//! Facts: what happened, in the order of batches. Merchants' notifications are read from here.

use crate::{record, text_enum};
use kernel::Timestamp;
use kernel::crypto::sha256;

/// How many shares the merchants are divided into for delivery.
pub const SLOTS: i64 = 64;

/// The share a merchant belongs to: 0 to 63.
pub fn slot_of(mchid: &str) -> i64 {
    i64::from(sha256(&[mchid.as_bytes()])[0]) % SLOTS
}

text_enum!(
    /// What happened.
    FactKind {
        /// An order was paid.
        PaymentSucceeded = "PAYMENT_SUCCEEDED",
        /// A combined order was paid.
        CombinedPaymentSucceeded = "COMBINED_PAYMENT_SUCCEEDED",
        /// A refund arrived.
        RefundSucceeded = "REFUND_SUCCEEDED",
        /// The card could not take a refund.
        RefundAbnormal = "REFUND_ABNORMAL",
        /// A refund was given up; the merchant has the money back.
        RefundClosed = "REFUND_CLOSED",
        /// What a merchant sent to a person arrived or went back; the subject is the merchant's
        /// number of it.
        MerchantTransferEnded = "MERCHANT_TRANSFER_ENDED",
        /// A batch of transfers ended; the subject is the merchant's number of it.
        TransferBatchEnded = "TRANSFER_BATCH_ENDED",
        /// A receiver got its share; the subject names the sharing merchant, its number and the
        /// place in it.
        ProfitShared = "PROFIT_SHARED",
        /// A payer complained; the subject names the complaint and the step.
        ComplaintCreated = "COMPLAINT_CREATED",
        /// Something was done about a complaint; the subject names the complaint and the step.
        ComplaintChanged = "COMPLAINT_CHANGED",
        /// A receiver gave its share back; the subject names the sharing merchant and its number.
        ProfitReturned = "PROFIT_RETURNED",
        /// A merchant asked to hear a message again.
        SecurityEchoed = "SECURITY_ECHOED",
    }
);

/// One thing that happened, written once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The batch it happened in.
    pub batch: i64,
    /// Its place within the batch, from 1.
    pub place: i64,
    /// What happened.
    pub kind: FactKind,
    /// The merchant it concerns.
    pub mchid: String,
    /// The merchant's share for delivery.
    pub slot: i64,
    /// The merchant's number of the order or refund.
    pub subject: String,
    /// The journal it tells of, 0 for none.
    pub journal: i64,
    /// When it happened.
    pub at: Timestamp,
}

record!(Fact, "fact", Appended, batch: i64, place: i64);

impl Fact {
    /// The id a notification of this fact carries, the same at each delivery: derived from its
    /// place.
    pub fn notification_id(&self) -> String {
        let hash = sha256(&[b"notification", &self.batch.to_be_bytes(), &self.place.to_be_bytes()]);
        let hex = kernel::id::Hex(&hash[..16]).to_string();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
