//! The merchant's staff lets a batch go that waited for it: now its money leaves the merchant.

use super::{
    BatchState, CloseReason, DetailFailure, DetailState, TransferBatch, waiting_batch,
    waiting_details,
};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::job::{Job, JobKind};
use crate::ledger::Account;
use crate::merchant::{Merchant, MerchantState};
use crate::merchant_transfer::{TransferLimit, TransferUsage};
use crate::record::RowKey;
use crate::tx::Tx;

/// See the module. What was approved may be approved again, which changes nothing.
#[derive(Clone, Debug)]
pub struct ApproveTransferBatch {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the batch.
    pub out_batch_no: String,
}

/// Why it waits on, or stays ended; in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApproveTransferBatchRefusal {
    /// The merchant has no such batch.
    NotFound,
    /// It was rejected or closed, or its time is over.
    Over,
    /// The merchant is suspended; it can be approved once it no longer is.
    MerchantSuspended,
    /// A cap of the day would be broken; it can be approved on another day.
    Limit(TransferLimit),
    /// The merchant's balance is too low; it can be approved later.
    NotEnough,
}

impl Refusal for ApproveTransferBatchRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
            Self::MerchantSuspended => Code::MerchantAbnormal,
            Self::Limit(_) => Code::ParamInvalid,
            Self::NotEnough => Code::BalanceInsufficient,
        }
    }
}

impl Command for ApproveTransferBatch {
    /// Where it stands now: a batch whose scene was taken from the merchant is closed.
    type Done = BatchState;
    type Refusal = ApproveTransferBatchRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<BatchState, Stop<ApproveTransferBatchRefusal>> {
        let key = (self.mchid.clone(), self.out_batch_no.clone());
        let batch = tx.find::<TransferBatch>(&key)?;
        let mut batch = batch.ok_or(ApproveTransferBatchRefusal::NotFound)?;
        if batch.journal > 0 {
            return Ok(batch.state);
        }
        if !waiting_batch(tx, &batch)? {
            return Err(ApproveTransferBatchRefusal::Over.into());
        }
        let merchant = tx.get::<Merchant>(&self.mchid)?;
        if merchant.state == MerchantState::Suspended {
            return Err(ApproveTransferBatchRefusal::MerchantSuspended.into());
        }
        if !merchant.may_transfer_batch_for(batch.scene_id.as_deref()) {
            let reason = Some(CloseReason::TransferSceneInvalid);
            batch.end_unpaid(tx, DetailFailure::TransferSceneInvalid, reason)?;
            return Ok(BatchState::Closed);
        }
        let moved = [tx.rules().system.escrow_transfer, merchant.balance_account];
        let usage = TransferUsage::keys(tx, &self.mchid, "");
        let paying = (JobKind::PayTransferBatch, batch.job_subject());
        let others = moved.iter().map(RowKey::of::<Account>).chain(usage);
        tx.want(others.chain([RowKey::of::<Job>(&paying)]))?;
        let details = waiting_details(tx, &batch)?;
        let limited = TransferUsage::add_all(tx, &self.mchid, batch.total.minor())?;
        limited.map_err(ApproveTransferBatchRefusal::Limit)?;
        let journal = batch.reserve(tx, &merchant)?;
        batch.journal = journal.ok_or(ApproveTransferBatchRefusal::NotEnough)?;
        batch.state = BatchState::Accepted;
        batch.updated_at = tx.now();
        for detail in details {
            let state = DetailState::Processing;
            tx.put(super::TransferDetail { state, updated_at: tx.now(), ..detail });
        }
        tx.remove::<Job>(&(JobKind::ExpireTransferBatch, batch.job_subject()));
        tx.schedule(Job::new(JobKind::PayTransferBatch, batch.job_subject(), tx.now()));
        tx.put(batch);
        Ok(BatchState::Accepted)
    }
}
