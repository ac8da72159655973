//! With which of the platform's keys a merchant is notified: an operator's choice, which in the
//! sandbox is the developer's.

use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::merchant::{ChooseNotificationKey, KeyPace, PlatformKeyKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(choose_key))
}

/// A kind of the platform's keys.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SigningKey {
    Certificate,
    PublicKey,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NotificationKeyBody {
    /// The merchant's number.
    mchid: String,
    /// The kind of key that signs its notifications from now on.
    key: SigningKey,
    /// Whether they go over to it gradually, over seven days of business time.
    #[serde(default)]
    gradually: bool,
}

impl Wire for NotificationKeyBody {}

/// Chooses which of the platform's keys signs a merchant's notifications.
#[utoipa::path(
    post, path = "/sandbox/v1/notification-keys", tag = "sandbox",
    operation_id = "chooseNotificationKey",
    request_body = NotificationKeyBody,
    responses(
        (status = 200, description = "It signs from now on", body = NotificationKeyBody),
        (status = 400, description = "No such kind of key, or malformed", body = ProblemDocument),
        (status = 404, description = "No such merchant", body = ProblemDocument),
    ),
)]
async fn choose_key(
    State(app): State<AppState>,
    Body(chosen): Body<NotificationKeyBody>,
) -> Result<Json<NotificationKeyBody>, Problem> {
    let mchid = chosen.mchid.clone();
    let kind = match chosen.key {
        SigningKey::Certificate => PlatformKeyKind::Certificate,
        SigningKey::PublicKey => PlatformKeyKind::PublicKey,
    };
    let pace = if chosen.gradually { KeyPace::Gradual } else { KeyPace::AtOnce };
    app.engine.run(ChooseNotificationKey { mchid, kind, pace }).await?;
    Ok(Json(chosen))
}
