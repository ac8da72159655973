//! Our staff is done with a complaint that a payer asked us to step in. The complaint itself stays
//! as it is: the merchant completes it, or the payer confirms it.

use super::{Complaint, ComplaintStep, Said};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct FinishPlatformService {
    /// The complaint.
    pub complaint_id: String,
    /// Who of our staff says so; neither payer nor merchant is told.
    pub staff: String,
    /// What it says at the end; may be empty.
    pub content: String,
}

/// Why there is nothing to be done with, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishPlatformServiceRefusal {
    /// There is no such complaint.
    NotFound,
    /// Its payer did not ask us to step in, or no more.
    NotAsked,
}

impl Refusal for FinishPlatformServiceRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::NotAsked => Code::ObjectNotFound,
        }
    }
}

impl Command for FinishPlatformService {
    type Done = ();
    type Refusal = FinishPlatformServiceRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<FinishPlatformServiceRefusal>> {
        let complaint = tx.find::<Complaint>(&self.complaint_id)?;
        let mut complaint = complaint.ok_or(FinishPlatformServiceRefusal::NotFound)?;
        if !complaint.in_platform_service {
            return Err(FinishPlatformServiceRefusal::NotAsked.into());
        }
        complaint.in_platform_service = false;
        complaint.step(
            tx,
            ComplaintStep::PlatformFinish,
            Said::of_staff(&self.staff, &self.content),
        )?;
        Ok(())
    }
}
