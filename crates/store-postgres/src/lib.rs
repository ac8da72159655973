//! PostgreSQL behind the table descriptions. There is no business word in here; what a row means is
//! known elsewhere.

mod connection;
mod distribute;
mod error;
mod migrate;
mod readers;
mod store;
pub mod temporary;
mod url;

pub use connection::{Options, weak_settings};
pub use distribute::distribute;
pub use error::OpenError;
pub use migrate::migrate;
pub use readers::{PostgresReaders, ReaderOptions};
pub use store::PostgresStore;
pub use temporary::Temporary;
pub use url::{BadUrl, Url};
