//! A store that fails on demand, for tests of whoever drives a store.

use crate::write::{Commit, Loaded, Store, Unavailable, Write};
use domain::ledger::Batch;
use domain::record::RowKey;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens to one commit.
pub enum Fault {
    /// Nothing is written, and nobody can tell: the connection is lost before the commit arrives.
    UnknownNotDone,
    /// It is written, and nobody can tell: the connection is lost before the answer arrives.
    UnknownDone,
    /// Nothing is written, and the store says so.
    Unavailable,
    /// Nothing is written: it is answered like a lost race.
    Conflict,
    /// Something runs right before the commit, which then goes on: a rival's commit through another
    /// handle, a signal to a test. A rival blocks for ever when others are excluded.
    After(Box<dyn FnOnce() + Send>),
}

#[derive(Default)]
struct Plan {
    commits: VecDeque<Option<Fault>>,
    failing_reads: usize,
    failing_connects: usize,
}

/// The faults to come, shared by the test and the store that it gave away.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Plan>>);

impl Script {
    /// Adds the fate of the next commits, one each; `None` lets one pass. Without a fate left,
    /// commits pass.
    pub fn commits(&self, fates: impl IntoIterator<Item = Option<Fault>>) {
        self.plan().commits.extend(fates);
    }

    /// Adds one fault to the next commits.
    pub fn commit(&self, fault: Fault) {
        self.commits([Some(fault)]);
    }

    /// Lets this many reads fail from now on.
    pub fn fail_reads(&self, count: usize) {
        self.plan().failing_reads = count;
    }

    /// Lets this many attempts to reconnect fail from now on.
    pub fn fail_connects(&self, count: usize) {
        self.plan().failing_connects = count;
    }

    /// How many fates of commits are left.
    pub fn remaining(&self) -> usize {
        self.plan().commits.len()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store with faults. After an unknown outcome it is lost and answers nothing until
/// [`Store::reconnect`].
pub struct Faulty<S> {
    inner: S,
    script: Script,
    is_lost: bool,
}

impl<S: Store> Faulty<S> {
    /// Puts a script between a store and its user.
    pub fn new(inner: S, script: Script) -> Self {
        Self { inner, script, is_lost: false }
    }

    fn readable(&mut self) -> Result<&mut S, Unavailable> {
        if self.is_lost {
            return Err(Unavailable::Away("connection lost".into()));
        }
        let mut plan = self.script.plan();
        if plan.failing_reads > 0 {
            plan.failing_reads -= 1;
            return Err(Unavailable::Away("scripted read fault".into()));
        }
        drop(plan);
        Ok(&mut self.inner)
    }

    fn lose(&mut self) -> Commit {
        self.is_lost = true;
        self.inner.abandon();
        Commit::Unknown("scripted loss of the connection".into())
    }
}

impl<S: Store> Store for Faulty<S> {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.readable()?.tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.readable()?.load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.readable()?.first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.readable()?.exclude_others()
    }

    fn abandon(&mut self) {
        self.inner.abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        if self.is_lost {
            return Commit::Unavailable("connection lost".into());
        }
        let fate = self.script.plan().commits.pop_front().flatten();
        match fate {
            None => self.inner.commit(batch, writes),
            Some(Fault::After(event)) => {
                event();
                self.inner.commit(batch, writes)
            }
            Some(Fault::UnknownNotDone) => self.lose(),
            Some(Fault::UnknownDone) => {
                self.inner.commit(batch, writes);
                self.lose()
            }
            Some(Fault::Unavailable) => {
                self.inner.abandon();
                Commit::Unavailable("scripted fault".into())
            }
            Some(Fault::Conflict) => {
                self.inner.abandon();
                Commit::Conflict
            }
        }
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        let mut plan = self.script.plan();
        if plan.failing_connects > 0 {
            plan.failing_connects -= 1;
            return Err(Unavailable::Away("scripted connect fault".into()));
        }
        drop(plan);
        self.inner.reconnect()?;
        self.is_lost = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    fn next(store: &mut impl Store) -> Batch {
        let tip = store.tip().expect("answers");
        Batch { seq: tip.seq + 1, ..tip }.sealed()
    }

    #[test]
    fn unknown_commit_loses_the_connection_whether_written_or_not() {
        for (fault, seq) in [(Fault::UnknownDone, 1), (Fault::UnknownNotDone, 0)] {
            let script = Script::default();
            let mut store = Faulty::new(Memory::new(), script.clone());
            script.commit(fault);
            let batch = next(&mut store);
            assert!(matches!(store.commit(&batch, &[]), Commit::Unknown(_)));
            assert!(store.tip().is_err());
            assert!(matches!(store.commit(&batch, &[]), Commit::Unavailable(_)));
            store.reconnect().unwrap();
            assert_eq!(store.tip().unwrap().seq, seq);
        }
    }

    #[test]
    fn faults_come_in_the_order_of_the_script() {
        let memory = Memory::new();
        let mut rival = memory.another();
        let script = Script::default();
        let mut store = Faulty::new(memory, script.clone());
        let rival_commits = Fault::After(Box::new(move || {
            let batch = next(&mut rival);
            assert_eq!(rival.commit(&batch, &[]), Commit::Done);
        }));
        script.commits([None, Some(Fault::Conflict), Some(Fault::Unavailable)]);
        script.commit(rival_commits);

        let mut outcomes = Vec::new();
        for _ in 0..5 {
            let batch = next(&mut store);
            outcomes.push(store.commit(&batch, &[]));
        }
        let away = Commit::Unavailable("scripted fault".into());
        let expected = [Commit::Done, Commit::Conflict, away, Commit::Conflict, Commit::Done];
        assert_eq!(outcomes, expected);
        assert_eq!(script.remaining(), 0);
        assert_eq!(store.tip().unwrap().seq, 3);
    }

    #[test]
    fn reads_and_connects_fail_as_often_as_told() {
        let script = Script::default();
        let mut store = Faulty::new(Memory::new(), script.clone());
        script.fail_reads(2);
        script.fail_connects(1);
        assert!(store.tip().is_err());
        assert!(store.load(&[]).is_err());
        assert!(store.tip().is_ok());
        assert!(store.reconnect().is_err());
        assert!(store.reconnect().is_ok());
    }
}
