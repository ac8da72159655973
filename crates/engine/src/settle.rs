//! When nobody knows whether a batch was committed, when the database was away, and at start: the
//! engine decides nothing until a batch of its own is committed cleanly.
//!
//! Looking is not enough. What is not there may still arrive, so its place is taken by an empty
//! batch; and what is there may be visible and not yet durable, so nothing is answered until an
//! empty batch is committed behind it. Both are the same write: an empty batch in the place after
//! the last one.

use crate::batch::Writes;
use crate::rider::Ending;
use crate::writer::{Riders, Writer};
use domain::ledger::{Batch, BatchId, merkle};
use domain::record::{Record, RowKey};
use std::any::Any;
use std::time::Duration;
use store::{Commit, Unavailable};

/// A batch of ours with an unknown outcome.
pub(crate) struct Lost {
    /// Its place.
    pub(crate) seq: i64,
    /// Its id.
    pub(crate) id: BatchId,
}

/// What became of a lost batch, known for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is committed and durable.
    Happened,
    /// It is not committed and never can be.
    NeverHappened,
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Why settling has to be tried again.
struct NotYet(String);

impl From<Unavailable> for NotYet {
    fn from(error: Unavailable) -> Self {
        Self(error.to_string())
    }
}

impl Writer {
    /// Tries until the position is certain, with the gate closed. `riders` are the callers of the
    /// lost batch, or, when none was lost, of a batch that could not be tried: past the deadline
    /// they are sent away. Everyone else who waits is sent away as soon as the first try fails.
    /// `None` when the engine stops before anything is certain.
    pub(crate) fn settle(
        &mut self,
        lost: Option<&Lost>,
        riders: &mut Riders,
        work: &mut Vec<Riders>,
    ) -> Option<Fate> {
        self.queue.set_ready(false);
        self.cache.forget();
        let busy = Ending::Busy(self.limits.retry_after);
        let too_late = if lost.is_some() { Ending::Unknown } else { busy };
        let deadline = i64::try_from(self.limits.settle_deadline.as_micros()).unwrap_or(i64::MAX);
        let since = self.shell.now();
        let mut pause = FIRST_PAUSE;
        loop {
            let NotYet(what) = match self.try_settle(lost) {
                Ok(fate) => {
                    self.queue.set_ready(true);
                    return Some(fate);
                }
                Err(not_yet) => not_yet,
            };
            tracing::warn!(what, "the position in the sequence of batches is not certain yet");
            self.dismiss_waiting(work);
            let is_stopping = self.queue.is_stopping();
            if is_stopping || self.shell.now().saturating_sub(since) > deadline {
                self.dismiss(std::mem::take(riders), too_late);
            }
            self.meter.flush(0);
            if is_stopping {
                return None;
            }
            self.shell.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn try_settle(&mut self, lost: Option<&Lost>) -> Result<Fate, NotYet> {
        self.store.reconnect()?;
        self.store.exclude_others()?;
        let found = self.find_fate(lost);
        let (tip, fate) = match found {
            Ok(found) => found,
            Err(not_yet) => {
                self.store.abandon();
                return Err(not_yet);
            }
        };
        self.commit_empty_after(&tip)?;
        Ok(fate)
    }

    /// The last batch, and what the lost one's fate is if a batch can be committed behind that: a
    /// place that is still free is then taken from it, a taken one tells whose it is.
    fn find_fate(&mut self, lost: Option<&Lost>) -> Result<(Batch, Fate), NotYet> {
        let tip = self.store.tip()?;
        let fate = match lost {
            Some(lost) if tip.seq >= lost.seq => self.fate_of(lost)?,
            _ => Fate::NeverHappened,
        };
        Ok((tip, fate))
    }

    /// Whose batch stands at the place of the lost one.
    fn fate_of(&mut self, lost: &Lost) -> Result<Fate, NotYet> {
        let key = RowKey::of::<Batch>(&lost.seq);
        let found = self.store.load(&[key])?;
        let stored = found.first().map(|(_, loaded)| loaded.row.as_ref() as &dyn Any);
        match stored.and_then(|row| row.downcast_ref::<Batch>()) {
            Some(batch) if batch.id == lost.id => Ok(Fate::Happened),
            Some(_) => Ok(Fate::NeverHappened),
            None => Err(NotYet(format!("no {} row at a taken place", Batch::NAME))),
        }
    }

    /// Takes the next place, cleanly: from here on the position is known.
    fn commit_empty_after(&mut self, base: &Batch) -> Result<(), NotYet> {
        let plan = self.plan(base, 0);
        let batch = self.seal(&plan, merkle::root(&[]), &plan.cursor());
        let nothing = Writes::sorted(Vec::new());
        match self.commit(&batch, &nothing) {
            Commit::Done => {
                self.cache.begin_at(base.clone());
                self.settled_at(batch, nothing);
                Ok(())
            }
            Commit::Conflict => Err(NotYet("the next place was taken".into())),
            Commit::Data(what) | Commit::Unavailable(what) | Commit::Unknown(what) => {
                Err(NotYet(what))
            }
        }
    }

    /// Sends everyone away and waits, with the gate closed, until the real clock has caught up.
    pub(crate) fn wait_for_clock(&mut self, riders: Riders, work: &mut Vec<Riders>) {
        tracing::error!("the real clock lies behind the last batch; deciding stops");
        self.queue.set_ready(false);
        let busy = Ending::Busy(self.limits.retry_after);
        self.dismiss(riders, busy);
        self.dismiss_waiting(work);
        self.meter.flush(0);
        loop {
            if self.queue.is_stopping() {
                return;
            }
            match self.store.tip() {
                Ok(tip) if !self.is_clock_behind(&tip) => return self.queue.set_ready(true),
                Ok(_) => self.shell.pause(LONGEST_PAUSE),
                Err(_) => {
                    self.settle(None, &mut Vec::new(), work);
                    self.queue.set_ready(false);
                }
            }
        }
    }
}
