//! A refund that no card took, and for which the merchant named no other way in time, closes.

use super::{Refund, RefundState};
use crate::command::{Halt, Timer};
use crate::job::{Job, JobKind};
use crate::tx::Tx;

/// See the module. Early, late or again: the refund's own state and the obligation's time decide.
#[derive(Clone, Debug)]
pub struct CloseRefund {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_refund_no: String,
}

impl Timer for CloseRefund {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let refund = tx.get::<Refund>(&(self.mchid.clone(), self.out_refund_no.clone()))?;
        let job = tx.find::<Job>(&(JobKind::CloseRefund, refund.job_subject()))?;
        let is_due = job.is_some_and(|job| job.due_at <= tx.now());
        if is_due && refund.state == RefundState::Abnormal {
            refund.close(tx)?;
        }
        Ok(())
    }
}
