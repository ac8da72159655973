//! The turn of the two tables of answered requests: records stay at least 24 hours, and old ones go
//! in small steps while nobody waits. The tables change places only when the older one is empty.

use crate::batch::Writes;
use crate::settle::Lost;
use crate::writer::Writer;
use domain::idempotency::{IdempotencyEven, IdempotencyOdd};
use domain::ledger::merkle;
use domain::record::Record;
use kernel::time::DAY;
use store::{Commit, Write};

/// Most rows one step removes.
const ROWS_MAX: usize = 1_000;

impl Writer {
    /// Does one step of the turn if it is due; `true` when there may be more to do at once.
    pub(crate) fn turn(&mut self) -> bool {
        let Some(base) = self.cache.base() else { return false };
        let mut plan = self.plan(base, 0);
        if plan.now.since(plan.turned_at) < DAY || self.is_clock_behind(base) {
            return false;
        }
        let older = if plan.turn == 0 { IdempotencyOdd::NAME } else { IdempotencyEven::NAME };
        let rows = match self.store.first(older, ROWS_MAX) {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "old records cannot be listed");
                self.settle(None, &mut Vec::new(), &mut Vec::new());
                return false;
            }
        };
        if rows.is_empty() {
            plan.turn = 1 - plan.turn;
            plan.turned_at = plan.now;
        }
        let deletes =
            rows.into_iter().map(|(key, version)| (key.clone(), Write::Delete(key, version)));
        let writes = Writes::sorted(deletes.collect());
        let batch = self.seal(&plan, merkle::root(&[]), &plan.cursor());
        let lost = match self.commit(&batch, &writes) {
            Commit::Done => {
                let may_be_more = !writes.writes.is_empty();
                self.settled_at(batch, writes);
                return may_be_more;
            }
            Commit::Conflict => {
                self.cache.forget();
                return false;
            }
            Commit::Data(what) => {
                tracing::error!(what, "old records cannot be removed");
                return false;
            }
            Commit::Unavailable(what) => {
                tracing::warn!(what, "old records are not removed now");
                None
            }
            Commit::Unknown(_) => Some(Lost { seq: batch.seq, id: batch.id }),
        };
        self.settle(lost.as_ref(), &mut Vec::new(), &mut Vec::new());
        false
    }
}
