//! Requests that happen once: the caller's key and what the request under it is.

use super::body::{self, Wire};
use crate::app::AppState;
use crate::problem::Problem;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use domain::Once;
use domain::catalogue::Code;
use kernel::keys::KeyRing;
use serde_json::Value;
use std::sync::Arc;

const HEADER: &str = "idempotency-key";

/// A body with the key under which it happens once.
pub struct Keyed<T> {
    /// The body.
    pub body: T,
    /// The key.
    pub key: RequestKey,
}

/// The caller's idempotency key together with the content of the request under it.
pub struct RequestKey {
    key: String,
    /// Method and path.
    route: String,
    /// The body without secrets; object keys are sorted, so its text is canonical.
    content: String,
    keys: Arc<KeyRing>,
}

impl RequestKey {
    /// How a command of this request happens once. `owner` is whose key it is: an id that the
    /// caller proved, or for a request before any log-in what stands for the person.
    pub fn once(&self, owner: impl Into<String>) -> Once {
        let owner = owner.into();
        let parts = [self.route.as_bytes(), owner.as_bytes(), self.content.as_bytes()];
        let fingerprint = self.keys.idempotency.hash(&parts);
        Once::Key { owner, key: self.key.clone(), fingerprint }
    }

    /// Names one try of a secret under this key: the same try sent again is the same bytes, and
    /// without our key they say nothing about the secret.
    pub fn secret_try(&self, owner: &str, secret: &str) -> [u8; 32] {
        let parts = [b"try", self.key.as_bytes(), owner.as_bytes(), secret.as_bytes()];
        self.keys.idempotency.hash(&parts)
    }
}

impl<T: Wire> FromRequest<AppState> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let key = key_of(request.headers())?;
        let route = format!("{} {}", request.method(), request.uri().path());
        let mut object = body::read(request).await?;
        let secrets = T::SECRETS.iter().filter_map(|secret| object.remove_entry(*secret));
        let secrets: Vec<(String, Value)> = secrets.collect();
        let content = serde_json::to_string(&object).expect("a map of JSON values is JSON");
        object.extend(secrets);
        let key = RequestKey { key, route, content, keys: state.keys.clone() };
        Ok(Self { body: body::shape(object)?, key })
    }
}

fn key_of(headers: &HeaderMap) -> Result<String, Problem> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let key = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fits = (16..=64).contains(&key.len()) && key.bytes().all(is_allowed);
    fits.then(|| key.to_owned()).ok_or_else(|| Code::IdempotencyKeyRequired.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn request_key(route: &str, content: &str) -> RequestKey {
        RequestKey {
            key: "0123456789abcdef".into(),
            route: route.into(),
            content: content.into(),
            keys: Arc::new(testing::keys()),
        }
    }

    #[test]
    fn a_key_has_16_to_64_letters_digits_underscores_and_hyphens() {
        let read = |key: &str| {
            key_of(&HeaderMap::from_iter([(HEADER.parse().unwrap(), key.parse().unwrap())]))
        };
        assert_eq!(read("0123456789-_aBcD").unwrap(), "0123456789-_aBcD");
        assert_eq!(read(&"x".repeat(64)).unwrap().len(), 64);
        for bad in ["", "short", "0123456789abcde", "0123456789 abcdef", "0123456789:abcdef"] {
            assert_eq!(read(bad), Err(Code::IdempotencyKeyRequired.into()), "{bad}");
        }
        assert!(read(&"x".repeat(65)).is_err());
        assert!(key_of(&HeaderMap::new()).is_err());
    }

    #[test]
    fn another_route_caller_or_content_is_another_request() {
        let first = request_key("POST /v1/a", "{}");
        let same = request_key("POST /v1/a", "{}");
        assert_eq!(first.once("usr_1"), same.once("usr_1"));
        assert_ne!(first.once("usr_1"), first.once("usr_2"));
        assert_ne!(first.once("usr_1"), request_key("POST /v1/b", "{}").once("usr_1"));
        assert_ne!(first.once("usr_1"), request_key("POST /v1/a", "{\"a\":1}").once("usr_1"));
    }

    #[test]
    fn the_same_try_of_a_secret_has_the_same_name() {
        let key = request_key("POST /v1/a", "{}");
        assert_eq!(key.secret_try("wal_1", "123456"), key.secret_try("wal_1", "123456"));
        assert_ne!(key.secret_try("wal_1", "123456"), key.secret_try("wal_1", "123457"));
    }
}
