//! What every store must do, written once and run on each of them: a crate with a store calls
//! [`conformance_suite!`](crate::conformance_suite) with a function that gives two handles on one
//! fresh database. The database has the tables of the product and [`TABLES`].

mod order;
pub mod queries;
mod rows;

pub use order::*;
pub use rows::*;

use crate::describe;
use crate::registry::Registered;
use crate::table::Index;
use crate::write::{Commit, Loaded, Store, Write};
use domain::ledger::{Account, Batch, Entry, Sign};
use domain::record;
use domain::record::{Record, Row, RowKey};
use kernel::Currency;
use std::any::Any;
use std::sync::Arc;

/// Every case as a test of its own: `store::conformance_suite!(fresh);`
#[macro_export]
macro_rules! conformance_suite {
    ($fresh:path) => {
        $crate::conformance_suite!(@cases $fresh:
            empty_store_stands_before_the_first_batch,
            rows_are_read_back_with_the_batch_that_wrote_them,
            rows_decided_on_something_else_are_a_conflict,
            value_that_cannot_be_stored_is_told_from_a_conflict,
            load_gives_what_exists_and_nothing_else,
            keys_of_every_kind_find_their_row,
            values_of_every_kind_come_back_as_they_were,
            first_rows_come_in_order_of_key,
            appended_rows_stay_as_they_are,
            three_thousand_writes_are_one_batch,
            place_in_the_sequence_is_given_once,
            rival_between_load_and_commit_is_a_conflict,
            excluded_rival_waits_until_the_commit,
            excluded_rival_waits_until_the_end_of_a_refused_commit,
            abandoned_exclusion_writes_nothing,
            reconnecting_keeps_what_is_committed,
        );
    };
    (@cases $fresh:path: $($case:ident),+ $(,)?) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::$case($fresh);
            }
        )+
    };
}

/// The tables that the suite needs besides the product's.
pub const TABLES: &[Registered] =
    &[Registered::of::<Probe>(), Registered::of::<Named>(), Registered::of::<Composite>()];

/// A row with a value of every kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    pub(crate) id: i64,
    pub(crate) order: i64,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) some_int: Option<i64>,
    pub(crate) some_text: Option<String>,
    pub(crate) some_bytes: Option<Vec<u8>>,
}

record!(Probe, "probe", Removable, id: i64);

describe!(Probe, Removable, key 1, "A row of the conformance suite.", {
    id: i64, "A number, also below zero.";
    order: i64, "A column whose name is a word of the language.";
    text: String, "A text.";
    bytes: Vec<u8>, "Bytes.";
    some_int: Option<i64>, "A number or nothing.";
    some_text: Option<String>, "A text or nothing.";
    some_bytes: Option<Vec<u8>>, "Bytes or nothing.";
}, indexes [Index { name: "order", columns: "\"order\"", filter: "some_int IS NOT NULL" }]);

/// A row found by a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub(crate) name: String,
    pub(crate) count: i64,
}

record!(Named, "probe_named", Removable, name: String);

describe!(Named, Removable, key 1, "A row of the conformance suite, found by a text.", {
    name: String, "Any text.";
    count: i64, "A number.";
});

/// A row found by bytes, a number and a text together.
#[derive(Clone, Debug, PartialEq)]
pub struct Composite {
    pub(crate) id: [u8; 4],
    pub(crate) number: i64,
    pub(crate) name: String,
}

record!(Composite, "probe_composite", Removable, id: [u8; 4], number: i64, name: String);

describe!(Composite, Removable, key 3, "A row of the conformance suite that is all key.", {
    id: [u8; 4], "Bytes.";
    number: i64, "A number.";
    name: String, "A text.";
});

fn probe(id: i64) -> Probe {
    Probe {
        id,
        order: 0,
        text: "plain".into(),
        bytes: vec![1, 2, 3],
        some_int: None,
        some_text: None,
        some_bytes: None,
    }
}

/// An account of the suites, which may not go below zero.
pub fn account(number: i64, balance: i64) -> Account {
    let sign = Sign::Credit;
    Account { number, currency: Currency::Cny, sign, balance, entries: 0, last_entry: 0 }
}

fn row<R: Record>(row: &R) -> Row {
    Arc::new(row.clone())
}

/// A new row.
pub fn insert<R: Record>(record: &R) -> Write {
    Write::Insert(row(record))
}

fn update<R: Record>(record: &R, version: i64) -> Write {
    Write::Update(row(record), version)
}

fn delete<R: Record>(record: &R, version: i64) -> Write {
    Write::Delete(record.row_key(), version)
}

/// The batch that follows what this handle sees; `id` tells rivals apart.
fn next_batch(store: &mut impl Store, id: u8) -> Batch {
    let tip = store.tip().expect("the suite's database answers");
    let (seq, previous) = (tip.seq + 1, tip.hash);
    Batch { seq, id: [id; 16], previous, ..tip }.sealed()
}

fn commit_as(store: &mut impl Store, id: u8, mut writes: Vec<Write>) -> Commit {
    writes.sort_by_key(Write::key);
    let batch = next_batch(store, id);
    store.commit(&batch, &writes)
}

/// Commits as the next batch, whose id is [1; 16].
///
/// # Panics
/// When the database does not answer.
pub fn commit(store: &mut impl Store, writes: Vec<Write>) -> Commit {
    commit_as(store, 1, writes)
}

/// Writes a piece of history. After it the database itself must refuse every one of [`REWRITES`],
/// and let [`ALLOWED`] through.
///
/// # Panics
/// When it cannot be written.
pub fn write_history(store: &mut impl Store) {
    let entry = Entry { journal: 1, account: 1, amount: 5, balance: 5, number: 1, previous: 0 };
    assert_eq!(commit(store, vec![insert(&account(1, 5)), insert(&entry)]), Commit::Done);
}

/// Statements that rewrite history, or what an account is.
pub const REWRITES: [&str; 9] = [
    "UPDATE entry SET amount = 6",
    "DELETE FROM entry",
    "UPDATE batch SET now = now + 1",
    "DELETE FROM batch",
    "DELETE FROM account",
    "UPDATE account SET number = 2",
    "UPDATE account SET book = 2",
    "UPDATE account SET sign = 'EITHER'",
    "UPDATE account SET currency = 'USD'",
];

/// A statement that changes one account as payments do.
pub const ALLOWED: &str = "UPDATE account SET balance = 6";

fn load_one(store: &mut impl Store, key: &RowKey) -> Option<Loaded> {
    let mut rows = store.load(std::slice::from_ref(key)).expect("the suite's database answers");
    assert!(rows.len() <= 1 && rows.iter().all(|(found, _)| found == key), "{key:?}: {rows:?}");
    rows.pop().map(|(_, loaded)| loaded)
}

fn version_of<R: Record>(store: &mut impl Store, record: &R) -> Option<i64> {
    load_one(store, &record.row_key()).map(|loaded| loaded.version)
}

fn find<R: Record>(store: &mut impl Store, record: &R) -> Option<R> {
    let loaded = load_one(store, &record.row_key())?;
    let found = (loaded.row.as_ref() as &dyn Any).downcast_ref::<R>();
    Some(found.expect("a row is of its table's kind").clone())
}
