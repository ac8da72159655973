//! A payer who asked us to step in wants that no more.

use super::{ComplaintStep, Said, of_payer};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

/// See the module. Where we are not asked, or no more, nothing is left to be done.
#[derive(Clone, Debug)]
pub struct CancelPlatformService {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
}

/// Why we step in all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelPlatformServiceRefusal {
    /// The payer has no such complaint.
    NotFound,
}

impl Refusal for CancelPlatformServiceRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
        }
    }
}

impl Command for CancelPlatformService {
    type Done = ();
    type Refusal = CancelPlatformServiceRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CancelPlatformServiceRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let mut complaint = complaint.ok_or(CancelPlatformServiceRefusal::NotFound)?;
        if !complaint.in_platform_service {
            return Ok(());
        }
        complaint.in_platform_service = false;
        complaint.step(tx, ComplaintStep::UserCancelPlatform, Said::default())?;
        Ok(())
    }
}
