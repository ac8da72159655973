//! Deciding: the commands of a batch one after another over committed rows and what earlier
//! commands changed. It reads no clock and no store; missing rows are named and given back to the
//! caller.

use crate::cache::Cache;
use crate::map::{RowMap, RowSet};
use crate::rider::{Rider, Setting, Step};
use domain::fact::Fact;
use domain::ledger::{Account, AccountPath, Batch, Entry, Journal, Posted};
use domain::record::{Record, Row, RowKey};
use domain::tx::{Changes, Cursor, View};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Loaded, Write};

/// Most times one command may come back for more rows.
const ROUNDS_MAX: usize = 8;
/// Most rows one command may ask for or write.
const ROWS_MAX: usize = 512;

/// What one command has asked for so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Effort {
    rounds: usize,
    rows: usize,
}

impl Effort {
    /// Counts a round; `false` when this is bulk work, which belongs into many commands.
    fn add(&mut self, rows: usize) -> bool {
        self.rounds += 1;
        self.rows += rows;
        self.rounds <= ROUNDS_MAX && self.rows <= ROWS_MAX
    }
}

/// What deciding the batch once came to.
pub(crate) struct Decided {
    /// Rows that must be loaded before anything else here counts; some come twice.
    pub(crate) missing: Vec<RowKey>,
    /// Whether a command asked for more than a command may.
    pub(crate) is_too_much: bool,
    /// How many commands were decided; the rest belong to the next batch.
    pub(crate) taken: usize,
    /// Commands that came to a defect.
    pub(crate) doubts: Vec<(usize, String)>,
    pub(crate) cursor: Cursor,
    pub(crate) journals: Vec<Posted>,
    pub(crate) opened: Vec<AccountPath>,
    facts: Vec<Fact>,
    changed: RowMap<Option<Row>>,
}

/// What the commands of a batch stand on.
pub(crate) struct Ground<'a> {
    /// Committed rows.
    pub(crate) cache: &'a Cache,
    /// Rows not loaded yet of which it is assumed that they do not exist; the caller makes sure of
    /// it before the outcome counts.
    pub(crate) assumed_absent: &'a RowSet,
    pub(crate) setting: &'a Setting<'a>,
    pub(crate) cursor: Cursor,
    /// No further command is decided once there are this many rows to write.
    pub(crate) rows_max: usize,
}

/// Committed rows with the changes of earlier commands over them.
struct Working<'c> {
    ground: &'c Ground<'c>,
    changed: RowMap<Option<Row>>,
}

impl View for Working<'_> {
    fn get(&self, key: &RowKey) -> Option<Option<&Row>> {
        match self.changed.get(key) {
            Some(row) => Some(row.as_ref()),
            None => match self.ground.cache.get(key) {
                Some(known) => Some(known.map(|loaded| &loaded.row)),
                None => self.ground.assumed_absent.contains(key).then_some(None),
            },
        }
    }
}

/// Decides the batch once, in order. A command that misses rows changes nothing yet; those after it
/// are decided all the same, to learn what they will ask for.
pub(crate) fn decide(
    riders: &mut [Box<dyn Rider>],
    efforts: &mut [Effort],
    ground: &Ground<'_>,
) -> Decided {
    let mut working = Working { ground, changed: RowMap::default() };
    let mut decided = Decided {
        missing: Vec::new(),
        is_too_much: false,
        taken: 0,
        doubts: Vec::new(),
        cursor: ground.cursor,
        journals: Vec::new(),
        opened: Vec::new(),
        facts: Vec::new(),
        changed: RowMap::default(),
    };
    let mut rows = 0;
    for (place, rider) in riders.iter_mut().enumerate() {
        let mut missing = BTreeSet::new();
        match rider.decide(ground.setting, &working, &mut missing, decided.cursor) {
            Step::Missing => {
                decided.is_too_much |= !efforts[place].add(missing.len());
                decided.missing.extend(missing);
            }
            Step::Through(changes, after) => {
                let written = count(&changes);
                decided.is_too_much |= written > ROWS_MAX;
                rows += written;
                decided.cursor = after;
                decided.absorb(changes, &mut working.changed);
            }
            Step::Doubtful(what) => decided.doubts.push((place, what)),
        }
        decided.taken = place + 1;
        if rows >= ground.rows_max {
            break;
        }
    }
    decided.changed = working.changed;
    decided
}

fn count(changes: &Changes) -> usize {
    let entries: usize = changes.journals.iter().map(|posted| 1 + posted.entries.len()).sum();
    changes.rows.len() + changes.marks.len() + changes.facts.len() + entries
}

impl Decided {
    fn absorb(&mut self, changes: Changes, changed: &mut RowMap<Option<Row>>) {
        changed.extend(changes.rows);
        changed.extend(changes.marks.into_iter().map(|(key, row)| (key, Some(row))));
        self.journals.extend(changes.journals);
        self.opened.extend(changes.opened);
        self.facts.extend(changes.facts);
    }

    /// Rows that are written and were never read: whether each is an insert is not known yet.
    pub(crate) fn unread(&self, cache: &Cache) -> Vec<RowKey> {
        let opened: RowSet =
            self.opened.iter().map(|path| RowKey::of::<Account>(&path.number)).collect();
        let unread = self.changed.keys().filter(|key| cache.get(key).is_none());
        unread.filter(|key| !opened.contains(*key)).cloned().collect()
    }

    /// The writes in order of key. A row that ends as it was committed is not written.
    pub(crate) fn into_writes(self, cache: &Cache) -> Writes {
        let mut planned: Vec<(RowKey, Write)> = Vec::with_capacity(self.changed.len());
        for (key, row) in self.changed {
            let write = match (cache.get(&key).flatten(), row) {
                (Some(before), Some(row)) if row.equals(before.row.as_ref()) => continue,
                (Some(before), Some(row)) => Write::Update(row, before.version),
                (Some(before), None) => Write::Delete(key.clone(), before.version),
                (None, Some(row)) => Write::Insert(row),
                (None, None) => continue,
            };
            planned.push((key, write));
        }
        for posted in self.journals {
            append(&mut planned, posted.journal);
            posted.entries.into_iter().for_each(|entry| append(&mut planned, entry));
        }
        self.facts.into_iter().for_each(|fact| append(&mut planned, fact));
        Writes::sorted(planned)
    }

    /// The root over its journals and opened accounts.
    pub(crate) fn root(&self) -> domain::ledger::merkle::Hash {
        domain::ledger::merkle::root(&Batch::leaves(&self.journals, &self.opened))
    }
}

fn append<R: Record>(planned: &mut Vec<(RowKey, Write)>, row: R) {
    planned.push((Record::row_key(&row), Write::Insert(Arc::new(row))));
}

/// Writes in order of key, with their keys beside them.
pub(crate) struct Writes {
    keys: Vec<RowKey>,
    pub(crate) writes: Vec<Write>,
}

impl Writes {
    pub(crate) fn sorted(mut planned: Vec<(RowKey, Write)>) -> Self {
        planned.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let (keys, writes) = planned.into_iter().unzip();
        Self { keys, writes }
    }

    /// After the commit: what is stored now. Rows that are never read again are left out.
    pub(crate) fn teach(self, cache: &mut Cache, version: i64) {
        for (key, write) in self.keys.into_iter().zip(self.writes) {
            if [Journal::NAME, Entry::NAME, Fact::NAME].contains(&key.table) {
                continue;
            }
            let known = match write {
                Write::Insert(row) | Write::Update(row, _) => Some(Loaded { row, version }),
                Write::Delete(..) => None,
            };
            cache.learn(key, known);
        }
    }
}
