//! A stand-in for banks, the SMS carrier and the identity authority, as one process of its own.
//!
//! It has its own database, its own clock (real time plus an offset) and its own HTTP protocol, and
//! knows nothing of the wallet that talks to it. `docs/sandbox-bank.md` describes the protocol.

mod callback;
mod card;
mod database;
mod delivery;
mod failure;
mod identity;
mod operation;
mod page;
mod plan;
mod router;
mod scenario;
mod signing;
mod sms;
mod statement;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

pub use card::{CardKind, ISSUERS, Issuer, card_number, is_card_number, issuer_of};
pub use scenario::{Phase, ScenarioCard, scenario_cards};

/// How long open requests may take to finish after the end was asked for.
const GRACE: Duration = Duration::from_secs(1);

/// What a bank process is started with.
#[derive(Clone)]
pub struct Config {
    /// Folder of the database and the chosen port; made if it is missing.
    pub data_dir: PathBuf,
    /// Address to listen on; the loopback address, unless others shall read the inbox.
    pub listen: IpAddr,
    /// Port; 0 takes the one of the last run if it is free, else any.
    pub port: u16,
    /// Secret that the wallet shows as a bearer token and that signs callbacks.
    pub secret: String,
    /// Failure codes that get a card, one `code` or `code,phase` in a line.
    pub scenarios: String,
    /// Where callbacks are posted to; without it none are sent.
    pub callback_url: Option<String>,
    /// How long a late answer waits, longer than the wallet's own time limit.
    pub late_after: Duration,
    /// Ends the process's work when its standard input closes.
    pub end_with_stdin: bool,
}

/// Why the bank could not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of the scenario list names an unknown phase.
    #[error("line {line} of the scenario list names an unknown phase")]
    Scenario {
        /// Number of the line, from 1.
        line: usize,
    },
    /// The shared secret is empty or too short to be one.
    #[error("the shared secret has fewer than 16 characters")]
    Secret,
    /// The database file could not be opened.
    #[error("failed to open the database of the sandbox bank")]
    Database(#[from] rusqlite::Error),
    /// The data folder or the address could not be used.
    #[error("failed to use {what}")]
    Io {
        /// The folder or address.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What every request handler works with.
#[derive(Clone)]
struct Bank {
    database: database::Database,
    scenarios: Arc<scenario::Scenarios>,
    secret: Arc<str>,
    callback_url: Option<Arc<str>>,
    late_after: Duration,
    wake: Arc<Notify>,
}

impl Bank {
    fn has_callback(&self) -> bool {
        self.callback_url.is_some()
    }
}

/// Runs the bank until `shutdown` is ready, or standard input closes if so configured. `ready` gets
/// the bound address once requests are accepted.
///
/// # Errors
/// When it cannot start; see [`Error`].
pub async fn run(
    config: Config,
    ready: oneshot::Sender<SocketAddr>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    if config.secret.len() < 16 {
        return Err(Error::Secret);
    }
    let scenarios = Arc::new(scenario::Scenarios::parse(&config.scenarios)?);
    std::fs::create_dir_all(&config.data_dir).map_err(io_error(config.data_dir.display()))?;
    // The database first: it waits until an earlier process has ended and let go of the port.
    let path = config.data_dir.join("bank.sqlite");
    let database = tokio::task::spawn_blocking(move || database::Database::open(&path))
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    let (listener, address) = listen(&config).await?;
    let bank = Bank {
        database,
        scenarios,
        secret: config.secret.into(),
        callback_url: config.callback_url.map(Into::into),
        late_after: config.late_after,
        wake: Arc::new(Notify::new()),
    };
    let ended = Arc::new(Notify::new());
    let stopping = ended.clone();
    let server = axum::serve(listener, router::router(bank.clone()))
        .with_graceful_shutdown(async move { stopping.notified().await });
    // The receiver may have lost interest; the bank serves all the same.
    let _ = ready.send(address);
    tracing::info!(%address, "sandbox bank is ready");
    let limit = async {
        end(config.end_with_stdin, shutdown).await;
        ended.notify_one();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served.map_err(io_error(address)),
        () = callback::keep_sending(bank) => Ok(()),
        () = limit => Ok(()),
    }
}

/// Resolves when the bank shall end.
async fn end(with_stdin: bool, shutdown: impl Future<Output = ()>) {
    if !with_stdin {
        return shutdown.await;
    }
    let (closed, stdin_closed) = oneshot::channel();
    // A thread of its own: a runtime that ends would wait for its own reader of standard input.
    std::thread::spawn(move || {
        // An error ends the input as much as its end does.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = closed.send(());
    });
    tokio::select! {
        () = shutdown => {}
        _ = stdin_closed => {}
    }
}

async fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), Error> {
    let kept = config.data_dir.join("port");
    let listener = match config.port {
        0 => match kept_port(&kept) {
            Some(port) => match TcpListener::bind((config.listen, port)).await {
                Ok(listener) => listener,
                Err(_) => bind(config.listen, 0).await?,
            },
            None => bind(config.listen, 0).await?,
        },
        port => bind(config.listen, port).await?,
    };
    let address = listener.local_addr().map_err(io_error(config.listen))?;
    std::fs::write(&kept, address.port().to_string()).map_err(io_error(kept.display()))?;
    Ok((listener, address))
}

fn kept_port(file: &Path) -> Option<u16> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

async fn bind(address: IpAddr, port: u16) -> Result<TcpListener, Error> {
    TcpListener::bind((address, port)).await.map_err(io_error(format!("{address}:{port}")))
}

fn io_error(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.to_string();
    move |source| Error::Io { what, source }
}
