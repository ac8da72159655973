//! Why a database file is not opened. Each message says what the operator can do.

use std::path::PathBuf;
use store::migrations::SchemaFault;

/// A database is not opened, created or locked.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The linked SQLite can corrupt files.
    #[error("SQLite {found} can corrupt a database: 3.51.3 or later is needed")]
    OldSqlite {
        /// The version that is linked.
        found: &'static str,
    },
    /// A setting does not hold although it was set: acknowledged payments could be lost.
    #[error("database setting {setting} is {found} and must be {needed}: refusing to start")]
    UnsafeSetting {
        /// The setting.
        setting: &'static str,
        /// What was read back.
        found: String,
        /// What it must be.
        needed: &'static str,
    },
    /// There is no such file.
    #[error("no database at {0}: run `jiaozi migrate` to make one")]
    Missing(PathBuf),
    /// The schema is not the one that this program works with.
    #[error(transparent)]
    Schema(#[from] SchemaFault),
    /// Another server works on the file.
    #[error("another server works on {0}")]
    InUse(PathBuf),
    /// The file system says no.
    #[error("failed to open {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database says no.
    #[error("database refused")]
    Database(#[from] rusqlite::Error),
}
