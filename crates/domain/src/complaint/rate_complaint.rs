//! A payer says how it finds what came of a complaint that is dealt with.

use super::usage::{ComplaintUsage, wait_until};
use super::{ComplaintLog, ComplaintStep, Said, Satisfaction, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;
use kernel::Timestamp;

/// See the module. The same once more is said once; another one replaces it.
#[derive(Clone, Debug)]
pub struct RateComplaint {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
    /// How the payer finds it.
    pub satisfaction: Satisfaction,
    /// The payer's words; may be empty.
    pub content: String,
}

/// Why it was not taken, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateComplaintRefusal {
    /// The payer has no such complaint.
    NotFound,
    /// It is not dealt with.
    Open,
    /// The payer has said too much about complaints today.
    TooMany {
        /// From when on more is taken.
        until: Timestamp,
    },
}

impl Refusal for RateComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Open => Code::ComplaintDuplicate,
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

impl Command for RateComplaint {
    type Done = ();
    type Refusal = RateComplaintRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<RateComplaintRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let mut complaint = complaint.ok_or(RateComplaintRefusal::NotFound)?;
        if complaint.ended.is_none() {
            return Err(RateComplaintRefusal::Open.into());
        }
        let satisfaction = Some(self.satisfaction);
        if complaint.satisfaction == satisfaction {
            let last = tx.look::<ComplaintLog>(&(self.complaint_id.clone(), complaint.steps))?;
            if last.is_some_and(|last| {
                last.step == ComplaintStep::UserRate && last.details == self.content
            }) {
                return Ok(());
            }
        }
        if let Some(until) = ComplaintUsage::count_word(tx, self.user)? {
            return Err(RateComplaintRefusal::TooMany { until }.into());
        }
        complaint.satisfaction = satisfaction;
        let said = Said { satisfaction, ..Said::words(&self.content, &[]) };
        complaint.step(tx, ComplaintStep::UserRate, said)?;
        Ok(())
    }
}
