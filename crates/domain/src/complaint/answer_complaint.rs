//! A merchant answers a complaint, and says what it does about it.

use super::shown_picture::{Shower, are_own};
use super::{Complaint, ComplaintEnd, ComplaintState, ComplaintStep, Said};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct AnswerComplaint {
    /// The complaint.
    pub complaint_id: String,
    /// What the merchant does.
    pub act: ComplaintAct,
}

/// What a merchant does about a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComplaintAct {
    /// The merchant answers.
    Respond {
        /// The merchant that signed the request.
        mchid: String,
        /// About whom it says that the complaint is.
        about: String,
        /// Its words.
        content: String,
        /// The ids of pictures it uploaded.
        images: Vec<String>,
    },
    /// The merchant says that it is dealt with.
    Complete {
        /// The merchant that signed the request.
        mchid: String,
        /// About whom it says that the complaint is.
        about: String,
    },
    /// The merchant will refund.
    ApproveRefund {
        /// The merchant that signed the request.
        mchid: String,
        /// Its words.
        remark: String,
        /// In how many days, if it says so.
        launch_refund_day: Option<i64>,
    },
    /// The merchant will not refund.
    RejectRefund {
        /// The merchant that signed the request.
        mchid: String,
        /// Why.
        reason: String,
        /// Its words besides.
        remark: String,
        /// The ids of pictures it uploaded.
        images: Vec<String>,
    },
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerComplaintRefusal {
    /// There is no such complaint.
    NotFound,
    /// It is another merchant's, or about another one than was said.
    OtherMerchant,
    /// It is dealt with already.
    Over,
    /// The merchant has uploaded no such picture.
    ImageUnknown,
    /// The payer asked for no refund.
    NoRefundAsked,
}

impl Refusal for AnswerComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::OtherMerchant | Self::ImageUnknown => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
            Self::NoRefundAsked => Code::ParamInvalid,
        }
    }
}

impl Command for AnswerComplaint {
    /// The number of the step that was written down, or of the last one if nothing was new.
    type Done = i64;
    type Refusal = AnswerComplaintRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        match &self.act {
            ComplaintAct::Respond { mchid, .. }
            | ComplaintAct::Complete { mchid, .. }
            | ComplaintAct::ApproveRefund { mchid, .. }
            | ComplaintAct::RejectRefund { mchid, .. } => mchid.clone(),
        }
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<i64, Stop<AnswerComplaintRefusal>> {
        let complaint = tx.find::<Complaint>(&self.complaint_id)?;
        let mut complaint = complaint.ok_or(AnswerComplaintRefusal::NotFound)?;
        let images = self.check(tx, &complaint)?;
        let over = complaint.state == ComplaintState::Processed;
        let (step, said) = match &self.act {
            // What is done already is done again.
            ComplaintAct::Complete { .. } if over => return Ok(complaint.steps),
            ComplaintAct::Complete { .. } => {
                complaint.ends(ComplaintEnd::Completed);
                (ComplaintStep::MerchantComplete, Said::default())
            }
            _ if over => return Err(AnswerComplaintRefusal::Over.into()),
            ComplaintAct::Respond { content, .. } => {
                complaint.state = ComplaintState::Processing;
                complaint.payer_waits = false;
                (ComplaintStep::MerchantResponse, Said::words(content, images))
            }
            ComplaintAct::ApproveRefund { remark, launch_refund_day, .. } => {
                complaint.state = ComplaintState::Processing;
                let (remark, launch_refund_day) = (remark.clone(), *launch_refund_day);
                let said = Said { remark, launch_refund_day, ..Said::default() };
                (ComplaintStep::MerchantApproveRefund, said)
            }
            ComplaintAct::RejectRefund { reason, remark, .. } => {
                complaint.state = ComplaintState::Processing;
                let said = Said { remark: remark.clone(), ..Said::words(reason, images) };
                (ComplaintStep::MerchantRefuseRefund, said)
            }
        };
        let number = complaint.steps + 1;
        complaint.step(tx, step, said)?;
        Ok(number)
    }
}

impl AnswerComplaint {
    /// Whose complaint it is, and that its pictures are there; gives these.
    fn check(
        &self,
        tx: &mut Tx<'_>,
        complaint: &Complaint,
    ) -> Result<&[String], Stop<AnswerComplaintRefusal>> {
        let (mchid, about, images): (&str, Option<&String>, &[String]) = match &self.act {
            ComplaintAct::Respond { mchid, about, images, .. } => (mchid, Some(about), images),
            ComplaintAct::RejectRefund { mchid, images, .. } => (mchid, None, images),
            ComplaintAct::Complete { mchid, about } => (mchid, Some(about), &[]),
            ComplaintAct::ApproveRefund { mchid, .. } => (mchid, None, &[]),
        };
        let is_said_so = about.is_none_or(|about| about == complaint.complainted());
        if !complaint.is_shown_to(mchid) || !is_said_so {
            return Err(AnswerComplaintRefusal::OtherMerchant.into());
        }
        let about_refund = matches!(
            &self.act,
            ComplaintAct::ApproveRefund { .. } | ComplaintAct::RejectRefund { .. }
        );
        if about_refund && complaint.apply_refund_minor == 0 {
            return Err(AnswerComplaintRefusal::NoRefundAsked.into());
        }
        let are_own = are_own(tx, Shower::Merchant(mchid), images)?;
        are_own.then_some(images).ok_or_else(|| AnswerComplaintRefusal::ImageUnknown.into())
    }
}
