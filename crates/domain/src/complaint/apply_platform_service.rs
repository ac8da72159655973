//! A payer asks us to step in, because the merchant does not answer or the two do not agree.

use super::shown_picture::{Shower, are_own};
use super::usage::{ComplaintUsage, wait_until};
use super::{ComplaintStep, PlatformReason, Said, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;
use kernel::Timestamp;

/// See the module. Asking again while we are asked is asking once.
#[derive(Clone, Debug)]
pub struct ApplyPlatformService {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
    /// Why.
    pub reason: PlatformReason,
    /// The same in the payer's words; may be empty.
    pub content: String,
    /// The ids of pictures that the payer uploaded.
    pub images: Vec<String>,
}

/// Why we do not step in, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyPlatformServiceRefusal {
    /// The payer has no such complaint.
    NotFound,
    /// It is dealt with; what is not settled is taken up again first.
    Over,
    /// The payer has uploaded no such picture.
    ImageUnknown,
    /// The payer has said too much about complaints today.
    TooMany {
        /// From when on more is taken.
        until: Timestamp,
    },
}

impl Refusal for ApplyPlatformServiceRefusal {
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

impl Command for ApplyPlatformService {
    type Done = ();
    type Refusal = ApplyPlatformServiceRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ApplyPlatformServiceRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let mut complaint = complaint.ok_or(ApplyPlatformServiceRefusal::NotFound)?;
        if complaint.in_platform_service {
            return Ok(());
        }
        if complaint.ended.is_some() {
            return Err(ApplyPlatformServiceRefusal::Over.into());
        }
        if !are_own(tx, Shower::Payer(self.user), &self.images)? {
            return Err(ApplyPlatformServiceRefusal::ImageUnknown.into());
        }
        if let Some(until) = ComplaintUsage::count_word(tx, self.user)? {
            return Err(ApplyPlatformServiceRefusal::TooMany { until }.into());
        }
        complaint.in_platform_service = true;
        let platform_reason = Some(self.reason);
        let said = Said { platform_reason, ..Said::words(&self.content, &self.images) };
        complaint.step(tx, ComplaintStep::UserApplyPlatform, said)?;
        Ok(())
    }
}
