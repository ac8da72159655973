//! Batches of transfers to people, who need not confirm them. The whole sum leaves the merchant
//! when it asks; each detail then ends by itself, with the payee or back at the merchant.

mod create_batch;
mod pay_batch;
#[cfg(test)]
mod tests;

pub use create_batch::{CreateTransferBatch, CreateTransferBatchRefusal, NewDetail};
pub use pay_batch::{PAID_AT_ONCE, PayTransferBatch};

use crate::ledger::{AccountNumber, Subject};
use crate::{record, text_enum};
use kernel::{Amount, Timestamp};

text_enum!(
    /// Where a batch stands.
    BatchState {
        /// Its money is reserved, nothing was paid yet.
        Accepted = "ACCEPTED",
        /// Some of its details have ended.
        Processing = "PROCESSING",
        /// All of its details have ended.
        Finished = "FINISHED",
    }
);

text_enum!(
    /// Where a detail stands.
    DetailState {
        /// Its money waits.
        Processing = "PROCESSING",
        /// The payee has it.
        Success = "SUCCESS",
        /// The merchant has it back: see the reason.
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
    /// The journal that took the money from the merchant.
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
    /// The journal of its end, 0 while it waits.
    pub journal: i64,
    /// The account that has the money in the end, 0 while it waits.
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
}

impl TransferDetail {
    fn subject(&self) -> Subject {
        let id = format_args!("{}:{}:{}", self.mchid, self.out_batch_no, self.place);
        Subject::new("transfer_detail", id)
    }
}
