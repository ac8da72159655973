//! A forgotten or locked payment password: its holder proves to be the verified person and to hold
//! the bound phone, and sets a new one. What was typed is compared here and goes no further.

use super::otp_challenges::{OtpChallenge, send_code};
use super::payment_password::known_about;
use super::wallet::own_wallet;
use crate::app::AppState;
use crate::extract::{Caller, Keyed, RequestKey, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::WalletStateText;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::Code;
use domain::ids::{OtpId, WalletId};
use domain::user::{OtpPurpose, OtpTry, User, phone_place};
use domain::validate::name::PersonName;
use domain::validate::passport::{PassportKind, PassportNumber};
use domain::validate::phone::PhoneNumber;
use domain::validate::resident_id::ResidentId;
use domain::validate::weak_password::{self, PaymentPasswordError};
use domain::wallet::{
    DocumentKind, Identity, IdentityTry, ResetPaymentPassword, ResetPaymentPasswordRefusal, Wallet,
    WalletState, name_place, number_place,
};
use engine::Failed;
use kernel::crypto::equal;
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(request_reset)).routes(routes!(reset_payment_password))
}

/// Sends a one-time password to the caller's bound phone, for a new payment password.
#[utoipa::path(
    post, path = "/v1/payment-password/reset-challenges", tag = "wallet",
    operation_id = "requestPaymentPasswordReset", security(("session" = [])),
    responses(
        (status = 201, description = "A code is on its way", body = OtpChallenge),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 429, description = "Asked for too soon or too often", body = ProblemDocument),
    ),
)]
async fn request_reset(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<(StatusCode, Json<OtpChallenge>), Problem> {
    let user = find::<User>(app.queries.as_ref(), &caller.user).await?;
    let user = user.ok_or(Code::SessionExpired)?;
    let phone = app.unseal(&phone_place(&user.phone_index), &user.phone)?;
    let phone = PhoneNumber::parse(&phone).map_err(|_| Code::SystemError)?;
    let challenge = send_code(&app, &phone, OtpPurpose::ResetPaymentPassword).await?;
    Ok((StatusCode::CREATED, Json(challenge)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetPaymentPasswordBody {
    /// The challenge on the bound phone.
    #[schema(value_type = String)]
    otp_challenge: OtpId,
    /// The six digits of the message.
    code: Secret,
    /// The whole name as on the document that was verified.
    #[schema(example = "张三")]
    name: String,
    /// The whole number of that document.
    #[schema(example = "11010119900307002X")]
    document_number: String,
    /// Six digits that are not easy to guess, and none of the last passwords.
    new_password: Secret,
    /// The same six digits again.
    confirmation: Secret,
}

impl Wire for ResetPaymentPasswordBody {
    const SECRETS: &'static [&'static str] = &["code", "new_password", "confirmation"];
}

/// The new payment password is set, and its locks are gone.
#[derive(Serialize, ToSchema)]
struct PaymentPasswordResetAnswer {
    /// The wallet.
    #[schema(value_type = String)]
    wallet: WalletId,
    /// Where the wallet stands.
    #[schema(value_type = WalletStateText)]
    state: WalletState,
    /// Until then only little may be withdrawn in a day, RFC 3339.
    capped_until: String,
}

/// Sets a new payment password without the old one. All other sessions end.
#[utoipa::path(
    put, path = "/v1/payment-password/reset", tag = "wallet",
    operation_id = "resetPaymentPassword", security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = ResetPaymentPasswordBody,
    responses(
        (status = 200, description = "It is set", body = PaymentPasswordResetAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Name or number is not the holder's, nobody was verified, \
            none is set, or the wallet is frozen by somebody else", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "The key was used for another request",
            body = ProblemDocument),
        (status = 410, description = "The code was used or is too old", body = ProblemDocument),
        (status = 422, description = "A wrong code, a name or number that cannot be right, or a \
            new password that is not six digits, not twice the same, used before, or too easy to \
            guess: `reason` says why", body = ProblemDocument),
        (status = 429, description = "Too many proofs of identity failed", body = ProblemDocument),
    ),
)]
async fn reset_payment_password(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body, key }: Keyed<ResetPaymentPasswordBody>,
) -> Result<Json<PaymentPasswordResetAnswer>, Problem> {
    let new = &body.new_password;
    if new.expose() != body.confirmation.expose() {
        return Err(Problem::new(Code::PayPasswordConfirmMismatch).at("/confirmation"));
    }
    let wallet = own_wallet(&app, &caller).await?;
    let person = body.compare(&app, &wallet, &key).await?;
    let weak = match weak_password::check(new.expose(), &known_about(&app, &wallet).await?) {
        Ok(()) => None,
        Err(PaymentPasswordError::Weak(reason)) => Some(reason),
        Err(error @ PaymentPasswordError::Format) => {
            return Err(Problem::new(error.code()).at("/new_password"));
        }
    };
    let purpose = OtpPurpose::ResetPaymentPassword;
    let command = ResetPaymentPassword {
        user: caller.user,
        wallet: wallet.id,
        session: caller.session,
        otp: body.otp_challenge,
        code: OtpTry::enter(&app.keys, body.otp_challenge, purpose, body.code.expose()),
        person,
        new: new.as_payment_password(&app.keys, &key, wallet.id, "/new_password")?,
        weak,
        once: key.once(caller.owner()),
    };
    let reset = app.engine.run(command).await.map_err(refused)?;
    Ok(Json(PaymentPasswordResetAnswer {
        wallet: reset.wallet,
        state: reset.state,
        capped_until: reset.capped_until.rfc3339(),
    }))
}

