//! Where the cashier page sends the developer who plays its payer.

use super::form::Form;
use super::payments::play;
use crate::app::AppState;
use crate::cashier::page_address;
use crate::problem::Problem;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/sandbox/cashier", post(pay))
}

/// Plays the payer of the page's order and leads back to the page, which shows where it stands.
async fn pay(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    let order_ref = form.text("order");
    let played = play(&app, order_ref, form.outcome()?).await?;
    let back = Some(form.text("redirect_url")).filter(|back| !back.is_empty());
    let page = page_address(order_ref, back, Some(played.outcome));
    Ok((StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response())
}
