//! The one place that names concrete databases: opens one, migrates it, keeps others away where
//! only one may work, and starts the engine on it.

mod location;

pub(crate) use location::{BadLocation, Location, without_password};

use crate::config::Config;
use crate::surroundings::Surroundings;
use domain::Rules;
use domain::ledger::{Batch, OpenSystemAccounts};
use engine::{Engine, Limits};
use kernel::Currency;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::migrations::SchemaFault;
use store::{Queries, Store};
use store_postgres::{OpenError as PostgresError, PostgresReaders, PostgresStore, Url, temporary};
use store_sqlite::{OpenError, ServerLock, SqliteReaders, SqliteStore};

/// The bank that keeps the safeguarded money.
pub(crate) const SAFEGUARDING_BANK: &str = "CUP";

/// How long the engine may take until it has committed its first batch.
const READY_TIME: Duration = Duration::from_secs(30);

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// The database file cannot be opened as it is.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database server does not serve us as it is.
    #[error(transparent)]
    Server(#[from] PostgresError),
    /// A setting of the server can lose what was acknowledged.
    #[error("{0}; `database_unsafe_settings = true` serves nevertheless, for tests")]
    Weak(PostgresError),
    /// The database is older than this program, and holds data.
    #[error("{0}; run `jiaozi migrate` (make a copy of the database first)")]
    Migrate(Box<dyn Error + Send + Sync>),
    /// There is no throw-away database to work on.
    #[error(
        "`postgres` alone is a database that lasts as long as the program: `serve`, `demo` and \
         `bench` make one; name yours as postgres://…"
    )]
    ThrowAway,
    /// Only a cluster can be distributed.
    #[error("a file cannot be distributed: name a PostgreSQL database with the extension citus")]
    NoCluster,
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

/// A database with its engine.
pub(crate) struct Database {
    /// Runs commands.
    pub(crate) engine: Engine,
    /// Reads.
    pub(crate) queries: Arc<dyn Queries>,
    /// Whether other processes may work on it at the same time.
    pub(crate) is_shared: bool,
    /// Settings of its server that can lose what was acknowledged.
    pub(crate) weak_settings: Vec<&'static str>,
    _lock: Option<ServerLock>,
}

/// A database that is open, before anything runs on it.
struct Opened {
    store: Box<dyn Store>,
    queries: Arc<dyn Queries>,
    weak_settings: Vec<&'static str>,
    lock: Option<ServerLock>,
}

impl Database {
    /// Opens the database of the configuration. A new one is made; an old one is brought to the
    /// present schema in a sandbox, and otherwise only by `jiaozi migrate`.
    pub(crate) async fn open(config: &Config) -> Result<Self, DatabaseError> {
        config.make_folder()?;
        let is_shared = matches!(config.location, Location::Postgres(_));
        let opened = match &config.location {
            Location::Sqlite(path) => open_file(path, config)?,
            Location::Postgres(url) => open_server(url, config)?,
            Location::ThrowAway => return Err(DatabaseError::ThrowAway),
        };
        let Opened { store, queries, weak_settings, lock } = opened;
        let limits = Limits { queue_places: config.queue_places, ..Limits::default() };
        let rules = Arc::new(config.rules.clone());
        let engine = Engine::start(store, Surroundings::default(), rules, limits)?;
        if !tokio::time::timeout(READY_TIME, engine.wait_ready()).await.unwrap_or(false) {
            return Err(DatabaseError::NotReady);
        }
        open_system_accounts(&engine, &config.rules).await?;
        Ok(Self { engine, queries, is_shared, weak_settings, _lock: lock })
    }

    /// Finishes what waits, closes the store, and gives up the lock.
    pub(crate) async fn close(self) {
        self.engine.shutdown().await;
    }
}

fn open_file(path: &Path, config: &Config) -> Result<Opened, DatabaseError> {
    let is_new = !path.exists();
    if is_new {
        store_sqlite::migrate(path)?;
    }
    let lock = ServerLock::acquire(path)?;
    if config.sandbox && !is_new {
        store_sqlite::migrate(path)?;
    }
    let store = SqliteStore::open(path, Default::default()).map_err(|error| match error {
        OpenError::Schema(SchemaFault::Behind { .. }) => DatabaseError::Migrate(error.into()),
        other => DatabaseError::Open(other),
    })?;
    Ok(Opened {
        store: Box::new(store),
        queries: Arc::new(SqliteReaders::open(path, Default::default())?),
        weak_settings: Vec::new(),
        lock: Some(lock),
    })
}

