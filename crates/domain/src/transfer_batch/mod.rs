//! Batches of transfers to people, who need not confirm them. The whole sum leaves the merchant
//! when it asks, or when its staff approves if that is needed; each detail then ends by itself,
//! with the payee or back at the merchant.

#[cfg(test)]
mod approval_tests;
mod approve_batch;
mod create_batch;
mod expire_batch;
mod pay_batch;
mod reject_batch;
#[cfg(test)]
mod tests;

pub use approve_batch::{ApproveTransferBatch, ApproveTransferBatchRefusal};
pub use create_batch::{CreateTransferBatch, CreateTransferBatchRefusal, NewDetail};
pub use expire_batch::ExpireTransferBatch;
pub use pay_batch::{PAID_AT_ONCE, PayTransferBatch};
pub use reject_batch::{RejectTransferBatch, RejectTransferBatchRefusal};

use crate::command::Halt;
use crate::fact::FactKind;
use crate::job::{Job, JobKind};
use crate::ledger::{AccountNumber, JournalKind, Posting, Subject};
use crate::merchant::Merchant;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a batch stands.
    BatchState {
        /// The merchant's staff has to approve it; no money has moved.
        WaitPay = "WAIT_PAY",
        /// Its money is reserved, nothing was paid yet.
        Accepted = "ACCEPTED",
        /// Some of its details have ended.
        Processing = "PROCESSING",
        /// All of its details have ended.
        Finished = "FINISHED",
        /// It was not paid: see the reason.
        Closed = "CLOSED",
    }
);

text_enum!(
    /// Why a batch was closed.
    CloseReason {
        /// The merchant's staff did not approve it in time.
        OverdueClose = "OVERDUE_CLOSE",
        /// When it was approved, the merchant might send money for its scene no more.
        TransferSceneInvalid = "TRANSFER_SCENE_INVALID",
    }
);

text_enum!(
    /// Where a detail stands.
    DetailState {
        /// Its batch waits for approval.
        WaitPay = "WAIT_PAY",
        /// Its money waits.
        Processing = "PROCESSING",
        /// The payee has it.
        Success = "SUCCESS",
        /// The merchant has it back, or still has it: see the reason.
        Fail = "FAIL",
    }
);

text_enum!(
    /// Why a detail failed.
    DetailFailure {
        /// The payee is not known under the app id.
        OpenidInvalid = "OPENID_INVALID",
        /// The payee has no wallet.
        AccountNotExist = "ACCOUNT_NOT_EXIST",
        /// The payee's wallet takes no money.
        PayeeAccountAbnormal = "PAYEE_ACCOUNT_ABNORMAL",
        /// Nobody has verified the payee.
        RealNameCheckFail = "REAL_NAME_CHECK_FAIL",
        /// The payee has another name than the merchant said.
        NameNotCorrect = "NAME_NOT_CORRECT",
        /// The payee would get too much today.
        DayReceivedQuotaExceed = "DAY_RECEIVED_QUOTA_EXCEED",
        /// The payee would get too many transfers today.
        DayReceivedCountExceed = "DAY_RECEIVED_COUNT_EXCEED",
        /// The merchant's staff rejected the batch.
        MerchantReject = "MERCHANT_REJECT",
        /// The merchant's staff did not approve the batch in time.
        MerchantNotConfirm = "MERCHANT_NOT_CONFIRM",
        /// The merchant may send money for the batch's scene no more.
        TransferSceneInvalid = "TRANSFER_SCENE_INVALID",
    }
);

/// One batch of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferBatch {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of it.
    pub out_batch_no: String,
    /// Our number of it.
    pub batch_id: String,
    /// The app id.
    pub appid: String,
    /// Its name.
    pub name: String,
    /// What the merchant says about it.
    pub remark: String,
    /// The sum of its details.
    pub total: Amount,
    /// How many details it has.
    pub num: i64,
    /// What the merchant sends it for, as the protocol numbers it.
    pub scene_id: Option<String>,
    /// Where the end is notified; `None` for nowhere.
    pub notify_url: Option<String>,
    /// Where it stands.
    pub state: BatchState,
    /// Why it was closed.
    pub close_reason: Option<CloseReason>,
    /// How many details have ended: those up to this place.
    pub done: i64,
    /// What payees have got, in fen.
    pub success_minor: i64,
    /// How many payees have got theirs.
    pub success_num: i64,
    /// What went back, in fen.
    pub fail_minor: i64,
    /// How many details failed.
    pub fail_num: i64,
    /// Hash of what the merchant asked for.
    pub fingerprint: [u8; 32],
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The journal that took the money from the merchant, 0 if none did.
    pub journal: i64,
}

record!(TransferBatch, "transfer_batch", Kept, mchid: String, out_batch_no: String);

/// Finds a batch by our number of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferBatchById {
    /// Our number.
    pub batch_id: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_batch_no: String,
}

