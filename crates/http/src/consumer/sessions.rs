//! Logging in on a device, and out again.

use super::otp_challenges::parse_phone;
use crate::app::AppState;
use crate::extract::{Body, Caller, SessionToken, Wire};
use crate::personal::phone_index;
use crate::problem::{Problem, ProblemDocument};
use crate::secret::Secret;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::{DeviceId, OtpId, UserId, WalletId};
use domain::user::{LogIn, LogOut, NewSession, OtpPurpose, OtpTry, SignedIn};
use domain::validate::phone::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest name of a device, in characters.
const DEVICE_NAME_MAX: usize = 64;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(log_in)).routes(routes!(log_out))
}

/// What somebody sends who was sent a one-time password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInBody {
    /// The challenge's id.
    #[schema(value_type = String)]
    otp_challenge: OtpId,
    /// The phone that got the code.
    #[schema(example = "13800138000")]
    phone: String,
    /// The six digits of the message.
    code: Secret,
    /// What is logged in on.
    device: DeviceBody,
}

impl Wire for SignInBody {
    const SECRETS: &'static [&'static str] = &["code"];
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceBody {
    /// The id that this device got at its first log-in; left out at the first one.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    id: Option<DeviceId>,
    /// What its owner calls it, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64, example = "My phone")]
    name: String,
}

/// A sign-in as a command takes it, and the token that is handed out if it is done.
pub(super) struct ProvenPhone {
    pub(super) otp: OtpId,
    pub(super) tried: OtpTry,
    pub(super) phone: PhoneNumber,
    pub(super) phone_index: [u8; 32],
    pub(super) session: NewSession,
    pub(super) token: SessionToken,
}

impl SignInBody {
    /// Reads the fields, compares the code and draws a token.
    pub(super) fn read(self, app: &AppState, purpose: OtpPurpose) -> Result<ProvenPhone, Problem> {
        let phone = parse_phone(&self.phone)?;
        let device_name = self.device.name.trim();
        let length = device_name.chars().count();
        let is_named = (1..=DEVICE_NAME_MAX).contains(&length);
        if !is_named || device_name.chars().any(is_invisible) {
            return Err(Problem::invalid("/device/name"));
        }
        let token = SessionToken::draw(app.shell.as_ref());
        let otp = self.otp_challenge;
        Ok(ProvenPhone {
            otp,
            tried: OtpTry::enter(&app.keys, otp, purpose, self.code.expose()),
            phone_index: phone_index(&app.keys, &phone),
            phone,
            session: NewSession {
                device: self.device.id.unwrap_or(DeviceId::from_bytes(app.shell.id())),
                device_name: device_name.to_owned(),
                token_hash: token.hash,
            },
            token,
        })
    }
}

/// Whether it changes how the text around it looks without being seen: a name with it could pass
/// for another one in a list of devices. Controls, separators of lines, format characters.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
                | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Somebody is logged in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignInAnswer {
    /// The bearer token of this session: 43 characters, shown once. It ends 30 days after its last
    /// use and 180 days after this log-in, unless the operator chose otherwise.
    token: String,
    /// The user.
    #[schema(value_type = String)]
    user: UserId,
    /// The device's id, to be sent at its next log-in.
    #[schema(value_type = String)]
    device: DeviceId,
    /// The wallet, once there is one.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<WalletId>,
    /// Whether the user is new.
    is_new: bool,
}

impl SignInAnswer {
    pub(super) fn new(signed_in: SignedIn, token: SessionToken) -> Self {
        let SignedIn { user, device, wallet, is_new } = signed_in;
        Self { token: token.into_text(), user, device, wallet, is_new }
    }
}

/// Logs in on a device with a one-time password.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "users", operation_id = "logIn",
    request_body = SignInBody,
    responses(
        (status = 201, description = "Logged in", body = SignInAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 404, description = "The code is right, and the phone is not registered",
            body = ProblemDocument),
        (status = 409, description = "The code was used or is for something else",
            body = ProblemDocument),
        (status = 410, description = "The code is too old", body = ProblemDocument),
        (status = 422, description = "Wrong code, or not a phone number", body = ProblemDocument),
        (status = 429, description = "Too many wrong codes", body = ProblemDocument),
        (status = 502, description = "The code could not be sent", body = ProblemDocument),
    ),
)]
async fn log_in(
    State(app): State<AppState>,
    Body(body): Body<SignInBody>,
) -> Result<(StatusCode, Json<SignInAnswer>), Problem> {
    let ProvenPhone { otp, tried, phone_index, session, token, .. } =
        body.read(&app, OtpPurpose::LogIn)?;
    let signed_in = app.engine.run(LogIn { otp, tried, phone_index, session }).await?;
    Ok((StatusCode::CREATED, Json(SignInAnswer::new(signed_in, token))))
}

/// Ends the session that the request is made with.
#[utoipa::path(
    delete, path = "/v1/sessions/current", tag = "users", operation_id = "logOut",
    security(("session" = [])),
    responses(
        (status = 204, description = "The token is good for nothing now"),
        (status = 401, description = "No valid session", body = ProblemDocument),
    ),
)]
async fn log_out(State(app): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    let Caller { user, session: token_hash, .. } = caller;
    app.engine.run(LogOut { user, token_hash }).await?;
    Ok(StatusCode::NO_CONTENT)
}
