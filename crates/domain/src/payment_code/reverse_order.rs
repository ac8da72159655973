//! A merchant takes a payment by code back, whether or not it was made: an unpaid order is over,
//! the money of a paid one returns.

use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::RefundPayoutId;
use crate::order::{Order, OrderState, TradeType};
use crate::refund::{
    NoticeForm, OrderOfRefund, RefundSource, Repayment, RepaymentTarget, find_order,
};
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::time::SECOND;

/// See the module. Reversing what is reversed is done again.
#[derive(Clone, Debug)]
pub struct ReverseOrder {
    /// The merchant that signed the request.
    pub mchid: String,
    /// Who was paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The order.
    pub order: OrderOfRefund,
    /// The app that it is said to be of; `None` if that was left out.
    pub appid: Option<String>,
    /// The sub-merchant's app that it is said to be of; `None` if that was left out.
    pub sub_appid: Option<String>,
    /// Told to the payer of a paid order.
    pub reason: String,
    /// A new refund number, drawn by the edge, in case the order is paid.
    pub refund_id: String,
    /// A new id of a payout, should it go to a card.
    pub payout: RefundPayoutId,
}

/// Why an order was not reversed, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReverseOrderRefusal {
    /// The merchant has no such order.
    NotFound,
    /// It is of another app than the one that was named.
    OtherApp,
    /// It was not placed with a payment code.
    NotByCode,
    /// The payment was asked for a moment ago, and the payer may be confirming it.
    TooEarly {
        /// From when it can be reversed.
        until: Timestamp,
    },
    /// It was placed too long ago.
    WindowExpired,
    /// A part of it was refunded; the rest is for a refund too.
    Refunded,
    /// The payer's wallet is closed.
    PayerClosed,
    /// The merchant's balance is too low; nothing is written, it can be reversed later.
    NotEnough,
}

impl Refusal for ReverseOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::OrderNotFound,
            Self::OtherApp | Self::NotByCode => Code::ParamInvalid,
            Self::TooEarly { .. } => Code::ReverseTooEarly,
            Self::WindowExpired => Code::RefundWindowExpired,
            Self::Refunded => Code::RefundAmountExceeded,
            Self::PayerClosed => Code::RefundAccountAbnormal,
            Self::NotEnough => Code::RefundMerchantFundsInsufficient,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::TooEarly { until } => Params(vec![("time", Param::Time(until.micros()))]),
            _ => Params::default(),
        }
    }
}

impl Command for ReverseOrder {
    type Done = ();
    type Refusal = ReverseOrderRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ReverseOrderRefusal>> {
        let order = find_order(tx, &self.mchid, self.sub_mchid.as_deref(), &self.order)?;
        let order = order.ok_or(ReverseOrderRefusal::NotFound)?;
        let sub_appids = self.sub_appid.as_ref().zip(order.sub_appid.as_ref());
        if self.appid.as_ref().is_some_and(|appid| *appid != order.appid)
            || sub_appids.is_some_and(|(named, own)| named != own)
        {
            return Err(ReverseOrderRefusal::OtherApp.into());
        }
        if order.trade_type != TradeType::Micropay {
            return Err(ReverseOrderRefusal::NotByCode.into());
        }
        if order.state == OrderState::Revoked {
            return Ok(());
        }
        let (now, rules) = (tx.now(), tx.rules());
        let until = order.created_at.plus(rules.code_reverse_wait_s.saturating_mul(SECOND));
        if order.state == OrderState::UserPaying && now < until {
            return Err(ReverseOrderRefusal::TooEarly { until }.into());
        }
        if now.since(order.created_at) > rules.code_reverse_window_s.saturating_mul(SECOND) {
            return Err(ReverseOrderRefusal::WindowExpired.into());
        }
        match order.state {
            OrderState::Success => self.give_back(tx, order),
            OrderState::UserPaying | OrderState::PayError => {
                tx.put(Order { state: OrderState::Revoked, ..order });
                Ok(())
            }
            OrderState::NotPay
            | OrderState::BankPending
            | OrderState::Closed
            | OrderState::Revoked => {
                Err(Stop::Defect(format!("state of a payment by code: {:?}", order.state)))
            }
        }
    }
}

impl ReverseOrder {
    fn give_back(&self, tx: &mut Tx<'_>, order: Order) -> Result<(), Stop<ReverseOrderRefusal>> {
        if order.refunds > 0 {
            return Err(ReverseOrderRefusal::Refunded.into());
        }
        let target = RepaymentTarget::of(tx, &order)?.ok_or(ReverseOrderRefusal::PayerClosed)?;
        let repayment = Repayment {
            target,
            amount: order.amount,
            source: RefundSource::Unsettled,
            order: Order { state: OrderState::Revoked, ..order },
            out_refund_no: self.refund_id.clone(),
            refund_id: self.refund_id.clone(),
            payout: self.payout,
            reason: Some(self.reason.clone()),
            notify_url: None,
            notice_form: NoticeForm::Json,
        };
        let posted = repayment.post(tx)?;
        posted.map_err(|_| ReverseOrderRefusal::NotEnough)?;
        Ok(())
    }
}
