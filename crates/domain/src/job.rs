//! Jobs: obligations that a worker meets by calling a provider. A job that exists is open; the
//! command that records the provider's answer removes it or sets it to a later time.

use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// What is owed.
    JobKind {
        /// Send a one-time password by SMS; the subject is the challenge.
        SendOtp = "SEND_OTP",
        /// Ask the identity authority; the subject is the verification.
        CheckIdentity = "CHECK_IDENTITY",
        /// Ask the issuer about a card to be bound; the subject is the binding.
        CheckCard = "CHECK_CARD",
        /// Give the issuer the code that the holder entered; the subject is the binding.
        ConfirmCard = "CONFIRM_CARD",
        /// Erase a binding that was left; the subject is the binding.
        ExpireCardBinding = "EXPIRE_CARD_BINDING",
        /// Take a top-up from the card; the subject is the top-up.
        SubmitTopUp = "SUBMIT_TOP_UP",
        /// Pay a withdrawal out; the subject is the withdrawal.
        SubmitWithdrawal = "SUBMIT_WITHDRAWAL",
        /// Take the payment of an order from a card; the subject is the card payment.
        SubmitCardPayment = "SUBMIT_CARD_PAYMENT",
        /// Send what is given back to a card; the subject is the payout.
        SubmitRefundPayout = "SUBMIT_REFUND_PAYOUT",
        /// Close a refund that no card takes; the subject is the merchant and its number.
        CloseRefund = "CLOSE_REFUND",
        /// Tell the issuer that a token is no longer used; the subject is the card.
        RevokeCardToken = "REVOKE_CARD_TOKEN",
        /// Give a merchant what of an order nobody shared in time; the subject is the merchant and
        /// its number.
        ReleaseUnsettled = "RELEASE_UNSETTLED",
        /// Move the money of a request of sharing; the subject is the merchant and its number.
        FinishProfit = "FINISH_PROFIT",
        /// Pay the next details of a batch; the subject is the merchant and its number.
        PayTransferBatch = "PAY_TRANSFER_BATCH",
        /// Close a batch that nobody approved in time; the subject is the merchant and its number.
        ExpireTransferBatch = "EXPIRE_TRANSFER_BATCH",
        /// Give a merchant back what the payee left lying; the subject is our number of it.
        ExpireMerchantTransfer = "EXPIRE_MERCHANT_TRANSFER",
        /// Remove a picture that no complaint shows; the subject is the picture.
        ForgetPicture = "FORGET_PICTURE",
    }
);

/// One obligation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is owed.
    pub kind: JobKind,
    /// The id of the object it is about, in text.
    pub subject: String,
    /// When it is to be done, in business time.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// The share it belongs to: only the holder of the slot works it.
    pub slot: i64,
}

record!(Job, "job", Removable, kind: JobKind, subject: String);

impl Job {
    /// An obligation that is due at a time.
    pub fn new(kind: JobKind, subject: impl std::fmt::Display, due_at: Timestamp) -> Self {
        let subject = subject.to_string();
        let slot = crate::fact::slot_of(&subject);
        Self { kind, subject, due_at, attempts: 0, slot }
    }

    /// The same obligation, to be tried again `delay` microseconds from `now`.
    pub fn again(mut self, now: Timestamp, delay: i64) -> Self {
        self.attempts += 1;
        self.due_at = now.plus(delay);
        self
    }
}

impl Tx<'_> {
    /// Owes something from now on.
    pub fn schedule(&mut self, job: Job) {
        self.put(job);
    }
}
