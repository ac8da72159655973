//! Where the product lives while it is compared: a store of any kind, engines on it, a clock that
//! only tests move, and the audit at the end.

use engine::{Engine, Limits, Shell};
use kernel::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use store::memory::Memory;
use store::{Queries, Store, Write};
use store_postgres::{PostgresReaders, PostgresStore};
use store_sqlite::{SqliteReaders, SqliteStore};

/// Long enough for any answer on a busy machine.
const LONG: Duration = Duration::from_secs(60);

enum Backend {
    Memory(Memory),
    Sqlite(store_sqlite::Temporary),
    Postgres(Box<store_postgres::Temporary>),
}

/// See the module. Dropping it removes the database.
pub struct House {
    backend: Backend,
    now: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
    tags: AtomicU64,
}

/// The real clock stands still unless a test moves it; random bytes are counted.
#[derive(Clone)]
struct Still {
    now: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
}

impl Shell for Still {
    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst) + 1;
        let place = bytes.len() - 8;
        bytes[place..].copy_from_slice(&drawn.to_be_bytes());
    }

    fn pause(&self, _time: Duration) {
        std::thread::yield_now();
    }
}

impl House {
    fn new(backend: Backend) -> Self {
        let start = Timestamp::parse_rfc3339("2026-11-21T10:00:00+08:00");
        let start = start.expect("it is written as RFC 3339 wants it").micros();
        let now = Arc::new(AtomicI64::new(start));
        Self { backend, now, drawn: Arc::default(), tags: AtomicU64::new(0) }
    }

    /// Rows in memory.
    pub fn memory() -> Self {
        Self::new(Backend::Memory(Memory::new()))
    }

    /// A new SQLite database.
    ///
    /// # Panics
    /// When there is no place for it.
    pub fn sqlite() -> Self {
        let temporary = store_sqlite::Temporary::new().expect("a folder for a database");
        Self::new(Backend::Sqlite(temporary))
    }

    /// A new database on this process's throw-away PostgreSQL server.
    ///
    /// # Panics
    /// When there is no server.
    pub fn postgres() -> Self {
        let temporary = store_postgres::Temporary::new().expect("a throw-away server");
        Self::new(Backend::Postgres(Box::new(temporary)))
    }

    /// What nothing else in this house is called.
    pub fn tag(&self) -> u64 {
        self.tags.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Starts an engine. Each is a process of its own to the others.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub fn engine(&self) -> Engine {
        let store: Box<dyn Store> = match &self.backend {
            Backend::Memory(memory) => Box::new(memory.another()),
            Backend::Sqlite(it) => {
                let store = SqliteStore::open(it.path(), store_sqlite::Options::default());
                Box::new(store.expect("a migrated database opens"))
            }
            Backend::Postgres(it) => {
                let store = PostgresStore::open(it.url(), store_postgres::Options::default());
                Box::new(store.expect("a migrated database opens"))
            }
        };
        let shell = Still { now: Arc::clone(&self.now), drawn: Arc::clone(&self.drawn) };
        let rules = Arc::new(domain::Rules::default());
        let engine = Engine::start(store, shell, rules, Limits::default());
        let engine = engine.expect("the system gives a thread");
        assert!(engine.wait_ready_blocking(LONG), "the engine takes commands");
        engine
    }

    /// Audits what is stored.
    ///
    /// # Panics
    /// When a rule is broken.
    pub fn verify(&self) {
        match &self.backend {
            Backend::Memory(memory) => {
                let copy = store_sqlite::Temporary::new().expect("a folder for a database");
                copy_rows(memory, &copy);
                verify_sqlite(&copy, &["A3"]);
            }
            Backend::Sqlite(it) => verify_sqlite(it, &[]),
            Backend::Postgres(it) => {
                let runtime = runtime();
                let _inside = runtime.enter();
                let options =
                    store_postgres::ReaderOptions { time_limit: LONG, ..Default::default() };
                let readers = PostgresReaders::open(it.url(), options);
                verify(&runtime, &readers.expect("a migrated database opens"), &[]);
            }
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().expect("the system gives a thread")
}

/// Waits for a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers needs nothing").block_on(future)
}

fn verify_sqlite(it: &store_sqlite::Temporary, but: &[&str]) {
    let options = store_sqlite::ReaderOptions { time_limit: LONG, ..Default::default() };
    let readers = SqliteReaders::open(it.path(), options).expect("a migrated database opens");
    verify(&runtime(), &readers, but);
}

fn verify(runtime: &tokio::runtime::Runtime, queries: &dyn Queries, but: &[&str]) {
    let report = runtime.block_on(store::verify::verify(queries, &|_, _, _| {}));
    let mut findings = report.expect("the database answers").findings;
    findings.retain(|finding| !but.contains(&finding.rule));
    assert_eq!(findings, Vec::new(), "the books are in order");
}

/// Everything in memory as one commit of a database, which can be audited by statements. Which
/// batch wrote a row is lost on the way, so the rule about that (A3) says nothing of a copy.
fn copy_rows(memory: &Memory, to: &store_sqlite::Temporary) {
    let mut tip = memory.another();
    let last = tip.tip().expect("memory answers");
    let mut store = SqliteStore::open(to.path(), store_sqlite::Options::default())
        .expect("a migrated database opens");
    let last_key = domain::record::AnyRow::row_key(&last);
    let rows = memory.rows().into_iter().filter(|(key, _)| *key != last_key);
    let writes: Vec<Write> = rows.map(|(_, loaded)| Write::Insert(loaded.row)).collect();
    let outcome = store.commit(&last, &writes);
    assert!(matches!(outcome, store::Commit::Done), "{outcome:?}");
}
