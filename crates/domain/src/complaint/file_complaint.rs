//! A payer complains about an order, or complains again.

use super::payer_words::{PayerWordsRefusal, say};
use super::{
    Complaint, ComplaintByOrder, ComplaintState, ComplaintStep, ProblemType, Said, is_within_window,
};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{UserId, WalletId};
use crate::order::{Order, OrderByTransaction};
use crate::tx::Tx;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct FileComplaint {
    /// The person.
    pub user: UserId,
    /// The person's wallet, which must have paid.
    pub wallet: WalletId,
    /// The number of the payment.
    pub transaction_id: String,
    /// What the payer complains of.
    pub problem: ProblemType,
    /// The payer's words.
    pub detail: String,
    /// What the payer wants back, in fen; 0 for nothing.
    pub apply_refund_minor: i64,
    /// The ids of pictures that the payer uploaded.
    pub images: Vec<String>,
    /// A new number, drawn by the edge.
    pub complaint_id: String,
    /// The caller's key.
    pub once: Once,
}

/// What the payer gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintFiled {
    /// Its number: that of the first complaint about the order.
    pub complaint_id: String,
}

/// Why nothing was filed, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileComplaintRefusal {
    /// The person has paid no such order.
    OrderNotFound,
    /// More is wanted back than was paid.
    AmountExceeded,
    /// It was paid too long ago.
    WindowExpired,
    /// A complaint about it is still open.
    Duplicate,
    /// The payer may not say it.
    Words(PayerWordsRefusal),
}

impl Refusal for FileComplaintRefusal {
    fn code(&self) -> Code {
        match self {
            Self::OrderNotFound => Code::OrderNotFound,
            Self::AmountExceeded => Code::RefundAmountExceeded,
            Self::WindowExpired => Code::ComplaintWindowExpired,
            Self::Duplicate => Code::ComplaintDuplicate,
            Self::Words(refusal) => refusal.code(),
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Words(refusal) => refusal.params(),
            _ => Params::default(),
        }
    }
}

impl Command for FileComplaint {
    type Done = ComplaintFiled;
    type Refusal = FileComplaintRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<ComplaintFiled, Stop<FileComplaintRefusal>> {
        let found = tx.find::<OrderByTransaction>(&self.transaction_id)?;
        let found = found.ok_or(FileComplaintRefusal::OrderNotFound)?;
        let key = (found.mchid, found.out_trade_no);
        let order = tx.find::<Order>(&key)?.filter(|order| order.payer == Some(self.wallet));
        let order = order.ok_or(FileComplaintRefusal::OrderNotFound)?;
        if self.apply_refund_minor > order.amount.minor() {
            return Err(FileComplaintRefusal::AmountExceeded.into());
        }
        if !is_within_window(tx, &order) {
            return Err(FileComplaintRefusal::WindowExpired.into());
        }
        let Some(known) = tx.find::<ComplaintByOrder>(&key)? else {
            let said = self.say(tx)?;
            return self.first(tx, &order, said);
        };
        let mut complaint = tx.get::<Complaint>(&known.complaint_id)?;
        if complaint.state != ComplaintState::Processed {
            return Err(FileComplaintRefusal::Duplicate.into());
        }
        let said = self.say(tx)?;
        complaint.apply_refund_minor = self.apply_refund_minor;
        let filed = ComplaintFiled { complaint_id: complaint.complaint_id.clone() };
        complaint.taken_up_again(tx, said)?;
        Ok(filed)
    }
}

impl FileComplaint {
    fn say(&self, tx: &mut Tx<'_>) -> Result<Said, Stop<FileComplaintRefusal>> {
        let said = say(tx, self.user, &self.detail, &self.images);
        said.map_err(|stop| stop.map(FileComplaintRefusal::Words))
    }

    fn first(
        &self,
        tx: &mut Tx<'_>,
        order: &Order,
        said: Said,
    ) -> Result<ComplaintFiled, Stop<FileComplaintRefusal>> {
        if tx.find::<Complaint>(&self.complaint_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        tx.put(ComplaintByOrder {
            mchid: order.mchid.clone(),
            out_trade_no: order.out_trade_no.clone(),
            complaint_id: self.complaint_id.clone(),
        });
        let complaint = Complaint {
            complaint_id: self.complaint_id.clone(),
            mchid: order.mchid.clone(),
            sub_mchid: order.sub_mchid.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: self.transaction_id.clone(),
            amount: order.amount,
            payer: self.user,
            openid: order.payer_openid.clone().unwrap_or_default(),
            problem: self.problem,
            detail: self.detail.clone(),
            apply_refund_minor: self.apply_refund_minor,
            state: ComplaintState::Pending,
            ended: None,
            in_platform_service: false,
            satisfaction: None,
            times: 1,
            payer_waits: true,
            steps: 0,
            created_at: tx.now(),
        };
        complaint.step(tx, ComplaintStep::UserCreate, said)?;
        Ok(ComplaintFiled { complaint_id: self.complaint_id.clone() })
    }
}
