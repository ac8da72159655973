//! Complaints of payers about orders, what was said about them, and the files that are shown.

mod answer_complaint;
mod file_complaint;
mod media;
mod note_refund;
mod read_complaints;
mod shown_picture;
#[cfg(test)]
mod tests;
mod upload_picture;

pub use answer_complaint::{AnswerComplaint, AnswerComplaintRefusal, ComplaintAct};
pub use file_complaint::{ComplaintFiled, FileComplaint, FileComplaintRefusal};
pub use media::{Media, MediaKind, StoreMedia};
pub(crate) use note_refund::{RefundNews, complaint_key, complaint_of, note_refund};
pub use read_complaints::may_list_about;
pub use shown_picture::ShownPicture;
pub use upload_picture::{PICTURES_A_DAY, PictureUsage, UploadPicture, UploadPictureRefusal};

use crate::command::Halt;
use crate::fact::FactKind;
use crate::ids::UserId;
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a complaint stands.
    ComplaintState {
        /// The merchant has not answered.
        Pending = "PENDING",
        /// The merchant has answered.
        Processing = "PROCESSING",
        /// The merchant says that it is dealt with.
        Processed = "PROCESSED",
    }
);

text_enum!(
    /// What a payer complains of.
    ProblemType {
        /// Money that should come back.
        Refund = "REFUND",
        /// What was paid for does not work.
        ServiceNotWork = "SERVICE_NOT_WORK",
        /// Anything else.
        Others = "OTHERS",
    }
);

text_enum!(
    /// What was done about a complaint, as the protocol spells it.
    ComplaintStep {
        /// The payer complained.
        UserCreate = "USER_CREATE_COMPLAINT",
        /// The payer complained again.
        UserContinue = "USER_CONTINUE_COMPLAINT",
        /// The payer said something.
        UserResponse = "USER_RESPONSE",
        /// The merchant said something.
        MerchantResponse = "MERCHANT_RESPONSE",
        /// The merchant says that it is dealt with.
        MerchantComplete = "MERCHANT_CONFIRM_COMPLETE",
        /// The merchant will refund.
        MerchantApproveRefund = "MERCHANT_APPROVE_REFUND",
        /// The merchant will not refund; the protocol spells it so.
        MerchantRefuseRefund = "MERCHANT_REFUSE_RERUND",
        /// The merchant gave a part of the order back.
        PartialRefunded = "COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE",
        /// The merchant has given the whole order back.
        FullRefunded = "COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE",
        /// A refund reached the payer.
        RefundReceived = "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE",
    }
);

/// A complaint of a payer about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Its number.
    pub complaint_id: String,
    /// The merchant.
    pub mchid: String,
    /// Who was paid, if the merchant is its service provider.
    pub sub_mchid: Option<String>,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// The number of the payment.
    pub transaction_id: String,
    /// What was paid.
    pub amount: Amount,
    /// Who complains.
    pub payer: UserId,
    /// The payer's name under the order's app id.
    pub openid: String,
    /// What the payer complains of.
    pub problem: ProblemType,
    /// The payer's words.
    pub detail: String,
    /// What the payer wants back, in fen; 0 for nothing.
    pub apply_refund_minor: i64,
    /// Where it stands.
    pub state: ComplaintState,
    /// How often the payer complained.
    pub times: i64,
    /// Whether the payer waits for an answer of the merchant.
    pub payer_waits: bool,
    /// How many steps it has.
    pub steps: i64,
    /// When it was filed.
    pub created_at: Timestamp,
}

record!(Complaint, "complaint", Kept, complaint_id: String);

/// The complaint about an order: there is at most one, which can be taken up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplaintByOrder {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// The complaint.
    pub complaint_id: String,
}

record!(ComplaintByOrder, "complaint_by_order", Kept, mchid: String, out_trade_no: String);

/// One step of a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplaintLog {
    /// The complaint.
    pub complaint_id: String,
    /// Its place, from 1.
    pub number: i64,
    /// What was done.
    pub step: ComplaintStep,
    /// In which words.
    pub details: String,
    /// The ids of pictures, with commas between.
    pub images: String,
    /// When.
    pub at: Timestamp,
}

record!(ComplaintLog, "complaint_log", Kept, complaint_id: String, number: i64);

impl Complaint {
    /// Writes a step down and tells the merchant. The pictures are those of who does it.
    pub(crate) fn step(
        mut self,
        tx: &mut Tx<'_>,
        step: ComplaintStep,
        details: String,
        images: &[String],
    ) -> Result<(), Halt> {
        shown_picture::show(tx, &self, images)?;
        self.steps += 1;
        let kind = match step {
            ComplaintStep::UserCreate => FactKind::ComplaintCreated,
            ComplaintStep::UserContinue
            | ComplaintStep::UserResponse
            | ComplaintStep::MerchantResponse
            | ComplaintStep::MerchantComplete
            | ComplaintStep::MerchantApproveRefund
            | ComplaintStep::MerchantRefuseRefund
            | ComplaintStep::PartialRefunded
            | ComplaintStep::FullRefunded
            | ComplaintStep::RefundReceived => FactKind::ComplaintChanged,
        };
        let subject = format!("{}:{}", self.complaint_id, self.steps);
        tx.publish(kind, &self.mchid, subject, 0);
        tx.put(ComplaintLog {
            complaint_id: self.complaint_id.clone(),
            number: self.steps,
            step,
            details,
            images: images.join(","),
            at: tx.now(),
        });
        tx.put(self);
        Ok(())
    }
}

impl ComplaintLog {
    /// Our number of a step, from the complaint's and its place.
    #[must_use]
    pub fn id_of(complaint_id: &str, number: i64) -> String {
        format!("{complaint_id}{number:06}")
    }

    /// The ids of its pictures.
    pub fn image_ids(&self) -> impl Iterator<Item = &str> {
        self.images.split(',').filter(|id| !id.is_empty())
    }
}
