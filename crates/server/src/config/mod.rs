//! Configuration: defaults, then a TOML file, then the environment (`JIAOZI_…`), then flags. A key
//! that nobody knows stops the program, because a misspelt limit is a limit that does not hold.

mod check;
mod key;
mod layers;

pub(crate) use check::print_all;
pub(crate) use layers::Flags;
use layers::Layers;

use domain::Rules;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A key that does not exist.
    #[error("unknown configuration key `{key}` in {source_name}; did you mean `{nearest}`?")]
    Unknown {
        /// The key.
        key: String,
        /// Where it was found.
        source_name: String,
        /// The known key that is written most like it.
        nearest: String,
    },
    /// A value of the wrong type, or a file that is not TOML.
    #[error(transparent)]
    Value(#[from] Box<figment::Error>),
    /// A number outside its range.
    #[error("configuration key `{key}` is {value}: {why}")]
    Range {
        /// The key.
        key: &'static str,
        /// The value.
        value: i64,
        /// What it may be.
        why: &'static str,
    },
    /// The file that was named is not there.
    #[error("configuration file {0} does not exist")]
    NoFile(PathBuf),
}

/// The configuration of one process.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The folder of the database and the keys.
    pub(crate) data: PathBuf,
    /// Where people's apps connect.
    pub(crate) listen: SocketAddr,
    /// Where merchants' servers connect.
    pub(crate) merchant_listen: SocketAddr,
    /// Runs as a sandbox.
    pub(crate) sandbox: bool,
    /// Where bank, carrier and authority are reached; empty in a sandbox.
    pub(crate) providers_url: String,
    /// What is logged.
    pub(crate) log_filter: String,
    /// Longest time for one request.
    pub(crate) request_time: Duration,
    /// Connections of each listener at once.
    pub(crate) connections: usize,
    /// Requests a second without a session, per address; 0 for no limit.
    pub(crate) anonymous_per_second: u32,
    /// Such requests at once.
    pub(crate) anonymous_burst: u32,
    /// Places in the engine's queue.
    pub(crate) queue_places: usize,
    /// The figures of the rules.
    pub(crate) rules: Rules,
}

impl Config {
    /// Reads the layers.
    pub(crate) fn load(file: Option<&Path>, flags: Flags) -> Result<Self, ConfigError> {
        Self::of(&Layers::read(file, flags, std::env::vars())?)
    }

    /// Takes the values out of the layers.
    pub(crate) fn of(layers: &Layers) -> Result<Self, ConfigError> {
        let mut rules = Rules::default();
        for figure in Rules::FIGURES {
            rules.set_figure(figure.key, layers.number(figure.key, i64::MAX)?);
        }
        let seconds = layers.number("http.request_s", 3_600)?;
        Ok(Self {
            data: layers.value("data")?,
            listen: layers.value("listen")?,
            merchant_listen: layers.value("merchant_listen")?,
            sandbox: layers.value("sandbox")?,
            providers_url: layers.value("providers.url")?,
            log_filter: layers.value("log.filter")?,
            request_time: Duration::from_secs(seconds.unsigned_abs().max(1)),
            connections: at_least_one(layers, "http.connections")?,
            anonymous_per_second: small(layers, "http.anonymous_per_second")?,
            anonymous_burst: small(layers, "http.anonymous_burst")?,
            queue_places: at_least_one(layers, "engine.queue_places")?,
            rules,
        })
    }

    /// Makes the data folder if there is none; only its owner may look into it.
    pub(crate) fn make_folder(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data)
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join("jiaozi.db")
    }

    /// The file of the secret keys.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.data.join("keys.toml")
    }

    /// The socket on which a running server takes the commands of this program.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }

    /// The file of the secret between us and the providers.
    pub(crate) fn providers_secret(&self) -> PathBuf {
        self.data.join("providers.secret")
    }

    /// The sandbox bank's folder.
    pub(crate) fn bank_data(&self) -> PathBuf {
        self.data.join("sandbox-bank")
    }
}

fn small(layers: &Layers, key: &'static str) -> Result<u32, ConfigError> {
    let number = layers.number(key, i64::from(u32::MAX))?;
    Ok(u32::try_from(number).expect("the range was checked"))
}

fn at_least_one(layers: &Layers, key: &'static str) -> Result<usize, ConfigError> {
    Ok(usize::try_from(small(layers, key)?).unwrap_or(usize::MAX).max(1))
}
