//! The folder of a bench: database, keys, configuration, and what was seeded into it.

use super::flags::Seeded;
use crate::config::{Config, Flags};
use crate::database::{Location, ThrowAway};
use crate::key_file;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Places in the queue of the engine that seeds.
const SEEDING_PLACES: i64 = 65_536;

/// The configuration of the server under test. Three channels make class III here, because nothing
/// gives the other two yet; nobody is asked anything, so the providers may be nowhere. One merchant
/// places orders as fast as the machine can, so the rate of that is switched off.
const CONFIGURATION: &str = "\
listen = \"127.0.0.1:0\"
merchant_listen = \"127.0.0.1:0\"
operations_listen = \"127.0.0.1:0\"
identity.class3_channels = 3
providers.url = \"http://127.0.0.1:9\"
http.anonymous_per_second = 0
merchant_rate.orders = 0
log.filter = \"warn\"
";

/// A merchant and the key it signs with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Merchant {
    pub(super) mchid: String,
    pub(super) appid: String,
    pub(super) serial_no: String,
    pub(super) private_key: String,
}

/// What is in the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// What was asked for.
    pub(super) seeded: Seeded,
    /// Who gets paid.
    pub(super) merchants: Vec<Merchant>,
    /// The number of the next order.
    pub(super) next_order: u64,
}

/// The folder.
pub(super) struct Place {
    data: PathBuf,
    is_kept: bool,
    /// The database, as the configuration takes it.
    database: String,
    _throw_away: Option<ThrowAway>,
}

impl Place {
    /// The folder to be kept, or a new one that goes with this value. It is not made in the
    /// system's folder for temporary files, which may be in memory.
    pub(super) fn of(kept: Option<&Path>, database: &str) -> Result<Self, Box<dyn Error>> {
        let data = match kept {
            Some(data) => data.to_owned(),
            None => PathBuf::from(format!("bench-{}", std::process::id())),
        };
        let (is_kept, database) = (kept.is_some(), database.to_owned());
        let mut place = Self { data, is_kept, database, _throw_away: None };
        let mut config = place.seeding()?;
        config.make_folder()?;
        std::fs::write(place.configuration(), CONFIGURATION)?;
        let secret = config.providers_secret();
        if !secret.exists() {
            key_file::write_secret(&secret, b"nobody is asked")?;
        }
        key_file::make_missing(&config.key_file())?;
        if let Some(made) = ThrowAway::settle(&mut config)? {
            place.database = made.address();
            place._throw_away = Some(made);
        }
        Ok(place)
    }

    /// The whole address of the database server, if the database is not a file.
    pub(super) fn address(&self) -> Result<Option<&str>, Box<dyn Error>> {
        let is_file = matches!(self.seeding()?.location, Location::Sqlite(_));
        Ok((!is_file).then_some(self.database.as_str()))
    }

    /// The folder itself.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// The configuration file of the server.
    pub(super) fn configuration(&self) -> PathBuf {
        self.data.join("bench.toml")
    }

    /// The configuration under which this process seeds and audits.
    pub(super) fn seeding(&self) -> Result<Config, Box<dyn Error>> {
        let file = self.configuration();
        let flags = Flags::default()
            .set_path("data", Some(&self.data))
            .set("database", Some(self.database.as_str()))
            .set("engine.queue_places", Some(SEEDING_PLACES));
        Ok(Config::load(file.is_file().then_some(file.as_path()), flags)?)
    }

    /// What an earlier run left, if it was seeded to its end.
    pub(super) fn manifest(&self) -> Result<Option<Manifest>, Box<dyn Error>> {
        match std::fs::read_to_string(self.manifest_file()) {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes down what is in the database.
    pub(super) fn keep(&self, manifest: &Manifest) -> Result<(), Box<dyn Error>> {
        let text = serde_json::to_string_pretty(manifest)?;
        Ok(key_file::write_secret(&self.manifest_file(), text.as_bytes())?)
    }

    fn manifest_file(&self) -> PathBuf {
        self.data.join("bench.json")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = std::fs::remove_dir_all(&self.data)
        {
            eprintln!("jiaozi: failed to remove {}: {error}", self.data.display());
        }
    }
}
