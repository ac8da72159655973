//! The numbered steps from an empty database to the present schema. A released step is never
//! edited.

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// What it is called.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// The steps for SQLite.
pub const SQLITE: &[Migration] = &[Migration {
    number: 1,
    name: "first",
    sql: include_str!("../migrations/sqlite/0001_first.sql"),
}];

/// The steps for PostgreSQL.
pub const POSTGRES: &[Migration] = &[Migration {
    number: 1,
    name: "first",
    sql: include_str!("../migrations/postgres/0001_first.sql"),
}];
