//! A payer asks us to step in, because the merchant does not answer or the two do not agree.

use super::payer_words::{PayerWordsRefusal, say};
use super::{ComplaintStep, PlatformReason, Said, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

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
    /// The payer may not say it.
    Words(PayerWordsRefusal),
}

impl Refusal for ApplyPlatformServiceRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
            Self::Words(refusal) => refusal.code(),
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Words(refusal) => refusal.params(),
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
        let said = say(tx, self.user, &self.content, &self.images);
        let said = said.map_err(|stop| stop.map(ApplyPlatformServiceRefusal::Words))?;
        complaint.in_platform_service = true;
        let platform_reason = Some(self.reason);
        let said = Said { platform_reason, ..said };
        complaint.step(tx, ComplaintStep::UserApplyPlatform, said)?;
        Ok(())
    }
}
