//! Setting and changing the payment password. The digits are seen here only: they are compared with
//! what is known about the person, and go on as tags.

use super::wallet::own_wallet;
use crate::app::AppState;
use crate::extract::{Caller, Keyed, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::WalletStateText;
use axum::Json;
use axum::extract::State;
use domain::card::Card;
use domain::catalogue::Code;
use domain::ids::WalletId;
use domain::user::{User, phone_place};
use domain::validate::resident_id::ResidentId;
use domain::validate::weak_password::{self, KnownAboutPerson, PaymentPasswordError};
use domain::wallet::{
    DocumentKind, Identity, SetPaymentPassword, SetPaymentPasswordRefusal, Wallet, WalletState,
    number_place,
};
use engine::Failed;
use serde::{Deserialize, Serialize};
use store::queries::{Value, find, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(set_payment_password))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetPaymentPasswordBody {
    /// The password in force; left out when none is set.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    old_password: Option<Secret>,
    /// Six digits that are not easy to guess, and none of the last three passwords.
    new_password: Secret,
    /// The same six digits again.
    confirmation: Secret,
}

impl Wire for SetPaymentPasswordBody {
    const SECRETS: &'static [&'static str] = &["old_password", "new_password", "confirmation"];
}

/// The payment password is set.
#[derive(Serialize, ToSchema)]
struct PaymentPasswordAnswer {
    /// The wallet.
    #[schema(value_type = String)]
    wallet: WalletId,
    /// Where the wallet stands now: `ACTIVE` once the identity is verified too.
    #[schema(value_type = WalletStateText)]
    state: WalletState,
}

/// Sets the payment password, or changes it when the old one is given.
#[utoipa::path(
    put, path = "/v1/payment-password", tag = "wallet", operation_id = "setPaymentPassword",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = SetPaymentPasswordBody,
    responses(
        (status = 200, description = "It is set", body = PaymentPasswordAnswer),
        (status = 400, description = "Malformed request, no key, or the old one is missing",
            body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "The old one is wrong, or the wallet is frozen",
            body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "The key was used for another request",
            body = ProblemDocument),
        (status = 422, description = "Not six digits, not twice the same, used before, or too easy \
            to guess: `reason` says why", body = ProblemDocument),
        (status = 423, description = "Locked after too many wrong ones", body = ProblemDocument),
    ),
)]
async fn set_payment_password(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body, key }: Keyed<SetPaymentPasswordBody>,
) -> Result<Json<PaymentPasswordAnswer>, Problem> {
    let new = &body.new_password;
    if new.expose() != body.confirmation.expose() {
        return Err(Problem::new(Code::PayPasswordConfirmMismatch).at("/confirmation"));
    }
    let wallet = own_wallet(&app, &caller).await?;
    let person = known_about(&app, &wallet).await?;
    let weak = match weak_password::check(new.expose(), &person) {
        Ok(()) => None,
        Err(PaymentPasswordError::Weak(reason)) => Some(reason),
        Err(error @ PaymentPasswordError::Format) => {
            return Err(Problem::new(error.code()).at("/new_password"));
        }
    };
    let entered =
        |secret: &Secret, field| secret.as_payment_password(&app.keys, &key, wallet.id, field);
    let command = SetPaymentPassword {
        user: caller.user,
        wallet: wallet.id,
        old: body.old_password.as_ref().map(|old| entered(old, "/old_password")).transpose()?,
        new: entered(new, "/new_password")?,
        weak,
        once: key.once(caller.owner()),
    };
    let set = app.engine.run(command).await.map_err(refused)?;
    Ok(Json(PaymentPasswordAnswer { wallet: set.wallet, state: set.state }))
}

fn refused(failed: Failed<SetPaymentPasswordRefusal>) -> Problem {
    let reason = match &failed {
        Failed::Refused(SetPaymentPasswordRefusal::Weak(reason)) => Some(reason.as_str()),
        _ => None,
    };
    Problem::from(failed).because(reason)
}

/// Everything about the person that a guess would start from, opened for this comparison.
pub(super) async fn known_about(
    app: &AppState,
    wallet: &Wallet,
) -> Result<KnownAboutPerson, Problem> {
    let queries = app.queries.as_ref();
    let mut known = KnownAboutPerson::default();
    if let Some(user) = find::<User>(queries, &wallet.user).await? {
        let phone = app.unseal(&phone_place(&user.phone_index), &user.phone)?;
        known.phones.push(phone.to_string());
    }
    if let Some(identity) = wallet.identity
        && let Some(identity) = find::<Identity>(queries, &identity).await?
    {
        let number = app.unseal(&number_place(&identity.document_index), &identity.number)?;
        if identity.document == DocumentKind::ResidentId {
            let today = app.business_now().business_date();
            known.birth_date = ResidentId::parse(&number, today).ok().map(|id| id.birth_date());
        }
        known.documents.push(number.to_string());
    }
    let wallet = Value::Bytes(wallet.id.bytes().to_vec());
    let cards = select::<Card>(queries, "wallet = $1 LIMIT 100", vec![wallet]).await?;
    known.card_tails.extend(cards.into_iter().map(|card| card.last_four));
    Ok(known)
}
