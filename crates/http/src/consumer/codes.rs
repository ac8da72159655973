//! What a scanned code asks for.

use super::order_view::{OrderAnswer, show};
use crate::app::AppState;
use crate::extract::{Body, Caller, Reader, Wire};
use crate::problem::{Problem, ProblemDocument};
use apiv3::create::parse_code_url;
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(resolve_code))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResolveCodeBody {
    /// The text of the code.
    code: String,
}

impl Wire for ResolveCodeBody {}

/// Tells what a code asks for: merchant, amount, and whether it can still be paid. Nothing changes.
#[utoipa::path(
    post, path = "/v1/codes/resolve", tag = "orders", operation_id = "resolveCode",
    security(("session" = [])),
    request_body = ResolveCodeBody,
    responses(
        (status = 200, description = "The order", body = OrderAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No such order", body = ProblemDocument),
        (status = 422, description = "Not a code of ours", body = ProblemDocument),
    ),
)]
async fn resolve_code(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Body(body): Body<ResolveCodeBody>,
) -> Result<Json<OrderAnswer>, Problem> {
    let order_ref = parse_code_url(body.code.trim())
        .ok_or_else(|| Problem::new(Code::QrInvalid).at("/code"))?;
    show(&app, &caller, language, order_ref).await.map(Json)
}
