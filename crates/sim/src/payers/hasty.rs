//! A store that takes every unknown outcome for a yes. Nobody should: the tests of lost connections
//! and failovers show with it that they would find who does.

use domain::ledger::Batch;
use domain::record::RowKey;
use store::{Commit, Loaded, Store, Unavailable, Write};
use store_postgres::PostgresStore;

/// See the module.
pub struct Hasty(pub PostgresStore);

impl Store for Hasty {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.0.tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.0.load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.0.first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.0.exclude_others()
    }

    fn abandon(&mut self) {
        self.0.abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        match self.0.commit(batch, writes) {
            Commit::Unknown(_) => Commit::Done,
            known => known,
        }
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.0.reconnect()
    }
}
