//! A connection with the settings that keep money safe, each read back after it was set.

use crate::error::OpenError;
use crate::url::Url;
use std::time::Duration;
use store::Registered;

/// How a database is worked with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tables besides the product's, which tests make up.
    pub extra_tables: &'static [Registered],
    /// How long a batch may take, the wait for its turn included, before its outcome is unknown.
    pub commit_deadline: Duration,
    /// Whether to work with a server that can lose acknowledged payments.
    pub unsafe_settings: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { extra_tables: &[], commit_deadline: Duration::from_secs(3), unsafe_settings: false }
    }
}

/// The durability settings that are off on this server.
pub fn weak_settings(url: &Url) -> Result<Vec<&'static str>, OpenError> {
    Err(OpenError::Unreachable { url: url.to_string(), what: "not built yet".into() })
}
