//! The caller's bank cards: which bank a number belongs to, what is bound, and letting one go.

use super::card_binding_body::recognise;
use super::card_view::CardAnswer;
use super::wallet::own_wallet_id;
use crate::app::AppState;
use crate::extract::{Body, Caller, Id, Keyed, Page, Paging, PagingQuery, Reader, Wire};
use crate::problem::{Explanation, Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::{CardKindText, CardNetworkText, CardStateText};
use axum::Json;
use axum::extract::State;
use domain::card::{Card, CardState, UnbindCard};
use domain::catalogue::{Code, Params};
use domain::ids::CardId;
use domain::validate::bin_table::CardKind;
use serde::{Deserialize, Serialize};
use store::queries::{Value, find, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(look_up))
        .routes(routes!(list_cards))
        .routes(routes!(get_card))
        .routes(routes!(unbind_card))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LookUpCardBody {
    /// The whole card number, 14 to 19 digits.
    number: Secret,
}

impl Wire for LookUpCardBody {
    const SECRETS: &'static [&'static str] = &["number"];
}

/// What a card number tells.
#[derive(Serialize, ToSchema)]
struct CardFactsAnswer {
    /// The bank's short code.
    bank: &'static str,
    /// The bank's name, in the reader's language.
    bank_name: &'static str,
    /// What the card draws on: `DEBIT`, `CREDIT` or `SEMI_CREDIT`.
    #[schema(value_type = CardKindText)]
    kind: &'static str,
    /// The network: `UNIONPAY`, `VISA`, `MASTERCARD` and so on.
    #[schema(value_type = CardNetworkText)]
    network: &'static str,
    /// Whether binding it asks for its month of expiry and its security code.
    needs_security_code: bool,
    /// Why it cannot be bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// Tells which bank a card number belongs to. Nothing of it is kept.
#[utoipa::path(
    post, path = "/v1/cards/lookup", tag = "cards", operation_id = "lookUpCard",
    security(("session" = [])),
    request_body = LookUpCardBody,
    responses(
        (status = 200, description = "The bank", body = CardFactsAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 422, description = "No card number, or of no bank we know",
            body = ProblemDocument),
    ),
)]
async fn look_up(
    _: Caller,
    Reader(language): Reader,
    Body(body): Body<LookUpCardBody>,
) -> Result<Json<CardFactsAnswer>, Problem> {
    let (_, facts) = recognise(&body.number)?;
    let refused = match facts.kind {
        CardKind::Debit | CardKind::Credit => None,
        CardKind::SemiCredit => Some(Code::CardTypeNotSupported),
    };
    Ok(Json(CardFactsAnswer {
        bank: facts.bank.code,
        bank_name: facts.bank.name(language),
        kind: facts.kind.as_str(),
        network: facts.network.as_str(),
        needs_security_code: facts.kind == CardKind::Credit,
        notice: refused.map(|code| Explanation::new(code, &Params::default(), language)),
    }))
}

/// Lists the caller's cards in the order in which they were bound.
#[utoipa::path(
    get, path = "/v1/cards", tag = "cards", operation_id = "listCards",
    security(("session" = [])),
    params(PagingQuery),
    responses(
        (status = 200, description = "One page of cards", body = Page<CardAnswer>),
        (status = 400, description = "Unknown cursor or limit", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
    ),
)]
async fn list_cards(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    paging: Paging,
) -> Result<Json<Page<CardAnswer>>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let after = match &paging.after {
        Some(id) => id.parse().map_err(|_| Problem::invalid("/cursor"))?,
        None => CardId::from_bytes([0; 16]),
    };
    let condition =
        format!("wallet = $1 AND id > $2 AND state <> $3 ORDER BY id LIMIT {}", paging.limit + 1);
    let unbound = Value::Text(CardState::Unbound.as_str().to_owned());
    let [wallet, after] = [wallet.bytes(), after.bytes()].map(|id| Value::Bytes(id.to_vec()));
    let parameters = vec![wallet, after, unbound];
    let cards = select::<Card>(app.queries.as_ref(), &condition, parameters).await?;
    let page = paging.page(cards, |card| card.id.to_string());
    let rules = app.rules();
    Ok(Json(page.map(|card| CardAnswer::new(card, &rules, language))))
}

/// Shows one of the caller's cards.
#[utoipa::path(
    get, path = "/v1/cards/{id}", tag = "cards", operation_id = "getCard",
    security(("session" = [])),
    params(("id" = String, Path, description = "The card's id")),
    responses(
        (status = 200, description = "The card", body = CardAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such card", body = ProblemDocument),
    ),
)]
async fn get_card(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(id): Id<CardId>,
) -> Result<Json<CardAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let card = find::<Card>(app.queries.as_ref(), &id).await?;
    let card = card.filter(|card| card.wallet == wallet && card.state != CardState::Unbound);
    let card = card.ok_or(Code::ObjectNotFound)?;
    Ok(Json(CardAnswer::new(card, &app.rules(), language)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnbindCardBody {
    /// The payment password.
    payment_password: Secret,
}

impl Wire for UnbindCardBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

/// The card is removed.
#[derive(Serialize, ToSchema)]
struct CardUnbound {
    /// The card's id.
    #[schema(value_type = String)]
    id: CardId,
    /// `UNBOUND`.
    #[schema(value_type = CardStateText)]
    state: CardState,
}

/// Removes a card.
#[utoipa::path(
    post, path = "/v1/cards/{id}/unbind", tag = "cards", operation_id = "unbindCard",
    security(("session" = [])),
    params(
        ("id" = String, Path, description = "The card's id"),
        ("Idempotency-Key" = String, Header, description = "16 to 64 characters"),
    ),
    request_body = UnbindCardBody,
    responses(
        (status = 200, description = "It is removed", body = CardUnbound),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Wrong payment password", body = ProblemDocument),
        (status = 404, description = "The caller has no such card", body = ProblemDocument),
        (status = 409, description = "A top-up or withdrawal goes on with it, or the key was used \
            for another request", body = ProblemDocument),
        (status = 423, description = "The payment password is locked", body = ProblemDocument),
    ),
)]
async fn unbind_card(
    State(app): State<AppState>,
    caller: Caller,
    Id(card): Id<CardId>,
    Keyed { body, key }: Keyed<UnbindCardBody>,
) -> Result<Json<CardUnbound>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let command = UnbindCard {
        user: caller.user,
        wallet,
        card,
        password: body.payment_password.as_payment_password(
            &app.keys,
            &key,
            wallet,
            "/payment_password",
        )?,
        once: key.once(caller.owner()),
    };
    let id = app.engine.run(command).await?;
    Ok(Json(CardUnbound { id, state: CardState::Unbound }))
}
