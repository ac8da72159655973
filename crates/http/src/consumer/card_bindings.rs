//! Binding a card: the caller enters it, its issuer sends a code to the holder, the caller enters
//! that code, and the bank signs. What only the issuer may see goes on sealed.

use super::card_binding_body::{EnteredCard, StartCardBindingBody};
use super::card_view::bank_name;
use super::wallet::own_wallet_id;
use crate::app::AppState;
use crate::extract::{Caller, Id, Keyed, Reader, Wire};
use crate::personal::card_index;
use crate::problem::{Explanation, Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::{BindingStateText, CardKindText};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::card::{
    BindingState, CardBinding, ConfirmCardBinding, StartCardBinding, code_place, secrets_place,
};
use domain::catalogue::{Code, Param, Params};
use domain::ids::{CardBindingId, CardId};
use kernel::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many digits of a card number name its bank, as they may be kept.
const BIN_DIGITS: usize = 6;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(start_binding))
        .routes(routes!(get_binding))
        .routes(routes!(confirm_binding))
}

/// A binding that goes on.
#[derive(Serialize, ToSchema)]
struct CardBindingStarted {
    /// Its id.
    #[schema(value_type = String)]
    id: CardBindingId,
    /// `ISSUER_CHECK`: the issuer is asked.
    #[schema(value_type = BindingStateText)]
    state: BindingState,
    /// The bank's short code.
    bank: String,
    /// The bank's name, in the reader's language.
    bank_name: String,
    /// What the card draws on: `DEBIT` or `CREDIT`.
    #[schema(value_type = CardKindText)]
    kind: &'static str,
    /// The last four digits of the number.
    last_four: String,
}

