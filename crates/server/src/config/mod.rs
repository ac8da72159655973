//! Configuration: defaults, then a TOML file, then the environment (`JIAOZI_…`), then flags. A key
//! that nobody knows stops the program, because a misspelt limit is a limit that does not hold.

mod check;
#[cfg(test)]
mod document;
mod key;
mod layers;

pub(crate) use check::print_all;
pub(crate) use layers::Flags;
use layers::Layers;

use crate::database::{BadLocation, Location};
use domain::Rules;
use http_api::merchant::Family;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const OPERATIONS: &str = "operations_listen";
const PER_SECOND: &str = "http.anonymous_per_second";

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
    /// A value of the wrong type.
    #[error("configuration key `{key}` in {layer}: {what}")]
    Refused {
        /// The key.
        key: String,
        /// Where it was found.
        layer: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file that is not TOML.
    #[error(transparent)]
    Value(#[from] Box<figment::Error>),
    /// A number outside its range.
    #[error("configuration key `{key}` is {value}: it may be from {min} to {max}")]
    Range {
        /// The key.
        key: &'static str,
        /// The value.
        value: i64,
        /// The smallest that makes sense.
        min: i64,
        /// The largest that makes sense.
        max: i64,
    },
    /// Two figures of which one bounds the other, the wrong way round.
    #[error(
        "configuration key `{low}` is {low_value}: it may not be above `{high}`, which is \
         {high_value}"
    )]
    Contradiction {
        /// The key that is too large.
        low: &'static str,
        /// Its value.
        low_value: i64,
        /// The key that bounds it.
        high: &'static str,
        /// Its value.
        high_value: i64,
    },
    /// A list of addresses with something else in it.
    #[error("configuration key `{key}` holds `{value}`, which is no IP address")]
    Address {
        /// The key.
        key: &'static str,
        /// The part of the list.
        value: String,
    },
    /// The database is nowhere.
    #[error(transparent)]
    Database(#[from] BadLocation),
    /// The file that was named is not there.
    #[error("configuration file {0} does not exist")]
    NoFile(PathBuf),
}

/// The configuration of one process.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The folder of the database and the keys.
    pub(crate) data: PathBuf,
    /// Where the database is.
    pub(crate) location: Location,
    /// Whether to work with a database server that can lose what was acknowledged.
    pub(crate) unsafe_settings: bool,
    /// Where people's apps connect.
    pub(crate) listen: SocketAddr,
    /// Where people reach `listen` from outside; empty for the address itself.
    pub(crate) public_url: String,
    /// Where merchants' servers connect.
    pub(crate) merchant_listen: SocketAddr,
    /// Where operators find what is for them alone; a sandbox need not have it.
    pub(crate) operations_listen: Option<SocketAddr>,
    /// Runs as a sandbox.
    pub(crate) sandbox: bool,
    /// Where a sandbox serves merchants over TLS.
    pub(crate) sandbox_tls_listen: Wish,
    /// Where a sandbox is a proxy to itself.
    pub(crate) sandbox_proxy_listen: Wish,
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
    /// Calls a second of each family that one merchant may make; 0 for no limit.
    pub(crate) merchant_rates: HashMap<Family, u32>,
    /// The proxies whose word about the caller's address is believed.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Places in the engine's queue.
    pub(crate) queue_places: usize,
    /// The figures of the rules.
    pub(crate) rules: Rules,
}

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// The address.
    pub(crate) address: SocketAddr,
    /// Whether somebody asked for it; otherwise another port will do.
    pub(crate) is_firm: bool,
}

impl Wish {
    fn of(layers: &Layers, key: &str) -> Result<Self, ConfigError> {
        Ok(Self { address: layers.value(key)?, is_firm: layers.is_set(key) })
    }
}

impl Config {
    /// Reads the layers.
    pub(crate) fn load(file: Option<&Path>, flags: Flags) -> Result<Self, ConfigError> {
        Self::of(&Layers::read(file, flags, std::env::vars())?)
    }

