//! Stores with a fault of our own making, which the cycles must find: what they would say if the
//! real one answered too early.

use domain::ledger::Batch;
use domain::record::RowKey;
use store::{Commit, Loaded, Store, Unavailable, Write};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Planted {
    /// Nothing.
    #[default]
    Nothing,
    /// A batch is called committed first and committed when the store is used next.
    AnswersFirst,
    /// A commit of which nobody knows whether it was done is called done.
    TakesUnknownForDone,
    /// What is read from the log is taken for durable.
    BelievesTheLog,
}

/// A store with a planted fault.
pub(crate) struct Wrong<S> {
    inner: S,
    planted: Planted,
    put_off: Option<(Batch, Vec<Write>)>,
}

impl<S: Store> Wrong<S> {
    pub(crate) fn new(inner: S, planted: Planted) -> Self {
        Self { inner, planted, put_off: None }
    }

    fn caught_up(&mut self) -> &mut S {
        if let Some((batch, writes)) = self.put_off.take() {
            self.inner.commit(&batch, &writes);
        }
        &mut self.inner
    }
}

impl<S: Store> Store for Wrong<S> {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.caught_up().tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.caught_up().load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.caught_up().first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.caught_up().exclude_others()
    }

    fn abandon(&mut self) {
        self.inner.abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        match self.planted {
            // A batch without writes is how the engine makes sure where it stands.
            Planted::AnswersFirst if !writes.is_empty() => {
                self.caught_up();
                self.inner.abandon();
                self.put_off = Some((batch.clone(), writes.to_vec()));
                Commit::Done
            }
            Planted::TakesUnknownForDone => match self.inner.commit(batch, writes) {
                Commit::Unknown(_) => Commit::Done,
                outcome => outcome,
            },
            Planted::Nothing | Planted::AnswersFirst | Planted::BelievesTheLog => {
                self.caught_up().commit(batch, writes)
            }
        }
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.caught_up().reconnect()
    }
}
