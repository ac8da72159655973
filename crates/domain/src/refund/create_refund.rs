//! A merchant refunds an order, or asks for the same refund again.

use super::repayment::{Repayment, RepaymentTarget, TooLittle};
use super::{NoticeForm, Refund, RefundById};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::ids::RefundPayoutId;
use crate::merchant::Merchant;
use crate::order::{Order, OrderByTransaction, OrderState};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// How the merchant names the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderOfRefund {
    /// By our number of the payment.
    Transaction(String),
    /// By its own number.
    OutTradeNo(String),
    /// By both: ours decides.
    Both {
        /// Our number of the payment.
        transaction_id: String,
        /// The merchant's number.
        out_trade_no: String,
    },
}

impl OrderOfRefund {
    /// Whether it says something else of the order that it decides on.
    fn contradicts(&self, order: &Order) -> bool {
        match self {
            Self::Both { out_trade_no, .. } => *out_trade_no != order.out_trade_no,
            Self::Transaction(_) | Self::OutTradeNo(_) => false,
        }
    }
}

/// Which of a merchant's money a refund takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundSource {
    /// What of the order waits for profit sharing, then the balance.
    Unsettled,
    /// The balance alone.
    Balance,
    /// Exactly what the merchant named; the rest of the amount from the balance.
    Named {
        /// From what of the order waits for profit sharing, in fen; at most the amount.
        unavailable_minor: i64,
    },
}

impl RefundSource {
    /// What the merchant named of what waits for sharing, in fen; `None` if it named nothing.
    pub(crate) fn named_minor(self) -> Option<i64> {
        match self {
            Self::Named { unavailable_minor } => Some(unavailable_minor),
            Self::Unsettled | Self::Balance => None,
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct CreateRefund {
    /// The merchant that signed the request.
    pub mchid: String,
    /// Who was paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The order.
    pub order: OrderOfRefund,
    /// The merchant's number of the refund.
    pub out_refund_no: String,
    /// What goes back.
    pub amount: Amount,
    /// What the merchant says the order's total is.
    pub total: Amount,
    /// Which of the merchant's money is taken.
    pub source: RefundSource,
    /// Told to the payer.
    pub reason: Option<String>,
    /// Where the result is notified.
    pub notify_url: Option<String>,
    /// In which form it is.
    pub notice_form: NoticeForm,
    /// A new refund number, drawn by the edge.
    pub refund_id: String,
    /// A new id of a payout, should it go to a card.
    pub payout: RefundPayoutId,
}

/// What the merchant gets; the rest is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCreated {
    /// Our number of it.
    pub refund_id: String,
    /// When the order was paid.
    pub paid_at: Timestamp,
}

/// Why nothing was refunded, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateRefundRefusal {
    /// The merchant has no such order.
    OrderNotFound,
    /// The order's two names are those of two orders.
    NamesDiffer,
    /// The refund number was used for another refund.
    NumberUsedDifferently,
    /// The order is not paid.
    NotPaid,
    /// The order's total is another one.
    TotalDiffers,
    /// The order is too old.
    WindowExpired,
    /// More than what is left of the order.
    AmountExceeded {
        /// What is left, in fen.
        left: i64,
    },
    /// The order was refunded too often.
    CountExceeded,
    /// The last refund of the order was a moment ago.
    TooFrequent {
        /// From when the next one is taken.
        until: Timestamp,
    },
    /// The payer's wallet is closed.
    PayerClosed,
    /// The merchant's balance is too low, or less waits than it named; nothing is written, the
    /// number can be used later.
    NotEnough,
}

impl Refusal for CreateRefundRefusal {
    fn code(&self) -> Code {
        match self {
            Self::OrderNotFound => Code::OrderNotFound,
            Self::NamesDiffer => Code::ParamInvalid,
            Self::NumberUsedDifferently => Code::RefundNoConflict,
            Self::NotPaid => Code::RefundOrderNotPaid,
            Self::TotalDiffers | Self::AmountExceeded { .. } => Code::RefundAmountExceeded,
            Self::WindowExpired => Code::RefundWindowExpired,
            Self::CountExceeded => Code::RefundCountExceeded,
            Self::TooFrequent { .. } => Code::RefundTooFrequent,
            Self::PayerClosed => Code::RefundAccountAbnormal,
            Self::NotEnough => Code::RefundMerchantFundsInsufficient,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::AmountExceeded { left } => Params(vec![("left", Param::Amount(*left))]),
            Self::TooFrequent { until } => Params(vec![("time", Param::Time(until.micros()))]),
            _ => Params::default(),
        }
    }
}

impl Command for CreateRefund {
    type Done = RefundCreated;
    type Refusal = CreateRefundRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<RefundCreated, Stop<CreateRefundRefusal>> {
        let key = (self.mchid.clone(), self.out_refund_no.clone());
        tx.want([
            RowKey::of::<Refund>(&key),
            RowKey::of::<RefundById>(&self.refund_id),
            RowKey::of::<Merchant>(self.sub_mchid.as_ref().unwrap_or(&self.mchid)),
            match &self.order {
                OrderOfRefund::OutTradeNo(number) => {
                    RowKey::of::<Order>(&(self.mchid.clone(), number.clone()))
                }
                OrderOfRefund::Transaction(id) | OrderOfRefund::Both { transaction_id: id, .. } => {
                    RowKey::of::<OrderByTransaction>(id)
                }
            },
        ])?;
        let order = find_order(tx, &self.mchid, self.sub_mchid.as_deref(), &self.order)?;
        let order = order.ok_or(CreateRefundRefusal::OrderNotFound)?;
        if self.order.contradicts(&order) {
            return Err(CreateRefundRefusal::NamesDiffer.into());
        }
        if let Some(refund) = tx.find::<Refund>(&key)? {
            let is_same = refund.out_trade_no == order.out_trade_no
                && (refund.amount, refund.total) == (self.amount, self.total)
                && refund.named_minor == self.source.named_minor()
                && !refund.is_of_reversal();
            return if is_same {
                Ok(RefundCreated { refund_id: refund.refund_id, paid_at: paid_at(&order)? })
            } else {
                Err(CreateRefundRefusal::NumberUsedDifferently.into())
            };
        }
        let target = self.refundable(tx, &order)?;
        let paid_at = paid_at(&order)?;
        let window = tx.rules().refund_window_s.saturating_mul(SECOND);
        if tx.now().since(paid_at) > window {
            return Err(CreateRefundRefusal::WindowExpired.into());
        }
        let left = order.amount.minor() - order.refunded_minor;
        if self.amount.minor() > left {
            return Err(CreateRefundRefusal::AmountExceeded { left }.into());
        }
        self.check_spacing(tx, &order)?;
        let refund_id = self.refund(tx, order, target)?;
        Ok(RefundCreated { refund_id, paid_at })
    }
}

impl CreateRefund {
    /// Where the order's money goes back to, if it was paid and the totals agree.
    fn refundable(
        &self,
        tx: &mut Tx<'_>,
        order: &Order,
    ) -> Result<RepaymentTarget, Stop<CreateRefundRefusal>> {
        match order.state {
            OrderState::Success => {}
            OrderState::NotPay
            | OrderState::UserPaying
            | OrderState::BankPending
            | OrderState::Closed
            | OrderState::PayError
            | OrderState::Revoked => return Err(CreateRefundRefusal::NotPaid.into()),
        }
        if self.total != order.amount {
            return Err(CreateRefundRefusal::TotalDiffers.into());
        }
        Ok(RepaymentTarget::of(tx, order)?.ok_or(CreateRefundRefusal::PayerClosed)?)
    }

