//! The three types that a column can have, and a value of them.

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer; also time in microseconds and truth as 0 or 1.
    Int,
    /// Text, compared byte by byte.
    Text,
    /// Bytes.
    Bytes,
}

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A stored row cannot be read: a defect, told with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored row of table {table} has a bad column {column}: {what}")]
pub struct Corrupt {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What is wrong, without the value.
    pub what: String,
}
