//! The caller.

use crate::app::AppState;
use crate::extract::Caller;
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::ids::{DeviceId, UserId, WalletId};
use domain::user::{Device, User, phone_place};
use domain::validate::masking;
use serde::Serialize;
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(get_me))
}

/// The user of this session.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The user's id.
    #[schema(value_type = String)]
    id: UserId,
    /// The phone, masked.
    phone: String,
    /// The wallet, once there is one.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<WalletId>,
    /// When the user registered, RFC 3339.
    registered_at: String,
    /// What this session was begun on.
    device: MyDevice,
}

#[derive(Serialize, ToSchema)]
struct MyDevice {
    /// The device's id.
    #[schema(value_type = String)]
    id: DeviceId,
    /// What its owner calls it.
    name: String,
    /// When the user logged in on it first, RFC 3339.
    first_at: String,
}

/// Shows who the caller is.
#[utoipa::path(
    get, path = "/v1/me", tag = "users", operation_id = "getMe", security(("session" = [])),
    responses(
        (status = 200, description = "The caller", body = Me),
        (status = 401, description = "No valid session", body = ProblemDocument),
    ),
)]
async fn get_me(State(app): State<AppState>, caller: Caller) -> Result<Json<Me>, Problem> {
    let queries = app.queries.as_ref();
    let user = find::<User>(queries, &caller.user).await?.ok_or(Code::SessionExpired)?;
    let device = find::<Device>(queries, &(user.id, caller.device)).await?;
    let device = device.ok_or(Code::SystemError)?;
    let phone = app.unseal(&phone_place(&user.phone_index), &user.phone)?;
    Ok(Json(Me {
        id: user.id,
        phone: masking::phone(&phone),
        wallet: user.wallet,
        registered_at: user.registered_at.rfc3339(),
        device: MyDevice { id: device.id, name: device.name, first_at: device.first_at.rfc3339() },
    }))
}
