//! Reading for an audit: a row that cannot be read is a finding, and the others are read on.

use super::finding::Findings;
use super::ledger::READABLE;
use crate::BOOK;
use crate::ddl::{quoted, quoted_list};
use crate::queries::{Queries, QueryError};
use crate::table::Described;
use crate::value::{Kind, Value};

/// Rows with the batch that wrote them (0 where rows carry none), and what could not be read.
pub(super) struct Rows<R> {
    pub(super) rows: Vec<(R, i64)>,
    pub(super) unreadable: Vec<String>,
}

/// The rows that meet a condition.
pub(super) async fn read<R: Described>(
    queries: &dyn Queries,
    condition: &str,
    parameters: Vec<Value>,
) -> Result<Rows<R>, QueryError> {
    let mut names: Vec<&str> = R::TABLE.columns.iter().map(|column| column.name).collect();
    let mut kinds: Vec<Kind> = R::TABLE.columns.iter().map(|column| column.kind).collect();
    if R::TABLE.is_versioned() {
        names.push("version");
        kinds.push(Kind::Int);
    }
    let (names, table) = (quoted_list(names), quoted(R::TABLE.name));
    let sql = format!("SELECT {names} FROM {table} WHERE book = {BOOK} AND {condition}");
    let mut read = Rows { rows: Vec::new(), unreadable: Vec::new() };
    let found = match queries.rows(sql, parameters, kinds).await {
        Ok(found) => found,
        Err(QueryError::Corrupt(corrupt)) => {
            read.unreadable.push(corrupt.to_string());
            return Ok(read);
        }
        Err(failed) => return Err(failed),
    };
    read.rows.reserve(found.len());
    for mut values in found {
        let version = match values.pop_if(|_| R::TABLE.is_versioned()) {
            Some(Value::Int(version)) => version,
            _ => 0,
        };
        match R::from_values(values) {
            Ok(row) => read.rows.push((row, version)),
            Err(corrupt) => read.unreadable.push(corrupt.to_string()),
        }
    }
    Ok(read)
}

/// What was read; `None` and a finding when it cannot be read.
pub(super) fn readable<T>(
    answer: Result<T, QueryError>,
    findings: &mut Findings,
) -> Result<Option<T>, QueryError> {
    match answer {
        Ok(rows) => Ok(Some(rows)),
        Err(QueryError::Corrupt(corrupt)) => {
            findings.add(READABLE, corrupt);
            Ok(None)
        }
        Err(failed) => Err(failed),
    }
}

/// A row of numbers; a missing one, or another kind, is 0.
pub(super) fn numbers<const N: usize>(row: &[Value]) -> [i64; N] {
    let mut numbers = [0; N];
    for (number, value) in numbers.iter_mut().zip(row) {
        if let Value::Int(value) = value {
            *number = *value;
        }
    }
    numbers
}
