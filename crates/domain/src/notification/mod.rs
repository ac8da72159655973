//! Notifications to merchants: who delivers which share, and what is left to be delivered again.
//!
//! The normal case writes no row: a fact that is delivered at once only moves the cursor of its
//! slot.

mod hold_slots;
mod record_deliveries;
#[cfg(test)]
mod tests;

pub use hold_slots::{HeldSlot, HoldSlots};
pub use record_deliveries::{Attempted, RecordDeliveries, ResendNotification, ResendRefusal};

use crate::fact::FactKind;
use crate::{record, text_enum};
use kernel::Timestamp;

/// Waits after each failed delivery, in seconds: 15 of them, 24 hours and 4 minutes in all.
pub const SCHEDULE_S: [i64; 15] =
    [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600];

/// Waits after each failed delivery of word about transfers to people, in seconds: 64 of them.
const TRANSFER_SCHEDULE_S: [(usize, i64); 3] = [(10, 15), (10, 300), (44, 1800)];

/// How long to wait after a failed attempt, from 1, in seconds; `None` when it was the last.
pub fn wait_after(kind: FactKind, attempt: i64) -> Option<i64> {
    let mut failed = usize::try_from(attempt.checked_sub(1)?).ok()?;
    match kind {
        FactKind::MerchantTransferEnded | FactKind::TransferBatchEnded => {
            for (times, wait) in TRANSFER_SCHEDULE_S {
                match failed.checked_sub(times) {
                    Some(more) => failed = more,
                    None => return Some(wait),
                }
            }
            None
        }
        FactKind::PaymentSucceeded
        | FactKind::RefundSucceeded
        | FactKind::RefundAbnormal
        | FactKind::RefundClosed
        | FactKind::ComplaintCreated
        | FactKind::ComplaintChanged
        | FactKind::ProfitShared
        | FactKind::ProfitReturned
        | FactKind::CombinedPaymentSucceeded
        | FactKind::SecurityEchoed => SCHEDULE_S.get(failed).copied(),
    }
}

/// One share of the merchants, and how far its facts are dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its number, 0 to 63.
    pub slot: i64,
    /// The process that holds it.
    pub holder: String,
    /// Until when.
    pub lease_until: Timestamp,
    /// The batch of the last fact that is delivered or waits in `retry`.
    pub cursor_batch: i64,
    /// Its place in that batch.
    pub cursor_place: i64,
}

record!(Slot, "slot", Kept, slot: i64);

text_enum!(
    /// Where a notification stands that failed at first.
    RetryState {
        /// It is tried again.
        Waiting = "WAITING",
        /// It is given up; an operator can send it again.
        Dead = "DEAD",
    }
);

/// A notification that failed at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The batch of its fact.
    pub batch: i64,
    /// The place of its fact.
    pub place: i64,
    /// The merchant.
    pub mchid: String,
    /// The merchant's share.
    pub slot: i64,
    /// How often delivery failed.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// Where it stands.
    pub state: RetryState,
    /// How the last try failed, without anything the merchant said.
    pub last_error: String,
}

record!(Retry, "retry", Removable, batch: i64, place: i64);
