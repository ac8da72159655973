//! A PostgreSQL of one's own for tests, which goes with the process that started it.

use crate::error::OpenError;
use crate::url::Url;

/// A throw-away server.
#[derive(Debug)]
pub struct Server {}

impl Server {
    /// The one server of this process, started when it is first asked for.
    pub fn shared() -> Result<&'static Self, OpenError> {
        Err(OpenError::Temporary("not built yet".into()))
    }

    /// Starts a server with settings besides the usual ones, each a name and a value.
    pub fn start(_settings: &[(&str, &str)]) -> Result<Self, OpenError> {
        Err(OpenError::Temporary("not built yet".into()))
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> Url {
        format!("postgres://jiaozi@127.0.0.1:5432/{database}")
            .parse()
            .expect("the address of our own server is well formed")
    }
}

/// A database of its own on the shared server, which goes when this is dropped.
#[derive(Debug)]
pub struct Temporary {
    url: Url,
}

impl Temporary {
    /// A database with the present schema.
    pub fn new() -> Result<Self, OpenError> {
        Self::empty()
    }

    /// A database without tables.
    pub fn empty() -> Result<Self, OpenError> {
        Ok(Self { url: Server::shared()?.url("empty") })
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }
}
