//! How an answer reaches the caller, or does not. What the bank did is decided and stored before.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http_body_util::{Full, Limited};
use serde::Serialize;

use crate::scenario::Behaviour;

/// What happens to an answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It arrives.
    AtOnce,
    /// It arrives after the caller has given up.
    Late,
    /// The connection breaks.
    Lost,
    /// Something else arrives.
    Garbled,
    /// The bank is too busy and does nothing.
    Busy,
}

impl Delivery {
    /// How the first answer under this behaviour is delivered, once the bank has done its part.
    pub fn of(behaviour: &Behaviour) -> Self {
        match behaviour {
            Behaviour::Late => Self::Late,
            Behaviour::Lost => Self::Lost,
            Behaviour::Garbled => Self::Garbled,
            Behaviour::Agree
            | Behaviour::Decline(_)
            | Behaviour::AgreeAfter(_)
            | Behaviour::DeclineAfter(..)
            | Behaviour::Double
            | Behaviour::DeclinedThenDone
            | Behaviour::DoneThenReturned
            | Behaviour::NeverArrives
            | Behaviour::Busy => Self::AtOnce,
        }
    }

    /// What a bank under this behaviour does instead of looking at the request at all, given how
    /// often it has come.
    pub fn instead(behaviour: &Behaviour, attempt: i64) -> Option<Self> {
        match (behaviour, attempt) {
            (Behaviour::NeverArrives, ..=1) => Some(Self::Lost),
            (Behaviour::Busy, ..=2) => Some(Self::Busy),
            _ => None,
        }
    }

    /// Sends the answer this way; `late_after` is how long a late one waits.
    pub async fn send(self, answer: &impl Serialize, late_after: Duration) -> Response {
        match self {
            Self::AtOnce => Json(answer).into_response(),
            Self::Late => {
                tokio::time::sleep(late_after).await;
                Json(answer).into_response()
            }
            Self::Lost => broken_connection(),
            Self::Garbled => "<html>502 - upstream said: ????".into_response(),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy").into_response(),
        }
    }
}

/// A body that fails while it is sent makes the server close the connection in the middle.
fn broken_connection() -> Response {
    Response::new(Body::new(Limited::new(Full::from("lost"), 1)))
}
