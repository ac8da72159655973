//! Requests the bank cannot answer: not a business answer, so never a yes or a no.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a request got no business answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// 400: a field is missing or out of range.
    #[error("bad request: {0}")]
    Bad(&'static str),
    /// 401: the shared secret is wrong or missing.
    #[error("the shared secret is wrong or missing")]
    Unauthorized,
    /// 404: no request with this id was ever seen.
    #[error("no request with this id was ever seen")]
    NotSeen,
    /// 409: the id was used with other content.
    #[error("the request id was used with other content")]
    Conflict,
    /// 500: the bank's own database failed.
    #[error("database failed")]
    Database(#[from] rusqlite::Error),
    /// 500: a stored row cannot be read.
    #[error("stored answer is unreadable")]
    Stored(#[from] serde_json::Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match &self {
            Self::Bad(_) => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::NotSeen => (StatusCode::NOT_FOUND, "NOT_SEEN"),
            Self::Conflict => (StatusCode::CONFLICT, "CONFLICT"),
            Self::Database(_) | Self::Stored(_) => {
                tracing::error!(error = ?self, "sandbox bank failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
            }
        };
        let body = serde_json::json!({ "error": error, "message": self.to_string() });
        (status, Json(body)).into_response()
    }
}

/// Refuses ids that are empty, longer than 64 bytes, or not plain text.
pub(crate) fn check_request_id(id: &str) -> Result<(), Failure> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    if id.is_empty() || id.len() > 64 || !plain {
        return Err(Failure::Bad("request_id is 1 to 64 letters, digits, - _ . or :"));
    }
    Ok(())
}
