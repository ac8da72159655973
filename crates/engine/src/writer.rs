//! The one that writes: runs batches to their end, whatever the store and rivals do.
//!
//! A batch is tried on cached rows first. When another process came between, or a command came to a
//! defect, it is tried again on current rows while others are kept from committing, so no batch
//! loses twice and a defect never comes from old rows. While another process keeps committing,
//! batches begin that way.

use crate::batch::{self, Decided, Effort, Ground, Writes};
use crate::cache::Cache;
use crate::handle::Position;
use crate::map::RowSet;
use crate::metrics::Meter;
use crate::queue::Queue;
use crate::rider::{Ending, Rider, Setting};
use crate::settle::{Fate, Lost};
use crate::shell::{Limits, Shell};
use domain::Rules;
use domain::ledger::{Batch, merkle};
use domain::record::RowKey;
use domain::tx::Cursor;
use kernel::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};
use store::{Commit, Store, Unavailable};
use tokio::sync::watch;

/// How far the real clock may lie behind the last batch before deciding stops, in microseconds.
const CLOCK_BEHIND_MAX: i64 = 5_000_000;
/// How often one batch is tried again for the server's sake before its callers are sent away.
const TRIES_MAX: usize = 4;

/// Commands in order.
pub(crate) type Riders = Vec<Box<dyn Rider>>;

/// The configuration in force, replaced whole.
pub(crate) type SharedRules = Arc<RwLock<Arc<Rules>>>;

/// See the module.
pub(crate) struct Writer {
    pub(crate) store: Box<dyn Store>,
    pub(crate) shell: Box<dyn Shell>,
    pub(crate) limits: Limits,
    pub(crate) rules: SharedRules,
    pub(crate) queue: Arc<Queue>,
    pub(crate) cache: Cache,
    /// Whether another process committed lately.
    pub(crate) has_rival: bool,
    pub(crate) meter: Meter,
    pub(crate) position: watch::Sender<Position>,
}

/// What a batch stands on, before anything is decided.
pub(crate) struct Plan {
    pub(crate) base: Batch,
    pub(crate) now: Timestamp,
    pub(crate) offset: i64,
    pub(crate) turn: i64,
    pub(crate) turned_at: Timestamp,
}

/// A decided batch, ready to be committed.
struct Prepared {
    batch: Batch,
    writes: Writes,
    taken: usize,
    /// Whether it would change nothing.
    is_empty: bool,
}

/// Why an attempt gave no answers.
enum Setback {
    /// Another batch took the place, or a row was not as it was read.
    Conflict,
    /// A command came to a defect on rows that may be old.
    Doubtful,
    /// Some command makes the batch impossible.
    Poisoned(String),
    /// The server is at fault, and nothing was written.
    Away(String),
    /// Nobody knows whether it was written.
    Lost(Lost, usize),
    /// The real clock lies behind the last batch.
    ClockBehind,
}

impl From<Unavailable> for Setback {
    fn from(error: Unavailable) -> Self {
        match error {
            Unavailable::Away(what) => Self::Away(what),
            Unavailable::Corrupt(corrupt) => Self::Poisoned(corrupt.to_string()),
        }
    }
}

impl Writer {
    /// Runs commands to their end: every one of them has left when this returns.
    pub(crate) fn run(&mut self, riders: Riders) {
        let mut room = self.room(&riders);
        let mut work = vec![riders];
        while let Some(riders) = work.pop() {
            if !riders.is_empty() {
                self.run_batch(riders, std::mem::take(&mut room), &mut work);
            }
        }
        self.meter.flush(self.queue.len());
    }

    fn run_batch(&mut self, mut riders: Riders, mut room: usize, work: &mut Vec<Riders>) {
        let (mut is_held, mut lost_races, mut tries) = (self.has_rival, 0, 0);
        loop {
            is_held |= self.cache.base().is_none();
            let setback = match self.attempt(&mut riders, is_held, std::mem::take(&mut room)) {
                Ok(taken) => {
                    work.push(riders.split_off(taken));
                    return self.dismiss(riders, Ending::Decided);
                }
                Err(setback) => setback,
            };
            match setback {
                Setback::Conflict => {
                    self.meter.conflict();
                    self.cache.forget();
                    self.has_rival = true;
                    lost_races += usize::from(is_held);
                    if lost_races == 2 {
                        tracing::error!("a batch found rows changed although it excluded others");
                        return self.dismiss(riders, Ending::Defect);
                    }
                    is_held = true;
                }
                Setback::Doubtful => {
                    self.cache.forget();
                    is_held = true;
                }
                Setback::Poisoned(what) if riders.len() == 1 => {
                    if is_held {
                        tracing::error!(command = riders[0].name(), what, "a command is poisoned");
                        return self.dismiss(riders, Ending::Defect);
                    }
                    self.cache.forget();
                    is_held = true;
                }
                Setback::Poisoned(_) => {
                    work.push(riders.split_off(riders.len() / 2));
                    return work.push(riders);
                }
                Setback::Away(what) => {
                    tracing::warn!(what, "the store is unavailable");
                    self.settle(None, &mut riders, work);
                    tries += 1;
                }
                Setback::Lost(lost, taken) => {
                    work.push(riders.split_off(taken));
                    if self.settle(Some(&lost), &mut riders, work) == Some(Fate::Happened) {
                        return self.dismiss(riders, Ending::Decided);
                    }
                    tries += 1;
                }
                Setback::ClockBehind => return self.wait_for_clock(riders, work),
            }
            if riders.is_empty() {
                return;
            }
            if tries > TRIES_MAX {
                return self.dismiss(riders, Ending::Busy(self.limits.retry_after));
            }
        }
    }

