//! The language of the person who reads the answer.

use apiv3::language::Language as Header;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use domain::catalogue::Language;
use std::convert::Infallible;

/// The language of the answer's texts, by `Accept-Language`; zh-CN when nothing fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader(pub Language);

impl Reader {
    /// Reads the header.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self(match Header::from_header(header) {
            Header::Chinese => Language::ZhCn,
            Header::English => Language::En,
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}
