//! Our staff says something about a complaint that a payer asked us to step in.

use super::{Complaint, ComplaintStep, Said};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct RespondForPlatform {
    /// The complaint.
    pub complaint_id: String,
    /// Who of our staff says so; neither payer nor merchant is told.
    pub staff: String,
    /// What it says.
    pub content: String,
}

/// Why nothing was said, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RespondForPlatformRefusal {
    /// There is no such complaint.
    NotFound,
    /// Its payer did not ask us to step in, or no more.
    NotAsked,
}

impl Refusal for RespondForPlatformRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::NotAsked => Code::ObjectNotFound,
        }
    }
}

impl Command for RespondForPlatform {
    type Done = ();
    type Refusal = RespondForPlatformRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<RespondForPlatformRefusal>> {
        let complaint = tx.find::<Complaint>(&self.complaint_id)?;
        let complaint = complaint.ok_or(RespondForPlatformRefusal::NotFound)?;
        if !complaint.in_platform_service {
            return Err(RespondForPlatformRefusal::NotAsked.into());
        }
        complaint.step(
            tx,
            ComplaintStep::PlatformResponse,
            Said::of_staff(&self.staff, &self.content),
        )?;
        Ok(())
    }
}