    /// Tries the batch once. On success its first commands, as many as the number says, may be
    /// answered; nothing of the others was tried.
    fn attempt(
        &mut self,
        riders: &mut Riders,
        is_held: bool,
        room: usize,
    ) -> Result<usize, Setback> {
        self.cache.trim();
        let held = if is_held { self.hold() } else { Ok(false) };
        if held.is_ok() {
            riders.extend(self.queue.take_more(room));
        }
        let prepared = held.and_then(|is_ours| Ok((is_ours, self.prepare(riders, is_held)?)));
        let outcome = match prepared {
            // The last batch is our own and clean: what was read is durable.
            Ok((true, prepared)) if prepared.is_empty => {
                self.store.abandon();
                Ok(prepared.taken)
            }
            Ok((_, prepared)) => self.conclude(prepared, is_held, riders),
            Err(setback) => {
                if is_held {
                    self.store.abandon();
                }
                Err(setback)
            }
        };
        if is_held && outcome.is_err() {
            self.cache.forget();
        }
        outcome
    }

    /// Keeps others from committing and starts at what is committed now; says whether that is still
    /// our own clean batch. As long as others do commit, waiting for our turn first costs less than
    /// deciding in vain.
    fn hold(&mut self) -> Result<bool, Setback> {
        self.store.exclude_others()?;
        let tip = self.store.tip()?;
        let base = self.cache.base().map(|base| (base.seq, base.id));
        let is_current = base == Some((tip.seq, tip.id));
        if base.is_some() {
            self.has_rival = !is_current;
        }
        if !is_current {
            self.cache.begin_at(tip);
        }
        Ok(is_current)
    }

    /// How many commands a batch just taken from the queue takes along once it is its turn: those
    /// that came while others committed would wait once more, behind the next batch of every other
    /// process. A batch that was cut in two to find a poisoned command takes nobody along.
    fn room(&self, riders: &Riders) -> usize {
        if !self.has_rival || !riders.iter().all(|rider| rider.shares_batch()) {
            return 0;
        }
        self.limits.batch_commands.saturating_sub(riders.len())
    }

    /// What the next batch stands on.
    /// Business time moves on by `step` microseconds.
    pub(crate) fn plan(&self, base: &Batch, step: i64) -> Plan {
        let offset = base.offset.saturating_add(step);
        let now = Timestamp::from_micros(self.shell.now().saturating_add(offset)).max(base.now);
        let turned_at = if base.seq == 0 { now } else { base.turned_at };
        Plan { base: base.clone(), now, offset, turn: base.turn, turned_at }
    }

    /// Whether the real clock lies too far behind the last batch to decide anything.
    pub(crate) fn is_clock_behind(&self, base: &Batch) -> bool {
        let last = base.now.micros().saturating_sub(base.offset);
        last.saturating_sub(self.shell.now()) > CLOCK_BEHIND_MAX
    }

    /// Decides until no row is missing.
    fn prepare(
        &mut self,
        riders: &mut [Box<dyn Rider>],
        is_held: bool,
    ) -> Result<Prepared, Setback> {
        let base = self.cache.base().expect("an attempt begins at a batch");
        if self.is_clock_behind(base) {
            return Err(Setback::ClockBehind);
        }
        let step = riders.iter().map(|rider| rider.clock_step()).sum();
        let plan = self.plan(base, step);
        let decided = self.decide(riders, &plan)?;
        if !decided.doubts.is_empty() {
            if !is_held {
                return Err(Setback::Doubtful);
            }
            for (place, what) in &decided.doubts {
                tracing::error!(command = riders[*place].name(), what, "a command is defective");
            }
        }
        let unread = decided.unread(&self.cache);
        self.load(unread)?;
        let batch = self.seal(&plan, decided.root(), &decided.cursor);
        let taken = decided.taken;
        let writes = decided.into_writes(&self.cache);
        let is_empty = writes.writes.is_empty() && step == 0;
        Ok(Prepared { batch, writes, taken, is_empty })
    }

