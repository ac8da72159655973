//! Where a running sandbox is: written into its data folder at its start, and read by the commands
//! of `jiaozi sandbox`.

use super::authority::NAMES;
use super::doors::DoorAddresses;
use crate::key_file;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The addresses of a sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Whereabouts {
    /// Where `/v1` and `/sandbox` are served.
    pub(crate) consumer_api: String,
    /// Where `/v3` is served.
    pub(crate) merchant_api: String,
    /// Where `/v3` is served over TLS.
    pub(crate) merchant_tls_api: String,
    /// The proxy that leads SDKs with a fixed host here.
    pub(crate) proxy: String,
    /// The certificate that a client over TLS has to trust.
    pub(crate) ca_file: PathBuf,
    /// Another one at each start.
    #[serde(default)]
    pub(crate) life: String,
}

impl Whereabouts {
    /// The file that holds them.
    pub(crate) fn file(folder: &Path) -> PathBuf {
        folder.join("sandbox.json")
    }

    /// Of a sandbox whose listeners are bound.
    pub(crate) fn of(consumer: SocketAddr, merchant: SocketAddr, doors: &DoorAddresses) -> Self {
        Self {
            consumer_api: format!("http://{consumer}"),
            merchant_api: format!("http://{merchant}"),
            merchant_tls_api: format!("https://{}", doors.tls),
            proxy: format!("http://{}", doors.proxy),
            ca_file: doors.ca_file.clone(),
            life: hex::encode(*key_file::random()),
        }
    }

    /// Writes them down for the commands of `jiaozi sandbox`.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        Ok(std::fs::write(Self::file(folder), serde_json::to_string_pretty(self)?)?)
    }

    /// Those of the sandbox on a data folder, which may have ended since.
    pub(crate) fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let path = Self::file(folder);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!("no sandbox has run on {}: {error} ({})", folder.display(), path.display())
        })?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Shell lines for the SDKs that take a proxy and a trusted authority from the environment.
    pub(crate) fn variables(&self) -> String {
        let ca_file = self.ca_file.display();
        let mut text = format!("export HTTPS_PROXY={0} https_proxy={0}\n", self.proxy);
        text.push_str("export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost\n");
        for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            text.push_str(&format!("export {variable}='{ca_file}'\n"));
        }
        text
    }

    /// The line of a hosts file that leads the built-in names to this machine.
    pub(crate) fn hosts_line(address: SocketAddr) -> String {
        format!("{} {}", address.ip(), NAMES.join(" "))
    }
}
