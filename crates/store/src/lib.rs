//! Storage without a dialect: every kind of row described once as a table, what a store must do,
//! and the lists that are read from it. No database is named here.

pub mod cell;
pub mod conformance;
pub mod ddl;
pub mod faults;
pub mod memory;
pub mod migrations;
pub mod queries;
pub mod registry;
pub mod table;
pub mod tables;
pub mod value;
pub mod verify;
pub mod write;

pub use cell::Cell;
pub use queries::{Queries, QueryError};
pub use registry::{Registered, registered};
pub use table::{Arrangement, Class, Column, Described, Index, Table};
pub use value::{Corrupt, Kind, Value};
pub use write::{Commit, Loaded, Store, Unavailable, Write};

/// The book that this installation keeps. Every key begins with it, so that a second book needs no
/// new schema.
pub const BOOK: i64 = 1;
