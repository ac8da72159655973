//! Where a database is. The password in it is never shown.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// The address of a database: `postgres://user:password@host:port/database?sslmode=require`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    config: Config,
}

/// A text that is no address of a database. It does not repeat the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a PostgreSQL database: {0}")]
pub struct BadUrl(String);

impl FromStr for Url {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = |what: &str| BadUrl(what.to_owned());
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(bad("it begins with postgres://"));
        }
        // A certificate is always checked; the library knows no word for that.
        let text = text.replace("sslmode=verify-full", "sslmode=require");
        let mut config = Config::from_str(&text).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            BadUrl(cause.unwrap_or_else(|| error.to_string()))
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(bad("it names no host"));
        }
        if config.get_dbname().is_none() {
            return Err(bad("it names no database"));
        }
        if config.get_user().is_none() {
            return Err(bad("it names no user"));
        }
        config.application_name("jiaozi");
        Ok(Self { config })
    }
}

impl Url {
    /// The same server and user, another database.
    pub fn with_database(&self, name: &str) -> Self {
        let mut config = self.config.clone();
        config.dbname(name);
        Self { config }
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// Whether every server it names is on this machine.
    pub fn is_local(&self) -> bool {
        let is_local = |host: &Host| match host {
            Host::Tcp(name) => match name.parse::<std::net::IpAddr>() {
                Ok(address) => address.is_loopback(),
                Err(_) => name == "localhost",
            },
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        self.config.get_hosts().iter().all(is_local)
            && self.config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
    }

    /// Whether it says in words that the connection is not to be encrypted.
    pub fn is_plain(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Disable
    }

    /// Whether the connection is encrypted: to this machine only when the address asks for it, to
    /// others unless it says otherwise in words.
    pub(crate) fn is_encrypted(&self) -> bool {
        let is_asked_for = self.config.get_ssl_mode() == SslMode::Require;
        is_asked_for || (!self.is_local() && !self.is_plain())
    }

    /// The whole address, its password included: for handing it on to another process, never for
    /// showing it.
    pub fn revealed(&self) -> String {
        let mode = match self.config.get_ssl_mode() {
            SslMode::Disable => "?sslmode=disable",
            SslMode::Require => "?sslmode=require",
            _ => "",
        };
        let shown = self.to_string();
        let encode = |byte: &u8| match byte.is_ascii_alphanumeric() {
            true => char::from(*byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        match (self.config.get_password(), shown.rsplit_once('@')) {
            (Some(password), Some((user, place))) => {
                let password: String = password.iter().map(encode).collect();
                format!("{user}:{password}@{place}{mode}")
            }
            _ => format!("{shown}{mode}"),
        }
    }

    pub(crate) fn config(&self, connect_timeout: Duration) -> Config {
        let mut config = self.config.clone();
        config.connect_timeout(connect_timeout);
        if config.get_hosts().len() + config.get_hostaddrs().len() > 1 {
            // Of several servers, the one that takes writes, whichever that is by now.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        config
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}@", self.config.get_user().unwrap_or_default())?;
        let ports = self.config.get_ports();
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{comma}{}", path.display())?,
            }
            if let Some(port) = ports.get(place).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.database())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_handed_on_whole_and_shown_without_its_password() {
        for text in [
            "postgres://ann:p%40ss%3A%2Fword@db.example:5433/wallet",
            "postgres://ann:x@h:1/wallet?sslmode=disable",
            "postgres://ann@127.0.0.1:5432/wallet",
            "postgres://ann@127.0.0.1:5432/wallet?sslmode=require",
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.revealed(), text);
            assert_eq!(url.revealed().parse::<Url>().unwrap(), url);
        }
        let url: Url = "postgres://ann:hunter2@h/wallet".parse().unwrap();
        assert!(!format!("{url} {url:?}").contains("hunter2"));
    }

    #[test]
    fn connection_to_another_machine_is_encrypted_unless_the_address_says_otherwise() {
        for (place, is_encrypted) in [
            ("127.0.0.1", false),
            ("localhost", false),
            ("%2Frun%2Fpostgresql", false),
            ("[::1]", false),
            ("db.example", true),
            ("10.0.0.1", true),
            ("localhost,db.example", true),
        ] {
            let url = |mode: &str| format!("postgres://ann@{place}/wallet{mode}").parse::<Url>();
            assert_eq!(url("").unwrap().is_encrypted(), is_encrypted, "{place}");
            assert!(url("?sslmode=require").unwrap().is_encrypted(), "{place}");
            assert!(url("?sslmode=verify-full").unwrap().is_encrypted(), "{place}");
            assert!(!url("?sslmode=disable").unwrap().is_encrypted(), "{place}");
        }
    }
}