record!(TransferBatchById, "transfer_batch_by_id", Kept, batch_id: String);

/// What one payee of a batch gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferDetail {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the batch.
    pub out_batch_no: String,
    /// Its place in the batch, from 1.
    pub place: i64,
    /// The merchant's number of it.
    pub out_detail_no: String,
    /// How much.
    pub amount: Amount,
    /// Shown to the payee.
    pub remark: String,
    /// The payee's name under the app id.
    pub openid: String,
    /// The payee's name as the merchant knows it, sealed for [`detail_name_place`].
    pub user_name: Option<Vec<u8>>,
    /// Where it stands.
    pub state: DetailState,
    /// Why it failed.
    pub failure: Option<DetailFailure>,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The journal of its end, 0 while it waits or if its money never moved.
    pub journal: i64,
    /// The account that has the money in the end, 0 like the journal.
    pub account: AccountNumber,
}

record!(
    TransferDetail, "transfer_detail", Kept,
    mchid: String, out_batch_no: String, place: i64
);

/// The place that a payee's name is sealed for.
pub fn detail_name_place(mchid: &str, out_batch_no: &str, place: i64) -> Vec<u8> {
    format!("transfer_detail/user_name/{mchid}/{out_batch_no}/{place}").into_bytes()
}

/// Our number of a detail: that of its batch and four digits.
pub fn detail_id(batch_id: &str, place: i64) -> String {
    format!("{batch_id}{place:04}")
}

impl TransferBatch {
    /// What a job about it names.
    pub fn job_subject(&self) -> String {
        format!("{}:{}", self.mchid, self.out_batch_no)
    }

    /// Whether it has ended, paid or not.
    pub fn is_over(&self) -> bool {
        match self.state {
            BatchState::WaitPay | BatchState::Accepted | BatchState::Processing => false,
            BatchState::Finished | BatchState::Closed => true,
        }
    }

    fn was_rejected(&self) -> bool {
        self.state == BatchState::Finished && self.journal == 0
    }

    /// Takes its money from the merchant; gives the journal, or none if there is too little.
    fn reserve(&self, tx: &mut Tx<'_>, merchant: &Merchant) -> Result<Option<i64>, Halt> {
        let total = self.total.minor();
        let posting = Posting::balanced(
            JournalKind::TransferBatchReserve,
            Subject::new("transfer_batch", self.job_subject()),
            self.total.currency(),
            [(merchant.balance_account, -total), (tx.rules().system.escrow_transfer, total)],
        )?;
        Ok(tx.post(posting)?.ok())
    }

    /// Ends a batch that waited for approval, with all its details; `reason` if it is closed.
    fn end_unpaid(
        mut self,
        tx: &mut Tx<'_>,
        failure: DetailFailure,
        reason: Option<CloseReason>,
    ) -> Result<(), Halt> {
        let waits = (JobKind::ExpireTransferBatch, self.job_subject());
        tx.want([RowKey::of::<Job>(&waits)])?;
        for detail in waiting_details(tx, &self)? {
            let (state, failure) = (DetailState::Fail, Some(failure));
            tx.put(TransferDetail { state, failure, updated_at: tx.now(), ..detail });
        }
        self.state = reason.map_or(BatchState::Finished, |_| BatchState::Closed);
        self.close_reason = reason;
        self.done = self.num;
        (self.fail_num, self.fail_minor) = (self.num, self.total.minor());
        self.updated_at = tx.now();
        tx.remove::<Job>(&waits);
        let number = self.out_batch_no.clone();
        tx.publish(FactKind::TransferBatchEnded, &self.mchid, number, 0);
        tx.put(self);
        Ok(())
    }
}

/// Whether a batch waits for approval and can still have it.
fn waiting_batch(tx: &mut Tx<'_>, batch: &TransferBatch) -> Result<bool, Halt> {
    let job = tx.find::<Job>(&(JobKind::ExpireTransferBatch, batch.job_subject()))?;
    let is_in_time = job.is_some_and(|job| tx.now() < job.due_at);
    Ok(batch.state == BatchState::WaitPay && is_in_time)
}

/// All details of a batch that waits.
fn waiting_details(tx: &mut Tx<'_>, batch: &TransferBatch) -> Result<Vec<TransferDetail>, Halt> {
    let key = |place| (batch.mchid.clone(), batch.out_batch_no.clone(), place);
    tx.want((1..=batch.num).map(|place| RowKey::of::<TransferDetail>(&key(place))))?;
    (1..=batch.num).map(|place| tx.get::<TransferDetail>(&key(place))).collect()
}

impl TransferDetail {
    fn subject(&self) -> Subject {
        let id = format_args!("{}:{}:{}", self.mchid, self.out_batch_no, self.place);
        Subject::new("transfer_detail", id)
    }
}
