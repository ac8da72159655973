//! The name that the caller has under a merchant's app id: always the same, and of no use
//! elsewhere.

use crate::app::AppState;
use crate::extract::{Body, Caller, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::UserId;
use domain::merchant::{IssueOpenid, Openid};
use kernel::crypto::{Key32, keyed_hash};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Bytes of an openid, which are 28 characters.
const OPENID_BYTES: usize = 21;

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

/// The name that a user has under an app id, whether or not it was given out yet. Under a key that
/// was replaced it stays what it was when it was given out.
pub(super) async fn openid_of(
    app: &AppState,
    appid: &str,
    user: UserId,
) -> Result<String, Problem> {
    let mut keys = app.keys.openid.all();
    let newest = keys.next().map(|(_, key)| under(key, appid, user));
    for (_, key) in keys {
        let openid = under(key, appid, user);
        if find::<Openid>(app.queries.as_ref(), &openid).await?.is_some() {
            return Ok(openid);
        }
    }
    Ok(newest.expect("a ring of keys is never empty"))
}

fn under(key: &Key32, appid: &str, user: UserId) -> String {
    let hash = keyed_hash(key, &[appid.as_bytes(), &user.bytes()]);
    URL_SAFE_NO_PAD.encode(&hash[..OPENID_BYTES])
}
