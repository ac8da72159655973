//! Reading beside the writer.

use domain::ledger::{Account, Batch, Sign};
use jiaozi_store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};
use kernel::Currency;
use std::sync::Arc;
use std::time::Duration;
use store::queries::{find, select};
use store::{Commit, Kind, Queries, QueryError, Store, Value, Write};

/// Never ends by itself.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";

fn account(number: i64, balance: i64) -> Account {
    let sign = Sign::Credit;
    Account { number, currency: Currency::Cny, sign, balance, entries: 0, last_entry: 0 }
}

fn commit(store: &mut SqliteStore, row: &Account) {
    let tip = store.tip().expect("the database answers");
    let batch = Batch { seq: tip.seq + 1, ..tip };
    let outcome = store.commit(&batch, &[Write::Insert(Arc::new(row.clone()))]);
    assert_eq!(outcome, Commit::Done);
}

fn open() -> (Temporary, SqliteStore, SqliteReaders) {
    let database = Temporary::new().expect("a database can be made");
    let store =
        SqliteStore::open(database.path(), Options::default()).expect("a database can be made");
    let options =
        ReaderOptions { threads: 2, time_limit: Duration::from_millis(100), ..Default::default() };
    let readers = SqliteReaders::open(database.path(), options).expect("a database can be made");
    (database, store, readers)
}

#[tokio::test]
async fn query_sees_what_was_committed_before_it_started() {
    let (_database, mut store, readers) = open();
    for number in 1..50 {
        let row = account(number, number * 10);
        assert_eq!(find::<Account>(&readers, &number).await.unwrap(), None);
        commit(&mut store, &row);
        assert_eq!(find::<Account>(&readers, &number).await.unwrap(), Some(row));
    }
}

#[tokio::test]
async fn parameters_are_found_by_their_number() {
    let (_database, mut store, readers) = open();
    (1..=5).for_each(|number| commit(&mut store, &account(number, number)));
    let condition = "number < $2 AND number >= $1 AND balance <> $2 ORDER BY number DESC";
    let rows: Vec<Account> =
        select(&readers, condition, vec![Value::Int(2), Value::Int(5)]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4, 3, 2]);
}

#[tokio::test]
async fn query_that_runs_too_long_is_ended_and_the_next_one_works() {
    let (_database, mut store, readers) = open();
    commit(&mut store, &account(1, 1));
    for _ in 0..3 {
        let ended = readers.rows(ENDLESS.into(), vec![], vec![Kind::Int]).await;
        assert!(matches!(ended, Err(QueryError::Failed(_))), "{ended:?}");
        assert!(find::<Account>(&readers, &1).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn readers_write_nothing_and_say_what_is_wrong() {
    let (_database, mut store, readers) = open();
    commit(&mut store, &account(1, 1));
    for sql in ["DELETE FROM job RETURNING 1", "SELECT nothing FROM nowhere", "SELECT 1, 2"] {
        let refused = readers.rows(sql.into(), vec![], vec![Kind::Int]).await;
        assert!(matches!(refused, Err(QueryError::Failed(_))), "{sql}: {refused:?}");
    }
    let wrong = readers.rows("SELECT 'text'".into(), vec![], vec![Kind::Int]).await;
    assert!(matches!(wrong, Err(QueryError::Corrupt(_))), "{wrong:?}");
}

#[tokio::test]
async fn queue_that_is_full_refuses_instead_of_growing() {
    let database = Temporary::new().unwrap();
    let time_limit = Duration::from_millis(200);
    let options = ReaderOptions { threads: 1, queue: 2, time_limit, ..Default::default() };
    let readers = SqliteReaders::open(database.path(), options).unwrap();
    let endless: Vec<_> =
        (0..20).map(|_| readers.rows(ENDLESS.into(), vec![], vec![Kind::Int])).collect();
    let mut refused = 0;
    for answer in endless {
        match answer.await {
            Err(QueryError::Failed(why)) if why == "too many queries are waiting" => refused += 1,
            answer => assert!(answer.is_err()),
        }
    }
    assert!(refused >= 17, "{refused}");
}

#[tokio::test]
async fn snapshot_stands_still_while_others_commit() {
    let (database, mut store, readers) = open();
    commit(&mut store, &account(1, 1));
    let snapshot = SqliteReaders::snapshot(database.path(), Duration::from_secs(5)).unwrap();
    commit(&mut store, &account(2, 2));
    assert!(find::<Account>(&readers, &2).await.unwrap().is_some());
    assert!(find::<Account>(&snapshot, &1).await.unwrap().is_some());
    assert!(find::<Account>(&snapshot, &2).await.unwrap().is_none());
}
