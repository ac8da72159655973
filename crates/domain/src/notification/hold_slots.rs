//! One process takes or renews its slots and says how far it has got.

use super::Slot;
use crate::command::{Command, Never, Once, Stop};
use crate::fact::SLOTS;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::time::SECOND;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct HoldSlots {
    /// The process.
    pub holder: String,
    /// New cursors of slots it holds: slot, batch, place. A cursor only rises.
    pub cursors: Vec<(i64, i64, i64)>,
    /// Whether it gives its slots back, because it ends.
    pub release: bool,
}

/// A slot that the process holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSlot {
    /// Its number.
    pub slot: i64,
    /// The batch of its cursor.
    pub batch: i64,
    /// The place of its cursor.
    pub place: i64,
}

impl Command for HoldSlots {
    type Done = Vec<HeldSlot>;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "delivery".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<Vec<HeldSlot>, Stop<Never>> {
        tx.want((0..SLOTS).map(|slot| RowKey::of::<Slot>(&slot)))?;
        let (now, lease) = (tx.now(), tx.rules().lease_s.saturating_mul(SECOND));
        let mut held = Vec::new();
        for number in 0..SLOTS {
            let mut slot = tx.find::<Slot>(&number)?.unwrap_or_else(|| Slot {
                slot: number,
                holder: String::new(),
                lease_until: now,
                cursor_batch: 0,
                cursor_place: 0,
            });
            if slot.holder != self.holder && slot.lease_until > now {
                continue;
            }
            let mine = slot.holder == self.holder;
            let told = self.cursors.iter().find(|(slot, _, _)| *slot == number);
            if let Some((_, batch, place)) = told.filter(|_| mine) {
                let at = (slot.cursor_batch, slot.cursor_place).max((*batch, *place));
                (slot.cursor_batch, slot.cursor_place) = at;
            }
            slot.holder = self.holder.clone();
            slot.lease_until = if self.release { now } else { now.plus(lease) };
            held.push(HeldSlot {
                slot: number,
                batch: slot.cursor_batch,
                place: slot.cursor_place,
            });
            tx.put(slot);
        }
        Ok(held)
    }
}
