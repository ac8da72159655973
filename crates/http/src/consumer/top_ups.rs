//! Money from an own debit card to the balance.

use super::card_view::CardTail;
use super::wallet::own_wallet_id;
use crate::app::AppState;
use crate::extract::{Caller, Id, Keyed, Reader, Wire};
use crate::problem::{Explanation, Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::TopUpStateText;
use crate::wire::{Money, MoneyBody};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::{Code, Language, Params};
use domain::ids::{CardId, TopUpId};
use domain::top_up::{StartTopUp, TopUp, TopUpState};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(start_top_up)).routes(routes!(get_top_up))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartTopUpBody {
    /// The card, a debit card.
    #[schema(value_type = String)]
    card: CardId,
    /// How much.
    amount: MoneyBody,
    /// The payment password.
    payment_password: Secret,
}

impl Wire for StartTopUpBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

/// A top-up that goes on.
#[derive(Serialize, ToSchema)]
struct TopUpStarted {
    /// Its id.
    #[schema(value_type = String)]
    id: TopUpId,
    /// `BANK_PROCESSING`: the bank is asked for the money.
    #[schema(value_type = TopUpStateText)]
    state: TopUpState,
    /// How much.
    amount: Money,
}

/// Starts a top-up. The balance changes when the bank has said yes.
#[utoipa::path(
    post, path = "/v1/top-ups", tag = "money", operation_id = "startTopUp",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = StartTopUpBody,
    responses(
        (status = 201, description = "The bank is asked", body = TopUpStarted),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Wrong payment password, or the wallet is not in use",
            body = ProblemDocument),
        (status = 404, description = "The caller has no such card", body = ProblemDocument),
        (status = 409, description = "The card is suspended, or the key was used for another \
            request", body = ProblemDocument),
        (status = 422, description = "Amount, card or limit does not allow it",
            body = ProblemDocument),
        (status = 423, description = "The payment password is locked", body = ProblemDocument),
    ),
)]
async fn start_top_up(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body, key }: Keyed<StartTopUpBody>,
) -> Result<(StatusCode, Json<TopUpStarted>), Problem> {
    let amount = body.amount.parse("/amount")?;
    let wallet = own_wallet_id(&caller)?;
    let command = StartTopUp {
        user: caller.user,
        wallet,
        card: body.card,
        top_up: TopUpId::from_bytes(app.shell.id()),
        amount,
        password: body.payment_password.as_payment_password(
            &app.keys,
            &key,
            wallet,
            "/payment_password",
        )?,
        once: key.once(caller.owner()),
    };
    let id = app.engine.run(command).await?;
    let state = TopUpState::BankProcessing;
    Ok((StatusCode::CREATED, Json(TopUpStarted { id, state, amount: amount.into() })))
}

/// A top-up.
#[derive(Serialize, ToSchema)]
#[schema(as = TopUp)]
struct TopUpAnswer {
    /// Its id.
    #[schema(value_type = String)]
    id: TopUpId,
    /// `BANK_PROCESSING`, `UNKNOWN` (the bank is asked again), `SUCCESS` or `FAILED`.
    #[schema(value_type = TopUpStateText)]
    state: TopUpState,
    /// How much.
    amount: Money,
    /// The card.
    card: CardTail,
    /// The number of its line in the bills, once the money is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    bill: Option<String>,
    /// When it was started, RFC 3339.
    started_at: String,
    /// When it ended, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Why it failed, or why it takes long.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// Shows a top-up.
#[utoipa::path(
    get, path = "/v1/top-ups/{id}", tag = "money", operation_id = "getTopUp",
    security(("session" = [])),
    params(("id" = String, Path, description = "The top-up's id")),
    responses(
        (status = 200, description = "The top-up", body = TopUpAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such top-up", body = ProblemDocument),
    ),
)]
async fn get_top_up(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(id): Id<TopUpId>,
) -> Result<Json<TopUpAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let top_up = find::<TopUp>(app.queries.as_ref(), &id).await?;
    let top_up = top_up.filter(|top_up| top_up.wallet == wallet).ok_or(Code::ObjectNotFound)?;
    Ok(Json(TopUpAnswer {
        id,
        state: top_up.state,
        amount: top_up.amount.into(),
        card: CardTail::find(&app, top_up.card, language).await?,
        bill: (top_up.journal > 0).then(|| top_up.journal.to_string()),
        started_at: top_up.created_at.rfc3339(),
        ended_at: top_up.ended_at.map(|at| at.rfc3339()),
        notice: notice(&top_up, &app, language),
    }))
}

/// What is to be told of a top-up besides its state.
pub(super) fn notice(top_up: &TopUp, app: &AppState, language: Language) -> Option<Explanation> {
    let code = top_up.notice(app.business_now(), &app.rules())?;
    Some(Explanation::new(code, &Params::default(), language))
}
