//! The route that payments are compared with: it reads the body of a payment and answers as much,
//! and does nothing else. Only a server under test has it.

use axum::routing::post;
use axum::{Json, Router};
use http_api::extract::{Body, Wire};
use http_api::secret::Secret;
use http_api::wire::{Money, MoneyBody};
use serde::{Deserialize, Serialize};

/// Where it is.
pub(crate) const PATH: &str = "/v1/orders/noop";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoopBody {
    order_ref: String,
    amount: MoneyBody,
    payment_password: Secret,
}

impl Wire for NoopBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

#[derive(Serialize)]
struct NoopAnswer {
    order_ref: String,
    state: &'static str,
    transaction_id: String,
    amount: Money,
    paid_at: String,
}

/// The route.
pub(crate) fn route() -> Router {
    Router::new().route(PATH, post(answer))
}

async fn answer(Body(body): Body<NoopBody>) -> Json<NoopAnswer> {
    let digits = body.payment_password.expose().len();
    Json(NoopAnswer {
        order_ref: body.order_ref,
        state: "SUCCESS",
        transaction_id: format!("4200{digits:024}"),
        amount: Money::cny(body.amount.minor.as_i64().unwrap_or_default()),
        paid_at: "2026-11-21T10:00:00.000000+08:00".to_owned(),
    })
}
