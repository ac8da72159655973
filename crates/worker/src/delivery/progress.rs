//! How far the facts of each held slot are dealt with. Pure.
//!
//! A slot's cursor stands before its first fact that is neither delivered nor waiting in `retry`.

use crate::slots::{Held, Place};
use domain::fact::Fact;
use std::collections::{BTreeMap, BTreeSet};

struct Share {
    /// Everything of this slot up to here was taken, or is dealt with since before.
    read: Place,
    /// Taken and not dealt with.
    open: BTreeSet<Place>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Progress {
    shares: BTreeMap<i64, Share>,
}

impl Progress {
    /// Slots were gained or lost. What a lost one had open is forgotten: its next holder begins at
    /// the cursor. A gained one begins there too.
    pub(super) fn hold(&mut self, held: &Held) {
        self.shares.retain(|slot, _| held.contains_key(slot));
        for (slot, cursor) in held.iter() {
            self.shares
                .entry(*slot)
                .or_insert_with(|| Share { read: *cursor, open: BTreeSet::new() });
        }
    }

    /// Where reading goes on: facts after this place.
    pub(super) fn reader(&self) -> Place {
        self.shares.values().map(|share| share.read).min().unwrap_or_default()
    }

    /// Takes a page of facts that were read in order after [`Progress::reader`]; gives those that
    /// are to be delivered.
    pub(super) fn take(&mut self, page: Vec<Fact>) -> Vec<Fact> {
        let Some(last) = page.last().map(place) else { return Vec::new() };
        let mut fresh = page;
        fresh.retain(|fact| {
            let share = self.shares.get_mut(&fact.slot).filter(|share| share.read < place(fact));
            share.is_some_and(|share| share.open.insert(place(fact)))
        });
        for share in self.shares.values_mut() {
            share.read = share.read.max(last);
        }
        fresh
    }

    /// A fact is delivered, or waits to be tried again.
    pub(super) fn dealt_with(&mut self, slot: i64, place: Place) {
        if let Some(share) = self.shares.get_mut(&slot) {
            share.open.remove(&place);
        }
    }

    /// How many facts are taken and not dealt with.
    pub(super) fn open(&self) -> usize {
        self.shares.values().map(|share| share.open.len()).sum()
    }

    /// The cursor of every held slot.
    pub(super) fn cursors(&self) -> impl Iterator<Item = (i64, Place)> {
        self.shares.iter().map(|(slot, share)| {
            let first = share.open.first().map(|(batch, place)| (*batch, place - 1));
            (*slot, first.unwrap_or(share.read))
        })
    }
}

/// A fact's place in the log.
pub(super) fn place(fact: &Fact) -> Place {
    (fact.batch, fact.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::testing::fact;
    use std::sync::Arc;

    fn held(slots: &[(i64, Place)]) -> Held {
        Arc::new(slots.iter().copied().collect())
    }

    fn in_slot(slot: i64, batch: i64, place: i64) -> Fact {
        Fact { slot, ..fact("m", batch, place) }
    }

    #[test]
    fn a_cursor_stands_before_the_first_open_fact_and_only_rises() {
        let mut progress = Progress::default();
        progress.hold(&held(&[(1, (0, 0)), (2, (0, 0))]));
        let page = vec![in_slot(1, 5, 1), in_slot(2, 5, 2), in_slot(1, 6, 1)];
        assert_eq!(progress.take(page).len(), 3);
        assert_eq!(progress.reader(), (6, 1));
        let cursors = |progress: &Progress| progress.cursors().collect::<Vec<_>>();
        assert_eq!(cursors(&progress), [(1, (5, 0)), (2, (5, 1))]);
        progress.dealt_with(1, (6, 1));
        assert_eq!(cursors(&progress), [(1, (5, 0)), (2, (5, 1))]);
        progress.dealt_with(1, (5, 1));
        progress.dealt_with(2, (5, 2));
        assert_eq!(cursors(&progress), [(1, (6, 1)), (2, (6, 1))]);
        assert_eq!(progress.open(), 0);
    }

    #[test]
    fn a_gained_slot_is_read_from_its_cursor_and_no_fact_is_taken_twice() {
        let mut progress = Progress::default();
        progress.hold(&held(&[(1, (0, 0))]));
        progress.take(vec![in_slot(1, 5, 1)]);
        progress.hold(&held(&[(1, (0, 0)), (2, (3, 0))]));
        assert_eq!(progress.reader(), (3, 0));
        let again = progress.take(vec![in_slot(2, 4, 1), in_slot(1, 5, 1), in_slot(2, 5, 2)]);
        let places: Vec<Place> = again.iter().map(place).collect();
        assert_eq!(places, [(4, 1), (5, 2)]);
    }

    #[test]
    fn what_a_lost_slot_had_open_is_forgotten_and_a_late_word_of_it_changes_nothing() {
        let mut progress = Progress::default();
        progress.hold(&held(&[(1, (0, 0))]));
        progress.take(vec![in_slot(1, 5, 1)]);
        progress.hold(&held(&[]));
        progress.dealt_with(1, (5, 1));
        assert_eq!((progress.open(), progress.cursors().count()), (0, 0));
        progress.hold(&held(&[(1, (0, 0))]));
        assert_eq!(progress.take(vec![in_slot(1, 5, 1)]).len(), 1);
    }
}
