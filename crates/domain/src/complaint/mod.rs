//! Complaints of payers about orders, what was said about them, and the files that are shown.

mod answer_complaint;
mod apply_platform_service;
mod cancel_platform_service;
mod confirm_complaint;
mod continue_complaint;
mod file_complaint;
mod finish_platform_service;
mod forget_picture;
mod media;
mod note_refund;
mod payer_words;
#[cfg(test)]
mod platform_tests;
mod rate_complaint;
mod read_complaints;
mod reopen_complaint;
mod respond_for_platform;
mod shown_picture;
#[cfg(test)]
mod tests;
mod upload_picture;
mod usage;
mod withdraw_complaint;

pub use answer_complaint::{AnswerComplaint, AnswerComplaintRefusal, ComplaintAct};
pub use apply_platform_service::{ApplyPlatformService, ApplyPlatformServiceRefusal};
pub use cancel_platform_service::{CancelPlatformService, CancelPlatformServiceRefusal};
pub use confirm_complaint::{ConfirmComplaint, ConfirmComplaintRefusal};
pub use continue_complaint::{ContinueComplaint, ContinueComplaintRefusal};
pub use file_complaint::{ComplaintFiled, FileComplaint, FileComplaintRefusal};
pub use finish_platform_service::{FinishPlatformService, FinishPlatformServiceRefusal};
pub use forget_picture::ForgetPicture;
pub use media::{Media, MediaKind, StoreMedia};
pub(crate) use note_refund::{RefundNews, complaint_key, complaint_of, note_refund};
pub use payer_words::PayerWordsRefusal;
pub use rate_complaint::{RateComplaint, RateComplaintRefusal};
pub use read_complaints::may_list_about;
pub use reopen_complaint::{ReopenComplaint, ReopenComplaintRefusal};
pub use respond_for_platform::{RespondForPlatform, RespondForPlatformRefusal};
pub use shown_picture::ShownPicture;
pub use upload_picture::{UploadPicture, UploadPictureRefusal};
pub use usage::{ComplaintUsage, PICTURES_A_DAY, WORDS_A_DAY};
pub use withdraw_complaint::{WithdrawComplaint, WithdrawComplaintRefusal};

use crate::command::Halt;
use crate::fact::FactKind;
use crate::ids::UserId;
use crate::order::Order;
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a complaint stands.
    ComplaintState {
        /// The merchant has not answered.
        Pending = "PENDING",
        /// The merchant has answered.
        Processing = "PROCESSING",
        /// One of the two says that it is dealt with.
        Processed = "PROCESSED",
    }
);

