//! Reading beside the writer.

use domain::ledger::{Account, Batch, Sign};
use jiaozi_store_postgres::{Options, PostgresReaders, PostgresStore, ReaderOptions, Temporary};
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

fn commit(store: &mut PostgresStore, row: &Account) {
    let tip = store.tip().expect("the database answers");
    let batch = Batch { seq: tip.seq + 1, ..tip };
    let outcome = store.commit(&batch, &[Write::Insert(Arc::new(row.clone()))]);
    assert_eq!(outcome, Commit::Done);
}

fn open() -> (Temporary, PostgresStore, PostgresReaders) {
    let database = Temporary::new().expect("a database can be made");
    let store = PostgresStore::open(database.url(), Options::default()).expect("it can be opened");
    let time_limit = Duration::from_millis(200);
    let options = ReaderOptions { connections: 2, time_limit, ..Default::default() };
    let readers = PostgresReaders::open(database.url(), options).expect("it can be opened");
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
async fn parameters_are_found_by_their_number_and_may_be_absent() {
    let (_database, mut store, readers) = open();
    (1..=5).for_each(|number| commit(&mut store, &account(number, number)));
    let condition = "number < $2 AND number >= $1 AND balance <> $2 ORDER BY number DESC LIMIT $3";
    let range = vec![Value::Int(2), Value::Int(5), Value::Int(2)];
    let rows: Vec<Account> = select(&readers, condition, range).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4, 3]);

    let given = "number = COALESCE($1, 3) AND currency = COALESCE($2, currency)";
    for (number, found) in [(Value::Null, 3), (Value::Int(4), 4)] {
        let rows: Vec<Account> = select(&readers, given, vec![number, Value::Null]).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [found]);
    }
}

#[tokio::test]
async fn answers_are_of_the_kinds_that_were_asked_for() {
    let (_database, _store, readers) = open();
    let sql = "SELECT 1, 2 > 1, CAST(7 AS bigint), 'text', NULL, CAST($1 AS bytea)";
    let kinds = vec![Kind::Int, Kind::Int, Kind::Int, Kind::Text, Kind::Text, Kind::Bytes];
    let rows = readers.rows(sql.into(), vec![Value::Bytes(vec![0, 255])], kinds).await.unwrap();
    let text = Value::Text("text".into());
    let numbers = [1, 1, 7].map(Value::Int);
    let rest = [text, Value::Null, Value::Bytes(vec![0, 255])];
    assert_eq!(rows, [numbers.into_iter().chain(rest).collect::<Vec<_>>()]);
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
    for sql in ["SELECT 'text'", "SELECT SUM(balance) FROM account"] {
        let wrong = readers.rows(sql.into(), vec![], vec![Kind::Int]).await;
        assert!(matches!(wrong, Err(QueryError::Corrupt(_))), "{sql}: {wrong:?}");
    }
}

#[tokio::test]
async fn queue_that_is_full_refuses_instead_of_growing() {
    let database = Temporary::new().unwrap();
    let time_limit = Duration::from_millis(200);
    let options = ReaderOptions { connections: 1, queue: 2, time_limit };
    let readers = PostgresReaders::open(database.url(), options).unwrap();
    let endless: Vec<_> =
        (0..20).map(|_| readers.rows(ENDLESS.into(), vec![], vec![Kind::Int])).collect();
    let mut refused = 0;
    for answer in endless {
        match answer.await {
            Err(QueryError::Failed(why)) if why == "too many queries are waiting" => refused += 1,
            answer => assert!(answer.is_err()),
        }
    }
    assert_eq!(refused, 17);
}

#[tokio::test]
async fn connection_that_was_cut_is_replaced() {
    let (database, mut store, readers) = open();
    commit(&mut store, &account(1, 1));
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

#[tokio::test]
async fn snapshot_stands_still_while_others_commit_and_after_a_refused_statement() {
    let (database, mut store, readers) = open();
    commit(&mut store, &account(1, 1));
    let snapshot = PostgresReaders::snapshot(database.url(), Duration::from_secs(5)).unwrap();
    commit(&mut store, &account(2, 2));
    for _ in 0..2 {
        assert!(find::<Account>(&readers, &2).await.unwrap().is_some());
        assert!(find::<Account>(&snapshot, &1).await.unwrap().is_some());
        assert!(find::<Account>(&snapshot, &2).await.unwrap().is_none());
        let refused = snapshot.rows("SELECT 1 / 0".into(), vec![], vec![Kind::Int]).await;
        assert!(matches!(refused, Err(QueryError::Failed(_))), "{refused:?}");
    }
}
