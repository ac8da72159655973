//! The lines of a trade bill: payments and refunds.

use super::file::{Moved, Source};
use super::orders::Orders;
use crate::merchant::fault::Fault;
use apiv3::bill::{RefundCause, RefundCells, RefundedState, TradeRow, TradeWriter};
use apiv3::order::BANK_TYPE_OTHERS;
use domain::ledger::JournalKind;
use domain::order::{Order, OrderState};
use domain::refund::{Refund, RefundChannel};
use kernel::Timestamp;

/// See the module.
pub(super) struct TradeBill {
    pub(super) writer: TradeWriter,
    /// Who asks: it sees the orders that it placed, and those that paid it.
    pub(super) mchid: String,
}

impl TradeBill {
    pub(super) async fn lines(
        &mut self,
        source: &Source,
        moved: Vec<Moved>,
    ) -> Result<String, Fault> {
        let orders = Orders::load(source, &moved).await?;
        let mut out = String::new();
        for moved in &moved {
            let rows: Vec<TradeRow> = match moved.journal.kind {
                JournalKind::Payment => {
                    let paid = orders.paid(source, &moved.journal).into_iter();
                    paid.map(|order| payment(order, moved)).collect()
                }
                JournalKind::Refund | JournalKind::RefundStart => {
                    let both = orders.refunded(&moved.journal).into_iter();
                    both.map(|(refund, order)| refunded(source, order, refund, moved)).collect()
                }
                _ => continue,
            };
            if !agrees(&rows, moved) {
                let number = moved.journal.number;
                return Err(Fault::defect(&format!("journal {number} and its order differ")));
            }
            let is_shown = |row: &&TradeRow| {
                let payee = row.sub_mchid.as_ref().unwrap_or(&row.mchid);
                [&row.mchid, payee].contains(&&self.mchid)
            };
            for row in rows.iter().filter(is_shown) {
                self.writer.push(&mut out, row);
            }
        }
        Ok(out)
    }
}

/// Lines must say what the ledger says. The fee of a combined order's payment may be for parts of
/// other merchants too.
fn agrees(rows: &[TradeRow], moved: &Moved) -> bool {
    let net = |row: &TradeRow| match &row.refund {
        None => row.total - row.fee,
        Some(refund) => row.fee - refund.amount,
    };
    let fee = |row: &TradeRow| if row.refund.is_none() { row.fee } else { -row.fee };
    let fees: i64 = rows.iter().map(fee).sum();
    let fits = match moved.journal.subject.parts().0 {
        "combined_order" => fees <= moved.fee,
        _ => fees == moved.fee,
    };
    !rows.is_empty() && fits && rows.iter().map(net).sum::<i64>() == moved.net
}

fn payment(order: &Order, moved: &Moved) -> TradeRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    TradeRow {
        at: moved.journal.at,
        appid: order.appid.clone(),
        mchid: order.mchid.clone(),
        sub_mchid: order.sub_mchid.clone(),
        device_id: text(&order.device_id),
        transaction_id: text(&order.transaction_id),
        out_trade_no: order.out_trade_no.clone(),
        openid: text(&order.payer_openid),
        trade_type: order.trade_type.as_str(),
        bank_type: order.bank_type.clone().unwrap_or_else(|| BANK_TYPE_OTHERS.to_owned()),
        description: order.description.clone(),
        attach: text(&order.attach),
        total: order.amount.minor(),
        order_fee: order.fee_minor,
        fee: order.fee_minor,
        refund: None,
    }
}

fn refunded(source: &Source, order: &Order, refund: &Refund, moved: &Moved) -> TradeRow {
    TradeRow {
        fee: refund.fee_minor,
        refund: Some(RefundCells {
            // A reversal takes everything, so it is the only refund of its order.
            cause: match order.state {
                OrderState::Revoked => RefundCause::Reversal,
                OrderState::NotPay
                | OrderState::UserPaying
                | OrderState::BankPending
                | OrderState::Success
                | OrderState::Closed
                | OrderState::PayError => RefundCause::Refund,
            },
            refund_id: refund.refund_id.clone(),
            out_refund_no: refund.out_refund_no.clone(),
            amount: refund.amount.minor(),
            asked_at: refund.created_at,
            channel: channel_at_start(refund),
            state: stood_at_end(source, refund),
        }),
        ..payment(order, moved)
    }
}

/// Where a refund stood when the day of the bill was over.
fn stood_at_end(source: &Source, refund: &Refund) -> RefundedState {
    let by_then = |at: Option<Timestamp>| at.filter(|at| *at < source.day_ends);
    if let Some(at) = by_then(refund.succeeded_at) {
        RefundedState::Success(at)
    } else if by_then(refund.closed_at).is_some() {
        RefundedState::Closed
    } else if by_then(refund.abnormal_at).is_some() {
        RefundedState::Abnormal
    } else {
        RefundedState::Processing
    }
}

/// Which way a refund was to go at first: the line does not change when a merchant later names
/// another one.
fn channel_at_start(refund: &Refund) -> &'static str {
    match refund.channel {
        RefundChannel::Balance => refund.channel,
        RefundChannel::Original | RefundChannel::Merchant | RefundChannel::OtherCard => {
            RefundChannel::Original
        }
    }
    .as_str()
}
