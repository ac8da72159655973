//! Connections to addresses that merchants name. They can name anything, so a connection is made
//! only to a public address: checked in the text, and again on every address that a name resolves
//! to at the moment of connecting. No redirects, no proxy, one protocol.

use apiv3::notify_url::{self, UrlRule, is_public_address};
use apiv3::v2::notice::is_acknowledged;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::shell;

/// A merchant acknowledges within this time, name lookup and connecting included.
const LIMIT: Duration = Duration::from_secs(5);
/// What is read of an answer at most, mostly so that its connection can be used again.
const ANSWER_MAX: usize = 16 * 1024;
/// How long that reading may take.
const ANSWER_LIMIT: Duration = Duration::from_millis(200);
/// Connections kept open to one host: as many as notifications are sent at once to the merchants
/// of a platform.
const IDLE_MAX: usize = 64;
/// How long they are kept.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Why a message did not arrive, or was not acknowledged. Says nothing that the other side said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undelivered {
    /// The address is none that may be connected to.
    #[error("address not allowed")]
    Address,
    /// No connection: no such name, no public address, refused, or a bad certificate.
    #[error("no connection")]
    Connection,
    /// No answer within the time limit.
    #[error("no answer in time")]
    Time,
    /// Another status than 200 or 204, redirects included.
    #[error("status {0}")]
    Status(u16),
    /// The status is right, and the answer does not say yes.
    #[error("answer without SUCCESS")]
    Answer,
}

/// What acknowledges a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yes {
    /// A status of 200 or 204.
    Status,
    /// Such a status, and an answer in XML that says yes.
    Xml,
}

/// See the module.
pub(crate) struct Egress {
    client: Client<HttpsConnector<HttpConnector<Names>>, Full<Bytes>>,
    rule: UrlRule,
    limit: Duration,
}

impl Egress {
    /// `rule` says whether private addresses and plain http may be used, as in the sandbox.
    pub(crate) fn new(rule: UrlRule) -> Self {
        Self::trusting(rule, system_roots())
    }

    fn trusting(rule: UrlRule, roots: RootCertStore) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Names::of_system(rule));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(LIMIT));
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(roots));
        let connector = match rule {
            UrlRule::Public => tls.https_only().enable_http1().wrap_connector(connector),
            UrlRule::Relaxed => tls.https_or_http().enable_http1().wrap_connector(connector),
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .pool_max_idle_per_host(IDLE_MAX)
            .http1_title_case_headers(true)
            .build(connector);
        Self { client, rule, limit: LIMIT }
    }

    #[cfg(test)]
    pub(crate) fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Posts a body and waits for its acknowledgement.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        yes: Yes,
    ) -> Result<(), Undelivered> {
        let uri = allowed(url, self.rule).ok_or(Undelivered::Address)?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let began = shell::instant();
        let answer = shell::within(self.limit, self.client.request(request)).await;
        let answer = answer.ok_or(Undelivered::Time)?.map_err(|_| Undelivered::Connection)?;
        let status = answer.status();
        let is_right = [StatusCode::OK, StatusCode::NO_CONTENT].contains(&status);
        if yes == Yes::Xml && is_right {
            let read = Limited::new(answer.into_body(), ANSWER_MAX).collect();
            let left = self.limit.saturating_sub(began.elapsed());
            let read = shell::within(left, read).await.ok_or(Undelivered::Time)?;
            let text = read.map_err(|_| Undelivered::Answer)?.to_bytes();
            return if is_acknowledged(&text) { Ok(()) } else { Err(Undelivered::Answer) };
        }
        drain(answer.into_body()).await;
        if is_right { Ok(()) } else { Err(Undelivered::Status(status.as_u16())) }
    }
}

/// The address to connect to, if its text allows it. Looked at twice, by the rules for merchants
/// and as the connector will read it, so that the two cannot be made to disagree.
fn allowed(url: &str, rule: UrlRule) -> Option<Uri> {
    notify_url::check(url, rule).ok()?;
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    match (rule, host.parse::<IpAddr>()) {
        (UrlRule::Public, Ok(address)) => is_public_address(address).then_some(uri),
        (UrlRule::Public, Err(_)) | (UrlRule::Relaxed, _) => Some(uri),
    }
}

/// A body that is short and comes at once is read, so that the connection can be used again.
async fn drain(body: Incoming) {
    let read = Limited::new(body, ANSWER_MAX).collect();
    // Whatever it says, and whether it could be read, changes nothing.
    let _ = shell::within(ANSWER_LIMIT, read).await;
}

/// A machine without roots still delivers to plain http in the sandbox; everything else then fails
/// as a bad certificate, and is told at start.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs().certs;
    let (taken, _) = roots.add_parsable_certificates(found);
    if taken == 0 {
        tracing::warn!("this machine has no root certificates: no https address can be notified");
    }
    roots
}

fn tls(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the library supports its own protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Looks names up, and gives back only addresses that may be connected to.
#[derive(Clone)]
struct Names {
    rule: UrlRule,
    lookup: Lookup,
}

/// The addresses of a name at this moment.
type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

impl Names {
    /// Names as the machine resolves them.
    fn of_system(rule: UrlRule) -> Self {
        let lookup = |name: String| -> Found {
            Box::pin(
                async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) },
            )
        };
        Self { rule, lookup: Arc::new(lookup) }
    }
}

impl tower::Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (rule, found) = (self.rule, (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move { connectable(found.await?.into_iter(), rule).map(Vec::into_iter) })
    }
}

fn connectable(
    found: impl Iterator<Item = SocketAddr>,
    rule: UrlRule,
) -> io::Result<Vec<SocketAddr>> {
    let kept: Vec<SocketAddr> = found
        .filter(|address| rule == UrlRule::Relaxed || is_public_address(address.ip()))
        .collect();
    if kept.is_empty() {
        return Err(io::Error::other("the name has no public address"));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
