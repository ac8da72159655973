//! A payer says how it finds what came of a complaint that is dealt with.

use super::payer_words::{PayerWordsRefusal, say};
use super::{ComplaintLog, ComplaintStep, Said, Satisfaction, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

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
    /// The payer may not say it.
    Words(PayerWordsRefusal),
}

impl Refusal for RateComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Open => Code::ComplaintDuplicate,
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
        let said = say(tx, self.user, &self.content, &[]);
        let said = said.map_err(|stop| stop.map(RateComplaintRefusal::Words))?;
        complaint.satisfaction = satisfaction;
        let said = Said { satisfaction, ..said };
        complaint.step(tx, ComplaintStep::UserRate, said)?;
        Ok(())
    }
}
