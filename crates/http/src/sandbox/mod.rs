//! What only the sandbox has: a clock that a developer moves, the inbox of its messages, and people
//! who pay when they are asked to.

mod cashier;
mod codes;
mod complaints;
mod form;
mod inspector;
mod late_payments;
mod notifications;
mod payments;
mod public_key_only;
mod slow_transfers;
mod sub_merchants;
#[cfg(test)]
mod tests;
mod tills;
mod transfer_batches;
mod transfers;
mod trials;
mod wishes;

pub use codes::ShownCode;
pub use complaints::{ComplainantAction, Complained, ComplaintMove, Grievance};
pub use inspector::{
    Again, CallRecord, HeldBack, Inspector, NoticeRecord, NoticeSeen, SandboxCourier, Signature,
    XmlCall,
};
pub(crate) use inspector::{CallNotes, watch};
pub use payments::{OUTCOMES, Outcome, OutcomeRow, Played, SandboxPeople};
pub(crate) use slow_transfers::look_at_transfer;
pub(crate) use tills::{code_to_charge, wish_of_charge};
pub(crate) use trials::{Act, CallOutcome, Tried, begin_trial, end_trial};
pub(crate) use wishes::Wishes;

use payments::play;

use crate::app::AppState;
use crate::extract::{Body, Query, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use domain::catalogue::Code;
use kernel::Timestamp;
use kernel::time::SECOND;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Ten years: more is a mistake of the caller.
const ADVANCE_MAX_S: i64 = 10 * 366 * 24 * 3_600;

/// Both clocks move together: a second mover starts from where the first one ended.
static MOVING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What an answer of the stand-in is, once it comes; the error is a text for the log.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// The stand-in for banks, carrier and authority, as far as developers reach it through us.
pub trait SandboxBank: Send + Sync + 'static {
    /// Where its pages are, for a browser: scenario cards at `/cards`, messages at `/inbox`.
    fn address(&self) -> String;
    /// Raises its offset from the real clock to this many microseconds.
    fn raise_clock(&self, offset: i64) -> Later<'_, ()>;
    /// Its inbox as JSON; `query` is the query string, passed on as it came.
    fn inbox(&self, query: Option<String>) -> Later<'_, String>;
}

/// The routes, mounted in the sandbox only.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(move_clock))
        .routes(routes!(read_inbox))
        .merge(codes::routes())
        .merge(complaints::routes())
        .merge(late_payments::routes())
        .merge(payments::routes())
        .merge(notifications::routes())
        .merge(public_key_only::routes())
        .merge(sub_merchants::routes())
        .merge(transfer_batches::routes())
        .merge(transfers::routes())
        .merge(inspector::routes().into())
        .merge(cashier::routes().into())
        .route("/sandbox/cards", axum::routing::get(cards_page))
        .route("/sandbox/inbox", axum::routing::get(inbox_page))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveClockBody {
    /// How far business time jumps ahead, in seconds, 0 to ten years.
    advance_seconds: i64,
}

impl Wire for MoveClockBody {}

#[derive(Serialize, ToSchema)]
struct MoveClockAnswer {
    /// Business time after the jump, RFC 3339.
    now: String,
    /// Its business date, as bills name their day.
    business_date: String,
}

/// Moves business time forward, in the wallet and in the sandbox bank.
#[utoipa::path(
    post, path = "/sandbox/v1/clock", tag = "sandbox", operation_id = "moveClock",
    request_body = MoveClockBody,
    responses(
        (status = 200, description = "The new time", body = MoveClockAnswer),
        (status = 400, description = "Not a number of seconds ahead", body = ProblemDocument),
    ),
)]
async fn move_clock(
    State(app): State<AppState>,
    Body(body): Body<MoveClockBody>,
) -> Result<Json<MoveClockAnswer>, Problem> {
    let now = advance(&app, body.advance_seconds).await?;
    let business_date = now.business_date().to_string();
    Ok(Json(MoveClockAnswer { now: now.rfc3339(), business_date }))
}

/// Moves business time by this many seconds, and gives the new one.
async fn advance(app: &AppState, seconds: i64) -> Result<Timestamp, Problem> {
    if !(0..=ADVANCE_MAX_S).contains(&seconds) {
        return Err(Problem::invalid("/advance_seconds"));
    }
    let bank = app.sandbox.as_deref().ok_or(Code::RouteUnknown)?;
    let step = seconds * SECOND;
    let _alone = MOVING.lock().await;
    // The bank first: workers that the wallet's clock wakes ask it at once.
    let offset = app.engine.position().borrow().offset.saturating_add(step);
    if let Err(reason) = bank.raise_clock(offset).await {
        tracing::warn!(%reason, "the sandbox bank's clock did not follow");
        return Err(Problem::new(Code::SystemBusy).after(1));
    }
    Ok(app.engine.advance_clock(step).await?.now)
}

/// Read here only to refuse what the stand-in would not understand; it gets the text as it came.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct InboxQuery {
    /// Only messages to this phone number.
    #[serde(rename = "to")]
    _to: Option<String>,
    /// Only messages with a higher id.
    #[serde(rename = "after")]
    _after: Option<i64>,
}

/// Lists the newest messages that people got by SMS, from us and from their banks.
#[utoipa::path(
    get, path = "/sandbox/v1/inbox", tag = "sandbox", operation_id = "listInbox",
    params(InboxQuery),
    responses(
        (status = 200, description = "At most 200 messages, newest first", body = Object),
        (status = 400, description = "Not the number of a message", body = ProblemDocument),
    ),
)]
async fn read_inbox(
    State(app): State<AppState>,
    _: Query<InboxQuery>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let bank = app.sandbox.as_deref().ok_or(Code::RouteUnknown)?;
    let inbox = bank.inbox(query).await.map_err(|reason| {
        tracing::warn!(%reason, "the sandbox bank's inbox cannot be read");
        Problem::new(Code::SystemBusy).after(1)
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], inbox).into_response())
}

async fn cards_page(State(app): State<AppState>) -> Result<Redirect, Problem> {
    page(&app, "/cards")
}

async fn inbox_page(State(app): State<AppState>) -> Result<Redirect, Problem> {
    page(&app, "/inbox")
}

fn page(app: &AppState, path: &str) -> Result<Redirect, Problem> {
    let bank = app.sandbox.as_deref().ok_or(Code::RouteUnknown)?;
    Ok(Redirect::temporary(&format!("{}{path}", bank.address())))
}
