//! Committed rows in memory. They are current exactly as long as no other process has committed, so
//! the cache belongs to one batch, the last one that this process committed, and is forgotten
//! whole.

use crate::map::RowMap;
use domain::ledger::Batch;
use domain::record::RowKey;
use store::Loaded;

/// `None`: there is no such row.
type Known = Option<Loaded>;

/// See the module. Rows live in two generations; when the young one is full it becomes the old one,
/// and what was old and not written again since is dropped.
pub(crate) struct Cache {
    base: Option<Batch>,
    young: RowMap<Known>,
    old: RowMap<Known>,
    generation_rows: usize,
    /// Rows too large to be kept beyond the batch.
    large: Vec<RowKey>,
}

impl Cache {
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            base: None,
            young: RowMap::default(),
            old: RowMap::default(),
            generation_rows: rows.div_ceil(2),
            large: Vec::new(),
        }
    }

    /// The batch at which all rows here are current; `None` when nothing is known.
    pub(crate) fn base(&self) -> Option<&Batch> {
        self.base.as_ref()
    }

    /// `None`: not loaded. `Some(None)`: there is no such row.
    pub(crate) fn get(&self, key: &RowKey) -> Option<Option<&Loaded>> {
        let known = self.young.get(key).or_else(|| self.old.get(key));
        known.map(Option::as_ref)
    }

    /// Takes what was read at the base.
    pub(crate) fn learn(&mut self, key: RowKey, known: Known) {
        if known.as_ref().is_some_and(|loaded| loaded.row.is_large()) {
            self.large.push(key.clone());
        }
        self.young.insert(key, known);
    }

    /// Another batch may have been committed: nothing known is current.
    pub(crate) fn forget(&mut self) {
        self.base = None;
        self.young.clear();
        self.old.clear();
    }

    /// Starts anew at a batch.
    pub(crate) fn begin_at(&mut self, base: Batch) {
        self.forget();
        self.base = Some(base);
    }

    /// This process committed the next batch; the rows it wrote are learned by the caller.
    pub(crate) fn advance(&mut self, base: Batch) {
        self.base = Some(base);
    }

    /// Keeps the size within its bound. Only between batches: rows of the running one must stay.
    pub(crate) fn trim(&mut self) {
        for key in self.large.drain(..) {
            self.young.remove(&key);
            self.old.remove(&key); // It may say there what was so before.
        }
        if self.young.len() > self.generation_rows {
            self.old = std::mem::take(&mut self.young);
        }
    }

    #[cfg(test)]
    pub(crate) fn rows(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
