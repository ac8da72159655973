//! What operators and the benchmark see of the engine: counted on its own thread, handed over once
//! per run of the loop.

use crate::rider::Rider;
use kernel::Timestamp;
use metrics::{counter, gauge, histogram};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Totals since the start of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches committed with at least one command.
    pub commits: u64,
    /// Commands in them.
    pub commands: u64,
    /// Batches that lost their place to another process.
    pub conflicts: u64,
    /// The most batches in a row that lost their place before one was committed. More than 1 is a
    /// defect: who has lost excludes the others before it tries again.
    pub losing_run_max: u64,
    /// Commits with an unknown outcome.
    pub unknowns: u64,
    /// Times a batch was decided.
    pub rounds: u64,
    /// Rows asked of the store.
    pub rows_loaded: u64,
    /// Rows written.
    pub rows_written: u64,
}

/// The same, shared with readers on other threads.
#[derive(Default)]
pub(crate) struct Totals {
    commits: AtomicU64,
    commands: AtomicU64,
    conflicts: AtomicU64,
    losing_run_max: AtomicU64,
    unknowns: AtomicU64,
    rounds: AtomicU64,
    rows_loaded: AtomicU64,
    rows_written: AtomicU64,
    /// When the commit under way began, by the real clock in microseconds; 0 when none is.
    committing: AtomicI64,
}

impl Totals {
    pub(crate) fn committing_since(&self) -> Option<Timestamp> {
        let since = self.committing.load(Relaxed);
        (since != 0).then(|| Timestamp::from_micros(since))
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            commands: self.commands.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            losing_run_max: self.losing_run_max.load(Relaxed),
            unknowns: self.unknowns.load(Relaxed),
            rounds: self.rounds.load(Relaxed),
            rows_loaded: self.rows_loaded.load(Relaxed),
            rows_written: self.rows_written.load(Relaxed),
        }
    }
}

/// Counts on the engine's thread.
#[derive(Default)]
pub(crate) struct Meter {
    pub(crate) totals: Arc<Totals>,
    left: HashMap<(&'static str, &'static str), u64>,
    carried: HashMap<&'static str, u64>,
    losing_run: u64,
}

impl Meter {
    pub(crate) fn conflict(&mut self) {
        self.losing_run += 1;
        self.totals.conflicts.fetch_add(1, Relaxed);
        self.totals.losing_run_max.fetch_max(self.losing_run, Relaxed);
        counter!("jiaozi_engine_conflicts_total").increment(1);
    }

    pub(crate) fn unknown(&self) {
        self.totals.unknowns.fetch_add(1, Relaxed);
        counter!("jiaozi_engine_unknowns_total").increment(1);
    }

    pub(crate) fn rounds(&self, rounds: u32) {
        self.totals.rounds.fetch_add(rounds.into(), Relaxed);
        histogram!("jiaozi_engine_rounds").record(rounds);
    }

    pub(crate) fn loaded(&self, rows: usize) {
        self.totals.rows_loaded.fetch_add(rows as u64, Relaxed);
        counter!("jiaozi_engine_rows_loaded_total").increment(rows as u64);
    }

    pub(crate) fn commit_began(&self, at: i64) {
        self.totals.committing.store(at, Relaxed);
    }

    pub(crate) fn commit_time(&self, micros: i64, rows: usize) {
        self.totals.committing.store(0, Relaxed);
        self.totals.rows_written.fetch_add(rows as u64, Relaxed);
        counter!("jiaozi_engine_rows_written_total").increment(rows as u64);
        histogram!("jiaozi_engine_commit_seconds").record(micros as f64 / 1e6);
    }

    /// A batch is committed that carried these commands.
    pub(crate) fn committed(&mut self, riders: &[Box<dyn Rider>]) {
        self.losing_run = 0;
        self.totals.commits.fetch_add(1, Relaxed);
        self.totals.commands.fetch_add(riders.len() as u64, Relaxed);
        counter!("jiaozi_engine_commits_total").increment(1);
        histogram!("jiaozi_engine_batch_commands").record(riders.len() as f64);
        riders.iter().for_each(|rider| *self.carried.entry(rider.name()).or_default() += 1);
        for (command, commands) in self.carried.drain() {
            counter!("jiaozi_engine_commands_committed_total", "command" => command)
                .increment(commands);
            counter!("jiaozi_engine_commits_with_total", "command" => command).increment(1);
        }
    }

    /// A command got its answer.
    pub(crate) fn left(&mut self, command: &'static str, outcome: &'static str) {
        *self.left.entry((command, outcome)).or_default() += 1;
    }

    /// Hands over what was counted command by command.
    pub(crate) fn flush(&mut self, queued: usize) {
        gauge!("jiaozi_engine_queue_commands").set(queued as f64);
        for ((command, outcome), commands) in self.left.drain() {
            counter!("jiaozi_engine_commands_total", "command" => command, "outcome" => outcome)
                .increment(commands);
        }
    }
}
