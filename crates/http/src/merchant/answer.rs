//! The outermost layer: chooses the key that the caller trusts, signs whatever the answer is, and
//! writes the headers that clients of the protocol demand.

use super::Face;
use super::authenticate::{Claim, claim_of};
use super::fault::Fault;
use super::route::Matched;
use super::serve::Arrival;
use crate::address::address_of;
use crate::layers::{count, log, method_name};
use crate::sandbox::HeldBack;
use apiv3::code::Code;
use apiv3::error::ApiError;
use apiv3::key_name::KeyName;
use apiv3::language::Language;
use apiv3::sign::{PlatformKey, SERIAL_HEADER, SignedHeaders, nonce, request_id};
use apiv3::signers::{Signing, Unsigned};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONNECTION, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderMap,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Instrument;

/// Told by the deadline's layer and turned into an error of the protocol here.
pub(super) const DEADLINE: StatusCode = StatusCode::GATEWAY_TIMEOUT;

/// What is answered, before it is signed.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Bytes,
    /// What the log says: the protocol's code, empty for success.
    code: &'static str,
    /// The number in `Request-ID`; 0 for success.
    result: u32,
    retry_after_s: Option<u64>,
    /// What is sent instead of the body.
    file: Option<File>,
}

/// Bytes that are sent as they come. They are not signed: nobody knows them before they are sent.
#[derive(Clone, Debug)]
struct File {
    content_type: &'static str,
    body: Arc<Mutex<Option<Body>>>,
}

/// How a call ended.
pub(super) type Outcome = Result<Reply, Fault>;

impl Reply {
    /// 200 with these bytes of JSON.
    pub(super) fn json(body: Vec<u8>) -> Self {
        let body = Bytes::from(body);
        let (status, retry_after_s) = (StatusCode::OK, None);
        Self { status, body, code: "", result: 0, retry_after_s, file: None }
    }

    /// 200 with a file, which is not signed.
    pub(super) fn file(content_type: &'static str, body: Body) -> Self {
        let body = Arc::new(Mutex::new(Some(body)));
        Self { file: Some(File { content_type, body }), ..Self::json(Vec::new()) }
    }

    /// 202 with these bytes of JSON: not finished, to be asked for.
    pub(super) fn accepted(body: Vec<u8>) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::json(body) }
    }

    /// 204 without a body.
    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::json(Vec::new()) }
    }

    fn refusing(fault: &Fault, language: Language) -> Self {
        let status = StatusCode::from_u16(fault.error.code.status());
        Self {
            status: status.expect("the table of codes holds statuses"),
            body: Bytes::from(fault.error.body(language)),
            code: fault.error.code.as_str(),
            result: fault.error.result_number(),
            retry_after_s: fault.retry_after_s,
            file: None,
        }
    }
}

/// A response for the outer layer, which alone writes to the wire.
pub(super) fn with_outcome(outcome: Outcome) -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(outcome);
    response
}

pub(super) async fn answer(
    State(face): State<Arc<Face>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = face.app.shell.now();
    let id = face.random::<20>();
    let asked = Asked::of(&request, &face.app.limits.proxies);
    let matched = Matched::find(&asked.method, request.uri().path());
    let route = matched.as_ref().map_or("none", Matched::pattern);
    let method = method_name(&asked.method);
    let span = tracing::info_span!("merchant request", id = hex(&id), method, route);
    let Some(keys) = face.platform.current(&face.app).await else {
        span.in_scope(|| tracing::error!("no platform key: the answer is not signed"));
        let reply = Reply::refusing(&Code::SystemError.into(), asked.language);
        return write(reply, None, id, &asked);
    };
    let choice = keys.choose(asked.key_name.as_deref(), began);
    let named = choice.named.then(|| Arc::clone(&choice.key));
    let claim = asked.claim.clone();
    let arrival =
        Arrival { keys: Arc::clone(&keys), key_known: choice.known, named, matched, claim };
    request.extensions_mut().insert(arrival);
    let mut response = next.run(request).instrument(span.clone()).await;
    let key = match &asked.claim {
        Ok(claim) if face.certificates.is_public_key_only(&claim.mchid, &claim.serial) => {
            keys.bare(choice.key, began)
        }
        _ => choice.key,
    };
    let outcome = response.extensions_mut().remove::<Outcome>();
    let outcome = outcome.unwrap_or_else(|| Err(Code::SystemError.into()));
    let held_back = face.held_back(&outcome, asked.address);
    let (reply, signed) = match held_back {
        Some((_, seconds)) => {
            let code = limited_code(route);
            face.limited.answer(&face, &key, asked.language, (code, seconds)).await
        }
        None => {
            let mut reply = match outcome {
                Ok(reply) => reply,
                Err(fault) => Reply::refusing(&fault, asked.language),
            };
            if asked.method == Method::HEAD {
                reply.body = Bytes::new(); // It is not sent, so it must not be signed.
            }
            let signed = match reply.file {
                Some(_) => None,
                None => face.sign(&key, &reply.body).await,
            };
            (reply, signed)
        }
    };
    let micros = face.app.shell.now().since(began);
    span.in_scope(|| log(reply.status, reply.code, micros));
    count(&asked.method, route, reply.status, micros);
    let mut response = write(reply, signed.as_ref(), id, &asked);
    if let Some((whose, _)) = held_back {
        response.extensions_mut().insert(whose);
    }
    response
}

