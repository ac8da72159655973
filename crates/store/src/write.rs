//! What the engine asks of a store.

use crate::value::Corrupt;
use domain::ledger::Batch;
use domain::record::{Row, RowKey};

/// A row as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The row.
    pub row: Row,
    /// The batch that last wrote it; 0 for appended rows.
    pub version: i64,
}

/// One change of a commit. A write that finds another row than it was decided on is a conflict.
#[derive(Clone, Debug)]
pub enum Write {
    /// A row that is not there yet.
    Insert(Row),
    /// A row that is there, last written by batch `version`.
    Update(Row, i64),
    /// A row that is there, last written by batch `version`, and goes.
    Delete(RowKey, i64),
}

impl Write {
    /// The table it changes.
    pub fn table(&self) -> &'static str {
        match self {
            Self::Insert(row) | Self::Update(row, _) => row.table(),
            Self::Delete(key, _) => key.table,
        }
    }

    /// The address of the row it changes.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Insert(row) | Self::Update(row, _) => row.row_key(),
            Self::Delete(key, _) => key.clone(),
        }
    }
}

/// How a commit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Committed, and the database said so.
    Done,
    /// Not committed: the place is taken, or a row is not what it was decided on.
    Conflict,
    /// Not committed: a value cannot be stored (a CHECK, a type, a size). Some command is poisoned.
    Data(String),
    /// Not committed, for a reason that has nothing to do with the batch.
    Unavailable(String),
    /// Nobody knows: the connection was lost, the deadline passed, the database warned.
    Unknown(String),
}

/// The database cannot be read now, or holds what cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unavailable {
    /// Away, locked, full.
    #[error("store unavailable: {0}")]
    Away(String),
    /// A stored row is not readable: a defect.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// The writing side of a database, driven by the engine's thread alone.
pub trait Store: Send {
    /// The last committed batch, or [`Batch::origin`].
    fn tip(&mut self) -> Result<Batch, Unavailable>;

    /// Reads rows by key, one query per table; a key that is not in the answer has no row.
    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable>;

    /// The first keys of a table in order of key, for dropping old rows.
    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable>;

    /// Waits until nobody else can commit, and keeps it so until [`Store::commit`] or
    /// [`Store::abandon`]. What is read from here on is what the commit will find.
    fn exclude_others(&mut self) -> Result<(), Unavailable>;

    /// Ends what [`Store::exclude_others`] began, without writing.
    fn abandon(&mut self);

    /// Writes the batch row first, then the writes, which are sorted by key, and commits: all or
    /// nothing. Every row written gets the batch's `seq` as its version.
    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit;

    /// After [`Commit::Unknown`] or a failure: drops what is open and connects anew.
    fn reconnect(&mut self) -> Result<(), Unavailable>;
}
