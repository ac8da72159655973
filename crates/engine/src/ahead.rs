//! Deciding one batch while another is being committed.
//!
//! A decided batch goes to a thread that commits it and answers its callers. Meanwhile the next one
//! is decided as if that had happened: what the batch under way writes is in the cache already, and
//! other rows are read beside it, on a handle of their own. Only behind a clean commit does the
//! next one follow; after any other end it is decided anew, alone. So there is never more than one
//! commit at a time, and nobody is answered before the batch of his command is durable.

use crate::handle::Position;
use crate::metrics::Meter;
use crate::queue::Queue;
use crate::rider::Ending;
use crate::shell::Shell;
use crate::writer::{Begin, Prepared, Riders, Setback, Writer};
use domain::ledger::Batch;
use domain::record::RowKey;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use store::{Commit, Loaded, Store, Write};
use tokio::sync::watch;

/// How long to do without a reading handle that could not be had, in microseconds.
const LOADER_AGAIN: i64 = 1_000_000;

/// A decided batch on its way, with the store that commits it.
struct Departure {
    store: Box<dyn Store>,
    batch: Batch,
    writes: Vec<Write>,
    riders: Riders,
}

/// How it came back. If it is committed, its callers have their answers.
struct Landing {
    store: Box<dyn Store>,
    batch: Batch,
    riders: Riders,
    outcome: Commit,
}

/// The thread that commits. Dropping this waits for its end.
pub(crate) struct Committer {
    departures: Option<Sender<Departure>>,
    landings: Receiver<Landing>,
    thread: Option<JoinHandle<()>>,
}

/// What that thread works with.
pub(crate) struct Desk {
    pub(crate) shell: Arc<dyn Shell>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) meter: Meter,
    pub(crate) position: Arc<watch::Sender<Position>>,
}

impl Committer {
    /// Fails when the system gives no thread.
    pub(crate) fn start(desk: Desk) -> std::io::Result<Self> {
        let (departures, departed) = mpsc::channel();
        let (landed, landings) = mpsc::channel();
        let thread = std::thread::Builder::new().name("commit".into());
        let thread = thread.spawn(move || desk.work(&departed, &landed))?;
        Ok(Self { departures: Some(departures), landings, thread: Some(thread) })
    }

    fn send(&self, departure: Departure) {
        let departures = self.departures.as_ref().expect("the thread ends when this is dropped");
        // If the thread is gone, its landing never comes, and that is where it is noticed.
        let _ = departures.send(departure);
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.departures.take());
        if let Some(thread) = self.thread.take() {
            // A panic was noticed by whoever waited for the landing.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn work(mut self, departures: &Receiver<Departure>, landings: &Sender<Landing>) {
        for Departure { mut store, batch, writes, mut riders } in departures {
            let began = self.shell.now();
            let outcome = store.commit(&batch, &writes);
            self.meter.commit_time(self.shell.now() - began, writes.len());
            if outcome == Commit::Done {
                self.meter.committed(&riders);
                self.position.send_replace(Position::of(&batch));
                self.meter.dismiss(std::mem::take(&mut riders), Ending::Decided);
                self.meter.flush(self.queue.len());
            }
            // First, because the next one may depart as soon as this one is back.
            self.queue.land();
            if landings.send(Landing { store, batch, riders, outcome }).is_err() {
                return;
            }
        }
    }
}

/// The engine's thread must not sleep on when a store panics.
impl Drop for Desk {
    fn drop(&mut self) {
        self.queue.land();
    }
}

impl Writer {
    /// Runs commands. Their last batch may be under way when this returns.
    pub(crate) fn enter(&mut self, mut riders: Riders) {
        while !riders.is_empty() {
            riders = self.depart(riders);
        }
    }

    /// Decides a batch beside the one that is under way and lets it follow; gives back the commands
    /// that belong to the next.
    fn depart(&mut self, mut riders: Riders) -> Riders {
        let prepared = if self.may_go_ahead() { self.prepare_ahead(&mut riders) } else { None };
        let prepared = if self.land() { prepared } else { None };
        match prepared {
            // A lone batch is done sooner without changing threads.
            Some(prepared) if !prepared.is_empty && self.queue.len() > 0 => {
                let rest = riders.split_off(prepared.taken);
                self.send_off(prepared, riders);
                rest
            }
            prepared => {
                self.run_from(riders, prepared.map_or(Begin::Undecided, Begin::Decided));
                Riders::new()
            }
        }
    }

    /// Without rivals, what is decided beside a commit is nearly always good. While nobody waits
    /// there is nothing to be gained.
    fn may_go_ahead(&mut self) -> bool {
        if self.has_rival || self.cache.base().is_none() {
            return false;
        }
        let now = self.shell.now();
        if self.loader.is_none()
            && let Some(store) = &self.store
            && self.queue.len() > 0
            && now.saturating_sub(self.loader_tried_at) >= LOADER_AGAIN
        {
            self.loader_tried_at = now;
            match store.loader() {
                Ok(loader) => self.loader = Some(loader),
                Err(error) => tracing::warn!(%error, "commits are waited for: no second handle"),
            }
        }
        self.loader.is_some()
    }

    /// The cache is not trimmed more than once while a batch is under way, so that batch's rows,
    /// which are nowhere else yet, stay.
    fn prepare_ahead(&mut self, riders: &mut Riders) -> Option<Prepared> {
        self.cache.trim();
        // Whatever stands in the way is met again, and dealt with, when nothing is under way.
        self.prepare(riders, false).ok()
    }

    /// Reads beside the batch under way. Both handles must reach one history: after a failover they
    /// might not.
    pub(crate) fn load_beside(
        &mut self,
        keys: &[RowKey],
    ) -> Result<Vec<(RowKey, Loaded)>, Setback> {
        let loader = self.loader.as_mut().expect("nothing goes ahead without a loader");
        let base = self.cache.base().expect("an attempt begins at a batch");
        match loader.load_beside(keys) {
            Ok((tip, rows)) if [base.hash, base.previous].contains(&tip.hash) => Ok(rows),
            Ok(_) => Err(Setback::Conflict),
            Err(error) => {
                self.loader = None;
                Err(error.into())
            }
        }
    }

    fn send_off(&mut self, prepared: Prepared, riders: Riders) {
        let Prepared { batch, writes, .. } = prepared;
        writes.teach(&mut self.cache, batch.seq);
        self.cache.advance(batch.clone());
        self.queue.depart(riders.len() / 2);
        let store = self.store.take().expect("nothing is under way");
        self.committer.send(Departure { store, batch, writes: writes.writes, riders });
    }

    /// Waits for the batch under way. `false` when it did not end as was assumed; its commands are
    /// run to their end then.
    pub(crate) fn land(&mut self) -> bool {
        if self.store.is_some() {
            return true;
        }
        let landing = self.committer.landings.recv();
        let Landing { store, batch, riders, outcome } =
            landing.expect("the committing thread ends by a panic only, which ends this one too");
        self.store = Some(store);
        let Err(setback) = self.judge(outcome, &batch, riders.len()) else { return true };
        self.cache.forget();
        self.run_from(riders, Begin::Failed(setback));
        false
    }
}