/// Starts binding a card. Whether the issuer agrees is read with the id.
#[utoipa::path(
    post, path = "/v1/card-bindings", tag = "cards", operation_id = "startCardBinding",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = StartCardBindingBody,
    responses(
        (status = 201, description = "The issuer is asked", body = CardBindingStarted),
        (status = 400, description = "Malformed request, no key, or more than this kind of card \
            needs", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "The person is not verified, or the wallet is frozen",
            body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "It is bound, there are too many cards, or the key was used \
            for another request", body = ProblemDocument),
        (status = 422, description = "Number, phone, expiry or security code cannot be right, or \
            the kind of card is not accepted", body = ProblemDocument),
        (status = 429, description = "Too many bindings failed", body = ProblemDocument),
    ),
)]
async fn start_binding(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Keyed { body, key }: Keyed<StartCardBindingBody>,
) -> Result<(StatusCode, Json<CardBindingStarted>), Problem> {
    let EnteredCard { number, facts, expiry_month, secrets } =
        body.read(app.business_now().business_date())?;
    let wallet = own_wallet_id(&caller)?;
    let binding = CardBindingId::from_bytes(app.shell.id());
    let command = StartCardBinding {
        user: caller.user,
        wallet,
        binding,
        card: CardId::from_bytes(app.shell.id()),
        bank: facts.bank.code.to_owned(),
        kind: facts.kind,
        bin: number.digits()[..BIN_DIGITS].to_owned(),
        last_four: number.tail().to_owned(),
        expiry_month,
        number_index: card_index(&app.keys, &number),
        secrets: app.seal_for_issuer(&secrets_place(binding), secrets.pack().expose_secret()),
        once: key.once(caller.owner()),
    };
    let id = app.engine.run(command).await?;
    let answer = CardBindingStarted {
        id,
        state: BindingState::IssuerCheck,
        bank: facts.bank.code.to_owned(),
        bank_name: bank_name(facts.bank.code, language),
        kind: facts.kind.as_str(),
        last_four: number.tail().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Where the binding of a card stands.
#[derive(Serialize, ToSchema)]
#[schema(as = CardBinding)]
struct CardBindingAnswer {
    /// Its id.
    #[schema(value_type = String)]
    id: CardBindingId,
    /// `ISSUER_CHECK`, `OTP_SENT` (the code can be entered), `CONFIRMING`, `BOUND` or `FAILED`.
    #[schema(value_type = BindingStateText)]
    state: BindingState,
    /// The card, once it is bound.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardId>,
    /// The bank's short code.
    bank: String,
    /// The bank's name, in the reader's language.
    bank_name: String,
    /// What the card draws on: `DEBIT` or `CREDIT`.
    #[schema(value_type = CardKindText)]
    kind: &'static str,
    /// The last four digits of the number.
    last_four: String,
    /// How many of the codes entered were wrong.
    wrong_codes: i64,
    /// When it was started, RFC 3339.
    started_at: String,
    /// When it is given up unless something happens, RFC 3339.
    expires_at: String,
    /// When it ended, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Why it failed, or that the code was wrong and how many tries are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// Shows where the binding of a card stands.
#[utoipa::path(
    get, path = "/v1/card-bindings/{id}", tag = "cards", operation_id = "getCardBinding",
    security(("session" = [])),
    params(("id" = String, Path, description = "The binding's id")),
    responses(
        (status = 200, description = "The binding", body = CardBindingAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such binding", body = ProblemDocument),
    ),
)]
async fn get_binding(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(id): Id<CardBindingId>,
) -> Result<Json<CardBindingAnswer>, Problem> {
    let binding = find::<CardBinding>(app.queries.as_ref(), &id).await?;
    let binding = binding.filter(|binding| binding.user == caller.user);
    let binding = binding.ok_or(Code::ObjectNotFound)?;
    let why = why(&binding, app.rules().binding_code_tries);
    Ok(Json(CardBindingAnswer {
        id,
        state: binding.state,
        card: (binding.state == BindingState::Bound).then_some(binding.card),
        bank_name: bank_name(&binding.bank, language),
        bank: binding.bank,
        kind: binding.kind.as_str(),
        last_four: binding.last_four,
        wrong_codes: binding.wrong_codes,
        started_at: binding.started_at.rfc3339(),
        expires_at: binding.expires_at.rfc3339(),
        ended_at: binding.ended_at.map(|at| at.rfc3339()),
        notice: why.map(|(code, params)| Explanation::new(code, &params, language)),
    }))
}

/// What is to be told of a binding besides its state.
fn why(binding: &CardBinding, tries: i64) -> Option<(Code, Params)> {
    let is_wrong = binding.state == BindingState::OtpSent && binding.wrong_codes > 0;
    let left = Param::Number(tries - binding.wrong_codes);
    let wrong = is_wrong.then(|| (Code::OtpInvalid, Params(vec![("n", left)])));
    binding.failure.map(|code| (code, Params::default())).or(wrong)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmCardBindingBody {
    /// The code that the bank sent, 4 to 8 digits.
    code: Secret,
}

impl Wire for ConfirmCardBindingBody {
    const SECRETS: &'static [&'static str] = &["code"];
}

/// The code is with the issuer.
#[derive(Serialize, ToSchema)]
struct CardBindingConfirmed {
    /// The binding's id.
    #[schema(value_type = String)]
    id: CardBindingId,
    /// `CONFIRMING`: whether the code was right is read with the id.
    #[schema(value_type = BindingStateText)]
    state: BindingState,
}

/// Hands the code that the bank sent to the bank. A wrong one can be followed by another, under
/// another key.
#[utoipa::path(
    post, path = "/v1/card-bindings/{id}/confirm", tag = "cards",
    operation_id = "confirmCardBinding",
    security(("session" = [])),
    params(
        ("id" = String, Path, description = "The binding's id"),
        ("Idempotency-Key" = String, Header, description = "16 to 64 characters"),
    ),
    request_body = ConfirmCardBindingBody,
    responses(
        (status = 200, description = "The bank has the code", body = CardBindingConfirmed),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such binding", body = ProblemDocument),
        (status = 409, description = "The bank has not sent a code, is looking at another one, or \
            the key was used for another request", body = ProblemDocument),
        (status = 410, description = "The binding is too old", body = ProblemDocument),
        (status = 422, description = "The binding has failed", body = ProblemDocument),
    ),
)]
async fn confirm_binding(
    State(app): State<AppState>,
    caller: Caller,
    Id(binding): Id<CardBindingId>,
    Keyed { body, key }: Keyed<ConfirmCardBindingBody>,
) -> Result<Json<CardBindingConfirmed>, Problem> {
    let code = body.code.expose();
    if !(4..=8).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::invalid("/code"));
    }
    let command = ConfirmCardBinding {
        user: caller.user,
        binding,
        code: app.seal_for_issuer(&code_place(binding), code),
        once: key.once(caller.owner()),
    };
    let id = app.engine.run(command).await?;
    Ok(Json(CardBindingConfirmed { id, state: BindingState::Confirming }))
}
