//! Plays a payer who complains about what it paid, so that a developer needs no phone.

use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(complain))
}

/// What the played payer complains about.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlayedComplaintBody)]
pub struct Grievance {
    /// The number of a payment that the played payer made.
    pub transaction_id: String,
    /// The payer's words; a usual complaint if absent.
    pub detail: Option<String>,
    /// What the payer wants back, in fen; nothing if absent.
    pub apply_refund: Option<i64>,
}

impl Wire for Grievance {}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
#[schema(as = PlayedComplaint)]
pub struct Complained {
    /// The number of the complaint, if there is one now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub complaint_id: Option<String>,
    /// What the payer was told, if not: a code of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// The same in English.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
}

/// Plays a payer who complains about a payment.
#[utoipa::path(
    post, path = "/sandbox/v1/complaints", tag = "sandbox", operation_id = "playComplaint",
    request_body = Grievance,
    responses(
        (status = 200, description = "What the payer was told", body = Complained),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 503, description = "The payer cannot play now", body = ProblemDocument),
    ),
)]
async fn complain(
    State(app): State<AppState>,
    Body(grievance): Body<Grievance>,
) -> Result<Json<Complained>, Problem> {
    let people = app.people.as_deref().ok_or(Code::RouteUnknown)?;
    people.complain(grievance).await.map(Json).map_err(|reason| {
        tracing::warn!(%reason, "the sandbox's payer cannot complain");
        Problem::new(Code::SystemBusy).after(1)
    })
}
