//! The two further listeners of a sandbox for merchants' servers: TLS under the names that SDKs
//! have built in, and a proxy that leads there.

use super::authority::{self, Authority};
use crate::config::{Config, Wish};
use crate::serve::backlog::listen_on;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Both listeners, bound but not answering yet, and how they begin a connection.
pub(crate) struct SandboxDoors {
    /// Takes TLS.
    pub(crate) tls: TcpListener,
    /// Takes a request to the proxy, then TLS.
    pub(crate) proxy: TcpListener,
    /// The sandbox's side of TLS.
    pub(crate) acceptor: TlsAcceptor,
    /// Where they are.
    pub(crate) addresses: DoorAddresses,
}

/// Where the doors are, and what a client has to trust.
#[derive(Clone, Debug)]
pub(crate) struct DoorAddresses {
    /// Where TLS is served.
    pub(crate) tls: SocketAddr,
    /// Where the proxy is.
    pub(crate) proxy: SocketAddr,
    /// The file with the authority's certificate.
    pub(crate) ca_file: PathBuf,
}

impl SandboxDoors {
    /// Makes or loads the authority, and binds.
    pub(crate) async fn open(config: &Config) -> Result<Self, Box<dyn Error>> {
        let acceptor = TlsAcceptor::from(Authority::settle(&config.data)?.server()?);
        let (tls, proxy) = (bind(config.sandbox_tls_listen)?, bind(config.sandbox_proxy_listen)?);
        let addresses = DoorAddresses {
            tls: tls.local_addr()?,
            proxy: proxy.local_addr()?,
            ca_file: authority::certificate_file(&config.data).canonicalize()?,
        };
        Ok(Self { tls, proxy, acceptor, addresses })
    }
}

/// Sandboxes run side by side, so a port that nobody asked for may be another one.
fn bind(wish: Wish) -> Result<TcpListener, String> {
    let Wish { address, is_firm } = wish;
    let bound = match listen_on(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && !is_firm => {
            listen_on(SocketAddr::new(address.ip(), 0))
        }
        bound => bound,
    };
    bound.map_err(|error| format!("failed to listen on {address}: {error}"))
}
