//! The two lower rates of refunds: of those that are refused, and of those of old orders. Only the
//! answer shows what a refund counts to, so it is counted then, and the next one waits for it.

use super::Face;
use super::fault::Fault;
use super::rates::Family;
use super::refunds::order_of;
use apiv3::refund::OrderName;
use domain::order::{Order, OrderByTransaction};
use domain::refund::OrderOfRefund;
use kernel::Timestamp;
use kernel::time::DAY;
use store::queries;

/// An order that was paid longer ago is old.
const OLD: i64 = 30 * DAY;

/// Whether another refund may be refused; the fault says when, if not.
pub(super) fn check_failed(face: &Face, mchid: &str) -> Result<(), Fault> {
    let limits = &face.app.limits.merchants;
    let checked = limits.check(mchid, Family::FailedRefunds, face.app.shell.now());
    checked.map_err(Fault::over_rate)
}

/// Counts a refund that was refused.
pub(super) fn count_failed(face: &Face, mchid: &str) {
    let limits = &face.app.limits.merchants;
    limits.charge(mchid, Family::FailedRefunds, face.app.shell.now());
}

/// Whether another refund of an old order may be accepted, or the order is not old. It is looked
/// at only once there were too many.
pub(super) async fn check_old(face: &Face, mchid: &str, order: &OrderName) -> Result<(), Fault> {
    let limits = &face.app.limits.merchants;
    let checked = limits.check(mchid, Family::OldRefunds, face.app.shell.now());
    match checked {
        Err(wait_s) if is_old(face, find_paid_at(face, mchid, order).await?) => {
            Err(Fault::over_rate(wait_s))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Counts a refund that was accepted, if its order is old.
pub(super) fn count_old(face: &Face, mchid: &str, paid_at: Timestamp) {
    if is_old(face, Some(paid_at)) {
        let limits = &face.app.limits.merchants;
        limits.charge(mchid, Family::OldRefunds, face.app.shell.now());
    }
}

fn is_old(face: &Face, paid_at: Option<Timestamp>) -> bool {
    paid_at.is_some_and(|paid_at| face.app.business_now().since(paid_at) > OLD)
}

/// When an order of a merchant was paid, if it was.
async fn find_paid_at(
    face: &Face,
    mchid: &str,
    order: &OrderName,
) -> Result<Option<Timestamp>, Fault> {
    let queries = face.app.queries.as_ref();
    let number = match order_of(order) {
        OrderOfRefund::OutTradeNo(number) => Some(number),
        OrderOfRefund::Transaction(id) | OrderOfRefund::Both { transaction_id: id, .. } => {
            let found = queries::find::<OrderByTransaction>(queries, &id).await?;
            found.filter(|found| found.mchid == mchid).map(|found| found.out_trade_no)
        }
    };
    let Some(number) = number else { return Ok(None) };
    let order = queries::find::<Order>(queries, &(mchid.to_owned(), number)).await?;
    Ok(order.and_then(|order| order.paid_at))
}