fn open_server(url: &Url, config: &Config) -> Result<Opened, DatabaseError> {
    let unsafe_settings = config.unsafe_settings;
    let options = || store_postgres::Options { unsafe_settings, ..Default::default() };
    let store = match PostgresStore::open(url, options()) {
        Err(PostgresError::Schema(SchemaFault::Behind { found, .. }))
            if found == 0 || config.sandbox =>
        {
            store_postgres::migrate(url)?;
            PostgresStore::open(url, options())
        }
        opened => opened,
    };
    let store = store.map_err(|error| match error {
        PostgresError::Schema(SchemaFault::Behind { .. }) => DatabaseError::Migrate(error.into()),
        PostgresError::WeakSetting { .. } => DatabaseError::Weak(error),
        other => DatabaseError::Server(other),
    })?;
    let weak_settings =
        if unsafe_settings { store_postgres::weak_settings(url)? } else { Vec::new() };
    Ok(Opened {
        store: Box::new(store),
        queries: Arc::new(PostgresReaders::open(url, Default::default())?),
        weak_settings,
        lock: None,
    })
}

/// A database that is made for one run and goes when this is dropped.
pub(crate) struct ThrowAway(temporary::Temporary);

impl ThrowAway {
    /// Makes one where the configuration asks for it, and puts its address there.
    pub(crate) fn settle(config: &mut Config) -> Result<Option<Self>, DatabaseError> {
        if !matches!(config.location, Location::ThrowAway) {
            return Ok(None);
        }
        let made = temporary::Temporary::empty()?;
        config.location = Location::Postgres(Box::new(made.url().clone()));
        Ok(Some(Self(made)))
    }

    /// Its whole address. What is secret in it goes with it.
    pub(crate) fn address(&self) -> String {
        self.0.url().revealed()
    }
}

/// The store of a new file, without an engine: what its commits cost is measured.
pub(crate) fn bare_file(path: &Path) -> Result<Box<dyn Store>, DatabaseError> {
    store_sqlite::migrate(path)?;
    Ok(Box::new(SqliteStore::open(path, Default::default())?))
}

/// The reading side alone, beside a server or without one.
pub(crate) fn read_only(config: &Config) -> Result<Box<dyn Queries>, DatabaseError> {
    readers(&config.location)
}

fn readers(location: &Location) -> Result<Box<dyn Queries>, DatabaseError> {
    Ok(match location {
        Location::Sqlite(path) => {
            let options = store_sqlite::ReaderOptions { threads: 1, ..Default::default() };
            Box::new(SqliteReaders::open(path, options)?)
        }
        Location::Postgres(url) => {
            let options = store_postgres::ReaderOptions { connections: 1, ..Default::default() };
            Box::new(PostgresReaders::open(url, options)?)
        }
        Location::ThrowAway => return Err(DatabaseError::ThrowAway),
    })
}

/// Reads for an audit: each statement may take long, and sees a state of its own.
pub(crate) fn for_audit(
    location: &Location,
    time_limit: Duration,
) -> Result<Box<dyn Queries>, DatabaseError> {
    Ok(match location {
        Location::Sqlite(path) => {
            let options =
                store_sqlite::ReaderOptions { threads: 3, time_limit, ..Default::default() };
            Box::new(SqliteReaders::open(path, options)?)
        }
        Location::Postgres(url) => {
            let options =
                store_postgres::ReaderOptions { connections: 3, time_limit, ..Default::default() };
            Box::new(PostgresReaders::open(url, options)?)
        }
        Location::ThrowAway => return Err(DatabaseError::ThrowAway),
    })
}

/// Whether anything was ever written to the database; `false` when there is none.
pub(crate) async fn has_data(config: &Config) -> Result<bool, Box<dyn Error>> {
    match &config.location {
        Location::Sqlite(path) if !path.exists() => return Ok(false),
        Location::ThrowAway => return Ok(false),
        Location::Sqlite(_) | Location::Postgres(_) => {}
    }
    let readers = match readers(&config.location) {
        Err(DatabaseError::Server(PostgresError::Schema(SchemaFault::Behind {
            found: 0, ..
        }))) => return Ok(false),
        readers => readers?,
    };
    Ok(store::queries::find::<Batch>(readers.as_ref(), &1).await?.is_some())
}

/// Brings the database to the present schema and names what was applied. On a file no server may
/// run.
pub(crate) fn migrate_only(config: &Config) -> Result<Vec<&'static str>, DatabaseError> {
    match &config.location {
        Location::Sqlite(path) => {
            config.make_folder()?;
            let _lock = if path.exists() { Some(ServerLock::acquire(path)?) } else { None };
            Ok(store_sqlite::migrate(path)?)
        }
        Location::Postgres(url) => Ok(store_postgres::migrate(url)?),
        Location::ThrowAway => Err(DatabaseError::ThrowAway),
    }
}

/// Spreads the tables over the nodes of a cluster by book and gives the statements that did it.
pub(crate) fn distribute(config: &Config) -> Result<Vec<String>, DatabaseError> {
    match &config.location {
        Location::Postgres(url) => Ok(store_postgres::distribute(url)?),
        Location::Sqlite(_) | Location::ThrowAway => Err(DatabaseError::NoCluster),
    }
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