impl ResetPaymentPasswordBody {
    /// Compares name and number with those of the wallet's verified person. Only a form that no
    /// document has is told here; whether they are right is told, and counted, by the command.
    async fn compare(
        &self,
        app: &AppState,
        wallet: &Wallet,
        key: &RequestKey,
    ) -> Result<IdentityTry, Problem> {
        let typed = PersonName::parse(&self.name)
            .map_err(|error| Problem::new(error.code()).at("/name"))?;
        let entered = format!("{}\n{}", typed.as_str(), self.document_number);
        let last_try = key.secret_try(&wallet.id.to_string(), &entered);
        let Some(identity) = wallet.identity else {
            return Ok(IdentityTry { identity: None, is_right: false, last_try });
        };
        let known = find::<Identity>(app.queries.as_ref(), &identity).await?;
        let known = known.ok_or(Code::SystemError)?;
        let number = self.number(app, known.document)?;
        let known_number = app.unseal(&number_place(&known.document_index), &known.number)?;
        let known_name = app.unseal(&name_place(&known.document_index), &known.name)?;
        let known_name = PersonName::parse(&known_name).map_err(|_| Code::SystemError)?;
        let is_number = equal(number.as_bytes(), known_number.as_bytes());
        let is_right = known_name.matches(&typed) & is_number;
        Ok(IdentityTry { identity: Some(identity), is_right, last_try })
    }

    fn number(&self, app: &AppState, kind: DocumentKind) -> Result<Zeroizing<String>, Problem> {
        let at = |code| Problem::new(code).at("/document_number");
        let number = match kind {
            DocumentKind::ResidentId => {
                let today = app.business_now().business_date();
                let id = ResidentId::parse(&self.document_number, today);
                id.map_err(|error| at(error.code()))?.as_str().to_owned()
            }
            DocumentKind::Passport => {
                let number = PassportNumber::parse(&self.document_number, PassportKind::Other);
                number.map_err(|error| at(error.code()))?.as_str().to_owned()
            }
        };
        Ok(Zeroizing::new(number))
    }
}

fn refused(failed: Failed<ResetPaymentPasswordRefusal>) -> Problem {
    let reason = match &failed {
        Failed::Refused(ResetPaymentPasswordRefusal::Weak(reason)) => Some(reason.as_str()),
        _ => None,
    };
    Problem::from(failed).because(reason)
}
