//! The statements of one table, written once from its description, and how values pass through
//! them.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};
use std::collections::HashMap;
use std::sync::OnceLock;
use store::ddl::{quoted, quoted_list};
use store::{BOOK, Column, Corrupt, Kind, Registered, Table, Value, registry};

/// One table's statements. Parameters stand in order of columns.
pub(crate) struct Plan {
    pub entry: Registered,
    /// Row and version by key.
    pub select: String,
    /// Rows and versions in order of key.
    pub first: String,
    /// All columns, then the new version.
    pub insert: String,
    /// All columns, the new version, then the version it was decided on.
    pub update: String,
    /// The key, then the version it was decided on.
    pub delete: String,
}

/// Statements by table.
pub(crate) type Plans = HashMap<&'static str, Plan>;

/// The statements of the product's tables, written once in a process.
pub(crate) fn of_product() -> &'static Plans {
    static PLANS: OnceLock<Plans> = OnceLock::new();
    PLANS.get_or_init(|| plans(registry::all().iter().copied()))
}

/// The statements of all these tables.
pub(crate) fn plans(tables: impl Iterator<Item = Registered>) -> Plans {
    tables.map(|entry| (entry.table.name, Plan::of(entry))).collect()
}

impl Plan {
    fn of(entry: Registered) -> Self {
        let table = entry.table;
        let name = quoted(table.name);
        let columns = names(table.columns);
        let key = names(table.key_columns());
        let version = if table.is_versioned() { "\"version\"" } else { "0" };
        let by_key = format!("\"book\" = {BOOK} AND {}", equal_from_one(table.key_columns()));
        let select = format!("SELECT {columns}, {version} FROM {name} WHERE {by_key}");
        let first = format!(
            "SELECT {columns}, {version} FROM {name} \
             WHERE \"book\" = {BOOK} ORDER BY {key} LIMIT ?1"
        );
        let (count, keys) = (table.columns.len(), table.key);
        let update = format!(
            "UPDATE {name} SET {}\"version\" = ?{} WHERE {by_key} AND \"version\" = ?{}",
            set_rest(table),
            count + 1,
            count + 2,
        );
        let delete = format!("DELETE FROM {name} WHERE {by_key} AND \"version\" = ?{}", keys + 1);
        Self { entry, select, first, insert: insert(table), update, delete }
    }
}

fn insert(table: &Table) -> String {
    let (name, columns) = (quoted(table.name), names(table.columns));
    let places = table.columns.len() + usize::from(table.is_versioned());
    let places: Vec<String> = (1..=places).map(|place| format!("?{place}")).collect();
    let (version, places) =
        (if table.is_versioned() { ", \"version\"" } else { "" }, places.join(", "));
    format!("INSERT INTO {name} (\"book\", {columns}{version}) VALUES ({BOOK}, {places})")
}

/// `"a" = ?3, ` for every column behind the key.
fn set_rest(table: &Table) -> String {
    let rest = table.columns.iter().enumerate().skip(table.key);
    rest.map(|(place, column)| format!("{} = ?{}, ", quoted(column.name), place + 1)).collect()
}

fn names(columns: &[Column]) -> String {
    quoted_list(columns.iter().map(|column| column.name))
}

fn equal_from_one(columns: &[Column]) -> String {
    let equal =
        |(place, column): (usize, &Column)| format!("{} = ?{}", quoted(column.name), place + 1);
    columns.iter().enumerate().map(equal).collect::<Vec<_>>().join(" AND ")
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Binds values from the first place on, then numbers.
pub(crate) fn bind(
    statement: &mut Statement<'_>,
    values: &[Value],
    numbers: &[i64],
) -> rusqlite::Result<()> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    for (index, number) in numbers.iter().enumerate() {
        statement.raw_bind_parameter(values.len() + index + 1, number)?;
    }
    Ok(())
}

/// Binds one value to a named parameter.
pub(crate) fn bind_named(
    statement: &mut Statement<'_>,
    name: &str,
    value: &Value,
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(name, Bound(value))
}

/// The values of these columns, from the first of a stored row on.
pub(crate) fn read(
    row: &Row<'_>,
    table: &'static str,
    columns: impl Iterator<Item = (&'static str, Kind)>,
) -> Result<Vec<Value>, Corrupt> {
    let mut values = Vec::with_capacity(16);
    for (index, (column, kind)) in columns.enumerate() {
        let corrupt = |what: String| Corrupt { table, column, what };
        let stored = row.get_ref(index).map_err(|error| corrupt(error.to_string()))?;
        values.push(match (kind, stored) {
            (_, ValueRef::Null) => Value::Null,
            (Kind::Int, ValueRef::Integer(number)) => Value::Int(number),
            (Kind::Text, ValueRef::Text(text)) => match std::str::from_utf8(text) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => return Err(corrupt("not UTF-8".into())),
            },
            (Kind::Bytes, ValueRef::Blob(bytes)) => Value::Bytes(bytes.to_vec()),
            (kind, other) => {
                let what = format!("{} where {kind:?} is expected", other.data_type());
                return Err(corrupt(what));
            }
        });
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;
    use rusqlite::Connection;

    /// A list in an index or a check would make one for every row.
    #[test]
    fn no_row_is_read_or_written_by_way_of_a_temporary_table() {
        let database = Temporary::new().unwrap();
        let connection = Connection::open(database.path()).unwrap();
        for plan in of_product().values() {
            let changes = [&plan.update, &plan.delete];
            let changes = changes.into_iter().filter(|_| plan.entry.table.is_versioned());
            for sql in [&plan.select, &plan.insert].into_iter().chain(changes) {
                let mut explain = connection.prepare(&format!("EXPLAIN {sql}")).unwrap();
                let mut steps = explain.raw_query();
                while let Some(step) = steps.next().unwrap() {
                    assert_ne!(step.get::<_, String>(1).unwrap(), "OpenEphemeral", "{sql}");
                }
            }
        }
    }
}
