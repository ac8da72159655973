//! Profit sharing: a merchant gives receivers their part of a paid order.
//!
//! The money of an order placed for sharing waits in the merchant's unsettled account. A request to
//! share or unfreeze is accepted first, and a moment later moves the money; what is left after a
//! time becomes the merchant's by itself. So that account always holds exactly what of its orders
//! nobody asked for yet, and what requests that are not finished are about.

mod finish_profit;
#[cfg(test)]
mod partner_tests;
mod receivers;
mod release_unsettled;
mod return_profit;
mod share_profit;
#[cfg(test)]
mod tests;
mod unfreeze_profit;

pub use finish_profit::FinishProfit;
pub use receivers::{AddReceiver, AddReceiverRefusal, DeleteReceiver};
pub use release_unsettled::ReleaseUnsettled;
pub use return_profit::{NamedProfitOrder, ReturnProfit, ReturnProfitRefusal};
pub use share_profit::{Rest, SharePart, ShareProfit, ShareProfitRefusal};
pub use unfreeze_profit::UnfreezeProfit;

use crate::command::Halt;
use crate::job::{Job, JobKind};
use crate::ledger::AccountNumber;
use crate::order::{Order, OrderByTransaction};
use crate::record::{Record, RowKey};
use crate::rules::Rules;
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

text_enum!(
    /// What the account of a receiver names.
    ReceiverKind {
        /// A merchant's number.
        Merchant = "MERCHANT_ID",
        /// A person under an app id of the merchant.
        Openid = "PERSONAL_OPENID",
        /// A person under an app id of the sub-merchant.
        SubOpenid = "PERSONAL_SUB_OPENID",
    }
);

text_enum!(
    /// What became of one share.
    ShareResult {
        /// Its request is not finished.
        Pending = "PENDING",
        /// The receiver has it.
        Success = "SUCCESS",
        /// It stays with the order, to be shared again or unfrozen.
        Closed = "CLOSED",
    }
);

text_enum!(
    /// Why a share was closed.
    ShareFailure {
        /// The receiver's account takes no money.
        AccountAbnormal = "ACCOUNT_ABNORMAL",
        /// The receiver is a person nobody has verified.
        NotVerified = "RECEIVER_REAL_NAME_NOT_VERIFIED",
    }
);

text_enum!(
    /// What a request did with an order's money.
    ProfitOrderKind {
        /// It gave it to receivers.
        Share = "SHARE",
        /// It gave what was left to the merchant.
        Unfreeze = "UNFREEZE",
    }
);

text_enum!(
    /// Where a request stands.
    ProfitOrderState {
        /// It is accepted, and no money has moved.
        Processing = "PROCESSING",
        /// Each receiver has its share, or will never have it.
        Finished = "FINISHED",
    }
);

text_enum!(
    /// What became of a return.
    ReturnResult {
        /// The merchant has it back.
        Success = "SUCCESS",
        /// Nothing moved.
        Failed = "FAILED",
    }
);

text_enum!(
    /// Why nothing was returned.
    ReturnFailure {
        /// The receiver takes no part in payments now.
        AccountAbnormal = "ACCOUNT_ABNORMAL",
        /// The receiver does not have that much.
        BalanceNotEnough = "BALANCE_NOT_ENOUGH",
    }
);

/// Whether an order was paid so short a time ago that its money can neither be shared nor unfrozen.
fn is_fresh(tx: &Tx<'_>, paid_at: Timestamp) -> bool {
    tx.now() < paid_at.plus(tx.rules().profit_delay_s.saturating_mul(SECOND))
}

/// Somebody whom a merchant may give a part of its orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitReceiver {
    /// The merchant.
    pub mchid: String,
    /// The sub-merchant whose orders are shared; empty for the merchant's own.
    pub sub_mchid: String,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
    /// The app id it was added under.
    pub appid: String,
    /// How it stands to the merchant, as the protocol spells it.
    pub relation: String,
    /// How, in the merchant's words.
    pub custom_relation: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
}

record!(
    ProfitReceiver, "profit_receiver", Removable,
    mchid: String, sub_mchid: String, kind: ReceiverKind, account: String
);

/// One request that shared or unfroze an order's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitOrder {
    /// The merchant.
    pub mchid: String,
    /// The sub-merchant whose money it was, if the merchant is its service provider.
    pub sub_mchid: Option<String>,
    /// The merchant's number of it.
    pub out_order_no: String,
    /// Our number of it.
    pub order_id: String,
    /// The order's number.
    pub out_trade_no: String,
    /// The number of the payment.
    pub transaction_id: String,
    /// What it does.
    pub kind: ProfitOrderKind,
    /// Whether what receivers do not get is the merchant's.
    pub unfreezes: bool,
    /// Where it stands.
    pub state: ProfitOrderState,
    /// How many shares it has.
    pub shares: i64,
    /// What receivers get, in fen.
    pub shared_minor: i64,
    /// What the merchant gets, in fen.
    pub unfrozen_minor: i64,
    /// How often a receiver gave money back, or tried to.
    pub returns: i64,
    /// Hash of what the merchant asked for.
    pub fingerprint: [u8; 32],
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// Its journal; 0 until it is finished, and when nothing moved.
    pub journal: i64,
}

