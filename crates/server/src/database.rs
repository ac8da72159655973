//! The one place that names a concrete database: opens it, migrates it, locks it, and starts the
//! engine on it.

use crate::config::Config;
use crate::surroundings::Surroundings;
use domain::Rules;
use domain::ledger::{Batch, OpenSystemAccounts};
use engine::{Engine, Limits};
use kernel::Currency;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use store::Queries;
use store_sqlite::{
    OpenError, Options, ReaderOptions, ServerLock, SqliteReaders, SqliteStore, migrate,
};

/// The bank that keeps the safeguarded money.
pub(crate) const SAFEGUARDING_BANK: &str = "CUP";

/// How long the engine may take until it has committed its first batch.
const READY_TIME: Duration = Duration::from_secs(30);

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// The database cannot be opened as it is.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database is older than this program, and holds data.
    #[error("{0}; run `jiaozi migrate` (make a copy of the data folder first)")]
    Migrate(OpenError),
    /// The folder cannot be made, or there is no thread.
    #[error("failed to prepare the data folder")]
    Io(#[from] std::io::Error),
    /// The engine did not commit its first batch.
    #[error("the engine did not get ready; see the log")]
    NotReady,
    /// The operator's accounts could not be opened.
    #[error("failed to open the operator's accounts: {0}")]
    Accounts(String),
}

/// A database with its engine, and the lock that keeps other servers away.
pub(crate) struct Database {
    /// Runs commands.
    pub(crate) engine: Engine,
    /// Reads.
    pub(crate) queries: Arc<dyn Queries>,
    _lock: ServerLock,
}

impl Database {
    /// Opens the database of the configuration. A new one is made; an old one is brought to the
    /// present schema in a sandbox, and otherwise only by `jiaozi migrate`.
    pub(crate) async fn open(config: &Config) -> Result<Self, DatabaseError> {
        config.make_folder()?;
        let path = config.database();
        let is_new = !path.exists();
        if is_new {
            migrate(&path)?;
        }
        let lock = ServerLock::acquire(&path)?;
        if config.sandbox && !is_new {
            migrate(&path)?;
        }
        let store = SqliteStore::open(&path, Options::default()).map_err(|error| match error {
            OpenError::Behind { .. } => DatabaseError::Migrate(error),
            other => DatabaseError::Open(other),
        })?;
        let queries = Arc::new(SqliteReaders::open(&path, ReaderOptions::default())?);
        let limits = Limits { queue_places: config.queue_places, ..Limits::default() };
        let rules = Arc::new(config.rules.clone());
        let engine = Engine::start(Box::new(store), Surroundings::default(), rules, limits)?;
        if !tokio::time::timeout(READY_TIME, engine.wait_ready()).await.unwrap_or(false) {
            return Err(DatabaseError::NotReady);
        }
        open_system_accounts(&engine, &config.rules).await?;
        Ok(Self { engine, queries, _lock: lock })
    }

    /// Finishes what waits, closes the store, and gives up the lock.
    pub(crate) async fn close(self) {
        self.engine.shutdown().await;
    }
}

/// The reading side alone, beside a server or without one.
pub(crate) fn read_only(config: &Config) -> Result<SqliteReaders, DatabaseError> {
    let options = ReaderOptions { threads: 1, ..ReaderOptions::default() };
    Ok(SqliteReaders::open(&config.database(), options)?)
}

/// Whether anything was ever written to the database; `false` when there is none.
pub(crate) async fn has_data(config: &Config) -> Result<bool, Box<dyn Error>> {
    if !config.database().exists() {
        return Ok(false);
    }
    let first = store::queries::find::<Batch>(&read_only(config)?, &1).await?;
    Ok(first.is_some())
}

/// Brings the database to the present schema and names what was applied. No server may run.
pub(crate) fn migrate_only(config: &Config) -> Result<Vec<&'static str>, DatabaseError> {
    config.make_folder()?;
    let path = config.database();
    let _lock = if path.exists() { Some(ServerLock::acquire(&path)?) } else { None };
    Ok(migrate(&path)?)
}

/// Opens the operator's accounts at the first start, finds them later, and puts their numbers into
/// the rules.
async fn open_system_accounts(engine: &Engine, rules: &Rules) -> Result<(), DatabaseError> {
    let command =
        OpenSystemAccounts { currency: Currency::Cny, bank: SAFEGUARDING_BANK.to_owned() };
    let system = engine
        .run(command)
        .await
        .map_err(|failed| DatabaseError::Accounts(failed.failure().code.to_string()))?;
    engine.set_rules(Arc::new(Rules { system, ..rules.clone() }));
    Ok(())
}
