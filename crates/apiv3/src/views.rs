//! Rows of the domain as the wire shows them.

use domain::order::{CombinedOrder, Order, OrderState as State};
use domain::refund::{Refund, RefundChannel, RefundState as Refunded};
use kernel::{Amount, Timestamp};

use crate::combined_view::CombinedView;
use crate::order::{BANK_TYPE_OTHERS, OrderState, OrderView, PartnerView, Payment};
use crate::refund::{FundsAccount, FundsPart};
use crate::refund_view::{Receiver, RefundState, RefundView};

impl OrderView {
    /// How an order stands at `now` (business time): past its time it is closed, whether or not
    /// that was written down yet. `None` if the row contradicts itself.
    #[must_use]
    pub fn of(order: &Order, now: Timestamp) -> Option<Self> {
        let state = match order.state_at(now) {
            State::NotPay | State::BankPending => OrderState::NotPaid,
            State::Closed => OrderState::Closed,
            State::UserPaying => OrderState::UserPaying,
            State::PayError => OrderState::PayError,
            State::Revoked => OrderState::Revoked(payment(order)),
            State::Success if order.refunds > 0 => OrderState::Refund(payment(order)?),
            State::Success => OrderState::Success(payment(order)?),
        };
        Some(Self {
            appid: order.appid.clone(),
            mchid: order.mchid.clone(),
            partner: order
                .sub_mchid
                .clone()
                .map(|sub_mchid| PartnerView { sub_mchid, sub_appid: order.sub_appid.clone() }),
            out_trade_no: order.out_trade_no.clone(),
            trade_type: order.trade_type,
            attach: order.attach.clone(),
            device_id: order.device_id.clone(),
            total: order.amount,
            state,
        })
    }
}

fn payment(order: &Order) -> Option<Payment> {
    Some(Payment {
        transaction_id: order.transaction_id.clone()?,
        bank_type: order.bank_type.clone().unwrap_or_else(|| BANK_TYPE_OTHERS.to_owned()),
        success_time: order.paid_at?,
        openid: order.payer_openid.clone()?,
        sub_openid: order.payer_sub_openid.clone(),
        payer_total: order.amount,
    })
}

impl CombinedView {
    /// How a combined order and its parts stand at `now` (business time). `None` if the rows
    /// contradict each other.
    #[must_use]
    pub fn of(combined: &CombinedOrder, parts: &[Order], now: Timestamp) -> Option<Self> {
        Some(Self {
            appid: combined.appid.clone(),
            mchid: combined.mchid.clone(),
            out_trade_no: combined.out_trade_no.clone(),
            transaction_id: combined.transaction_id.clone(),
            device_id: combined.device_id.clone(),
            openid: combined.payer_openid.clone(),
            parts: parts.iter().map(|part| OrderView::of(part, now)).collect::<Option<_>>()?,
        })
    }
}

impl RefundView {
    /// How a refund stands. `None` if the row contradicts itself.
    #[must_use]
    pub fn of(refund: &Refund) -> Option<Self> {
        Some(Self {
            mchid: refund.mchid.clone(),
            sub_mchid: refund.sub_mchid.clone(),
            refund_id: refund.refund_id.clone(),
            out_refund_no: refund.out_refund_no.clone(),
            transaction_id: refund.transaction_id.clone(),
            out_trade_no: refund.out_trade_no.clone(),
            channel: refund.channel,
            receiver: receiver(refund),
            create_time: refund.created_at,
            state: match refund.state {
                Refunded::Processing => RefundState::Processing,
                Refunded::Success => RefundState::Success(refund.succeeded_at?),
                Refunded::Abnormal => RefundState::Abnormal,
                Refunded::Closed => RefundState::Closed,
            },
            total: refund.total,
            refund: refund.amount,
            payer_total: refund.total,
            payer_refund: refund.amount,
            funds_account: match (refund.named_minor, refund.unsettled_minor) {
                (Some(1..), _) => FundsAccount::Unavailable,
                (_, 0) => FundsAccount::Available,
                (_, _) => FundsAccount::Unsettled,
            },
            from: refund.named_minor.map_or_else(Vec::new, |unavailable| {
                let available = refund.amount.minor() - unavailable;
                let parts = [
                    (FundsAccount::Available, available),
                    (FundsAccount::Unavailable, unavailable),
                ];
                let part = |(account, minor)| {
                    Amount::fen(minor).ok().map(|amount| FundsPart { account, amount })
                };
                parts.into_iter().filter_map(part).collect()
            }),
        })
    }
}

fn receiver(refund: &Refund) -> Receiver {
    match (refund.channel, &refund.card_name) {
        (RefundChannel::Merchant, _) => Receiver::Merchant,
        (_, Some(name)) => Receiver::Card(name.clone()),
        (_, None) => Receiver::Balance,
    }
}
