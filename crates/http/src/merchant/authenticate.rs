//! Who sent a request: the checks before anything in it is believed, in the protocol's order.

use super::Face;
use super::certificate_cache::Known;
use super::fault::Fault;
use apiv3::authorization::{Authorization, RawRequest, SignatureFault};
use apiv3::code::Code;
use apiv3::error::ApiError;
use axum::http::header::{ACCEPT, AUTHORIZATION, HeaderMap, USER_AGENT};
use axum::http::request::Parts;
use std::sync::Arc;

const HEADERS_INCOMPLETE: ApiError = ApiError::saying(
    Code::InvalidRequest,
    "HTTP 头信息不完整，缺少 Accept 或 User-Agent",
    "header information incomplete: Accept or User-Agent is missing",
);

/// Who says to have signed a request, with what. It is read once, before anything is believed.
pub(super) type Claim = Result<Arc<Authorization>, SignatureFault>;

/// Checks headers, merchant and certificate, time, signature and nonce; gives the merchant's
/// number and what it is known by.
///
/// # Errors
/// INVALID_REQUEST for missing headers, SIGN_ERROR for all that follows.
pub(super) async fn authenticate(
    face: &Face,
    parts: &Parts,
    claim: &Claim,
    target: &str,
    body: &[u8],
) -> Result<(String, Known), Fault> {
    if !has_text(&parts.headers, ACCEPT) || !has_text(&parts.headers, USER_AGENT) {
        return Err(Fault::of_stranger(HEADERS_INCOMPLETE));
    }
    let refused = |fault| Fault::of_stranger(ApiError::signature(fault));
    let signed = claim.as_ref().map_err(|fault| refused(fault.clone()))?;
    let (app, now) = (&face.app, face.app.shell.now());
    let known =
        face.certificates.find(app.queries.as_ref(), &signed.mchid, &signed.serial, now).await?;
    let known = known.ok_or(SignatureFault::UnknownSerial).map_err(refused)?;
    signed.check_time(now.seconds()).map_err(refused)?;
    let request = RawRequest { method: parts.method.as_str(), target, body };
    let key = &known.certificate.public_key;
    signed.verify(key, &request).map_err(|fault| match app.sandbox {
        Some(_) => refused(fault.diagnosed(signed, key, &request)),
        None => refused(fault),
    })?;
    let (mchid, nonce) = (&signed.mchid, &signed.nonce);
    if !face.nonces.remember(mchid, nonce, &signed.signature, now.seconds()) {
        return Err(refused(SignatureFault::NonceReused));
    }
    Ok((signed.mchid.clone(), known))
}

/// Reads what the headers of a request claim.
pub(super) fn claim_of(headers: &HeaderMap) -> Claim {
    Authorization::parse(authorization(headers)?).map(Arc::new)
}

fn authorization(headers: &HeaderMap) -> Result<&str, SignatureFault> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = all.next().ok_or(SignatureFault::HeaderMissing)?;
    let text = header.to_str().map_err(|_| SignatureFault::HeaderSyntax)?;
    if all.next().is_some() { Err(SignatureFault::HeaderSyntax) } else { Ok(text) }
}

fn has_text(headers: &HeaderMap, name: axum::http::HeaderName) -> bool {
    headers.get(name).is_some_and(|value| !value.is_empty())
}
