//! The merchant API, `/v3`, on its own listener.

use crate::app::AppState;
use axum::Router;

/// The routes of the merchant's listener.
pub fn router(app: &AppState) -> Router {
    Router::new().with_state(app.clone())
}
