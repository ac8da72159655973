//! PostgreSQL behind the table descriptions. There is no business word in here; what a row means is
//! known elsewhere.

mod commit;
mod connection;
mod distribute;
mod error;
mod flight;
mod migrate;
mod outcome;
mod plan;
mod readers;
mod runtime;
mod store;
pub mod temporary;
mod tls;
mod url;
mod wire;

pub use connection::{Options, weak_settings};
pub use distribute::distribute;
pub use error::OpenError;
pub use migrate::migrate;
pub use readers::{PostgresReaders, ReaderOptions};
pub use store::PostgresStore;
pub use temporary::Temporary;
pub use url::{BadUrl, Url};
