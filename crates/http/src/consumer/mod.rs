//! The consumer API, `/v1`: one module per resource. A handler parses, authorises, runs a command
//! or reads, and answers; it decides nothing.

mod bill_view;
mod bills;
mod card_binding_body;
mod card_bindings;
mod card_payments;
mod card_view;
mod cards;
mod catalogue;
mod codes;
mod complaint_pictures;
pub(crate) mod complaints;
mod me;
pub(crate) mod merchant_transfers;
mod openids;
pub(crate) mod order_view;
mod orders;
mod otp_challenges;
mod password_reset;
pub(crate) mod pay_sheets;
mod payment_codes;
mod payment_password;
mod sessions;
mod top_ups;
mod users;
mod verification_body;
mod verifications;
mod wallet;
mod wallet_view;
mod withdrawals;

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
        .merge(password_reset::routes())
        .merge(cards::routes())
        .merge(card_bindings::routes())
        .merge(top_ups::routes())
        .merge(withdrawals::routes())
        .merge(codes::routes())
        .merge(orders::routes())
        .merge(pay_sheets::routes())
        .merge(payment_codes::routes())
        .merge(bills::routes())
        .merge(openids::routes())
        .merge(complaints::routes())
        .merge(complaint_pictures::routes())
        .merge(merchant_transfers::routes())
        .merge(catalogue::routes())
}
