//! Becoming a user.

use super::sessions::{ProvenPhone, SignInAnswer, SignInBody};
use crate::app::AppState;
use crate::extract::Body;
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::UserId;
use domain::user::{OtpPurpose, Register, phone_place};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(register))
}

/// Registers the holder of a phone and logs them in. One who is registered already is logged in.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", operation_id = "register",
    request_body = SignInBody,
    responses(
        (status = 201, description = "Logged in", body = SignInAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 409, description = "The code was used or is for something else",
            body = ProblemDocument),
        (status = 410, description = "The code is too old", body = ProblemDocument),
        (status = 422, description = "Wrong code, or not a phone number", body = ProblemDocument),
        (status = 429, description = "Too many wrong codes", body = ProblemDocument),
        (status = 502, description = "The code could not be sent", body = ProblemDocument),
    ),
)]
async fn register(
    State(app): State<AppState>,
    Body(body): Body<SignInBody>,
) -> Result<(StatusCode, Json<SignInAnswer>), Problem> {
    let ProvenPhone { otp, tried, phone, phone_index, session, token } =
        body.read(&app, OtpPurpose::Register)?;
    let sealed = app.seal(&phone_place(&phone_index), phone.as_str());
    let user = UserId::from_bytes(app.shell.id());
    let command = Register { otp, tried, phone_index, phone: sealed, user, session };
    let signed_in = app.engine.run(command).await?;
    Ok((StatusCode::CREATED, Json(SignInAnswer::new(signed_in, token))))
}
