//! Transfers of merchants to people: the money leaves the merchant when it asks, and waits until
//! the payee takes it, the merchant cancels, or time runs out.

mod cancel_transfer;
mod confirm_transfer;
mod create_transfer;
mod expire_transfer;
mod scene;
#[cfg(test)]
mod tests;
mod transfer_usage;

pub use cancel_transfer::{CancelTransfer, CancelTransferRefusal};
pub use confirm_transfer::{ConfirmTransfer, ConfirmTransferRefusal, NameCheck};
pub(crate) use create_transfer::check_amount;
pub use create_transfer::{CreateTransfer, CreateTransferRefusal};
pub use expire_transfer::ExpireTransfer;
pub use scene::{RED_PACKET_MAX_MINOR, SceneTerms};
pub use transfer_usage::{TransferLimit, TransferUsage};

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
    /// Where a transfer stands. Money moves at once, so the states between are never seen.
    TransferState {
        /// The money waits for the payee.
        WaitUserConfirm = "WAIT_USER_CONFIRM",
        /// The payee has it.
        Success = "SUCCESS",
        /// The merchant has it back: see the reason.
        Fail = "FAIL",
        /// The merchant took it back.
        Cancelled = "CANCELLED",
    }
);

text_enum!(
    /// Why a transfer failed.
    TransferFailure {
        /// The payee did not take it in time.
        OverdueClose = "OVERDUE_CLOSE",
        /// The payee has another name than the merchant said.
        NameNotCorrect = "NAME_NOT_CORRECT",
        /// The payee's wallet takes no money.
        PayeeAccountAbnormal = "PAYEE_ACCOUNT_ABNORMAL",
    }
);

/// One transfer of a merchant to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantTransfer {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of it.
    pub out_bill_no: String,
    /// Our number of it.
    pub transfer_bill_no: String,
    /// The app id.
    pub appid: String,
    /// The payee's name under the app id.
    pub openid: String,
    /// The payee's name as the merchant knows it, sealed for [`payee_name_place`].
    pub user_name: Option<Vec<u8>>,
    /// How much.
    pub amount: Amount,
    /// Shown to the payee.
    pub remark: String,
    /// What the merchant sends it for, as the protocol numbers it.
    pub scene_id: String,
    /// What the payee is told it is for.
    pub perception: Option<String>,
    /// Where the end is notified; `None` for nowhere.
    pub notify_url: Option<String>,
    /// Where it stands.
    pub state: TransferState,
    /// Why it failed.
    pub failure: Option<TransferFailure>,
    /// Hash of what the merchant asked for.
    pub fingerprint: [u8; 32],
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Until when the payee can take it.
    pub expires_at: Timestamp,
    /// The journal that took the money from the merchant.
    pub journal: i64,
    /// The journal of its end, 0 while it waits.
    pub end_journal: i64,
    /// The account that has the money in the end, 0 while it waits.
    pub end_account: AccountNumber,
}

record!(MerchantTransfer, "merchant_transfer", Kept, mchid: String, out_bill_no: String);

/// Finds a transfer by our number of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantTransferByNo {
    /// Our number.
    pub transfer_bill_no: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_bill_no: String,
}

record!(MerchantTransferByNo, "merchant_transfer_by_no", Kept, transfer_bill_no: String);

/// The place that a payee's name is sealed for.
pub fn payee_name_place(mchid: &str, out_bill_no: &str) -> Vec<u8> {
    format!("merchant_transfer/user_name/{mchid}/{out_bill_no}").into_bytes()
}

impl MerchantTransfer {
    fn job_key(&self) -> RowKey {
        RowKey::of::<Job>(&(JobKind::ExpireMerchantTransfer, self.transfer_bill_no.clone()))
    }

    fn subject(&self) -> Subject {
        let id = format_args!("{}:{}", self.mchid, self.out_bill_no);
        Subject::new("merchant_transfer", id)
    }

    /// Ends it: the waiting money goes to an account. The job's row must be loaded.
    fn end(
        mut self,
        tx: &mut Tx<'_>,
        state: TransferState,
        failure: Option<TransferFailure>,
        to: AccountNumber,
    ) -> Result<(), Halt> {
        let kind = match state {
            TransferState::Success => JournalKind::MerchantTransferSettle,
            TransferState::Fail | TransferState::Cancelled | TransferState::WaitUserConfirm => {
                JournalKind::MerchantTransferReturn
            }
        };
        let amount = self.amount.minor();
        let legs = [(tx.rules().system.escrow_transfer, -amount), (to, amount)];
        let posting = Posting::balanced(kind, self.subject(), self.amount.currency(), legs)?;
        let journal = tx.post(posting)?;
        let journal =
            journal.map_err(|short| Halt::Defect(format!("transfers in escrow: {short:?}")))?;
        tx.remove::<Job>(&(JobKind::ExpireMerchantTransfer, self.transfer_bill_no.clone()));
        let number = self.out_bill_no.clone();
        tx.publish(FactKind::MerchantTransferEnded, &self.mchid, number, 0);
        self.state = state;
        self.failure = failure;
        self.updated_at = tx.now();
        self.end_journal = journal;
        self.end_account = to;
        tx.put(self);
        Ok(())
    }

    /// Ends it with the money back at the merchant.
    fn give_back(
        self,
        tx: &mut Tx<'_>,
        state: TransferState,
        failure: Option<TransferFailure>,
    ) -> Result<(), Halt> {
        let merchant = tx.get::<Merchant>(&self.mchid)?;
        self.end(tx, state, failure, merchant.balance_account)
    }

    fn is_open(&self) -> bool {
        self.state == TransferState::WaitUserConfirm
    }
}
