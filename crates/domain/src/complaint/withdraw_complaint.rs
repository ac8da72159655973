//! A payer wants nothing of a complaint any more.

use super::{ComplaintEnd, ComplaintStep, Said, of_payer};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

/// See the module. Withdrawing twice is withdrawing once.
#[derive(Clone, Debug)]
pub struct WithdrawComplaint {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
}

/// Why it was not withdrawn, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawComplaintRefusal {
    /// The payer has no such complaint.
    NotFound,
    /// It is dealt with already.
    Over,
}

impl Refusal for WithdrawComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
        }
    }
}

impl Command for WithdrawComplaint {
    type Done = ();
    type Refusal = WithdrawComplaintRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<WithdrawComplaintRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let mut complaint = complaint.ok_or(WithdrawComplaintRefusal::NotFound)?;
        match complaint.ended {
            None => {}
            Some(ComplaintEnd::Withdrawn) => return Ok(()),
            Some(ComplaintEnd::Completed | ComplaintEnd::Confirmed) => {
                return Err(WithdrawComplaintRefusal::Over.into());
            }
        }
        complaint.ends(ComplaintEnd::Withdrawn);
        complaint.step(tx, ComplaintStep::UserWithdraw, Said::default())?;
        Ok(())
    }
}
