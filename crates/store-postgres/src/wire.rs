//! How values pass to the server and back: whole columns as arrays, single values, and answers.

use std::error::Error;
use store::{Corrupt, Kind, Value};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// A parameter of a statement.
pub(crate) type Parameter = Box<dyn ToSql + Sync + Send>;

/// Column by column what came row by row.
pub(crate) fn columns(
    kinds: impl Iterator<Item = Kind>,
    rows: Vec<Vec<Value>>,
) -> Result<Vec<Parameter>, Corrupt> {
    let kinds: Vec<Kind> = kinds.collect();
    let mut columns: Vec<Vec<Value>> =
        kinds.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    kinds.into_iter().zip(columns).map(|(kind, column)| array(kind, column)).collect()
}

fn array(kind: Kind, column: Vec<Value>) -> Result<Parameter, Corrupt> {
    Ok(match kind {
        Kind::Int => Box::new(collect(column, |value| match value {
            Value::Int(number) => Some(number),
            _ => None,
        })?),
        Kind::Text => Box::new(collect(column, |value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        })?),
        Kind::Bytes => Box::new(collect(column, |value| match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        })?),
    })
}

fn collect<T>(
    column: Vec<Value>,
    of: impl Fn(Value) -> Option<T>,
) -> Result<Vec<Option<T>>, Corrupt> {
    let mixed =
        || Corrupt { table: "write", column: "value", what: "value of another kind".into() };
    let one = |value| match value {
        Value::Null => Ok(None),
        value => of(value).map(Some).ok_or_else(mixed),
    };
    column.into_iter().map(one).collect()
}

/// One value as a parameter.
#[derive(Debug)]
pub(crate) struct Single(pub Value);

impl Single {
    /// The type to declare; where there is no value, the server finds one.
    pub fn declared(value: &Value) -> Type {
        match value {
            Value::Null => Type::UNKNOWN,
            Value::Int(_) => Type::INT8,
            Value::Text(_) => Type::TEXT,
            Value::Bytes(_) => Type::BYTEA,
        }
    }
}

impl ToSql for Single {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column of an answer as the server sent it.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

/// The values of these columns, from the first of an answer's row on.
pub(crate) fn read(
    row: &Row,
    table: &'static str,
    columns: impl Iterator<Item = (&'static str, Kind)>,
) -> Result<Vec<Value>, Corrupt> {
    let mut values = Vec::with_capacity(16);
    for (place, (column, kind)) in columns.enumerate() {
        let corrupt = |what: String| Corrupt { table, column, what };
        let raw: Option<Raw<'_>> = row.try_get(place).map_err(|e| corrupt(e.to_string()))?;
        let stored = row.columns()[place].type_();
        values.push(match raw {
            None => Value::Null,
            Some(Raw(bytes)) => value(kind, stored, bytes)
                .ok_or_else(|| corrupt(format!("{} where {kind:?} is expected", stored.name())))?,
        });
    }
    Ok(values)
}

/// `None` when this type, or these bytes, are not of this kind. A truth is 0 or 1, as the other
/// database says it; a sum is no integer here and has to be cast by whoever asks for it.
fn value(kind: Kind, stored: &Type, bytes: &[u8]) -> Option<Value> {
    Some(match (kind, stored) {
        (Kind::Int, &Type::INT8) => Value::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        (Kind::Int, &Type::INT4) => {
            Value::Int(i64::from(i32::from_be_bytes(bytes.try_into().ok()?)))
        }
        (Kind::Int, &Type::BOOL) => Value::Int(i64::from(*bytes.first()?)),
        (Kind::Text, &Type::TEXT | &Type::VARCHAR) => {
            Value::Text(std::str::from_utf8(bytes).ok()?.to_owned())
        }
        (Kind::Bytes, &Type::BYTEA) => Value::Bytes(bytes.to_vec()),
        _ => return None,
    })
}
