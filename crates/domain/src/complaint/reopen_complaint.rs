//! A payer says that a complaint is not settled, though its merchant says that it is dealt with.

use super::shown_picture::{Shower, are_own};
use super::usage::{ComplaintUsage, wait_until};
use super::{ComplaintEnd, Said, is_within_window, of_payer};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::order::Order;
use crate::tx::Tx;
use kernel::Timestamp;

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
    /// The payer has uploaded no such picture.
    ImageUnknown,
    /// The payer has said too much about complaints today.
    TooMany {
        /// From when on more is taken.
        until: Timestamp,
    },
}

impl Refusal for ReopenComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::ImageUnknown => Code::ObjectNotFound,
            Self::Open => Code::ComplaintDuplicate,
            Self::EndedByPayer => Code::OrderClosed,
            Self::WindowExpired => Code::ComplaintWindowExpired,
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
        if !are_own(tx, Shower::Payer(self.user), &self.images)? {
            return Err(ReopenComplaintRefusal::ImageUnknown.into());
        }
        if let Some(until) = ComplaintUsage::count_word(tx, self.user)? {
            return Err(ReopenComplaintRefusal::TooMany { until }.into());
        }
        complaint.taken_up_again(tx, Said::words(&self.content, &self.images))?;
        Ok(())
    }
}
