//! A store in memory: the reference that databases are compared with, and what the engine's tests
//! run on. Several handles share one set of rows, so that another can commit between a load and a
//! commit.

use crate::registry::registered;
use crate::write::{Commit, Loaded, Store, Unavailable, Write};
use domain::ledger::{Account, Batch, Entry};
use domain::record::{AnyRow, Row, RowKey};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<RowKey, Loaded>,
    tip: Option<Batch>,
    handles: u64,
    excluding: Option<u64>,
}

/// One handle on rows in memory. Dropping it ends what it excluded; the rows live as long as any
/// handle.
pub struct Memory {
    shared: Arc<Shared>,
    handle: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// A first handle on an empty store.
    pub fn new() -> Self {
        Self { shared: Arc::default(), handle: 0 }
    }

    /// Another handle on the same rows, as another process would have.
    pub fn another(&self) -> Self {
        let mut state = self.lock();
        state.handles += 1;
        Self { shared: Arc::clone(&self.shared), handle: state.handles }
    }

    /// All rows in order of key, for comparing two stores.
    pub fn rows(&self) -> Vec<(RowKey, Loaded)> {
        self.lock().rows.iter().map(|(key, row)| (key.clone(), row.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other handle excludes this one.
    fn lock_for_writing(&self) -> MutexGuard<'_, State> {
        let blocked =
            |state: &mut State| state.excluding.is_some_and(|handle| handle != self.handle);
        let state = self.lock();
        self.shared.freed.wait_while(state, blocked).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl Store for Memory {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        Ok(self.lock().tip.clone().unwrap_or_else(Batch::origin))
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        let state = self.lock();
        let found = |key: &RowKey| state.rows.get(key).map(|row| (key.clone(), row.clone()));
        Ok(keys.iter().filter_map(found).collect())
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        let state = self.lock();
        let start = RowKey { table, bytes: Box::default() };
        let rows = state.rows.range(start..).take_while(|(key, _)| key.table == table);
        Ok(rows.take(limit).map(|(key, loaded)| (key.clone(), loaded.version)).collect())
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.lock_for_writing().excluding = Some(self.handle);
        Ok(())
    }

    fn abandon(&mut self) {
        let mut state = self.lock();
        if state.excluding == Some(self.handle) {
            state.excluding = None;
            self.shared.freed.notify_all();
        }
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        let mut state = self.lock_for_writing();
        let outcome = match state.check(batch, writes) {
            Ok(()) => {
                state.apply(batch, writes);
                Commit::Done
            }
            Err(outcome) => outcome,
        };
        state.excluding = None;
        self.shared.freed.notify_all();
        outcome
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.abandon();
        Ok(())
    }
}

impl State {
    fn check(&self, batch: &Batch, writes: &[Write]) -> Result<(), Commit> {
        if self.rows.contains_key(&AnyRow::row_key(batch)) {
            return Err(Commit::Conflict);
        }
        let mut last: Option<RowKey> = None;
        for write in writes {
            let key = write.key();
            if last.is_some_and(|last| last >= key) {
                return Err(Commit::Data(format!("write of {key:?} is out of order")));
            }
            self.check_write(write, &key)?;
            last = Some(key);
        }
        Ok(())
    }

    fn check_write(&self, write: &Write, key: &RowKey) -> Result<(), Commit> {
        let stored = self.rows.get(key).map(|loaded| loaded.version);
        let (row, decided_on) = match write {
            Write::Insert(row) => (Some(row), None),
            Write::Update(row, version) => (Some(row), Some(*version)),
            Write::Delete(_, version) => (None, Some(*version)),
        };
        if decided_on.is_some() && !is_versioned(key.table) {
            return Err(Commit::Data(format!("{} is appended only", key.table)));
        }
        if let Some(what) = row.and_then(violated) {
            return Err(Commit::Data(what));
        }
        if stored == decided_on { Ok(()) } else { Err(Commit::Conflict) }
    }

    fn apply(&mut self, batch: &Batch, writes: &[Write]) {
        let row: Row = Arc::new(batch.clone());
        self.rows.insert(row.row_key(), Loaded { row, version: 0 });
        self.tip = Some(batch.clone());
        for write in writes {
            let key = write.key();
            match write {
                Write::Insert(row) | Write::Update(row, _) => {
                    let version = if is_versioned(key.table) { batch.seq } else { 0 };
                    self.rows.insert(key, Loaded { row: Arc::clone(row), version });
                }
                Write::Delete(..) => {
                    self.rows.remove(&key);
                }
            }
        }
    }
}

/// A kind of row without a table, as tests make them up, carries versions.
fn is_versioned(table: &str) -> bool {
    registered(table).is_none_or(|entry| entry.table.is_versioned())
}

/// What the databases refuse by a CHECK, for the rows that hold money.
fn violated(row: &Row) -> Option<String> {
    let row = row.as_ref() as &dyn Any;
    if let Some(account) = row.downcast_ref::<Account>() {
        let fits = account.sign.allows(account.balance);
        return (!fits).then(|| format!("balance of account {} breaks its sign", account.number));
    }
    let entry = row.downcast_ref::<Entry>()?;
    (entry.amount == 0).then(|| format!("entry of account {} is zero", entry.account))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (Memory, Memory) {
        let first = Memory::new();
        let second = first.another();
        (first, second)
    }

    crate::conformance_suite!(fresh);
}
