//! The reading side: a few connections that only read.

use crate::connection::{Link, Session};
use crate::error::OpenError;
use crate::migrate;
use crate::outcome::describe;
use crate::store::borrowed;
use crate::url::Url;
use crate::wire::{self, Parameter, Single};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::queries::Answer;
use store::{Kind, Queries, QueryError, Value};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio_postgres::types::Type;

/// How much reading goes on at once.
#[derive(Clone, Copy, Debug)]
pub struct ReaderOptions {
    /// How many queries run at the same time.
    pub connections: usize,
    /// How many queries may wait for a connection; the next one is refused.
    pub queue: usize,
    /// How long a query may run.
    pub time_limit: Duration,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self { connections: 8, queue: 1024, time_limit: Duration::from_secs(5) }
    }
}

/// A pool of reading connections. Every query is a transaction of its own, so it sees all that was
/// committed before it started.
pub struct PostgresReaders {
    pool: Arc<Pool>,
    runtime: Option<Runtime>,
}

impl PostgresReaders {
    /// Opens the first connection; the others follow when they are needed. Blocks; may be called
    /// from asynchronous code too.
    pub fn open(url: &Url, options: ReaderOptions) -> Result<Self, OpenError> {
        let threads = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres-readers")
            .enable_all()
            .build();
        let runtime = threads.expect("a thread can be started when the readers are opened");
        let pool = Arc::new(Pool {
            url: url.clone(),
            options,
            places: Semaphore::new(options.connections.max(1) + options.queue),
            running: Semaphore::new(options.connections.max(1)),
            idle: Mutex::default(),
        });
        let (opened, is_open) = std::sync::mpsc::channel();
        let opening = Arc::clone(&pool);
        runtime.spawn(async move {
            let _ = opened.send(opening.open_first().await);
        });
        let started = is_open.recv().expect("the runtime runs what it was given");
        let readers = Self { pool, runtime: Some(runtime) };
        started.map(|()| readers)
    }
}

impl Queries for PostgresReaders {
    fn rows(&self, sql: String, parameters: Vec<Value>, kinds: Vec<Kind>) -> Answer<'_> {
        let (answer, answered) = oneshot::channel();
        let pool = Arc::clone(&self.pool);
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                let query = Query { sql, parameters, kinds };
                if let Some(rows) = pool.answer(query, || answer.is_closed()).await {
                    let _ = answer.send(rows);
                }
            });
        }
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err(failed("readers ended"))) })
    }
}

impl Drop for PostgresReaders {
    fn drop(&mut self) {
        // Allowed inside asynchronous code, unlike dropping it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn failed(what: impl ToString) -> QueryError {
    QueryError::Failed(what.to_string())
}

type Rows = Result<Vec<Vec<Value>>, QueryError>;

struct Query {
    sql: String,
    parameters: Vec<Value>,
    kinds: Vec<Kind>,
}

struct Pool {
    url: Url,
    options: ReaderOptions,
    /// Queries that run or wait.
    places: Semaphore,
    /// Queries that run.
    running: Semaphore,
    idle: Mutex<Vec<Link>>,
}

impl Pool {
    async fn open_first(&self) -> Result<(), OpenError> {
        let link = self.connect().await?;
        migrate::refuse_other_schema(&link.client).await?;
        self.idle().push(link);
        Ok(())
    }

    async fn connect(&self) -> Result<Link, OpenError> {
        let session = Session::Read { limit: self.options.time_limit };
        let link = Link::connect(&self.url, session).await?;
        // A copy lags behind, and a caller must see what was answered before.
        link.facts.refuse_unfit()?;
        Ok(link)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing when nobody waits for it any more.
    async fn answer(&self, query: Query, is_gone: impl Fn() -> bool) -> Option<Rows> {
        let Ok(_place) = self.places.try_acquire() else {
            return Some(Err(failed("too many queries are waiting")));
        };
        let _running = self.running.acquire().await.ok()?;
        if is_gone() {
            return None;
        }
        let found = self.idle().pop().filter(|link| !link.client.is_closed());
        let mut link = match found {
            Some(link) => link,
            None => match self.connect().await {
                Ok(link) => link,
                Err(error) => return Some(Err(failed(error))),
            },
        };
        // The server ends what takes too long; a server that does not answer is given up.
        let limit = self.options.time_limit * 5 / 4;
        let rows = tokio::time::timeout(limit, read(&mut link, query)).await;
        let Ok(rows) = rows else { return Some(Err(failed("no answer in time"))) };
        self.idle().push(link);
        Some(rows)
    }
}

async fn read(link: &mut Link, query: Query) -> Rows {
    let told = |error: tokio_postgres::Error| failed(describe(&error));
    let types: Vec<Type> = query.parameters.iter().map(Single::declared).collect();
    let statement = link.prepare(&query.sql, &types).await.map_err(told)?;
    if statement.columns().len() != query.kinds.len() {
        return Err(failed("the query answers other columns than it says"));
    }
    let parameter = |value| Box::new(Single(value)) as Parameter;
    let parameters: Vec<Parameter> = query.parameters.into_iter().map(parameter).collect();
    let rows = link.client.query(&statement, &borrowed(&parameters)).await.map_err(told)?;
    let columns = || query.kinds.iter().map(|kind| ("answer", *kind));
    let values = |row| wire::read(row, "query", columns()).map_err(QueryError::from);
    rows.iter().map(values).collect()
}
