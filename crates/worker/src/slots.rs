//! Which shares of the work this process holds: taken and renewed by one command, which also tells
//! how far delivery has got.

use crate::shell::{self, Instant};
use domain::notification::{HeldSlot, HoldSlots};
use engine::Engine;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(10);
/// A cursor is told at most this often.
const CURSOR: Duration = Duration::from_secs(1);
/// Wait before a failed renewal is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// A place in the log of facts: batch and place within it.
pub(crate) type Place = (i64, i64);
/// The slots that are held, with the cursors they had when they were taken or renewed.
pub(crate) type Held = Arc<BTreeMap<i64, Place>>;

/// See the module. Clones share one state.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Inner>);

struct Inner {
    held: watch::Sender<Held>,
    cursors: Mutex<HashMap<i64, Place>>,
    moved: Notify,
}

impl Slots {
    pub(crate) fn new() -> Self {
        let (held, _) = watch::channel(Held::default());
        Self(Arc::new(Inner { held, cursors: Mutex::default(), moved: Notify::new() }))
    }

    /// The slots held now, and word of every change.
    pub(crate) fn held(&self) -> watch::Receiver<Held> {
        self.0.held.subscribe()
    }

    /// Everything up to these places is delivered or waits to be tried again.
    pub(crate) fn advance(&self, cursors: impl IntoIterator<Item = (i64, Place)>) {
        let mut known = self.cursors();
        let mut moved = false;
        for (slot, cursor) in cursors {
            moved |= known.insert(slot, cursor).is_none_or(|before| before < cursor);
        }
        drop(known);
        if moved {
            self.0.moved.notify_one();
        }
    }

    fn cursors(&self) -> MutexGuard<'_, HashMap<i64, Place>> {
        self.0.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The command that renews, or gives back.
    fn command(&self, holder: &str, release: bool) -> HoldSlots {
        let known = self.cursors();
        let cursors = known.iter().map(|(slot, (batch, place))| (*slot, *batch, *place)).collect();
        HoldSlots { holder: holder.to_owned(), cursors, release }
    }

    fn publish(&self, held: Vec<HeldSlot>) {
        let held: BTreeMap<i64, Place> =
            held.into_iter().map(|one| (one.slot, (one.batch, one.place))).collect();
        metrics::gauge!("jiaozi_worker_slots").set(held.len() as f64);
        // A slot that is lost and comes back begins where its row says, not where we once were.
        self.cursors().retain(|slot, _| held.contains_key(slot));
        self.0.held.send_if_modified(|before| {
            let changed = !before.keys().eq(held.keys());
            if changed {
                tracing::info!(slots = held.len(), "the slots of this process changed");
            }
            *before = Arc::new(held);
            changed
        });
    }
}

/// Holds slots until told to stop. `finished` comes when nothing works on them any more; then they
/// are given back with their last cursors.
pub(crate) async fn keep(
    slots: Slots,
    engine: Engine,
    holder: String,
    mut finished: watch::Receiver<bool>,
) {
    let mut sure_until: Option<Instant> = None;
    loop {
        let asked = shell::instant();
        let lease = u64::try_from(engine.rules().lease_s).unwrap_or(0);
        let wait = match engine.run(slots.command(&holder, false)).await {
            Ok(held) => {
                sure_until = Some(asked + Duration::from_secs(lease));
                slots.publish(held);
                RENEW
            }
            Err(failed) => {
                tracing::debug!(?failed, "leases were not renewed");
                if sure_until.is_some_and(|until| until <= shell::instant()) {
                    slots.publish(Vec::new());
                }
                AGAIN
            }
        };
        let told = async {
            shell::pause(CURSOR).await;
            slots.0.moved.notified().await;
        };
        tokio::select! {
            _ = finished.wait_for(|finished| *finished) => break,
            () = shell::pause(wait) => {}
            () = told => {}
        }
    }
    // When this fails, the leases run out by themselves.
    let _ = engine.run(slots.command(&holder, true)).await;
    slots.publish(Vec::new());
}
