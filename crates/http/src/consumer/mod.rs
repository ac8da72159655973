//! The consumer API, `/v1`: one module per resource. A handler parses, authorises, runs a command
//! or reads, and answers; it decides nothing.

mod catalogue;

use crate::app::AppState;
use utoipa_axum::router::OpenApiRouter;

/// The routes of every resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().merge(catalogue::routes())
}
