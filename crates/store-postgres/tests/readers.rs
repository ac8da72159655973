//! Reading beside the writer, on PostgreSQL.

use domain::ledger::Account;
use jiaozi_store_postgres::{Options, PostgresReaders, PostgresStore, ReaderOptions, Temporary};
use std::time::Duration;
use store::conformance::queries::Bounds;
use store::conformance::{account, commit, insert};
use store::queries::find;
use store::{Commit, Kind, Queries, QueryError};

const USUAL: Bounds = Bounds { at_once: 2, queue: 9, time_limit: Duration::from_secs(5) };

fn open(bounds: Bounds) -> (Temporary, PostgresStore, PostgresReaders) {
    let database = Temporary::new().expect("a database can be made");
    let store = PostgresStore::open(database.url(), Options::default()).expect("it can be opened");
    let Bounds { at_once: connections, queue, time_limit } = bounds;
    let options = ReaderOptions { connections, queue, time_limit };
    let readers = PostgresReaders::open(database.url(), options).expect("it can be opened");
    (database, store, readers)
}

store::queries_suite!(open);

#[tokio::test]
async fn sum_without_a_cast_is_of_a_kind_that_no_column_has() {
    let (_database, mut store, readers) = open(USUAL);
    assert_eq!(commit(&mut store, vec![insert(&account(1, 1))]), Commit::Done);
    let sql = "SELECT SUM(balance) FROM account";
    let wrong = readers.rows(sql.into(), vec![], vec![Kind::Int]).await;
    assert!(matches!(wrong, Err(QueryError::Corrupt(_))), "{wrong:?}");
}

#[tokio::test]
async fn connection_that_was_cut_is_replaced() {
    let (database, mut store, readers) = open(USUAL);
    assert_eq!(commit(&mut store, vec![insert(&account(1, 1))]), Commit::Done);
    assert!(find::<Account>(&readers, &1).await.unwrap().is_some());
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.run(others).unwrap();
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(find::<Account>(&readers, &1).await);
    }
    assert!(matches!(answers.pop(), Some(Ok(Some(_)))), "{answers:?}");
}
