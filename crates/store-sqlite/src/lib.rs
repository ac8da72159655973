//! The embedded database: SQLite behind the table descriptions. There is no business word in here;
//! what a row means is known elsewhere.

mod checkpoint;
mod connection;
mod error;
mod lock;
mod log;
mod migrate;
mod outcome;
mod plan;
mod readers;
mod store;
mod temporary;

pub use connection::{Options, Reach, Synchronous};
pub use error::OpenError;
pub use lock::ServerLock;
pub use migrate::{migrate, migrate_with};
pub use readers::{ReaderOptions, SqliteReaders};
pub use store::SqliteStore;
pub use temporary::{Temporary, fresh};
