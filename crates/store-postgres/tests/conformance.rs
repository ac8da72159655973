//! What every store must do, on PostgreSQL.

use jiaozi_store_postgres::{Options, PostgresStore, Temporary};
use store::conformance;
use store::ddl::{Dialect, create};

fn fresh() -> (PostgresStore, PostgresStore) {
    let database = Temporary::new().expect("a database can be made");
    let tables = create(Dialect::Postgres, conformance::TABLES);
    // The first part, the role and the function, is there already.
    let (_, tables) = tables.split_once("\nCREATE TABLE").expect("tables follow the first part");
    database.run(&format!("CREATE TABLE{tables}")).expect("the suite's tables can be made");
    let handle = || {
        let options = Options { extra_tables: conformance::TABLES, ..Options::default() };
        PostgresStore::open(database.url(), options).expect("it can be opened")
    };
    (handle(), handle())
}

store::conformance_suite!(fresh);
