//! One simulated client: a connection that is kept, one request at a time.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A request, ready to be sent.
pub(super) type Call = Request<Full<Bytes>>;

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nobody answers there.
    #[error("failed to connect")]
    Connect(#[from] std::io::Error),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[from] hyper::Error),
}

/// See the module.
pub(super) struct Client(SendRequest<Full<Bytes>>);

impl Client {
    /// Connects; the connection is driven by the runtime of the caller.
    pub(super) async fn connect(address: SocketAddr) -> Result<Self, NoAnswer> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Whoever waits for an answer hears of it.
            let _ = connection.await;
        });
        Ok(Self(sender))
    }

    /// Sends a request and waits for the whole answer.
    pub(super) async fn send(&mut self, call: Call) -> Result<(StatusCode, Bytes), NoAnswer> {
        self.0.ready().await?;
        let answer = self.0.send_request(call).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