    fn decide(&mut self, riders: &mut [Box<dyn Rider>], plan: &Plan) -> Result<Decided, Setback> {
        let rules = Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner));
        let setting = Setting { rules: &rules, now: plan.now, turn: plan.turn };
        let mut efforts = vec![Effort::default(); riders.len()];
        let mut rounds = 0;
        loop {
            rounds += 1;
            let assumed = self.assumed_absent(riders);
            let decided = batch::decide(
                riders,
                &mut efforts,
                &Ground {
                    cache: &self.cache,
                    assumed_absent: &assumed,
                    setting: &setting,
                    cursor: plan.cursor(),
                    rows_max: self.limits.batch_rows,
                },
            );
            if decided.is_too_much {
                return Err(Setback::Poisoned("asks for more rows than one command may".into()));
            }
            let counts = decided.missing.is_empty();
            let unknown: Vec<RowKey> = decided.missing.iter().chain(&assumed).cloned().collect();
            self.load(unknown)?;
            let is_there = |key: &RowKey| self.cache.get(key).is_some_and(|row| row.is_some());
            if counts && !assumed.iter().any(is_there) {
                self.meter.rounds(rounds);
                return Ok(decided);
            }
        }
    }

    /// Records of answers are nearly always absent. Deciding as if they were, and looking
    /// afterwards, saves deciding every command with a key twice.
    fn assumed_absent(&self, riders: &[Box<dyn Rider>]) -> RowSet {
        let keys = riders.iter().flat_map(|rider| rider.record_keys());
        keys.filter(|key| self.cache.get(key).is_none()).cloned().collect()
    }

    fn load(&mut self, mut keys: Vec<RowKey>) -> Result<(), Setback> {
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        let found = self.store.load(&keys)?;
        self.meter.loaded(keys.len());
        keys.into_iter().for_each(|key| self.cache.learn(key, None));
        found.into_iter().for_each(|(key, loaded)| self.cache.learn(key, Some(loaded)));
        Ok(())
    }

    /// The batch row that closes a batch.
    pub(crate) fn seal(&self, plan: &Plan, root: merkle::Hash, cursor: &Cursor) -> Batch {
        let mut id = [0; 16];
        self.shell.random(&mut id);
        let batch = Batch {
            seq: cursor.seq,
            id,
            now: plan.now,
            offset: plan.offset,
            last_journal: cursor.last_journal,
            last_account: cursor.last_account,
            turn: plan.turn,
            turned_at: plan.turned_at,
            root,
            previous: plan.base.hash,
            hash: [0; 32],
        };
        batch.sealed()
    }

    /// Commits, or confirms that nothing needs to be committed.
    fn conclude(
        &mut self,
        prepared: Prepared,
        is_held: bool,
        riders: &[Box<dyn Rider>],
    ) -> Result<usize, Setback> {
        let Prepared { batch, writes, taken, is_empty } = prepared;
        if is_empty && !is_held {
            return self.confirm().map(|()| taken);
        }
        match self.commit(&batch, &writes) {
            Commit::Done => {
                self.meter.committed(&riders[..taken]);
                self.settled_at(batch, writes);
                Ok(taken)
            }
            Commit::Conflict => Err(Setback::Conflict),
            Commit::Data(what) => Err(Setback::Poisoned(what)),
            Commit::Unavailable(what) => Err(Setback::Away(what)),
            Commit::Unknown(what) => {
                tracing::warn!(seq = batch.seq, what, "nobody knows whether a batch is committed");
                self.meter.unknown();
                Err(Setback::Lost(Lost { seq: batch.seq, id: batch.id }, taken))
            }
        }
    }

    /// The cache's base is our own clean batch; if it is still the last one, every row that was
    /// read is current and durable, and there is nothing to write.
    fn confirm(&mut self) -> Result<(), Setback> {
        let tip = self.store.tip()?;
        let base = self.cache.base().expect("an attempt begins at a batch");
        if (tip.seq, tip.id) == (base.seq, base.id) { Ok(()) } else { Err(Setback::Conflict) }
    }

    pub(crate) fn commit(&mut self, batch: &Batch, writes: &Writes) -> Commit {
        let began = self.shell.now();
        self.meter.commit_began(began);
        let outcome = self.store.commit(batch, &writes.writes);
        self.meter.commit_time(self.shell.now() - began, writes.writes.len());
        outcome
    }

    /// Our batch is committed and clean: it is the position, and its rows are known.
    pub(crate) fn settled_at(&mut self, batch: Batch, writes: Writes) {
        writes.teach(&mut self.cache, batch.seq);
        let Batch { seq, now, offset, .. } = batch;
        self.cache.advance(batch);
        self.position.send_replace(Position { seq, now, offset });
    }

    /// Sends commands away with their answers.
    pub(crate) fn dismiss(&mut self, riders: Riders, ending: Ending) {
        for rider in riders {
            let name = rider.name();
            let outcome = rider.leave(ending);
            self.meter.left(name, outcome);
        }
    }

    /// Tells everyone who waits, in the queue or behind the running batch, that nothing was tried.
    pub(crate) fn dismiss_waiting(&mut self, work: &mut Vec<Riders>) {
        let waiting = self.queue.drain();
        let busy = Ending::Busy(self.limits.retry_after);
        work.drain(..).chain([waiting]).for_each(|riders| self.dismiss(riders, busy));
    }
}

impl Plan {
    /// Where the numbers of the next batch begin.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            seq: self.base.seq + 1,
            last_journal: self.base.last_journal,
            last_account: self.base.last_account,
            facts: 0,
        }
    }
}