text_enum!(
    /// Who says that a complaint is dealt with, and how.
    ComplaintEnd {
        /// The merchant says so.
        Completed = "MERCHANT_COMPLETED",
        /// The payer wants nothing any more.
        Withdrawn = "PAYER_WITHDREW",
        /// The payer says that it is settled.
        Confirmed = "PAYER_CONFIRMED",
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
    /// Why a payer asks us to step in.
    PlatformReason {
        /// The merchant does not answer.
        NoAnswer = "MERCHANT_SILENT",
        /// The two do not agree.
        NotAgreed = "NOT_AGREED",
        /// Anything else.
        Others = "OTHERS",
    }
);

text_enum!(
    /// How a payer finds what came of a complaint.
    Satisfaction {
        /// Good.
        Satisfied = "SATISFIED",
        /// Neither good nor bad.
        Neutral = "NEUTRAL",
        /// Bad.
        Unsatisfied = "UNSATISFIED",
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
        /// The payer withdrew it.
        UserWithdraw = "USER_REVOKE_COMPLAINT",
        /// The payer says that it is settled; the protocol spells it so.
        UserConfirm = "USER_COMFIRM_COMPLAINT",
        /// The payer asked us to step in.
        UserApplyPlatform = "USER_APPLY_PLATFORM_SERVICE",
        /// The payer wants that no more.
        UserCancelPlatform = "USER_CANCEL_PLATFORM_SERVICE",
        /// The payer says how it finds what came of it.
        UserRate = "USER_SUBMIT_SATISFACTION",
        /// We said something.
        PlatformResponse = "PLATFORM_RESPONSE",
        /// We are done with it.
        PlatformFinish = "PLATFORM_SERVICE_FINISHED",
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
    /// Who says that it is dealt with, while it is.
    pub ended: Option<ComplaintEnd>,
    /// Whether the payer asked us to step in, and we are not done.
    pub in_platform_service: bool,
    /// How the payer finds what came of it, if it says so, while it is dealt with.
    pub satisfaction: Option<Satisfaction>,
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
    /// Where the complaint stood then.
    pub state: ComplaintState,
    /// The words of who did it.
    pub details: String,
    /// Who of our staff did it; empty where it was somebody else.
    pub staff: String,
    /// The merchant's words besides.
    pub remark: String,
    /// In how many days the merchant will refund, if it says so.
    pub launch_refund_day: Option<i64>,
    /// Why the payer asks us to step in, if that is the step.
    pub platform_reason: Option<PlatformReason>,
    /// How the payer finds what came of it, if that is the step.
    pub satisfaction: Option<Satisfaction>,
    /// What was refunded, if that is the step.
    pub refunded: Option<Amount>,
    /// The ids of pictures, with commas between.
    pub images: String,
    /// When.
    pub at: Timestamp,
}

record!(ComplaintLog, "complaint_log", Kept, complaint_id: String, number: i64);

/// Most characters that a payer, or the operator's staff, says at once.
pub const WORDS_CHARS_MAX: usize = 500;

/// What a step of a complaint says. It is facts: whoever shows it finds the words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// The words of who does it.
    details: String,
    /// Who of our staff says it.
    staff: String,
    /// The merchant's words besides.
    remark: String,
    /// In how many days the merchant will refund.
    launch_refund_day: Option<i64>,
    /// Why the payer asks us to step in.
    platform_reason: Option<PlatformReason>,
    /// How the payer finds what came of it.
    satisfaction: Option<Satisfaction>,
    /// What was refunded.
    refunded: Option<Amount>,
    /// The ids of pictures of who does it.
    images: Vec<String>,
}

impl Said {
    /// Words of our staff.
    fn of_staff(staff: &str, details: &str) -> Self {
        Self { staff: staff.to_owned(), ..Self::words(details, &[]) }
    }

    /// Words, with pictures.
    fn words(details: &str, images: &[String]) -> Self {
        Self { details: details.to_owned(), images: images.to_vec(), ..Self::default() }
    }
}

impl Complaint {
    /// Writes a step down and tells the merchant.
    pub(crate) fn step(
        mut self,
        tx: &mut Tx<'_>,
        step: ComplaintStep,
        said: Said,
    ) -> Result<(), Halt> {
        shown_picture::show(tx, &self, &said.images)?;
        self.steps += 1;
        let kind = match step {
            ComplaintStep::UserCreate => FactKind::ComplaintCreated,
            ComplaintStep::UserContinue
            | ComplaintStep::UserResponse
            | ComplaintStep::UserWithdraw
            | ComplaintStep::UserConfirm
            | ComplaintStep::UserApplyPlatform
            | ComplaintStep::UserCancelPlatform
            | ComplaintStep::UserRate
            | ComplaintStep::PlatformResponse
            | ComplaintStep::PlatformFinish
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
            state: self.state,
            details: said.details,
            staff: said.staff,
            remark: said.remark,
            launch_refund_day: said.launch_refund_day,
            platform_reason: said.platform_reason,
            satisfaction: said.satisfaction,
            refunded: said.refunded,
            images: said.images.join(","),
            at: tx.now(),
        });
        tx.put(self);
        Ok(())
    }

    /// Is dealt with, as somebody says. A payer who asked us to step in and ends it needs us no
    /// more; the merchant does not send us away.
    fn ends(&mut self, end: ComplaintEnd) {
        self.state = ComplaintState::Processed;
        self.ended = Some(end);
        self.payer_waits = false;
        self.in_platform_service &= end == ComplaintEnd::Completed;
    }

    /// The payer complains once more of what was said to be dealt with.
    fn taken_up_again(mut self, tx: &mut Tx<'_>, said: Said) -> Result<(), Halt> {
        self.state = ComplaintState::Processing;
        self.ended = None;
        self.satisfaction = None;
        self.times += 1;
        self.payer_waits = true;
        self.step(tx, ComplaintStep::UserContinue, said)
    }
}

/// The payer's complaint of this number.
fn of_payer(tx: &mut Tx<'_>, complaint_id: &str, user: UserId) -> Result<Option<Complaint>, Halt> {
    let complaint = tx.find::<Complaint>(&complaint_id.to_owned())?;
    Ok(complaint.filter(|complaint| complaint.payer == user))
}

/// Whether an order was paid so lately that a payer may complain about it.
fn is_within_window(tx: &Tx<'_>, order: &Order) -> bool {
    let window = tx.rules().complaint_window_s.saturating_mul(SECOND);
    order.paid_at.is_some_and(|paid_at| tx.now().since(paid_at) <= window)
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
