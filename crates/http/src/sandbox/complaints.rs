//! Plays a payer who complains about what it paid, and what that payer does then, so that a
//! developer needs no phone.

use crate::app::AppState;
use crate::consumer::complaints::Number;
use crate::extract::{Body, Id, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(complain)).routes(routes!(go_on))
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

/// What the played payer does next about its complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComplainantAction {
    /// Says something.
    Respond,
    /// Wants nothing any more.
    Withdraw,
    /// Says that it is settled.
    Confirm,
    /// Says that it is not settled, though the merchant says so.
    Reopen,
    /// Asks the platform to step in.
    ApplyPlatformService,
    /// Asks that no more.
    CancelPlatformService,
    /// Is satisfied with what came of it.
    Satisfied,
    /// Is not.
    Unsatisfied,
}

/// What the played payer does, and in which words.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlayedComplaintStepBody)]
pub struct ComplaintMove {
    /// What it does.
    pub action: ComplainantAction,
    /// In which words, if it says something; usual ones if absent.
    pub content: Option<String>,
}

impl Wire for ComplaintMove {}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
#[schema(as = PlayedComplaint)]
pub struct Complained {
    /// The number of the complaint, if there is one now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub complaint_id: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<String>,
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
    people.complain(grievance).await.map(Json).map_err(cannot)
}

/// Plays what a payer does next about a complaint that it filed.
#[utoipa::path(
    post, path = "/sandbox/v1/complaints/{id}", tag = "sandbox", operation_id = "playComplaintStep",
    params(("id" = String, Path, description = "The complaint's number")),
    request_body = ComplaintMove,
    responses(
        (status = 200, description = "What the payer was told", body = Complained),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 503, description = "The payer cannot play now", body = ProblemDocument),
    ),
)]
async fn go_on(
    State(app): State<AppState>,
    Id(Number(id)): Id<Number>,
    Body(step): Body<ComplaintMove>,
) -> Result<Json<Complained>, Problem> {
    let people = app.people.as_deref().ok_or(Code::RouteUnknown)?;
    people.go_on_complaining(id, step).await.map(Json).map_err(cannot)
}

fn cannot(reason: String) -> Problem {
    tracing::warn!(%reason, "the sandbox's payer cannot complain");
    Problem::new(Code::SystemBusy).after(1)
}
