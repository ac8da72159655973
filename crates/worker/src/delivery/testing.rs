//! Facts for tests of delivery.

use domain::fact::{Fact, FactKind, slot_of};
use kernel::Timestamp;

/// A payment of a merchant at a place.
pub(super) fn fact(mchid: &str, batch: i64, place: i64) -> Fact {
    Fact {
        batch,
        place,
        kind: FactKind::PaymentSucceeded,
        mchid: mchid.into(),
        slot: slot_of(mchid),
        subject: format!("T{batch}-{place}"),
        journal: 1,
        at: Timestamp::default(),
    }
}