/// The code of too many calls, which products spell differently.
pub(super) fn limited_code(route: &str) -> Code {
    match route.starts_with("/v3/profitsharing/") {
        true => Code::RatelimitExceed,
        false => Code::FrequencyLimited,
    }
}

/// What the answer's headers depend on.
struct Asked {
    method: Method,
    language: Language,
    key_name: Option<String>,
    /// A hint of who signed: the key of a refusal depends on it too.
    claim: Claim,
    address: Option<IpAddr>,
    closes: bool,
}

impl Asked {
    fn of(request: &Request, proxies: &[IpAddr]) -> Self {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        Self {
            method: request.method().clone(),
            language: Language::from_header(text(ACCEPT_LANGUAGE.as_str())),
            key_name: named_key(request.headers()),
            claim: claim_of(request.headers()),
            address: address_of(request, proxies),
            closes: text(CONNECTION.as_str()).is_some_and(|value| {
                value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"))
            }),
        }
    }
}

/// A value that is no text names no key of ours; it is not the same as no value.
fn named_key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(SERIAL_HEADER)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

impl Face {
    /// Whether a call is one too many, whose, and the seconds to wait.
    fn held_back(&self, outcome: &Outcome, address: Option<IpAddr>) -> Option<(HeldBack, u32)> {
        match outcome {
            Err(fault) if fault.over_rate => {
                let wait_s = fault.retry_after_s.and_then(|wait_s| u32::try_from(wait_s).ok());
                Some((HeldBack::Merchant, wait_s.unwrap_or(1)))
            }
            _ => Some((HeldBack::Address, self.refused_address(outcome, address)?)),
        }
    }

    /// The seconds that the address of an unauthenticated request has to wait, if it has to:
    /// a signature costs us far more than a wrong request costs its sender.
    fn refused_address(&self, outcome: &Outcome, address: Option<IpAddr>) -> Option<u32> {
        let stranger = outcome.as_ref().is_err_and(|fault| fault.stranger);
        let limiter = self.app.limits.anonymous.as_ref().filter(|_| stranger)?;
        limiter.take(address?, self.app.shell.now()).err()
    }

    async fn sign(&self, key: &Arc<PlatformKey>, body: &Bytes) -> Option<SignedHeaders> {
        let (key, body) = (Arc::clone(key), body.clone());
        let (nonce, timestamp_s) = (nonce(self.random()), self.app.shell.now().seconds());
        let unsigned = Unsigned { key, body, nonce, timestamp_s };
        self.app.signers.sign(Signing::Answer, unsigned).await
    }
}

/// Answers to addresses and merchants that ask too often: signed like all others, but one signature
/// serves a whole second, so that refusing is cheap.
#[derive(Default)]
pub(super) struct LimitedAnswers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    second: i64,
    signed: HashMap<LimitedAnswer, SignedHeaders>,
}

/// What such an answer is known by: who signs it, in English or not, and its code.
type LimitedAnswer = (KeyName, bool, Code);

impl LimitedAnswers {
    async fn answer(
        &self,
        face: &Face,
        key: &Arc<PlatformKey>,
        language: Language,
        (code, wait_s): (Code, u32),
    ) -> (Reply, Option<SignedHeaders>) {
        let error = ApiError::new(code);
        let fault = Fault { retry_after_s: Some(wait_s.into()), ..error.into() };
        let reply = Reply::refusing(&fault, language);
        let second = face.app.shell.now().seconds();
        let name = (key.name.clone(), language == Language::English, code);
        if let Some(known) = self.find(second, &name) {
            return (reply, Some(known));
        }
        let signed = face.sign(key, &reply.body).await;
        if let Some(signed) = &signed {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.signed.insert(name, signed.clone());
        }
        (reply, signed)
    }

    fn find(&self, second: i64, name: &LimitedAnswer) -> Option<SignedHeaders> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.second != second {
            kept.second = second;
            kept.signed.clear();
        }
        kept.signed.get(name).cloned()
    }
}

fn write(reply: Reply, signed: Option<&SignedHeaders>, id: [u8; 20], asked: &Asked) -> Response {
    let (content_type, body) = match &reply.file {
        None => ("application/json; charset=utf-8", Body::from(reply.body)),
        Some(file) => {
            let body = file.body.lock().unwrap_or_else(PoisonError::into_inner).take();
            (file.content_type, body.unwrap_or_default())
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    if reply.status != StatusCode::NO_CONTENT {
        put(headers, CONTENT_TYPE, content_type);
    }
    put(headers, CACHE_CONTROL, "no-cache, must-revalidate");
    put(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !asked.closes {
        put(headers, CONNECTION, "keep-alive");
        put(headers, HeaderName::from_static("keep-alive"), "timeout=8");
    }
    put(headers, CONTENT_LANGUAGE, asked.language.tag());
    put(headers, HeaderName::from_static("request-id"), &request_id(id, reply.result));
    if let Some(seconds) = reply.retry_after_s {
        put(headers, RETRY_AFTER, &seconds.to_string());
    }
    for (name, value) in signed.iter().flat_map(|signed| signed.pairs()) {
        let name = HeaderName::try_from(name).expect("the protocol's names are header names");
        put(headers, name, value);
    }
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::try_from(value).expect("our header values are plain text");
    headers.insert(name, value);
}

/// As `Request-ID` spells it, so that what a merchant quotes is found in the logs.
fn hex(id: &[u8]) -> String {
    kernel::id::Hex(id).to_string().to_ascii_uppercase()
}
