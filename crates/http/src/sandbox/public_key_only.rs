//! Whether a merchant gets certificates of the platform: an operator's choice, which in the sandbox
//! is the developer's.

use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::merchant::SetPublicKeyOnly;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(set_public_key_only))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublicKeyOnlyBody {
    /// The merchant's number.
    mchid: String,
    /// Whether it gets no certificates and knows the platform's bare public key alone.
    public_key_only: bool,
}

impl Wire for PublicKeyOnlyBody {}

/// Takes the platform's certificates from a merchant, or gives them back.
#[utoipa::path(
    post, path = "/sandbox/v1/public-key-only", tag = "sandbox",
    operation_id = "setPublicKeyOnly",
    request_body = PublicKeyOnlyBody,
    responses(
        (status = 200, description = "It is so from now on", body = PublicKeyOnlyBody),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 404, description = "No such merchant", body = ProblemDocument),
    ),
)]
async fn set_public_key_only(
    State(app): State<AppState>,
    Body(wanted): Body<PublicKeyOnlyBody>,
) -> Result<Json<PublicKeyOnlyBody>, Problem> {
    let (mchid, public_key_only) = (wanted.mchid.clone(), wanted.public_key_only);
    app.engine.run(SetPublicKeyOnly { mchid, public_key_only }).await?;
    Ok(Json(wanted))
}
