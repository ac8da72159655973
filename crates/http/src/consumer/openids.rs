//! The name that the caller has under a merchant's app id: always the same, and of no use
//! elsewhere.

use crate::app::AppState;
use crate::extract::{Body, Caller, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::ids::UserId;
use domain::merchant::{IssueOpenid, Openid, OpenidKeys};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(issue_openid))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueOpenidBody {
    /// The merchant's number.
    #[schema(example = "1900000001")]
    mchid: String,
    /// An app id of that merchant.
    #[schema(example = "wx0123456789abcdef")]
    appid: String,
}

impl Wire for IssueOpenidBody {}

/// The caller's name under an app id.
#[derive(Serialize, ToSchema)]
struct OpenidAnswer {
    /// 28 characters.
    openid: String,
}

/// Agrees to be known to a merchant's app, and gives the name that the app then uses.
#[utoipa::path(
    post, path = "/v1/openids", tag = "orders", operation_id = "issueOpenid",
    security(("session" = [])),
    request_body = IssueOpenidBody,
    responses(
        (status = 200, description = "The name", body = OpenidAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The merchant has no such app id", body = ProblemDocument),
    ),
)]
async fn issue_openid(
    State(app): State<AppState>,
    caller: Caller,
    Body(IssueOpenidBody { mchid, appid }): Body<IssueOpenidBody>,
) -> Result<Json<OpenidAnswer>, Problem> {
    let openid = openid_of(&app, &appid, caller.user).await?;
    let command = IssueOpenid { user: caller.user, appid, mchid, openid };
    let openid = app.engine.run(command).await?;
    Ok(Json(OpenidAnswer { openid }))
}

/// The name that a user has under an app id, whether or not it was given out yet.
pub(super) async fn openid_of(
    app: &AppState,
    appid: &str,
    user: UserId,
) -> Result<String, Problem> {
    let keys = OpenidKeys::of(&app.keys);
    for openid in keys.older(appid, user) {
        if find::<Openid>(app.queries.as_ref(), &openid).await?.is_some() {
            return Ok(openid);
        }
    }
    Ok(keys.newest(appid, user))
}
