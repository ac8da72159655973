//! The listeners. HTTP/1.1 only; the merchant's one writes headers in Title-Case, because some
//! merchants' programs compare them so.

use crate::sandbox::tunnel;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use http_api::merchant::OverTls;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::Service;

/// A stranger who sends headers slowly is cut off.
const HEADER_TIME: Duration = Duration::from_secs(10);
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// What open requests get at the end.
const GRACE: Duration = Duration::from_secs(10);
/// After the system refuses a connection (too many open files), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderCase {
    /// As hyper keeps them.
    Lower,
    /// `Wechatpay-Nonce`.
    Title,
}

/// What a connection begins with.
#[derive(Clone)]
pub(crate) enum Door {
    /// HTTP at once.
    Plain,
    /// TLS.
    Tls(TlsAcceptor),
    /// A request to the sandbox's proxy, then TLS.
    Tunnel(TlsAcceptor),
}

/// Serves until `ending` turns true, then lets open requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    (door, case): (Door, HeaderCase),
    connections_max: usize,
    mut ending: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .title_case_headers(case == HeaderCase::Title);
    let open = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    loop {
        let accept = async {
            let place = Arc::clone(&open).acquire_owned().await.expect("it is never closed");
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accept => accepted,
            _ = ending.wait_for(|ending| *ending) => break,
        };
        let (stream, address) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "failed to set TCP_NODELAY");
        }
        let answering = Answering { http: http.clone(), watcher: graceful.watcher() };
        let is_tls = !matches!(door, Door::Plain);
        let addressed = Addressed { address, is_tls, router: router.clone() };
        let door = door.clone();
        tokio::spawn(async move {
            if let Err(error) = enter(door, stream, addressed, answering).await {
                tracing::debug!(%error, "connection broke");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// How requests of a connection are read and answered.
struct Answering {
    http: http1::Builder,
    watcher: Watcher,
}

impl Answering {
    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        addressed: Addressed,
    ) -> io::Result<()> {
        let service = hyper_util::service::TowerToHyperService::new(addressed);
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        self.watcher.watch(connection).await.map_err(io::Error::other)
    }
}

async fn enter(
    door: Door,
    stream: TcpStream,
    addressed: Addressed,
    answering: Answering,
) -> io::Result<()> {
    let (stream, acceptor) = match door {
        Door::Plain => return answering.serve(stream, addressed).await,
        Door::Tls(acceptor) => (stream, acceptor),
        Door::Tunnel(acceptor) => (tunnel::open(stream).await?, acceptor),
    };
    let stream = tokio::time::timeout(HEADER_TIME, acceptor.accept(stream)).await??;
    answering.serve(stream, addressed).await
}

/// The routes, told who is connected, and how.
#[derive(Clone)]
struct Addressed {
    address: SocketAddr,
    is_tls: bool,
    router: Router,
}

impl Service<hyper::Request<Incoming>> for Addressed {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = <Router as Service<Request>>::Future;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.address));
        if self.is_tls {
            request.extensions_mut().insert(OverTls);
        }
        self.router.call(request)
    }
}
