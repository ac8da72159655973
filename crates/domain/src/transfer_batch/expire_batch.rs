//! A batch that the merchant's staff did not approve in time is closed. No money has moved.

use super::{BatchState, CloseReason, DetailFailure, TransferBatch};
use crate::command::{Halt, Timer};
use crate::job::{Job, JobKind};
use crate::tx::Tx;

/// See the module. Early, late or again: the batch's own state and the job's time decide.
#[derive(Clone, Debug)]
pub struct ExpireTransferBatch {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the batch.
    pub out_batch_no: String,
}

impl Timer for ExpireTransferBatch {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let key = (self.mchid.clone(), self.out_batch_no.clone());
        let batch = tx.get::<TransferBatch>(&key)?;
        let job = tx.find::<Job>(&(JobKind::ExpireTransferBatch, batch.job_subject()))?;
        let is_due = job.is_some_and(|job| tx.now() >= job.due_at);
        if batch.state != BatchState::WaitPay || !is_due {
            return Ok(());
        }
        let reason = Some(CloseReason::OverdueClose);
        batch.end_unpaid(tx, DetailFailure::MerchantNotConfirm, reason)
    }
}
