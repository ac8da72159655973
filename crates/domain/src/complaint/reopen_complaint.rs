//! A payer says that a complaint is not settled, though its merchant says that it is dealt with.

use super::payer_words::{PayerWordsRefusal, say};
use super::{ComplaintEnd, is_within_window, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::order::Order;
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct ReopenComplaint {
    /// The payer.
    pub user: UserId,
    /// The complaint.
    pub complaint_id: String,
    /// What is not settled.
    pub content: String,
    /// The ids of pictures that the payer uploaded.
    pub images: Vec<String>,
}

/// Why it stays as it is, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReopenComplaintRefusal {
    /// The payer has no such complaint.
    NotFound,
    /// It is open.
    Open,
    /// The payer has ended it, and can complain anew.
    EndedByPayer,
    /// The order was paid too long ago.
    WindowExpired,
    /// The payer may not say it.
    Words(PayerWordsRefusal),
}

impl Refusal for ReopenComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Open => Code::ComplaintDuplicate,
            Self::EndedByPayer => Code::OrderClosed,
            Self::WindowExpired => Code::ComplaintWindowExpired,
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

impl Command for ReopenComplaint {
    type Done = ();
    type Refusal = ReopenComplaintRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ReopenComplaintRefusal>> {
        let complaint = of_payer(tx, &self.complaint_id, self.user)?;
        let complaint = complaint.ok_or(ReopenComplaintRefusal::NotFound)?;
        match complaint.ended {
            None => return Err(ReopenComplaintRefusal::Open.into()),
            Some(ComplaintEnd::Completed) => {}
            Some(ComplaintEnd::Withdrawn | ComplaintEnd::Confirmed) => {
                return Err(ReopenComplaintRefusal::EndedByPayer.into());
            }
        }
        let order = (complaint.mchid.clone(), complaint.out_trade_no.clone());
        let order = tx.get::<Order>(&order)?;
        if !is_within_window(tx, &order) {
            return Err(ReopenComplaintRefusal::WindowExpired.into());
        }
        let said = say(tx, self.user, &self.content, &self.images);
        let said = said.map_err(|stop| stop.map(ReopenComplaintRefusal::Words))?;
        complaint.taken_up_again(tx, said)?;
        Ok(())
    }
}
