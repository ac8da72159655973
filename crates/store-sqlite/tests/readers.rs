//! Reading beside the writer, on SQLite.

use jiaozi_store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};
use store::conformance::queries::Bounds;

fn open(bounds: Bounds) -> (Temporary, SqliteStore, SqliteReaders) {
    let database = Temporary::new().expect("a database can be made");
    let store =
        SqliteStore::open(database.path(), Options::default()).expect("a database can be made");
    let Bounds { at_once: threads, queue, time_limit } = bounds;
    let options = ReaderOptions { threads, queue, time_limit, ..Default::default() };
    let readers = SqliteReaders::open(database.path(), options).expect("a database can be made");
    (database, store, readers)
}

store::queries_suite!(open);
