//! The routes: what wallets call with the shared secret, and what developers open in a browser.

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::database::{offset_us, raise_offset};
use crate::failure::Failure;
use crate::{Bank, identity, operation, page, signing, sms, statement};

const BODY_MAX: usize = 16 * 1024;

/// A century: more is a mistake of the caller.
const OFFSET_MAX_US: i64 = 100 * 366 * 24 * 3_600 * 1_000_000;

/// All routes over one bank.
pub(crate) fn router(bank: Bank) -> Router {
    let secret = middleware::from_fn_with_state(bank.clone(), authenticate);
    let guarded = Router::new()
        .route("/bank/v1/signings", post(signing::check))
        .route("/bank/v1/signings/{id}", get(signing::find))
        .route("/bank/v1/signings/{id}/confirmations", post(signing::confirm))
        .route("/bank/v1/tokens/revoke", post(signing::revoke))
        .route("/bank/v1/debits", post(operation::debit))
        .route("/bank/v1/debits/{id}", get(operation::find_debit))
        .route("/bank/v1/credits", post(operation::credit))
        .route("/bank/v1/credits/{id}", get(operation::find_credit))
        .route("/bank/v1/statement", get(statement::show))
        .route("/sms/v1/messages", post(sms::send))
        .route("/sms/v1/messages/{id}", get(sms::find))
        .route("/identity/v1/checks", post(identity::check))
        .route("/identity/v1/checks/{id}", get(identity::find))
        .route("/clock", get(clock).post(move_clock))
        .route_layer(secret);
    Router::new()
        .route("/", get(page::cards))
        .route("/cards", get(page::cards))
        .route("/inbox", get(page::inbox))
        .route("/inbox.json", get(sms::inbox))
        .route("/scenarios.json", get(page::scenarios))
        .route("/healthz", get(|| async { "ok" }))
        .merge(guarded)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(bank)
}

/// The secret is checked before anything of the request is looked at.
async fn authenticate(State(bank): State<Bank>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let same =
        aws_lc_rs::constant_time::verify_slices_are_equal(shown.as_bytes(), bank.secret.as_bytes());
    match same {
        Ok(()) => next.run(request).await,
        Err(_) => Failure::Unauthorized.into_response(),
    }
}

#[derive(Deserialize)]
struct ClockBody {
    offset_us: i64,
}

#[derive(Serialize)]
struct ClockAnswer {
    offset_us: i64,
    now_us: i64,
}

/// `GET /clock`
async fn clock(State(bank): State<Bank>) -> Result<Response, Failure> {
    let answer = bank
        .database
        .run(|tx, now_us| Ok(ClockAnswer { offset_us: offset_us(tx)?, now_us }))
        .await?;
    Ok(Json(answer).into_response())
}

/// `POST /clock`: raises the offset; a smaller one changes nothing, time goes forward only.
async fn move_clock(
    State(bank): State<Bank>,
    Json(body): Json<ClockBody>,
) -> Result<Response, Failure> {
    if !(0..=OFFSET_MAX_US).contains(&body.offset_us) {
        return Err(Failure::Bad("offset_us is 0 to a century in microseconds"));
    }
    bank.database.run(move |tx, _| Ok(raise_offset(tx, body.offset_us)?)).await?;
    bank.wake.notify_one();
    clock(State(bank)).await
}
