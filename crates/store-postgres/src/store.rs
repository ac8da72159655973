//! The writing side: one connection, driven by the engine's thread.

use crate::connection::Options;
use crate::error::OpenError;
use crate::url::Url;
use domain::ledger::Batch;
use domain::record::RowKey;
use store::{Commit, Loaded, Store, Unavailable, Write};

/// A writing handle on a database.
pub struct PostgresStore {}

fn away<T>() -> Result<T, Unavailable> {
    Err(Unavailable::Away("not built yet".into()))
}

impl PostgresStore {
    /// Opens a database that has the present schema. Refuses a weaker setting, an old server, and a
    /// schema that is not this program's. Blocks; may be called from asynchronous code too.
    pub fn open(url: &Url, _options: Options) -> Result<Self, OpenError> {
        Err(OpenError::Unreachable { url: url.to_string(), what: "not built yet".into() })
    }
}

impl Store for PostgresStore {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        away()
    }

    fn load(&mut self, _keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        away()
    }

    fn first(
        &mut self,
        _table: &'static str,
        _limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        away()
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        away()
    }

    fn abandon(&mut self) {}

    fn commit(&mut self, _batch: &Batch, _writes: &[Write]) -> Commit {
        Commit::Unavailable("not built yet".into())
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        away()
    }
}
