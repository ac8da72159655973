//! One-time passwords by SMS, for registering and logging in.

use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::personal::phone_index;
use crate::problem::{Problem, ProblemDocument};
use crate::spelling::OtpPurposeText;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::OtpId;
use domain::user::{OtpPurpose, RequestOtp, phone_place};
use domain::validate::phone::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(request_otp))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RequestOtpBody {
    /// The phone that gets the code: 11 digits on the mainland, otherwise `+` and the country's
    /// code first.
    #[schema(example = "13800138000")]
    phone: String,
    /// What the code will be used for: `REGISTER` or `LOG_IN`.
    #[schema(value_type = OtpPurposeText)]
    purpose: OtpPurpose,
}

impl Wire for RequestOtpBody {}

/// A challenge: who enters the code that was sent proves to hold the phone.
#[derive(Serialize, ToSchema)]
pub(super) struct OtpChallenge {
    /// Its id, to be sent back with the code.
    #[schema(value_type = String)]
    id: OtpId,
    /// The phone, masked.
    phone: String,
    /// The code is valid before then, RFC 3339.
    expires_at: String,
    /// Another code can be asked for from then, RFC 3339.
    resend_at: String,
}

/// Sends a one-time password. The answer does not tell whether the phone is registered.
#[utoipa::path(
    post, path = "/v1/otp-challenges", tag = "users", operation_id = "requestOtp",
    request_body = RequestOtpBody,
    responses(
        (status = 201, description = "A code is on its way", body = OtpChallenge),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 422, description = "Not a phone number", body = ProblemDocument),
        (status = 423, description = "Logging in is locked for this phone", body = ProblemDocument),
        (status = 429, description = "Asked for too soon or too often", body = ProblemDocument),
    ),
)]
async fn request_otp(
    State(app): State<AppState>,
    Body(body): Body<RequestOtpBody>,
) -> Result<(StatusCode, Json<OtpChallenge>), Problem> {
    let phone = parse_phone(&body.phone)?;
    match body.purpose {
        OtpPurpose::Register | OtpPurpose::LogIn => {}
        // Only who is logged in asks for it, with a route of its own.
        OtpPurpose::ResetPaymentPassword => return Err(Problem::invalid("/purpose")),
    }
    let challenge = send_code(&app, &phone, body.purpose).await?;
    Ok((StatusCode::CREATED, Json(challenge)))
}

/// Sends a code to a phone.
pub(super) async fn send_code(
    app: &AppState,
    phone: &PhoneNumber,
    purpose: OtpPurpose,
) -> Result<OtpChallenge, Problem> {
    let otp = OtpId::from_bytes(app.shell.id());
    let phone_index = phone_index(&app.keys, phone);
    let sealed = app.seal(&phone_place(&phone_index), phone.as_str());
    let asked = app.engine.run(RequestOtp { otp, purpose, phone_index, phone: sealed }).await?;
    Ok(OtpChallenge {
        id: asked.otp,
        phone: phone.masked(),
        expires_at: asked.expires_at.rfc3339(),
        resend_at: asked.resend_at.rfc3339(),
    })
}

/// Reads the field `/phone`.
pub(super) fn parse_phone(text: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(text).map_err(|error| Problem::new(error.code()).at("/phone"))
}
