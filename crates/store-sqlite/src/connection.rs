//! A connection with the settings that keep money safe, each read back after it was set.

use crate::error::OpenError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;
use store::Registered;

/// How a database file is worked with.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a write waits for another writer of the same file.
    pub busy_timeout: Duration,
    /// Memory for pages, in KiB, per connection.
    pub cache_kib: i64,
    /// After how many new pages in the write-ahead log a checkpoint is started beside the writer.
    pub checkpoint_pages: u32,
    /// At how many pages of the log the writer itself finishes the checkpoint, so that the log
    /// starts anew. The log grows beyond it only while a reader holds on to an old state.
    pub log_limit_pages: u32,
    /// Tables besides the product's, which tests make up.
    pub extra_tables: &'static [Registered],
    /// How far a commit reaches. All but [`Synchronous::Full`] is for tests that show the loss.
    pub synchronous: Synchronous,
    /// How the file is reached.
    pub reach: Reach,
}

/// How files are reached: through the system, or through disks that tests bring.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// The SQLite VFS; `None` for the system's own.
    pub vfs: Option<&'static str>,
    /// Writes what a file holds to it once more and syncs it. A file that is not there stays so.
    pub write_again: fn(&Path) -> std::io::Result<()>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { vfs: None, write_again: crate::log::write_again }
    }
}

/// How far a commit reaches before it is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The log is on the disk. The only one that keeps acknowledged payments.
    #[default]
    Full,
    /// The log is on the disk at checkpoints only: a power cut loses what was acknowledged since.
    Normal,
    /// Nothing is waited for: a power cut can destroy the file.
    Off,
}

impl Synchronous {
    fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
            Self::Off => "OFF",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            cache_kib: 65_536,
            checkpoint_pages: 4_000,
            log_limit_pages: 16_000,
            extra_tables: &[],
            synchronous: Synchronous::Full,
            reach: Reach::default(),
        }
    }
}

impl Options {
    /// What the log's file shrinks to when it starts anew: twice its bound, so that it shrinks only
    /// after a reader let it grow. Cutting off what a few pages too many took, and adding it again,
    /// is work for the file system that a commit would wait for.
    fn log_limit_bytes(&self) -> i64 {
        i64::from(self.log_limit_pages) * 4096 * 2
    }
}

/// Statements kept prepared on a connection: a few for each table.
const PREPARED: usize = 512;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Makes the file if there is none.
    Create,
    /// Reads and writes.
    Write,
    /// Reads only.
    Read,
}

/// Opens a file, sets what must hold and reads it back.
pub(crate) fn open(
    path: &Path,
    access: Access,
    options: &Options,
) -> Result<Connection, OpenError> {
    refuse_old(rusqlite::version_number())?;
    if options.reach.vfs.is_none() {
        prepare_file(path, access)?;
    }
    let flags = match access {
        Access::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match options.reach.vfs {
        None => Connection::open_with_flags(path, flags)?,
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
    };
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A misspelt column in quotes is an error, not a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    // Otherwise a statement on a table with a partial index is planned anew for every parameter.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "cache_size", -options.cache_kib)?;
    if access == Access::Read {
        connection.pragma_update(None, "query_only", "ON")?;
    } else {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", options.synchronous.pragma())?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "secure_delete", "FAST")?;
        connection.pragma_update(None, "journal_size_limit", options.log_limit_bytes())?;
        if options.synchronous == Synchronous::Full {
            refuse_unsafe(&connection)?;
        }
    }
    Ok(connection)
}

/// What is done to the file itself before SQLite opens it.
fn prepare_file(path: &Path, access: Access) -> Result<(), OpenError> {
    match access {
        Access::Create => make_private(path),
        Access::Read | Access::Write if path.exists() => Ok(()),
        Access::Read | Access::Write => Err(OpenError::Missing(path.to_owned())),
    }
}

/// Makes a file that is not there yet so that only its owner reads it. Its log takes over its
/// rights.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => {
            Err(OpenError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Versions before 3.51.3 can corrupt a file when a checkpoint meets a writer.
fn refuse_old(version: i32) -> Result<(), OpenError> {
    if version < 3_051_003 {
        return Err(OpenError::OldSqlite { found: rusqlite::version() });
    }
    Ok(())
}

/// Settings are read back, because a pragma that cannot be obeyed says nothing. With less than FULL
/// a power cut loses payments that were acknowledged.
fn refuse_unsafe(connection: &Connection) -> Result<(), OpenError> {
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if journal != "wal" {
        let (setting, needed) = ("journal_mode", "wal");
        return Err(OpenError::UnsafeSetting { setting, found: journal, needed });
    }
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if synchronous < 2 {
        let (setting, needed) = ("synchronous", "2 (FULL)");
        return Err(OpenError::UnsafeSetting { setting, found: synchronous.to_string(), needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;
    use rusqlite::StatementStatus;

    #[test]
    fn weaker_settings_are_refused() {
        let database = Temporary::new().unwrap();
        let connection = open(database.path(), Access::Write, &Options::default()).unwrap();
        refuse_unsafe(&connection).unwrap();
        for weak in ["NORMAL", "OFF"] {
            connection.pragma_update(None, "synchronous", weak).unwrap();
            let refused = refuse_unsafe(&connection);
            assert!(
                matches!(refused, Err(OpenError::UnsafeSetting { setting: "synchronous", .. })),
                "{refused:?}"
            );
        }
        connection.pragma_update(None, "synchronous", "EXTRA").unwrap();
        refuse_unsafe(&connection).unwrap();
        connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
        let refused = refuse_unsafe(&connection);
        assert!(matches!(refused, Err(OpenError::UnsafeSetting { setting: "journal_mode", .. })));
    }

    #[test]
    fn statement_is_planned_once_whatever_it_is_asked_for() {
        let database = Temporary::new().unwrap();
        let connection = open(database.path(), Access::Read, &Options::default()).unwrap();
        let sql = "SELECT number FROM account WHERE book = 1 ORDER BY number LIMIT ?1";
        let mut statement = connection.prepare(sql).unwrap();
        for limit in [5, 50, 500] {
            statement.exists([limit]).unwrap();
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn versions_that_can_corrupt_a_file_are_refused() {
        assert!(matches!(refuse_old(3_051_002), Err(OpenError::OldSqlite { .. })));
        refuse_old(3_051_003).unwrap();
        refuse_old(rusqlite::version_number()).unwrap();
    }

    #[test]
    fn missing_file_is_not_made_by_opening_it() {
        let path = std::env::temp_dir().join("jiaozi-there-is-no-such-database");
        let refused = open(&path, Access::Write, &Options::default());
        assert!(matches!(refused, Err(OpenError::Missing(_))));
        assert!(!path.exists());
    }
}