record!(ProfitOrder, "profit_order", Kept, mchid: String, out_order_no: String);

impl ProfitOrder {
    /// What a job about it names: the merchant and its number.
    pub fn job_subject(&self) -> String {
        format!("{}:{}", self.mchid, self.out_order_no)
    }
}

/// Finds a request by our number of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitOrderById {
    /// Our number.
    pub order_id: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_order_no: String,
}

record!(ProfitOrderById, "profit_order_by_id", Kept, order_id: String);

/// What one receiver gets of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitShare {
    /// The merchant that shares.
    pub mchid: String,
    /// Its number of the request.
    pub out_order_no: String,
    /// The place in the request, from 1.
    pub place: i64,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub description: String,
    /// What became of it.
    pub result: ShareResult,
    /// Why it was closed.
    pub failure: Option<ShareFailure>,
    /// The ledger account that got it; 0 until then, and when it was closed.
    pub ledger_account: AccountNumber,
    /// What the receiver gave back, in fen.
    pub returned_minor: i64,
}

record!(
    ProfitShare, "profit_share", Kept, mchid: String, out_order_no: String, place: i64
);

impl ProfitShare {
    /// Our number of it, from that of its request.
    #[must_use]
    pub fn detail_id(&self, order_id: &str) -> String {
        format!("{order_id}{:02}", self.place)
    }
}

/// A receiver gives back what it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitReturn {
    /// The merchant that shared.
    pub mchid: String,
    /// The sub-merchant whose money was shared, if that merchant is its service provider.
    pub sub_mchid: Option<String>,
    /// Its number of the return.
    pub out_return_no: String,
    /// Our number of it.
    pub return_id: String,
    /// Its number of the request that is given back.
    pub out_order_no: String,
    /// Our number of that request.
    pub order_id: String,
    /// The receiver.
    pub return_mchid: String,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub description: String,
    /// What became of it.
    pub result: ReturnResult,
    /// Why nothing moved.
    pub failure: Option<ReturnFailure>,
    /// Hash of what the merchant asked for.
    pub fingerprint: [u8; 32],
    /// When it was done.
    pub created_at: Timestamp,
    /// Its journal; 0 when nothing moved.
    pub journal: i64,
}

record!(ProfitReturn, "profit_return", Kept, mchid: String, out_return_no: String);

/// The obligation to give the merchant what nobody shared in time.
pub(crate) fn release_job(order: &Order, paid_at: Timestamp, rules: &Rules) -> Job {
    let due_at = paid_at.plus(rules.profit_release_s.saturating_mul(SECOND));
    Job::new(JobKind::ReleaseUnsettled, order.job_subject(), due_at)
}

/// The order with this payment number that a merchant placed for itself or for a sub-merchant.
fn order_of(
    tx: &mut Tx<'_>,
    mchid: &str,
    sub_mchid: Option<&str>,
    transaction_id: &String,
) -> Result<Option<Order>, Halt> {
    let found = tx.find::<OrderByTransaction>(transaction_id)?;
    let Some(found) = found.filter(|found| found.mchid == mchid) else { return Ok(None) };
    let order = tx.find::<Order>(&(found.mchid, found.out_trade_no))?;
    Ok(order.filter(|order| order.sub_mchid.as_deref() == sub_mchid))
}

/// The key of a receiver.
fn receiver_key(
    mchid: &str,
    sub_mchid: Option<&str>,
    kind: ReceiverKind,
    account: &str,
) -> <ProfitReceiver as Record>::Key {
    (mchid.to_owned(), sub_mchid.unwrap_or_default().to_owned(), kind, account.to_owned())
}

/// What is to be loaded before an order's waiting money moves.
pub(crate) fn release_key(order: &Order) -> RowKey {
    RowKey::of::<Job>(&(JobKind::ReleaseUnsettled, order.job_subject()))
}

impl Order {
    /// Takes money from what waits for sharing. With the last fen the obligation to release it is
    /// met; its row must be loaded.
    pub(crate) fn take_unsettled(&mut self, tx: &mut Tx<'_>, minor: i64) {
        if minor == 0 {
            return;
        }
        self.unsettled_minor -= minor;
        if self.unsettled_minor == 0 {
            tx.remove::<Job>(&(JobKind::ReleaseUnsettled, self.job_subject()));
        }
    }

    /// Gives money back to what waits for sharing. It is released when it would have been before;
    /// at once if that time is over.
    pub(crate) fn give_unsettled(&mut self, tx: &mut Tx<'_>, minor: i64) -> Result<(), Halt> {
        if minor == 0 {
            return Ok(());
        }
        tx.want([release_key(self)])?;
        if self.unsettled_minor == 0 {
            let paid_at = self.paid_at.ok_or_else(|| Halt::Defect("not paid".into()))?;
            tx.schedule(release_job(self, paid_at, tx.rules()));
        }
        self.unsettled_minor += minor;
        Ok(())
    }
}
