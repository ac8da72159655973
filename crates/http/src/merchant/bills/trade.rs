//! The lines of a trade bill: payments and refunds.

use super::file::{Moved, Source, own_number};
use crate::merchant::fault::Fault;
use apiv3::bill::{RefundCells, TradeRow, TradeWriter};
use domain::ledger::JournalKind;
use domain::order::Order;
use domain::refund::Refund;
use std::collections::HashMap;

/// See the module.
pub(super) struct TradeBill(pub(super) TradeWriter);

impl TradeBill {
    pub(super) async fn lines(
        &mut self,
        source: &Source,
        moved: Vec<Moved>,
    ) -> Result<String, Fault> {
        let refunds = source.rows::<Refund>("out_refund_no", numbers(source, &moved, "refund"));
        let refunds = refunds.await?;
        let mut paid = numbers(source, &moved, "order");
        paid.extend(refunds.iter().map(|refund| refund.out_trade_no.clone()));
        paid.sort_unstable();
        paid.dedup();
        let orders = source.rows::<Order>("out_trade_no", paid).await?;
        let orders: HashMap<&str, &Order> =
            orders.iter().map(|order| (order.out_trade_no.as_str(), order)).collect();
        let refunds: HashMap<&str, &Refund> =
            refunds.iter().map(|refund| (refund.out_refund_no.as_str(), refund)).collect();
        let mut out = String::new();
        for moved in &moved {
            let row = match moved.journal.kind {
                JournalKind::Payment => {
                    let number = own_number(&moved.journal, "order", &source.mchid);
                    number.and_then(|number| orders.get(number)).map(|order| payment(order, moved))
                }
                JournalKind::Refund => {
                    let number = own_number(&moved.journal, "refund", &source.mchid);
                    let refund = number.and_then(|number| refunds.get(number));
                    let order = refund.and_then(|refund| orders.get(refund.out_trade_no.as_str()));
                    let both = refund.zip(order);
                    both.map(|(refund, order)| refunded(source, order, refund, moved))
                }
                _ => continue,
            };
            let row = row.filter(|row| agrees(row, moved));
            let row = row.ok_or_else(|| {
                Fault::defect(&format!("journal {} and its order differ", moved.journal.number))
            })?;
            self.0.push(&mut out, &row);
        }
        Ok(out)
    }
}

fn numbers(source: &Source, moved: &[Moved], kind: &str) -> Vec<String> {
    let numbers = moved.iter().filter_map(|one| own_number(&one.journal, kind, &source.mchid));
    numbers.map(str::to_owned).collect()
}

/// A line must say what the ledger says.
fn agrees(row: &TradeRow, moved: &Moved) -> bool {
    match &row.refund {
        None => moved.net == row.total - row.fee && moved.fee == row.fee,
        Some(refund) => moved.net == row.fee - refund.amount && moved.fee == -row.fee,
    }
}

fn payment(order: &Order, moved: &Moved) -> TradeRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    TradeRow {
        at: moved.journal.at,
        appid: order.appid.clone(),
        mchid: order.mchid.clone(),
        device_id: text(&order.device_id),
        transaction_id: text(&order.transaction_id),
        out_trade_no: order.out_trade_no.clone(),
        openid: text(&order.payer_openid),
        trade_type: order.trade_type.as_str(),
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
            refund_id: refund.refund_id.clone(),
            out_refund_no: refund.out_refund_no.clone(),
            amount: refund.amount.minor(),
            asked_at: refund.created_at,
            arrived_at: refund.succeeded_at.filter(|at| *at < source.day_ends),
        }),
        ..payment(order, moved)
    }
}