    fn check_spacing(&self, tx: &Tx<'_>, order: &Order) -> Result<(), CreateRefundRefusal> {
        let rules = tx.rules();
        if order.refunds >= rules.refund_count_max {
            return Err(CreateRefundRefusal::CountExceeded);
        }
        let spacing = rules.refund_spacing_s.saturating_mul(SECOND);
        match order.last_refund_at.map(|last| last.plus(spacing)) {
            Some(until) if tx.now() < until => Err(CreateRefundRefusal::TooFrequent { until }),
            _ => Ok(()),
        }
    }

    fn refund(
        &self,
        tx: &mut Tx<'_>,
        order: Order,
        target: RepaymentTarget,
    ) -> Result<String, Stop<CreateRefundRefusal>> {
        let repayment = Repayment {
            order,
            target,
            amount: self.amount,
            source: self.source,
            out_refund_no: self.out_refund_no.clone(),
            refund_id: self.refund_id.clone(),
            payout: self.payout,
            reason: self.reason.clone(),
            notify_url: self.notify_url.clone(),
            notice_form: self.notice_form,
        };
        let posted = repayment.post(tx)?;
        posted.map_err(|TooLittle| CreateRefundRefusal::NotEnough)?;
        Ok(self.refund_id.clone())
    }
}

fn paid_at(order: &Order) -> Result<Timestamp, Stop<CreateRefundRefusal>> {
    order.paid_at.ok_or_else(|| Stop::Defect("a paid order knows when".into()))
}

/// The order that a merchant names, if it placed it, for this sub-merchant or for itself.
pub(crate) fn find_order(
    tx: &mut Tx<'_>,
    mchid: &str,
    sub_mchid: Option<&str>,
    order: &OrderOfRefund,
) -> Result<Option<Order>, Halt> {
    let out_trade_no = match order {
        OrderOfRefund::OutTradeNo(number) => number.clone(),
        OrderOfRefund::Transaction(id) | OrderOfRefund::Both { transaction_id: id, .. } => {
            let found = tx.find::<OrderByTransaction>(id)?;
            match found.filter(|found| found.mchid == mchid) {
                Some(found) => found.out_trade_no,
                None => return Ok(None),
            }
        }
    };
    let order = tx.find::<Order>(&(mchid.to_owned(), out_trade_no))?;
    Ok(order.filter(|order| order.sub_mchid.as_deref() == sub_mchid))
}
