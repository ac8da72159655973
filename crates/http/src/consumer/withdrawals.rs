//! Money from the balance to an own debit card: what it costs and when it arrives, then the
//! withdrawal itself.

use super::card_view::CardTail;
use super::wallet::{own_wallet, own_wallet_id};
use crate::app::AppState;
use crate::extract::{Body, Caller, Id, Keyed, Reader, Wire};
use crate::problem::{Explanation, Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::WithdrawalStateText;
use crate::wire::{Money, MoneyBody};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::{Code, Language, Param, Params};
use domain::ids::{CardId, WithdrawalId};
use domain::ledger::Account;
use domain::wallet::Usage;
use domain::withdrawal::{StartWithdrawal, Withdrawal, WithdrawalState, quote, quote_all};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(quote_withdrawal))
        .routes(routes!(start_withdrawal))
        .routes(routes!(get_withdrawal))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuoteWithdrawalBody {
    /// What is to reach the card; left out for the most that the balance covers.
    #[serde(default)]
    amount: Option<MoneyBody>,
}

impl Wire for QuoteWithdrawalBody {}

/// The price and the promise of a withdrawal.
#[derive(Serialize, ToSchema)]
struct WithdrawalQuote {
    /// What reaches the card.
    amount: Money,
    /// The fee, on top.
    fee: Money,
    /// How much of the amount the free allowance covers.
    free: Money,
    /// What leaves the balance.
    total: Money,
    /// What is in the balance.
    balance: Money,
    /// The day it arrives at the latest, `YYYY-MM-DD`; absent: within 1 to 3 working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival_day: Option<String>,
    /// When it reaches the card, for people: that day, or how many working days it takes while the
    /// calendar does not reach so far.
    arrival_text: String,
}

