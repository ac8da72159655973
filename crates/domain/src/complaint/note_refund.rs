//! What a complaint tells of refunds of its order, whoever asked for them and in whatever way.

use super::{Complaint, ComplaintByOrder, ComplaintStep, Said};
use crate::command::Halt;
use crate::order::Order;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Amount;

/// What happened to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundNews {
    /// The merchant gave this much back.
    Made(Amount),
    /// This much of it reached the payer.
    Arrived(Amount),
}

/// The row that leads from an order to its complaint.
pub(crate) fn complaint_key(mchid: &str, out_trade_no: &str) -> RowKey {
    RowKey::of::<ComplaintByOrder>(&(mchid.to_owned(), out_trade_no.to_owned()))
}

/// The complaint about the order, if there is one. The row that leads to it must be asked for.
pub(crate) fn complaint_of(tx: &mut Tx<'_>, order: &Order) -> Result<Option<RowKey>, Halt> {
    let found = tx.look::<ComplaintByOrder>(&(order.mchid.clone(), order.out_trade_no.clone()))?;
    Ok(found.map(|found| RowKey::of::<Complaint>(&found.complaint_id)))
}

/// Writes it into the history of the complaint about the order, if there is one, and tells its
/// merchant. `order` is as it stands with this refund.
pub(crate) fn note_refund(tx: &mut Tx<'_>, order: &Order, news: RefundNews) -> Result<(), Halt> {
    let key = (order.mchid.clone(), order.out_trade_no.clone());
    let Some(found) = tx.look::<ComplaintByOrder>(&key)? else { return Ok(()) };
    let complaint = tx.get::<Complaint>(&found.complaint_id)?;
    let (step, amount) = match news {
        RefundNews::Made(amount) if order.refunded_minor == order.amount.minor() => {
            (ComplaintStep::FullRefunded, amount)
        }
        RefundNews::Made(amount) => (ComplaintStep::PartialRefunded, amount),
        RefundNews::Arrived(amount) => (ComplaintStep::RefundReceived, amount),
    };
    complaint.step(tx, step, Said { refunded: Some(amount), ..Said::default() })
}