    /// Takes the values out of the layers.
    pub(crate) fn of(layers: &Layers) -> Result<Self, ConfigError> {
        let rules = rules(layers)?;
        let sandbox: bool = layers.value("sandbox")?;
        // Sandboxes run side by side, and tests in them ask as fast as they can.
        let holds = |key| !sandbox || layers.is_set(key);
        let operations: SocketAddr = layers.value(OPERATIONS)?;
        let per_second = small(layers, PER_SECOND)?;
        let data: PathBuf = layers.value("data")?;
        Ok(Self {
            location: Location::parse(&layers.value::<String>(key::DATABASE)?, &data)?,
            data,
            unsafe_settings: layers.value("database_unsafe_settings")?,
            listen: layers.value("listen")?,
            public_url: layers.value("public_url")?,
            merchant_listen: layers.value("merchant_listen")?,
            operations_listen: holds(OPERATIONS).then_some(operations),
            sandbox,
            sandbox_tls_listen: Wish::of(layers, "sandbox_tls_listen")?,
            sandbox_proxy_listen: Wish::of(layers, "sandbox_proxy_listen")?,
            providers_url: layers.value("providers.url")?,
            log_filter: layers.value("log.filter")?,
            request_time: Duration::from_secs(small(layers, "http.request_s")?.into()),
            connections: many(layers, "http.connections")?,
            anonymous_per_second: if holds(PER_SECOND) { per_second } else { 0 },
            anonymous_burst: small(layers, "http.anonymous_burst")?,
            merchant_rates: merchant_rates(layers, holds)?,
            trusted_proxies: addresses(layers, "http.trusted_proxies")?,
            queue_places: many(layers, "engine.queue_places")?,
            rules,
        })
    }

    /// Makes the data folder if there is none; only its owner may look into it.
    pub(crate) fn make_folder(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data)
    }

    /// The file of the secret keys.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.data.join("keys.toml")
    }

    /// The socket on which a running server takes the commands of this program.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }

    /// The file in which an incremental audit finds where the last one ended.
    pub(crate) fn verified_file(&self) -> PathBuf {
        self.data.join("verified.json")
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

fn merchant_rates(
    layers: &Layers,
    holds: impl Fn(&'static str) -> bool,
) -> Result<HashMap<Family, u32>, ConfigError> {
    let mut rates = HashMap::new();
    for family in Family::ALL {
        let key = family.key();
        let per_second = small(layers, key)?;
        rates.insert(family, if holds(key) { per_second } else { 0 });
    }
    Ok(rates)
}

fn rules(layers: &Layers) -> Result<Rules, ConfigError> {
    let mut rules = Rules::default();
    for figure in key::figures() {
        rules.set_figure(figure.name, layers.number(&figure)?);
    }
    let value = |key| rules.figure(key).unwrap_or_default();
    match rules.contradiction() {
        None => Ok(rules),
        Some([low, high]) => Err(ConfigError::Contradiction {
            low,
            low_value: value(low),
            high,
            high_value: value(high),
        }),
    }
}

fn addresses(layers: &Layers, key: &'static str) -> Result<Vec<IpAddr>, ConfigError> {
    let text: String = layers.value(key)?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let read = |part: &str| match part.trim().parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical()),
        Err(_) => Err(ConfigError::Address { key, value: part.trim().to_owned() }),
    };
    text.split(',').map(read).collect()
}

fn small(layers: &Layers, name: &'static str) -> Result<u32, ConfigError> {
    let key = key::all().find(|key| key.name == name).expect("the program names its own keys");
    Ok(u32::try_from(layers.number(&key)?).expect("the ranges of these keys end at 32 bits"))
}

fn many(layers: &Layers, name: &'static str) -> Result<usize, ConfigError> {
    Ok(usize::try_from(small(layers, name)?).unwrap_or(usize::MAX))
}
