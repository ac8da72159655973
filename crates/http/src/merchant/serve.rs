//! One request: its bytes, its sender, its call.

use super::Face;
use super::answer::{Outcome, with_outcome};
use super::authenticate::{Claim, authenticate};
use super::call::Call;
use super::fault::Fault;
use super::platform_keys::KeySet;
use super::rates::Family;
use super::route::{Matched, Signed};
use super::trials;
use crate::sandbox::{CallNotes, Signature, Wishes};
use apiv3::code::Code;
use apiv3::error::{ApiError, FieldError, Location};
use apiv3::issue::Issue;
use apiv3::key_name::KeyName;
use apiv3::request::{BODY_LIMITS, LARGE_BYTES_MAX};
use apiv3::sign::{PlatformKey, SERIAL_HEADER};
use apiv3::strict_json::JsonFault;
use apiv3::upload::{UPLOAD_BYTES_MAX, signed_part};
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::response::Response;
use http_body_util::LengthLimitError;
use kernel::crypto::sha256;
use std::error::Error;
use std::sync::Arc;
use tracing::Instrument;

/// What the outer layer already read of a request.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) keys: Arc<KeySet>,
    /// Whether the platform key that the caller named, if it named one, is one of ours.
    pub(super) key_known: bool,
    /// That key.
    pub(super) named: Option<Arc<PlatformKey>>,
    pub(super) matched: Result<Matched, ApiError>,
    /// Who says to have signed.
    pub(super) claim: Claim,
}

/// Put into the extensions of a request by a listener that speaks TLS itself.
#[derive(Clone, Copy, Debug)]
pub struct OverTls;

/// Reads the body and serves the call in a task of its own, so that a panic costs one answer and a
/// caller who leaves interrupts nothing.
pub(super) async fn serve(State(face): State<Arc<Face>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes_max = match signed(&parts) {
        Signed::Whole => BODY_LIMITS.bytes_max,
        Signed::Large => LARGE_BYTES_MAX,
        Signed::Meta => UPLOAD_BYTES_MAX,
    };
    with_outcome(match to_bytes(body, bytes_max).await {
        Err(error) => Err(Fault::of_stranger(unreadable(&error))),
        Ok(body) => {
            let task = tokio::spawn(outcome(face, parts, body).in_current_span());
            task.await.unwrap_or_else(|error| Err(Fault::defect(&error.to_string())))
        }
    })
}

/// What of the body the route of a request signs.
fn signed(parts: &Parts) -> Signed {
    let arrival = parts.extensions.get::<Arrival>();
    let matched = arrival.and_then(|arrival| arrival.matched.as_ref().ok());
    matched.map_or(Signed::Whole, Matched::signed)
}

fn unreadable(error: &axum::Error) -> ApiError {
    if error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
        let issue = Issue::Json(JsonFault::TooLarge);
        return FieldError::new(Location::Body, String::new(), None, issue).into();
    }
    ApiError::saying(Code::InvalidRequest, "请求体不完整", "the body ended early")
}

async fn outcome(face: Arc<Face>, parts: Parts, body: Bytes) -> Outcome {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // Without its signed part an upload is checked as if that were empty.
    let checked = match signed(&parts) {
        Signed::Whole | Signed::Large => body.as_ref(),
        Signed::Meta => signed_part(content_type, &body).unwrap_or_default(),
    };
    let arrival = parts.extensions.get::<Arrival>();
    let arrival = arrival.ok_or_else(|| Fault::defect("a request without arrival"))?;
    let authenticated = authenticate(&face, &parts, &arrival.claim, target, checked).await;
    if let Some(notes) = parts.extensions.get::<CallNotes>() {
        tell(notes, &parts, &authenticated);
    }
    let (mchid, known) = authenticated?;
    let family = arrival.matched.as_ref().map_or(Family::Others, Matched::family);
    face.count_call(&mchid, family).map_err(Fault::over_rate)?;
    // A certificate is nobody's key for who gets none.
    let names_certificate =
        arrival.named.as_ref().is_some_and(|key| matches!(key.name, KeyName::Certificate(_)));
    if !arrival.key_known || (known.public_key_only && names_certificate) {
        let name = SERIAL_HEADER.to_owned();
        return Err(FieldError::new(Location::Header, name, None, Issue::PlatformKey).into());
    }
    trials::serve(Call {
        matched: arrival.matched.clone()?,
        keys: Arc::clone(&arrival.keys),
        named: arrival.named.clone(),
        query: parts.uri.query().map(str::to_owned),
        gateway: gateway(&parts),
        content_type: content_type.map(str::to_owned),
        face: Arc::clone(&face),
        mchid,
        certificate: known.certificate,
        name: name_of(&parts),
        wish: Wishes::of(&parts.headers),
        body,
    })
    .await
}

/// What names a request whose signature holds.
fn name_of(parts: &Parts) -> [u8; 32] {
    let header = parts.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    sha256(&[b"request/1\n", header.unwrap_or_default()])
}

/// Tells a sandbox what became of the signature; a request that was refused for something else, or
/// not at all, has none that was checked.
fn tell<T>(notes: &CallNotes, parts: &Parts, authenticated: &Result<T, Fault>) {
    match authenticated {
        Ok(_) => notes.signature_is(Signature::Right),
        Err(fault) if fault.error.code == Code::SignError => {
            let is_there = parts.headers.contains_key(AUTHORIZATION);
            notes.signature_is(if is_there { Signature::Wrong } else { Signature::Missing });
        }
        Err(_) => {}
    }
}

/// Behind TLS or a proxy that ends it, the scheme is https; so it is where the host names no port.
fn gateway(parts: &Parts) -> String {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").unwrap_or("localhost");
    let plain = host.contains(':') && text("x-forwarded-proto") != Some("https");
    let plain = plain && parts.extensions.get::<OverTls>().is_none();
    format!("{}://{host}", if plain { "http" } else { "https" })
}
