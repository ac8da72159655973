//! All tables, for code that knows a row's kind by its name only.

use crate::table::{Described, Table};
use crate::tables;
use crate::value::{Corrupt, Value};
use domain::record::{AnyRow, Row};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// One table with its conversions.
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    /// The description.
    pub table: &'static Table,
    /// The row of these values.
    pub decode: fn(Vec<Value>) -> Result<Row, Corrupt>,
    /// The values of a row, which must be of this table.
    pub encode: fn(&dyn AnyRow) -> Vec<Value>,
}

impl Registered {
    /// Registers a described record.
    pub const fn of<R: Described>() -> Self {
        Self {
            table: &R::TABLE,
            decode: |values| R::from_values(values).map(|row| Arc::new(row) as Row),
            encode: |row| {
                let row = (row as &dyn Any).downcast_ref::<R>();
                row.expect("a row is encoded by its own table").to_values()
            },
        }
    }
}

/// Every table, in the order in which they are created.
pub fn all() -> &'static [Registered] {
    tables::ALL
}

/// The table of this name.
pub fn registered(name: &str) -> Option<&'static Registered> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Registered>> = OnceLock::new();
    BY_NAME
        .get_or_init(|| all().iter().map(|entry| (entry.table.name, entry)).collect())
        .get(name)
        .copied()
}
