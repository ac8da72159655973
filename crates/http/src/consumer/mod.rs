//! The consumer API, `/v1`: one module per resource. A handler parses, authorises, runs a command
//! or reads, and answers; it decides nothing.

mod catalogue;
mod me;
mod otp_challenges;
mod payment_password;
mod sessions;
mod users;
mod verification_body;
mod verifications;
mod wallet;
mod wallet_view;

#[cfg(test)]
mod tests;

use crate::app::AppState;
use utoipa_axum::router::OpenApiRouter;

/// The routes of every resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .merge(otp_challenges::routes())
        .merge(users::routes())
        .merge(sessions::routes())
        .merge(me::routes())
        .merge(wallet::routes())
        .merge(verifications::routes())
        .merge(payment_password::routes())
        .merge(catalogue::routes())
}
