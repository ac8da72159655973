//! Why a database is not worked with. Each message says what the operator can do; none shows a
//! password.

use store::migrations::SchemaFault;

/// A database is not opened, migrated or distributed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server cannot be reached, or does not let us in.
    #[error("failed to connect to {url}: {what}")]
    Unreachable {
        /// Which database, without the password.
        url: String,
        /// What the server or the network said.
        what: String,
    },
    /// The server is older than we test with.
    #[error("the server is PostgreSQL {found}: 15 or later is needed")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server is a copy of another one, or does not let us write.
    #[error("the server takes no writes: connect to the primary")]
    ReadOnly,
    /// Payments that were acknowledged could be lost.
    #[error("server setting {setting} is off, which can lose acknowledged payments: turn it on")]
    WeakSetting {
        /// The setting.
        setting: &'static str,
    },
    /// A connection that others could read along.
    #[error("the connection to {url} would not be encrypted: use sslmode=require")]
    Plain {
        /// Which database, without the password.
        url: String,
    },
    /// The schema is not the one that this program works with.
    #[error(transparent)]
    Schema(#[from] SchemaFault),
    /// The server does not spread tables over nodes.
    #[error("the extension citus is not in this database: CREATE EXTENSION citus, then try again")]
    NoCitus,
    /// The database says no.
    #[error("database refused: {0}")]
    Database(String),
    /// No throw-away server can be started.
    #[error("no PostgreSQL for tests: {0}")]
    Temporary(String),
}
