//! The pages of the inspector and what their forms do.

use super::page::{POLICY, STYLE, page};
use super::{Again, Inspector};
use crate::app::AppState;
use crate::problem::Problem;
use crate::sandbox::form::Form;
use crate::sandbox::late_payments::late_payments;
use crate::sandbox::{advance, play};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::catalogue::{Code, Language};
use std::sync::Arc;

pub(in crate::sandbox) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sandbox", get(show))
        .route("/sandbox/style.css", get(style))
        .route("/sandbox/clock", post(move_clock))
        .route("/sandbox/payments", post(pay))
        .route("/sandbox/notifications", post(send))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

async fn show(State(app): State<AppState>) -> Result<Response, Problem> {
    shown(&app, inspector(&app)?, None).await
}

fn inspector(app: &AppState) -> Result<&Arc<Inspector>, Problem> {
    app.inspector.as_ref().ok_or_else(|| Code::RouteUnknown.into())
}

async fn shown(
    app: &AppState,
    inspector: &Inspector,
    told: Option<&str>,
) -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    let late = late_payments(app).await?;
    let html = page(inspector, &late, app.business_now(), told);
    Ok((StatusCode::OK, headers, html).into_response())
}

async fn move_clock(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    let now = advance(&app, form.number("seconds")?).await?;
    let told = format!("Business time is now {}.", now.rfc3339());
    shown(&app, inspector(&app)?, Some(&told)).await
}

async fn pay(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    let told = match play(&app, form.text("order"), form.outcome()?).await {
        Ok(played) if played.is_paid => "The order is paid.".to_owned(),
        Ok(played) => {
            let said = played.message.unwrap_or_else(|| "nothing".to_owned());
            format!("The order is not paid. The payer was told: {said}")
        }
        Err(problem) => problem.document(Language::En, "").message,
    };
    shown(&app, inspector(&app)?, Some(&told)).await
}

async fn send(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    let inspector = inspector(&app)?;
    let courier = inspector.courier.get().ok_or(Code::RouteUnknown)?;
    let (batch, place) = (form.number("batch")?, form.number("place")?);
    let (times, again) = match form.text("how") {
        "again" => (1, Again::Same),
        "twice" => (2, Again::Same),
        "corrupted" => (1, Again::Corrupted),
        "probe" => (1, Again::Probe),
        "later" => (1, Again::Later),
        _ => return Err(Problem::invalid("/how")),
    };
    let mut told = Vec::new();
    for _ in 0..times {
        told.push(courier.send(batch, place, again).await.unwrap_or_else(|error| error));
    }
    let told = format!("The notification: {}.", told.join(", then "));
    shown(&app, inspector, Some(&told)).await
}
