//! A kind of row as a table: columns, key, conversion. Both dialects, the drivers and the checks
//! work from this one description.

use crate::value::{Corrupt, Kind, Value};
use domain::record::Record;

/// How rows of a table come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Put and changed.
    Kept,
    /// Put, changed and removed.
    Removable,
    /// Put and changed, also by a refusal.
    Mark,
    /// Written once; triggers forbid changes.
    Appended,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may hold no value.
    pub nullable: bool,
    /// What it holds, in one sentence.
    pub doc: &'static str,
}

/// In which order SQLite keeps a table's rows; PostgreSQL keeps all of them as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// By key, so that looking one up is one search and neighbours of a key lie together.
    ByKey,
    /// As they came, with an index for the key. For large rows whose key others choose and that
    /// change soon after they came: those that change at the same time share pages, where by key
    /// each would have a page of its own to be written.
    ByArrival,
}

/// A secondary index, for lists and due times. Never on the way of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Its name, after the table's.
    pub name: &'static str,
    /// Its columns, in SQL; `book` is put before them.
    pub columns: &'static str,
    /// Which rows it covers, in SQL; empty for all.
    pub filter: &'static str,
}

/// The description of a table. The columns `book` (first in the key) and, but for appended rows,
/// `version` (the batch that last wrote the row) are added by whoever uses it.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is, in one sentence.
    pub doc: &'static str,
    /// How rows come and go.
    pub class: Class,
    /// Columns in order; the key's come first.
    pub columns: &'static [Column],
    /// How many of the columns are the key.
    pub key: usize,
    /// Conditions every row meets, in SQL that both dialects read.
    pub checks: &'static [&'static str],
    /// Secondary indexes.
    pub indexes: &'static [Index],
    /// Columns that never change once the row is there, besides the key; a trigger sees to it.
    pub fixed: &'static [&'static str],
    /// In which order the rows are kept.
    pub arrangement: Arrangement,
}

impl Table {
    /// The key's columns.
    pub fn key_columns(&self) -> &'static [Column] {
        &self.columns[..self.key]
    }

    /// Whether rows may be removed; a trigger forbids it elsewhere.
    pub fn is_removable(&self) -> bool {
        self.class == Class::Removable
    }

    /// Whether rows carry the batch that last wrote them.
    pub fn is_versioned(&self) -> bool {
        self.class != Class::Appended
    }

    /// The parts of a key, read back from its bytes.
    pub fn key_values(&self, bytes: &[u8]) -> Option<Vec<Value>> {
        let mut rest = bytes;
        let mut values = Vec::with_capacity(self.key);
        for column in self.key_columns() {
            let (value, after) = read_part(column.kind, rest)?;
            values.push(value);
            rest = after;
        }
        rest.is_empty().then_some(values)
    }
}

fn read_part(kind: Kind, bytes: &[u8]) -> Option<(Value, &[u8])> {
    match kind {
        Kind::Int => {
            let (number, rest) = bytes.split_first_chunk::<8>()?;
            Some((Value::Int((u64::from_be_bytes(*number) ^ (1 << 63)) as i64), rest))
        }
        Kind::Text => {
            let end = bytes.iter().position(|byte| *byte == 0)?;
            let text = String::from_utf8(bytes[..end].to_vec()).ok()?;
            Some((Value::Text(text), &bytes[end + 1..]))
        }
        Kind::Bytes => {
            let (length, rest) = bytes.split_first_chunk::<2>()?;
            let (value, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
            Some((Value::Bytes(value.to_vec()), rest))
        }
    }
}

/// A record that has a table.
pub trait Described: Record {
    /// Its table.
    const TABLE: Table;

    /// The row's values, in order of columns.
    fn to_values(&self) -> Vec<Value>;
    /// The row of these values.
    fn from_values(values: Vec<Value>) -> Result<Self, Corrupt>;
}

/// Describes a record as a table. The first `key` columns are its key.
///
/// ```text
/// describe!(Wallet, Kept, key 1, "A person's wallet.", {
///     id: WalletId, "Its public id.";
///     state: WalletState, "Where it stands.";
/// }, checks ["…"], indexes [Index { name: "due", columns: "due_at", filter: "state = 'OPEN'" }],
/// fixed ["owner"], arranged ByArrival);
/// ```
#[macro_export]
macro_rules! describe {
    ($record:ty, $class:ident, key $key:literal, $doc:literal, {
        $($field:ident : $kind:ty, $column_doc:literal;)+
    } $(, checks [$($check:literal),* $(,)?])? $(, indexes [$($index:expr),* $(,)?])?
    $(, fixed [$($fixed:literal),* $(,)?])? $(, arranged $arrangement:ident)?) => {
        impl $crate::Described for $record {
            const TABLE: $crate::Table = $crate::Table {
                name: <$record as domain::record::Record>::NAME,
                doc: $doc,
                class: $crate::Class::$class,
                columns: &[$($crate::Column {
                    name: $crate::table::column_name(stringify!($field)),
                    kind: <$kind as $crate::Cell>::KIND,
                    nullable: <$kind as $crate::Cell>::NULLABLE,
                    doc: $column_doc,
                }),+],
                key: $key,
                checks: &[$($($check),*)?],
                indexes: &[$($($index),*)?],
                fixed: &[$($($fixed),*)?],
                arrangement: $crate::arrangement!($($arrangement)?),
            };

            fn to_values(&self) -> Vec<$crate::Value> {
                vec![$(<$kind as $crate::Cell>::to_value(&self.$field)),+]
            }

            fn from_values(values: Vec<$crate::Value>) -> Result<Self, $crate::Corrupt> {
                let mut values = values.into_iter();
                Ok(Self {
                    $($field: values
                        .next()
                        .and_then(<$kind as $crate::Cell>::from_value)
                        .ok_or_else(|| $crate::Corrupt {
                            table: <$record as domain::record::Record>::NAME,
                            column: stringify!($field),
                            what: concat!("not a ", stringify!($kind)).to_owned(),
                        })?,)+
                })
            }
        }
    };
}

/// By key, unless a description says otherwise.
#[doc(hidden)]
#[macro_export]
macro_rules! arrangement {
    () => {
        $crate::Arrangement::ByKey
    };
    ($arrangement:ident) => {
        $crate::Arrangement::$arrangement
    };
}

/// The column of a field.
pub const fn column_name(field: &'static str) -> &'static str {
    field
}