/// Tells what a withdrawal costs and when it arrives. Nothing is reserved.
#[utoipa::path(
    post, path = "/v1/withdrawals/quote", tag = "money", operation_id = "quoteWithdrawal",
    security(("session" = [])),
    request_body = QuoteWithdrawalBody,
    responses(
        (status = 200, description = "The price", body = WithdrawalQuote),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "The person is not verified", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 422, description = "No amount, or the balance covers none",
            body = ProblemDocument),
    ),
)]
async fn quote_withdrawal(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Body(body): Body<QuoteWithdrawalBody>,
) -> Result<Json<WithdrawalQuote>, Problem> {
    let amount = body.amount.map(|amount| amount.parse("/amount")).transpose()?;
    let wallet = own_wallet(&app, &caller).await?;
    let identity = wallet.identity.ok_or(Code::IdentityRequired)?;
    let queries = app.queries.as_ref();
    let account = find::<Account>(queries, &wallet.balance_account).await?;
    let balance = account.ok_or(Code::SystemError)?.balance;
    let now = app.business_now();
    let usage = find::<Usage>(queries, &identity).await?.unwrap_or_else(|| Usage::none(identity));
    let (usage, rules) = (usage.on(now), app.rules());
    let priced = match amount {
        Some(amount) => quote(amount.minor(), &usage, balance, now, &rules),
        None => quote_all(&usage, balance, now, &rules),
    };
    let priced = priced.ok_or(Code::WithdrawAmountTooSmall)?;
    Ok(Json(WithdrawalQuote {
        amount: Money::cny(priced.amount_minor),
        fee: Money::cny(priced.fee_minor),
        free: Money::cny(priced.free_minor),
        total: Money::cny(priced.total_minor),
        balance: Money::cny(balance),
        arrival_text: arrival_text(priced.arrival_day, language),
        arrival_day: priced.arrival_day.map(civil_day),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartWithdrawalBody {
    /// The card, a debit card.
    #[schema(value_type = String)]
    card: CardId,
    /// What is to reach it.
    amount: MoneyBody,
    /// The fee that the person saw and agreed to, 0 included.
    fee: MoneyBody,
    /// The payment password.
    payment_password: Secret,
}

impl Wire for StartWithdrawalBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

/// A withdrawal that goes on.
#[derive(Serialize, ToSchema)]
struct WithdrawalStarted {
    /// Its id.
    #[schema(value_type = String)]
    id: WithdrawalId,
    /// `HELD`: the money has left the balance, and the bank is asked to pay it out.
    #[schema(value_type = WithdrawalStateText)]
    state: WithdrawalState,
    /// What is to reach the card.
    amount: Money,
    /// The fee, on top.
    fee: Money,
    /// The day it arrives at the latest, `YYYY-MM-DD`; absent: within 1 to 3 working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival_day: Option<String>,
    /// When it reaches the card, for people: that day, or how many working days it takes while the
    /// calendar does not reach so far.
    arrival_text: String,
}

/// Starts a withdrawal: amount and fee leave the balance at once.
#[utoipa::path(
    post, path = "/v1/withdrawals", tag = "money", operation_id = "startWithdrawal",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = StartWithdrawalBody,
    responses(
        (status = 201, description = "It is on its way", body = WithdrawalStarted),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 402, description = "The balance does not cover amount and fee",
            body = ProblemDocument),
        (status = 403, description = "Wrong payment password, or nothing may leave the wallet",
            body = ProblemDocument),
        (status = 404, description = "The caller has no such card", body = ProblemDocument),
        (status = 409, description = "The fee is not what was shown, no card is bound, the card is \
            suspended, or the key was used for another request", body = ProblemDocument),
        (status = 422, description = "Amount, card or limit does not allow it",
            body = ProblemDocument),
        (status = 423, description = "The payment password is locked", body = ProblemDocument),
    ),
)]
async fn start_withdrawal(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Keyed { body, key }: Keyed<StartWithdrawalBody>,
) -> Result<(StatusCode, Json<WithdrawalStarted>), Problem> {
    let amount = body.amount.parse("/amount")?;
    let expected_fee_minor = body.fee.parse_from_zero("/fee")?;
    let wallet = own_wallet_id(&caller)?;
    let command = StartWithdrawal {
        user: caller.user,
        wallet,
        card: body.card,
        withdrawal: WithdrawalId::from_bytes(app.shell.id()),
        amount,
        expected_fee_minor,
        password: body.payment_password.as_payment_password(
            &app.keys,
            &key,
            wallet,
            "/payment_password",
        )?,
        once: key.once(caller.owner()),
    };
    let started = app.engine.run(command).await?;
    let answer = WithdrawalStarted {
        id: started.withdrawal,
        state: WithdrawalState::Held,
        amount: amount.into(),
        fee: Money::cny(started.fee_minor),
        arrival_text: arrival_text(started.arrival_day, language),
        arrival_day: started.arrival_day.map(civil_day),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A withdrawal.
#[derive(Serialize, ToSchema)]
#[schema(as = Withdrawal)]
struct WithdrawalAnswer {
    /// Its id.
    #[schema(value_type = String)]
    id: WithdrawalId,
    /// `HELD`, `BANK_PROCESSING`, `SUCCESS`, `RETURNED` (with its fee) or `EXCEPTION` (an officer
    /// looks at it).
    #[schema(value_type = WithdrawalStateText)]
    state: WithdrawalState,
    /// What reaches the card.
    amount: Money,
    /// The fee, on top.
    fee: Money,
    /// What left the balance.
    total: Money,
    /// The card.
    card: CardTail,
    /// The day it arrives at the latest, `YYYY-MM-DD`; absent: within 1 to 3 working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival_day: Option<String>,
    /// When it reaches the card, for people: that day, or how many working days it takes while the
    /// calendar does not reach so far.
    arrival_text: String,
    /// When it was started, RFC 3339.
    started_at: String,
    /// When it ended, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Why it came back, or why it takes long.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// Shows a withdrawal.
#[utoipa::path(
    get, path = "/v1/withdrawals/{id}", tag = "money", operation_id = "getWithdrawal",
    security(("session" = [])),
    params(("id" = String, Path, description = "The withdrawal's id")),
    responses(
        (status = 200, description = "The withdrawal", body = WithdrawalAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such withdrawal", body = ProblemDocument),
    ),
)]
async fn get_withdrawal(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(id): Id<WithdrawalId>,
) -> Result<Json<WithdrawalAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let withdrawal = find::<Withdrawal>(app.queries.as_ref(), &id).await?;
    let withdrawal = withdrawal.filter(|withdrawal| withdrawal.wallet == wallet);
    let withdrawal = withdrawal.ok_or(Code::ObjectNotFound)?;
    Ok(Json(WithdrawalAnswer {
        id,
        state: withdrawal.state,
        amount: withdrawal.amount.into(),
        fee: Money::cny(withdrawal.fee_minor),
        total: Money::cny(withdrawal.total_minor()),
        card: CardTail::find(&app, withdrawal.card, language).await?,
        arrival_text: arrival_text(withdrawal.arrival_day, language),
        arrival_day: withdrawal.arrival_day.map(civil_day),
        started_at: withdrawal.created_at.rfc3339(),
        ended_at: withdrawal.ended_at.map(|at| at.rfc3339()),
        notice: notice(&withdrawal, &app, language),
    }))
}

/// What is to be told of a withdrawal besides its state.
pub(super) fn notice(
    withdrawal: &Withdrawal,
    app: &AppState,
    language: Language,
) -> Option<Explanation> {
    let code = withdrawal.notice(app.business_now(), &app.rules())?;
    let arrival = withdrawal.arrival_day.map(|day| ("time", Param::Text(civil_day(day))));
    Some(Explanation::new(code, &Params(arrival.into_iter().collect()), language))
}

/// A day that is kept as yyyymmdd, as `YYYY-MM-DD`.
pub(super) fn civil_day(day: i64) -> String {
    format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100)
}

fn arrival_text(day: Option<i64>, language: Language) -> String {
    match (day, language) {
        (Some(day), _) => civil_day(day),
        (None, Language::ZhCn) => "1-3 个工作日".to_owned(),
        (None, Language::En) => "1-3 working days".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_on_a_calendar() {
        assert_eq!(civil_day(20_261_105), "2026-11-05");
    }
}
