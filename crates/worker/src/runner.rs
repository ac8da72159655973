//! The loop behind everything that is due at a time: look for due rows, work a bounded number of
//! them at once, never one twice at a time, and wait for the next due time.
//!
//! Whatever is done ends in a command, so a row that is still due afterwards is simply done again.
//! When that fails (the engine is busy, a row is unreadable, our code panicked), the row is left
//! alone for a while, longer each time, so that nothing here can spin.

use crate::pulse::Pulse;
use crate::shell::{self, Instant};
use crate::slots::Held;
use kernel::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use store::QueryError;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

/// Every row is left alone at least this long after it was worked.
const REST: Duration = Duration::from_millis(50);
/// The first wait after a failure; it doubles.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest wait after a failure.
const AGAIN_MAX: Duration = Duration::from_secs(60);
/// Most rows that are remembered as left alone; more are looked at again.
const RESTING_MAX: usize = 4_096;

/// A kind of work with due times.
pub(crate) trait Work: Send + Sync + 'static {
    /// One row that is or will be due.
    type Item: Send + 'static;
    /// What identifies it.
    type Key: Clone + Debug + Eq + Hash + Send;

    /// For metrics.
    const NAME: &'static str;
    /// Most rows worked at once.
    const AT_ONCE: usize;
    /// Most rows of one lane worked at once.
    const PER_LANE: usize;

    /// The first rows of held slots in order of due time, due or not, without the lanes that are
    /// full.
    fn list(
        &self,
        held: &Held,
        full_lanes: Vec<String>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Item>, QueryError>> + Send;

    /// The row's key.
    fn key(item: &Self::Item) -> Self::Key;
    /// When it is due, in business time.
    fn due_at(item: &Self::Item) -> Timestamp;
    /// Which share of the work it belongs to: one lane that hangs leaves the others their places.
    fn lane(item: &Self::Item) -> String;
    /// Does it; `false` when that came to nothing and nothing was recorded.
    fn run(self: Arc<Self>, item: Self::Item) -> impl Future<Output = bool> + Send;
}

struct Resting {
    until: Instant,
    failures: u32,
}

/// See the module.
pub(crate) struct Runner<W: Work> {
    work: Arc<W>,
    running: JoinSet<bool>,
    tasks: HashMap<Id, (W::Key, String)>,
    lanes: BTreeMap<String, usize>,
    resting: HashMap<W::Key, Resting>,
}

impl<W: Work> Runner<W> {
    pub(crate) fn new(work: W) -> Self {
        Self {
            work: Arc::new(work),
            running: JoinSet::new(),
            tasks: HashMap::new(),
            lanes: BTreeMap::new(),
            resting: HashMap::new(),
        }
    }

    /// Runs until told to stop, then finishes what it began.
    pub(crate) async fn go(
        mut self,
        mut pulse: Pulse,
        mut held: watch::Receiver<Held>,
        mut stopping: watch::Receiver<bool>,
    ) {
        while !*stopping.borrow() {
            pulse.look();
            let slots = Arc::clone(&held.borrow_and_update());
            let next = match self.start_due(&slots, pulse.now()).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(work = W::NAME, %error, "cannot look for due rows");
                    shell::pause(AGAIN).await;
                    continue;
                }
            };
            let rested = self.next_rested();
            tokio::select! {
                _ = stopping.changed() => break,
                _ = held.changed() => {}
                () = pulse.wait(next) => {}
                () = shell::pause_until(rested) => {}
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
            }
            while let Some(ended) = self.running.try_join_next_with_id() {
                self.ended(ended);
            }
        }
        while let Some(ended) = self.running.join_next_with_id().await {
            self.ended(ended);
        }
    }

    /// Starts what is due and has a place; gives the due time of the first row that is not due yet.
    async fn start_due(
        &mut self,
        held: &Held,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, QueryError> {
        if held.is_empty() {
            return Ok(None);
        }
        let real = shell::instant();
        self.resting.retain(|_, resting| {
            // A failure is remembered for a while, so that the next wait is longer.
            let kept = if resting.failures > 0 { AGAIN_MAX } else { Duration::ZERO };
            resting.until + kept > real
        });
        if self.resting.len() > RESTING_MAX {
            self.resting.clear();
        }
        // A list that was cut off may hold one lane's rows only; when that fills the lane, the rows
        // of the others come with the next list.
        while self.tasks.len() < W::AT_ONCE {
            let full = self.lanes.iter().filter(|(_, count)| **count >= W::PER_LANE);
            let full = full.map(|(lane, _)| lane.clone()).collect();
            let limit = W::AT_ONCE * 2 + self.resting.len();
            let items = self.work.list(held, full, limit).await?;
            let (listed, before) = (items.len(), self.tasks.len());
            let mut due = 0_u32;
            for item in items {
                if W::due_at(&item) > now {
                    metrics::gauge!("jiaozi_worker_due", "work" => W::NAME).set(due);
                    return Ok(Some(W::due_at(&item)));
                }
                due += 1;
                self.start(item, real);
            }
            metrics::gauge!("jiaozi_worker_due", "work" => W::NAME).set(due);
            if listed < limit || self.tasks.len() == before {
                break;
            }
        }
        Ok(None)
    }

    fn start(&mut self, item: W::Item, real: Instant) {
        let (key, lane) = (W::key(&item), W::lane(&item));
        let rests = self.resting.get(&key).is_some_and(|resting| resting.until > real);
        let places = self.lanes.get(&lane).copied().unwrap_or(0);
        let full = self.tasks.len() >= W::AT_ONCE || places >= W::PER_LANE;
        if rests || full || self.tasks.values().any(|(running, _)| *running == key) {
            return;
        }
        let task = self.running.spawn(Arc::clone(&self.work).run(item));
        *self.lanes.entry(lane.clone()).or_default() += 1;
        self.tasks.insert(task.id(), (key, lane));
    }

    fn ended(&mut self, ended: Result<(Id, bool), JoinError>) {
        let (id, done) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(work = W::NAME, %error, "a piece of work panicked");
                (error.id(), false)
            }
        };
        let Some((key, lane)) = self.tasks.remove(&id) else { return };
        if let Some(count) = self.lanes.get_mut(&lane) {
            *count -= 1;
            if *count == 0 {
                self.lanes.remove(&lane);
            }
        }
        let failures = match done {
            true => 0,
            false => self.resting.get(&key).map_or(0, |resting| resting.failures) + 1,
        };
        let wait = match failures {
            0 => REST,
            more => (AGAIN * 2_u32.pow(more.min(7) - 1)).min(AGAIN_MAX),
        };
        self.resting.insert(key, Resting { until: shell::instant() + wait, failures });
    }

    /// When the first row may be worked again that was left alone.
    fn next_rested(&self) -> Option<Instant> {
        let real = shell::instant();
        self.resting.values().map(|resting| resting.until).filter(|until| *until > real).min()
    }
}

#[cfg(test)]
mod tests;
