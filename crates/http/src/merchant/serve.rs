//! One request: its bytes, its sender, its call.

use super::answer::{Outcome, Reply, with_outcome};
use super::authenticate::authenticate;
use super::call::Call;
use super::fault::Fault;
use super::platform_keys::KeySet;
use super::{Face, orders, refunds};
use apiv3::aead::AeadNonce;
use apiv3::certificates;
use apiv3::code::Code;
use apiv3::error::{ApiError, FieldError, Location};
use apiv3::issue::Issue;
use apiv3::request::BODY_LIMITS;
use apiv3::sealed::open_apiv3_key;
use apiv3::sign::SERIAL_HEADER;
use apiv3::strict_json::JsonFault;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::merchant::Merchant;
use http_body_util::LengthLimitError;
use std::error::Error;
use std::sync::Arc;
use store::queries;
use tracing::Instrument;

/// What the outer layer already read of a request.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) keys: Arc<KeySet>,
    /// Whether the platform key that the caller named is one of ours.
    pub(super) key_known: bool,
    pub(super) call: Result<Call, ApiError>,
}

/// Reads the body and serves the call in a task of its own, so that a panic costs one answer and a
/// caller who leaves interrupts nothing.
pub(super) async fn serve(State(face): State<Arc<Face>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    with_outcome(match to_bytes(body, BODY_LIMITS.bytes_max).await {
        Err(error) => Err(Fault::of_stranger(unreadable(&error))),
        Ok(body) => {
            let task = tokio::spawn(outcome(face, parts, body).in_current_span());
            task.await.unwrap_or_else(|error| Err(Fault::defect(&error.to_string())))
        }
    })
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
    let mchid = authenticate(&face, &parts, target, &body).await?;
    let arrival = parts.extensions.get::<Arrival>();
    let arrival = arrival.ok_or_else(|| Fault::defect("a request without arrival"))?;
    if !arrival.key_known {
        let name = SERIAL_HEADER.to_owned();
        return Err(FieldError::new(Location::Header, name, None, Issue::PlatformKey).into());
    }
    let query = parts.uri.query();
    match arrival.call.clone()? {
        Call::Certificates => certificates(&face, arrival, &mchid, query).await,
        Call::CreateOrder(call) => orders::create(&face, call, &mchid, &body).await,
        Call::OrderByTransaction(id) => orders::by_transaction(&face, id, &mchid, query).await,
        Call::OrderByNumber(number) => orders::by_number(&face, number, &mchid, query).await,
        Call::CloseOrder(number) => orders::close(&face, number, &mchid, &body).await,
        Call::CreateRefund => refunds::create(&face, &mchid, &body).await,
        Call::Refund(number) => refunds::show(&face, number, &mchid, query).await,
    }
}

async fn certificates(
    face: &Face,
    arrival: &Arrival,
    mchid: &str,
    query: Option<&str>,
) -> Result<Reply, Fault> {
    certificates::check_query(query)?;
    let key = mchid.to_owned();
    let merchant = queries::find::<Merchant>(face.app.queries.as_ref(), &key).await?;
    let merchant = merchant.ok_or_else(|| Fault::defect("a certificate without merchant"))?;
    let key = open_apiv3_key(&face.app.keys.personal_data, &merchant);
    let key = key.map_err(|error| Fault::defect(&format!("APIv3 key of {mchid}: {error}")))?;
    let valid: Vec<_> = arrival
        .keys
        .certificates(face.app.shell.now())
        .map(|certificate| (certificate, AeadNonce::from_random(face.random())))
        .collect();
    if valid.is_empty() {
        return Err(Code::NotFound.into());
    }
    Ok(Reply::json(certificates::answer(valid, &key)))
}
