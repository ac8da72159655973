//! What the forms of the sandbox's pages send.

use super::payments::Outcome;
use crate::problem::Problem;
use apiv3::target::percent_decode;
use axum::http::HeaderMap;

/// The fields of a form of our own page.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form. Another site's page may send one too, so its origin is looked at.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
        if site.is_some_and(|site| ![b"same-origin".as_slice(), b"none"].contains(&site)) {
            return Err(Problem::invalid("/origin"));
        }
        let body = std::str::from_utf8(body).map_err(|_| Problem::invalid(""))?;
        let decoded = |text: &str| {
            let bytes = percent_decode(&text.replace('+', " "));
            bytes.and_then(|bytes| String::from_utf8(bytes).ok())
        };
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let read = pairs.map(|(name, value)| Some((decoded(name)?, decoded(value)?)));
        Ok(Self(read.collect::<Option<_>>().ok_or_else(|| Problem::invalid(""))?))
    }

    /// A field; empty if there is none of this name.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn number(&self, name: &str) -> Result<i64, Problem> {
        self.text(name).parse().map_err(|_| Problem::invalid(format!("/{name}")))
    }

    /// What the payer shall do; nothing when the order says it.
    pub(super) fn outcome(&self) -> Result<Option<Outcome>, Problem> {
        match self.text("outcome") {
            "" => Ok(None),
            name => Outcome::named(name).map(Some).ok_or_else(|| Problem::invalid("/outcome")),
        }
    }
}
