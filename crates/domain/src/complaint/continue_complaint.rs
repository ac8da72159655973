//! A payer says something about a complaint that is open.

use super::shown_picture::{Shower, are_own};
use super::usage::{ComplaintUsage, wait_until};
use super::{ComplaintStep, Said, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;
use kernel::Timestamp;

/// See the module. Saying the same twice is saying it twice.
#[derive(Clone, Debug)]
pub struct ContinueComplaint {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
    /// The payer's words.
    pub content: String,
    /// The ids of pictures that the payer uploaded.
    pub images: Vec<String>,
}

/// Why nothing was said, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContinueComplaintRefusal {
    /// The payer has no such complaint.
    NotFound,
    /// It is dealt with.
    Over,
    /// The payer has uploaded no such picture.
    ImageUnknown,
    /// The payer has said too much about complaints today.
    TooMany {
        /// From when on more is taken.
        until: Timestamp,
    },
}

impl Refusal for ContinueComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::ImageUnknown => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
            Self::TooMany { .. } => Code::RateLimited,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::TooMany { until } => wait_until(*until),
            _ => Params::default(),
        }
    }
}

impl Command for ContinueComplaint {
    type Done = ();
    type Refusal = ContinueComplaintRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ContinueComplaintRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let mut complaint = complaint.ok_or(ContinueComplaintRefusal::NotFound)?;
        if complaint.ended.is_some() {
            return Err(ContinueComplaintRefusal::Over.into());
        }
        if !are_own(tx, Shower::Payer(self.user), &self.images)? {
            return Err(ContinueComplaintRefusal::ImageUnknown.into());
        }
        if let Some(until) = ComplaintUsage::count_word(tx, self.user)? {
            return Err(ContinueComplaintRefusal::TooMany { until }.into());
        }
        complaint.payer_waits = true;
        let said = Said::words(&self.content, &self.images);
        complaint.step(tx, ComplaintStep::UserResponse, said)?;
        Ok(())
    }
}
