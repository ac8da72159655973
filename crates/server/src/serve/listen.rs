//! The two listeners. HTTP/1.1 only; the merchant's one writes headers in Title-Case, because some
//! merchants' programs compare them so.

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
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

/// Serves until `ending` turns true, then lets open requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    case: HeaderCase,
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
        let connection = connection(&http, stream, address, router.clone());
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
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

type Answering = hyper_util::service::TowerToHyperService<Addressed>;

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
) -> http1::Connection<TokioIo<TcpStream>, Answering> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    let service = hyper_util::service::TowerToHyperService::new(Addressed { address, router });
    http.serve_connection(TokioIo::new(stream), service)
}

/// The routes, told who is connected.
#[derive(Clone)]
struct Addressed {
    address: SocketAddr,
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
        self.router.call(request)
    }
}
