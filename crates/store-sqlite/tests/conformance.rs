//! What every store must do, on SQLite.

use domain::ledger::Batch;
use domain::record::RowKey;
use jiaozi_store_sqlite::{Options, SqliteStore, Temporary};
use rusqlite::Connection;
use std::sync::Arc;
use store::ddl::{Dialect, create};
use store::{Commit, Loaded, Store, Unavailable, Write, conformance};

/// A handle that keeps its database's folder.
struct Handle {
    store: SqliteStore,
    _database: Arc<Temporary>,
}

fn fresh() -> (Handle, Handle) {
    let database = Arc::new(Temporary::new().expect("a database can be made"));
    let connection = Connection::open(database.path()).expect("it can be opened");
    let tables = create(Dialect::Sqlite, conformance::TABLES);
    connection.execute_batch(&tables).expect("the suite's tables can be made");
    let handle = || {
        let options = Options { extra_tables: conformance::TABLES, ..Options::default() };
        let store = SqliteStore::open(database.path(), options).expect("it can be opened");
        Handle { store, _database: Arc::clone(&database) }
    };
    (handle(), handle())
}

impl Store for Handle {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.store.tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.store.load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.store.first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.store.exclude_others()
    }

    fn abandon(&mut self) {
        self.store.abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        self.store.commit(batch, writes)
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.store.reconnect()
    }
}

store::conformance_suite!(fresh);
