//! The statements of one table, written once from its description.
//!
//! Rows travel as one array a column, which the server takes apart side by side as it goes: as a
//! function among the tables it would first lay down each column by itself.
//!
//! Each write counts its rows on the server and divides by zero
//! when the count is another, because COMMIT is on its way behind it. The same guard looks for the
//! mark that the flight's first statements left in the transaction: were BEGIN ever refused alone,
//! no later statement could be committed by itself.

use std::collections::HashMap;
use store::ddl::{quoted, quoted_list};
use store::{BOOK, Column, Kind, Registered, Table};

/// One table's statements.
pub(crate) struct Plan {
    pub entry: Registered,
    /// Row and version by key: one array for each column of the key.
    pub select: String,
    /// Rows and versions in order of key, as many as the first parameter says.
    pub first: String,
    /// One array for each column, then the new version.
    pub insert: String,
    /// One array for each column, one of the versions they were decided on, then the new version.
    pub update: String,
    /// One array for each column of the key, then one of the versions they were decided on.
    pub delete: String,
}

/// Statements by table.
pub(crate) type Plans = HashMap<&'static str, Plan>;

/// The statements of all these tables.
pub(crate) fn plans(tables: impl Iterator<Item = Registered>) -> Plans {
    tables.map(|entry| (entry.table.name, Plan::of(entry))).collect()
}

/// Waits for our turn in the book, and marks the transaction.
pub(crate) fn take_turn() -> String {
    format!("SELECT pg_advisory_xact_lock({TURN}, {BOOK}), set_config('{MARK}', 'on', true)")
}

/// The last batch.
pub(crate) fn tip(batch: &Table) -> String {
    format!(
        "SELECT {} FROM {} WHERE \"book\" = {BOOK} ORDER BY \"seq\" DESC LIMIT 1",
        names(batch.columns),
        quoted(batch.name),
    )
}

/// Whether this batch is there: asked behind COMMIT, whose answer does not say that it rolled back.
pub(crate) fn is_there(batch: &Table) -> String {
    let name = quoted(batch.name);
    format!("SELECT 1 FROM {name} WHERE \"book\" = {BOOK} AND \"seq\" = $1 AND \"id\" = $2")
}

/// The kind of lock that a turn is, so that other locks of the same database are not in its way.
const TURN: i32 = 0x4a5a;
/// A setting that lives as long as its transaction.
const MARK: &str = "jiaozi.flight";

impl Plan {
    fn of(entry: Registered) -> Self {
        let table = entry.table;
        let name = quoted(table.name);
        let columns = names(table.columns);
        let version = if table.is_versioned() { "t.\"version\"" } else { "0::bigint" };
        let found = table.columns.iter().map(|column| format!("t.{}", quoted(column.name)));
        let found = found.collect::<Vec<_>>().join(", ");
        let by_key = format!("t.\"book\" = {BOOK} AND {}", same_key(table));
        let keys = few(table.key_columns(), false);
        let select = format!("SELECT {found}, {version} FROM {keys} JOIN {name} t ON {by_key}");
        let first = format!(
            "SELECT {found}, {version} FROM {name} t WHERE t.\"book\" = {BOOK} \
             ORDER BY {} LIMIT $1",
            names(table.key_columns()),
        );
        let count = table.columns.len();
        let (into, value) = if table.is_versioned() {
            (", \"version\"", format!(", ${}::bigint", count + 1))
        } else {
            ("", String::new())
        };
        let insert = guarded(&format!(
            "INSERT INTO {name} (\"book\", {columns}{into}) SELECT {BOOK}, {}{value}",
            rows(table.columns, false),
        ));
        let update = guarded(&format!(
            "UPDATE {name} t SET {}\"version\" = ${}::bigint FROM {} \
             WHERE {by_key} AND t.\"version\" = r.decided_on",
            set_rest(table),
            count + 2,
            few(table.columns, true),
        ));
        let delete = guarded(&format!(
            "DELETE FROM {name} t USING {} WHERE {by_key} AND t.\"version\" = r.decided_on",
            few(table.key_columns(), true),
        ));
        Self { entry, select, first, insert, update, delete }
    }
}

/// The write, refused as a whole unless it touched as many rows as it was given.
fn guarded(write: &str) -> String {
    format!(
        "WITH w AS ({write} RETURNING 1) SELECT 1 / (CASE WHEN count(*) = cardinality($1) \
         AND current_setting('{MARK}', true) = 'on' THEN 1 ELSE 0 END) FROM w"
    )
}

/// Arrays as the columns of rows, in their order.
fn rows(columns: &[Column], has_version: bool) -> String {
    let columns = columns.iter().map(|column| (column.kind, quoted(column.name)));
    let version = has_version.then(|| (Kind::Int, "decided_on".to_owned()));
    let array = |(place, (kind, name)): (usize, (Kind, String))| {
        format!("unnest(${}::{}) AS {name}", place + 1, array_type(kind))
    };
    columns.chain(version).enumerate().map(array).collect::<Vec<_>>().join(", ")
}

/// The same rows, called `r`, of which the server then expects only one, because it plans without
/// knowing the number: so it looks each up by key, and does not read the table to compare. Of a
/// table that it knows nothing about it would expect that few are of this book.
fn few(columns: &[Column], has_version: bool) -> String {
    format!("(SELECT {} LIMIT cardinality($1)) AS r", rows(columns, has_version))
}

fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "bigint[]",
        Kind::Text => "text[]",
        Kind::Bytes => "bytea[]",
    }
}

/// `"a" = r."a", ` for every column behind the key.
fn set_rest(table: &Table) -> String {
    let set = |column: &Column| format!("{0} = r.{0}, ", quoted(column.name));
    table.columns[table.key..].iter().map(set).collect()
}

fn same_key(table: &Table) -> String {
    let same = |column: &Column| format!("t.{0} = r.{0}", quoted(column.name));
    table.key_columns().iter().map(same).collect::<Vec<_>>().join(" AND ")
}

fn names(columns: &[Column]) -> String {
    quoted_list(columns.iter().map(|column| column.name))
}
