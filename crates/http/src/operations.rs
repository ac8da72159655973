//! For those who run the wallet: alive, ready, and the figures.

use crate::app::AppState;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::calendar::WorkingDays;
use serde::Serialize;

/// How long before its end the working-day calendar is reported, in days.
const CALENDAR_WARNING_DAYS: i32 = 60;

/// What anybody may know: that the process answers.
pub(crate) fn alive() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok" }))
}

/// All of it. The figures tell how much business there is, so outside the sandbox they are on a
/// listener of their own.
pub(crate) fn routes() -> Router<AppState> {
    alive().route("/readyz", get(readiness)).route("/metrics", get(metrics))
}

/// Whether this process should get requests, and what an operator should know.
#[derive(Debug, PartialEq, Serialize)]
struct Readiness {
    ready: bool,
    /// Whether the engine decides: false while it starts, settles an unknown outcome, or waits for
    /// a clock that is behind.
    engine: bool,
    /// Business time.
    now: String,
    /// How far business time is ahead of the real clock, in seconds; 0 outside the sandbox.
    clock_offset_s: i64,
    calendar: CalendarState,
    /// Switches that are unsafe outside a test.
    unsafe_switches: Vec<&'static str>,
}

/// Whether arrival days can be promised.
#[derive(Debug, PartialEq, Serialize)]
struct CalendarState {
    /// The last day that is known; absent when this year's data is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_until: Option<String>,
    /// The next year whose holidays must be added.
    missing_year: i16,
    /// Whether it must be added within 60 days.
    ends_soon: bool,
}

async fn readiness(State(app): State<AppState>) -> Response {
    let now = app.business_now();
    let today = now.business_date();
    let calendar = WorkingDays::mainland();
    let known_until = calendar.last_day_from(today);
    let engine = app.engine.ready();
    let readiness = Readiness {
        ready: engine,
        engine,
        now: now.rfc3339(),
        clock_offset_s: app.engine.position().borrow().offset / kernel::time::SECOND,
        calendar: CalendarState {
            known_until: known_until.map(|day| day.to_string()),
            missing_year: known_until.map_or(today.year(), |day| day.year() + 1),
            ends_soon: calendar.ends_within(today, CALENDAR_WARNING_DAYS),
        },
        unsafe_switches: app.unsafe_switches.to_vec(),
    };
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

async fn metrics(State(app): State<AppState>) -> Response {
    let soon = WorkingDays::mainland()
        .ends_within(app.business_now().business_date(), CALENDAR_WARNING_DAYS);
    metrics::gauge!("jiaozi_calendar_ends_soon").set(if soon { 1.0 } else { 0.0 });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], (app.metrics)()).into_response()
}
