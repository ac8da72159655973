//! A payer says something about a complaint that is open.

use super::payer_words::{PayerWordsRefusal, say};
use super::{ComplaintStep, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

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
    /// The payer may not say it.
    Words(PayerWordsRefusal),
}

impl Refusal for ContinueComplaintRefusal {
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
        let said = say(tx, self.user, &self.content, &self.images);
        let said = said.map_err(|stop| stop.map(ContinueComplaintRefusal::Words))?;
        complaint.payer_waits = true;
        complaint.step(tx, ComplaintStep::UserResponse, said)?;
        Ok(())
    }
}
