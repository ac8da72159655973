//! The merchant's staff does not let a batch go that waited for it. No money has moved.

use super::{DetailFailure, TransferBatch, waiting_batch};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. Rejecting twice is rejecting once.
#[derive(Clone, Debug)]
pub struct RejectTransferBatch {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the batch.
    pub out_batch_no: String,
}

/// Why it was not rejected, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectTransferBatchRefusal {
    /// The merchant has no such batch.
    NotFound,
    /// It was approved or closed, never waited, or its time is over.
    Over,
}

impl Refusal for RejectTransferBatchRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
        }
    }
}

impl Command for RejectTransferBatch {
    type Done = ();
    type Refusal = RejectTransferBatchRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<RejectTransferBatchRefusal>> {
        let key = (self.mchid.clone(), self.out_batch_no.clone());
        let batch = tx.find::<TransferBatch>(&key)?;
        let batch = batch.ok_or(RejectTransferBatchRefusal::NotFound)?;
        if batch.was_rejected() {
            return Ok(());
        }
        if !waiting_batch(tx, &batch)? {
            return Err(RejectTransferBatchRefusal::Over.into());
        }
        batch.end_unpaid(tx, DetailFailure::MerchantReject, None)?;
        Ok(())
    }
}
