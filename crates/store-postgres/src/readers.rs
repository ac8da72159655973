//! The reading side: a few connections that only read.

use crate::error::OpenError;
use crate::url::Url;
use std::time::Duration;
use store::queries::Answer;
use store::{Kind, Queries, QueryError, Value};

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
pub struct PostgresReaders {}

impl PostgresReaders {
    /// Opens the connections.
    pub fn open(url: &Url, _options: ReaderOptions) -> Result<Self, OpenError> {
        Err(OpenError::Unreachable { url: url.to_string(), what: "not built yet".into() })
    }

    /// One connection for which the world stands still: all queries see what was committed when it
    /// was opened. For an audit.
    pub fn snapshot(url: &Url, _time_limit: Duration) -> Result<Self, OpenError> {
        Err(OpenError::Unreachable { url: url.to_string(), what: "not built yet".into() })
    }
}

impl Queries for PostgresReaders {
    fn rows(&self, _sql: String, _parameters: Vec<Value>, _kinds: Vec<Kind>) -> Answer<'_> {
        Box::pin(async { Err(QueryError::Failed("not built yet".into())) })
    }
}
