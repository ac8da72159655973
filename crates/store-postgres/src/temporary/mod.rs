//! A PostgreSQL of one's own for tests, which goes with the process that started it.

mod programs;
mod server;

pub use programs::Programs;
pub use server::Server;

use crate::connection::{Link, Session};
use crate::error::OpenError;
use crate::outcome::describe;
use crate::url::Url;
use std::sync::atomic::{AtomicU64, Ordering};

/// A database of its own on the shared server, which goes when the process ends.
#[derive(Debug)]
pub struct Temporary {
    url: Url,
}

impl Temporary {
    /// A database with the present schema.
    pub fn new() -> Result<Self, OpenError> {
        Server::shared()?.fresh()
    }

    /// A database without tables.
    pub fn empty() -> Result<Self, OpenError> {
        Server::shared()?.empty()
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Runs statements on it, as its owner.
    pub fn run(&self, statements: &str) -> Result<(), OpenError> {
        run(&self.url, statements)
    }
}

impl Server {
    /// A database of its own with the present schema.
    pub fn fresh(&self) -> Result<Temporary, OpenError> {
        let template = self.template()?;
        self.create(&format!("TEMPLATE {template}"))
    }

    /// A database of its own without tables.
    pub fn empty(&self) -> Result<Temporary, OpenError> {
        self.create("TEMPLATE template0")
    }

    fn create(&self, how: &str) -> Result<Temporary, OpenError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        run(&self.url("postgres"), &format!("CREATE DATABASE {name} {how}"))?;
        Ok(Temporary { url: self.url(&name) })
    }
}

fn run(url: &Url, statements: &str) -> Result<(), OpenError> {
    crate::runtime::once(async {
        let link = Link::connect(url, Session::Change).await?;
        let done = link.client.batch_execute(statements).await;
        done.map_err(|error| OpenError::Database(describe(&error)))
    })
}
