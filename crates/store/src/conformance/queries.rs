//! What readers of every database must do: a crate with readers calls
//! [`queries_suite!`](crate::queries_suite) with a function that gives, on a fresh database,
//! whatever must live as long as it, a store, and readers within [`Bounds`].

use super::{account, commit, insert};
use crate::queries::{Queries, QueryError, find, find_with, select};
use crate::value::{Kind, Value};
use crate::write::{Commit, Store};
use domain::ledger::Account;
use std::time::Duration;

/// How much reading may go on.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many queries run at the same time.
    pub at_once: usize,
    /// How many queries may wait.
    pub queue: usize,
    /// How long a query may run.
    pub time_limit: Duration,
}

const USUAL: Bounds = Bounds { at_once: 2, queue: 1_024, time_limit: Duration::from_secs(30) };

/// Never ends by itself.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";

/// Every case as a test of its own: `store::queries_suite!(open);`
#[macro_export]
macro_rules! queries_suite {
    ($open:path) => {
        $crate::queries_suite!(@cases $open:
            query_sees_what_was_committed_before_it_started,
            parameters_are_found_by_their_number_and_may_be_absent,
            row_is_found_with_the_one_that_it_leads_to_or_without,
            answers_are_of_the_kinds_that_were_asked_for,
            query_that_runs_too_long_is_ended_and_the_next_one_works,
            readers_write_nothing_and_say_what_is_wrong,
            queue_that_is_full_refuses_instead_of_growing,
        );
    };
    (@cases $open:path: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::queries::$case($open).await;
            }
        )+
    };
}

fn put(store: &mut impl Store, row: &Account) {
    assert_eq!(commit(store, vec![insert(row)]), Commit::Done);
}

async fn numbers(queries: &impl Queries, condition: &str, parameters: Vec<Value>) -> Vec<i64> {
    let rows = select::<Account>(queries, condition, parameters).await;
    rows.expect("the suite's query is a query").iter().map(|row| row.number).collect()
}

async fn one(queries: &impl Queries, number: i64) -> Option<Account> {
    find(queries, &number).await.expect("the suite's database answers")
}

/// A query sees what was committed before it started.
pub async fn query_sees_what_was_committed_before_it_started<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, mut store, readers) = open(USUAL);
    for number in 1..50 {
        let row = account(number, number * 10);
        assert_eq!(one(&readers, number).await, None);
        put(&mut store, &row);
        assert_eq!(one(&readers, number).await, Some(row));
    }
}

/// Parameters are found by their number, wherever and how often it stands, and may be nothing.
pub async fn parameters_are_found_by_their_number_and_may_be_absent<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, mut store, readers) = open(USUAL);
    (1..=5).for_each(|number| put(&mut store, &account(number, number)));
    let condition = "number < $2 AND number >= $1 AND balance <> $2 ORDER BY number DESC LIMIT $3";
    let range = vec![Value::Int(2), Value::Int(5), Value::Int(2)];
    assert_eq!(numbers(&readers, condition, range).await, [4, 3]);

    let given = "number = COALESCE($1, 3) AND currency = COALESCE($2, currency)";
    for (number, found) in [(Value::Null, 3), (Value::Int(4), 4)] {
        assert_eq!(numbers(&readers, given, vec![number, Value::Null]).await, [found]);
    }
}

/// A row is found together with the one that it leads to, and alone when that is not there.
pub async fn row_is_found_with_the_one_that_it_leads_to_or_without<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, mut store, readers) = open(USUAL);
    let (first, second) = (account(1, 2), account(2, 9));
    [&first, &second].into_iter().for_each(|row| put(&mut store, row));
    for (number, found) in
        [(1, Some((first, Some(second.clone())))), (2, Some((second, None))), (3, None)]
    {
        let with = find_with::<Account, Account>(&readers, &number, "b.number = a.balance").await;
        assert_eq!(with.expect("the suite's database answers"), found, "{number}");
    }
}

/// What is answered is of the kinds that were asked for.
pub async fn answers_are_of_the_kinds_that_were_asked_for<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, mut store, readers) = open(USUAL);
    put(&mut store, &account(1, 1));
    let sql = "SELECT 1, 2 > 1, CAST(7 AS bigint), 'text', NULL, id FROM batch \
               WHERE book = 1 AND id = $1";
    let kinds = vec![Kind::Int, Kind::Int, Kind::Int, Kind::Text, Kind::Text, Kind::Bytes];
    let id = Value::Bytes(vec![1; 16]);
    let rows = readers.rows(sql.into(), vec![id.clone()], kinds).await;
    let [one, yes, seven] = [1, 1, 7].map(Value::Int);
    let expected = vec![one, yes, seven, Value::Text("text".into()), Value::Null, id];
    assert_eq!(rows.expect("the suite's query is a query"), [expected]);
}

/// A query that runs too long is ended, and the next one works.
pub async fn query_that_runs_too_long_is_ended_and_the_next_one_works<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, mut store, readers) =
        open(Bounds { time_limit: Duration::from_millis(200), ..USUAL });
    put(&mut store, &account(1, 1));
    for _ in 0..3 {
        let ended = readers.rows(ENDLESS.into(), vec![], vec![Kind::Int]).await;
        assert!(matches!(ended, Err(QueryError::Failed(_))), "{ended:?}");
        assert!(one(&readers, 1).await.is_some());
    }
}

/// Readers write nothing, and say what is wrong with a query or with its answer.
pub async fn readers_write_nothing_and_say_what_is_wrong<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, mut store, readers) = open(USUAL);
    put(&mut store, &account(1, 1));
    for sql in ["DELETE FROM job RETURNING 1", "SELECT nothing FROM nowhere", "SELECT 1, 2"] {
        let refused = readers.rows(sql.into(), vec![], vec![Kind::Int]).await;
        assert!(matches!(refused, Err(QueryError::Failed(_))), "{sql}: {refused:?}");
    }
    let wrong = readers.rows("SELECT 'text'".into(), vec![], vec![Kind::Int]).await;
    assert!(matches!(wrong, Err(QueryError::Corrupt(_))), "{wrong:?}");
}

/// A queue that is full refuses, instead of growing.
pub async fn queue_that_is_full_refuses_instead_of_growing<K, S: Store, Q: Queries>(
    open: impl Fn(Bounds) -> (K, S, Q),
) {
    let (_database, _store, readers) =
        open(Bounds { at_once: 1, queue: 2, time_limit: Duration::from_millis(200) });
    let endless: Vec<_> =
        (0..20).map(|_| readers.rows(ENDLESS.into(), vec![], vec![Kind::Int])).collect();
    let mut refused = 0;
    for answer in endless {
        match answer.await {
            Err(QueryError::Failed(why)) if why == "too many queries are waiting" => refused += 1,
            answer => assert!(answer.is_err()),
        }
    }
    // The first one may still have waited when the others came.
    assert!((17..=18).contains(&refused), "{refused}");
}
