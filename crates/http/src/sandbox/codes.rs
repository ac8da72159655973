//! Plays a payer who shows a payment code at a till, so that a developer needs no phone.

use super::payments::Outcome;
use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(show_code))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowCodeBody {
    /// What the payer does once the code is charged, unless the charge has a header
    /// `Sandbox-Outcome`; if absent, what its amount chooses, which usually means `success`. Not
    /// one of those that pay by card: codes are paid from the balance.
    outcome: Option<Outcome>,
}

impl Wire for ShowCodeBody {}

/// A payment code that a played payer shows, for one charge.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
#[schema(as = PlayedCode)]
pub struct ShownCode {
    /// 18 digits: the `auth_code` of a charge.
    pub code: String,
    /// Until when it can be charged, RFC 3339.
    pub expires_at: String,
    /// What the payer does once it is charged, unless the charge says otherwise.
    pub outcome: Outcome,
}

/// Has a played payer show a payment code, and do something when it is charged.
#[utoipa::path(
    post, path = "/sandbox/v1/codes", tag = "sandbox", operation_id = "playCode",
    request_body = ShowCodeBody,
    responses(
        (status = 200, description = "The code", body = ShownCode),
        (status = 400, description = "No such outcome, or malformed", body = ProblemDocument),
        (status = 503, description = "The payer cannot play now", body = ProblemDocument),
    ),
)]
async fn show_code(
    State(app): State<AppState>,
    Body(body): Body<ShowCodeBody>,
) -> Result<Json<ShownCode>, Problem> {
    let people = app.people.as_deref().ok_or(Code::RouteUnknown)?;
    let outcome = body.outcome.unwrap_or(Outcome::Success);
    if !outcome.is_at_tills() {
        return Err(Problem::invalid("/outcome"));
    }
    let shown = people.show_code(outcome).await.map_err(|reason| {
        tracing::warn!(%reason, "the sandbox's payer cannot show a code");
        Problem::new(Code::SystemBusy).after(1)
    })?;
    if let (Some(inspector), Some(until)) =
        (&app.inspector, Timestamp::parse_rfc3339(&shown.expires_at))
    {
        inspector.codes.note(&shown.code, until, body.outcome).await;
    }
    Ok(Json(shown))
}
