//! A merchant sends money to many people at once, or sends the same batch again.

use super::{BatchState, DetailState, TransferBatch, TransferBatchById, TransferDetail};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::job::{Job, JobKind};
use crate::merchant::{Merchant, MerchantAppid, MerchantState};
use crate::merchant_transfer::{CreateTransferRefusal, TransferLimit, TransferUsage, check_amount};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

/// What one payee is to get.
#[derive(Clone, Debug)]
pub struct NewDetail {
    /// The merchant's number of it, another one for each detail.
    pub out_detail_no: String,
    /// How much.
    pub amount: Amount,
    /// Shown to the payee.
    pub remark: String,
    /// The payee's name under the app id.
    pub openid: String,
    /// The payee's name as the merchant knows it, sealed for its place.
    pub user_name: Option<Vec<u8>>,
}

/// See the module. At most 1,000 details, whose sum is the total.
#[derive(Clone, Debug)]
pub struct CreateTransferBatch {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id.
    pub appid: String,
    /// The merchant's number.
    pub out_batch_no: String,
    /// Its name.
    pub name: String,
    /// What the merchant says about it.
    pub remark: String,
    /// The sum of the details.
    pub total: Amount,
    /// What the merchant sends it for.
    pub scene_id: Option<String>,
    /// Where the end is notified.
    pub notify_url: Option<String>,
    /// The details in their order.
    pub details: Vec<NewDetail>,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new number, drawn by the edge.
    pub batch_id: String,
}

/// Why nothing was sent, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateTransferBatchRefusal {
    /// The number was used for another batch.
    NumberUsedDifferently,
    /// As a single transfer would be refused.
    Transfer(CreateTransferRefusal),
}

impl Refusal for CreateTransferBatchRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NumberUsedDifferently => Code::IdempotencyConflict,
            Self::Transfer(refusal) => refusal.code(),
        }
    }
}

impl Command for CreateTransferBatch {
    type Done = ();
    type Refusal = CreateTransferBatchRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CreateTransferBatchRefusal>> {
        let refused = |refusal| Stop::Refused(CreateTransferBatchRefusal::Transfer(refusal));
        let key = (self.mchid.clone(), self.out_batch_no.clone());
        let appid = (self.mchid.clone(), self.appid.clone());
        let usage = TransferUsage::keys(tx, &self.mchid, "");
        tx.want(usage.into_iter().chain([
            RowKey::of::<TransferBatch>(&key),
            RowKey::of::<TransferBatchById>(&self.batch_id),
            RowKey::of::<Merchant>(&self.mchid),
            RowKey::of::<MerchantAppid>(&appid),
        ]))?;
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(refused(CreateTransferRefusal::MerchantUnknown))?;
        if let Some(done) = tx.find::<TransferBatch>(&key)? {
            return match done.fingerprint == self.fingerprint {
                true => Ok(()),
                false => Err(CreateTransferBatchRefusal::NumberUsedDifferently.into()),
            };
        }
        if tx.find::<TransferBatchById>(&self.batch_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        if merchant.state == MerchantState::Suspended {
            return Err(refused(CreateTransferRefusal::MerchantSuspended));
        }
        if tx.find::<MerchantAppid>(&appid)?.is_none() {
            return Err(refused(CreateTransferRefusal::AppidNotBound));
        }
        if !merchant.may_transfer_batch_for(self.scene_id.as_deref()) {
            return Err(refused(CreateTransferRefusal::SceneNotGranted));
        }
        for detail in &self.details {
            check_amount(tx, detail.amount, detail.user_name.is_some()).map_err(refused)?;
        }
        let mut batch = self.batch(&merchant, tx.now());
        if merchant.approves_batches {
            let due_at = tx.now().plus(tx.rules().batch_approval_s.saturating_mul(SECOND));
            tx.schedule(Job::new(JobKind::ExpireTransferBatch, batch.job_subject(), due_at));
        } else {
            let limited = TransferUsage::add_all(tx, &self.mchid, self.total.minor())?;
            limited.map_err(|limit: TransferLimit| refused(CreateTransferRefusal::Limit(limit)))?;
            let journal = batch.reserve(tx, &merchant)?;
            batch.journal = journal.ok_or(refused(CreateTransferRefusal::NotEnough))?;
            tx.schedule(Job::new(JobKind::PayTransferBatch, batch.job_subject(), tx.now()));
        }
        self.put(tx, batch);
        Ok(())
    }
}

impl CreateTransferBatch {
    /// The batch, before money moves.
    fn batch(&self, merchant: &Merchant, now: Timestamp) -> TransferBatch {
        let state = match merchant.approves_batches {
            true => BatchState::WaitPay,
            false => BatchState::Accepted,
        };
        TransferBatch {
            mchid: self.mchid.clone(),
            out_batch_no: self.out_batch_no.clone(),
            batch_id: self.batch_id.clone(),
            appid: self.appid.clone(),
            name: self.name.clone(),
            remark: self.remark.clone(),
            total: self.total,
            num: self.details.len() as i64,
            scene_id: self.scene_id.clone(),
            notify_url: self.notify_url.clone(),
            state,
            close_reason: None,
            done: 0,
            success_minor: 0,
            success_num: 0,
            fail_minor: 0,
            fail_num: 0,
            fingerprint: self.fingerprint,
            created_at: now,
            updated_at: now,
            journal: 0,
        }
    }

    fn put(&self, tx: &mut Tx<'_>, batch: TransferBatch) {
        let state = match batch.state {
            BatchState::WaitPay => DetailState::WaitPay,
            BatchState::Accepted
            | BatchState::Processing
            | BatchState::Finished
            | BatchState::Closed => DetailState::Processing,
        };
        for (place, detail) in (1..).zip(&self.details) {
            tx.put(TransferDetail {
                mchid: self.mchid.clone(),
                out_batch_no: self.out_batch_no.clone(),
                place,
                out_detail_no: detail.out_detail_no.clone(),
                amount: detail.amount,
                remark: detail.remark.clone(),
                openid: detail.openid.clone(),
                user_name: detail.user_name.clone(),
                state,
                failure: None,
                updated_at: tx.now(),
                journal: 0,
                account: 0,
            });
        }
        tx.put(TransferBatchById {
            batch_id: self.batch_id.clone(),
            mchid: self.mchid.clone(),
            out_batch_no: self.out_batch_no.clone(),
        });
        tx.put(batch);
    }
}
