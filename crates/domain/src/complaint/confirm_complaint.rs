//! A payer says that a complaint is settled, whether or not its merchant has said so.

use super::{ComplaintEnd, ComplaintStep, Said, of_payer};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

/// See the module. Confirming twice is confirming once.
#[derive(Clone, Debug)]
pub struct ConfirmComplaint {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
}

/// Why it was not confirmed, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmComplaintRefusal {
    /// The payer has no such complaint.
    NotFound,
    /// The payer has withdrawn it.
    Withdrawn,
}

impl Refusal for ConfirmComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Withdrawn => Code::OrderClosed,
        }
    }
}

impl Command for ConfirmComplaint {
    type Done = ();
    type Refusal = ConfirmComplaintRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ConfirmComplaintRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let mut complaint = complaint.ok_or(ConfirmComplaintRefusal::NotFound)?;
        match complaint.ended {
            None | Some(ComplaintEnd::Completed) => {}
            Some(ComplaintEnd::Confirmed) => return Ok(()),
            Some(ComplaintEnd::Withdrawn) => {
                return Err(ConfirmComplaintRefusal::Withdrawn.into());
            }
        }
        complaint.ends(ComplaintEnd::Confirmed);
        complaint.step(tx, ComplaintStep::UserConfirm, Said::default())?;
        Ok(())
    }
}
