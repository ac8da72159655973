//! The merchant API, `/v3`, on its own listener: an unmodified SDK of the protocol talks to it.
//! Beside it the few calls of the older XML interface that tills use (`xml_face`).
//!
//! Every request goes one way: its bytes are read as they are, the signature over them is checked,
//! its merchant's calls are counted, then one handler reads or runs one command. Every answer,
//! failures included, is signed over its exact bytes by the platform key that the caller trusts.
//!
//! What belongs together (orders, refunds, ...) is a file with tables of its routes and their
//! handlers; `route` lists them, each with the rate that its calls count to.

mod answer;
mod authenticate;
mod bills;
mod call;
mod certificate_cache;
mod certificates;
mod code_payments;
mod combined;
mod complaints;
mod fault;
mod key_rotation;
mod onboarding;
mod orders;
mod platform_keys;
mod profit;
mod rates;
mod refund_rates;
mod refunds;
mod route;
mod security;
mod serve;
mod transfer_batches;
mod transfers;
mod trials;
mod uploads;
mod xml_diagnosis;
mod xml_face;
mod xml_refunds;

pub use key_rotation::{RotateError, add_merchant_key, announce_platform_key, use_platform_key};
pub use onboarding::{
    AddMerchantError, MerchantRequest, NewApiv2Key, NewMerchant, add_merchant, add_merchant_with,
    is_appid, set_apiv2_key,
};
pub use platform_keys::{PlatformKeyError, draw_key, keep_platform_keys};
pub use rates::{Family, MerchantLimiter};
pub use serve::OverTls;

use crate::app::AppState;
use crate::sandbox::watch;
use answer::LimitedAnswers;
use apiv3::nonce_cache::NonceCache;
use apiv3::notify_url::UrlRule;
use axum::{Router, middleware};
use bills::Bills;
use certificate_cache::CertificateCache;
use platform_keys::PlatformKeys;
use std::sync::Arc;
use tower_http::timeout::TimeoutLayer;

/// Nonces remembered at once: about 800 requests a second over their whole time.
const NONCES: usize = 500_000;

/// What the listener works with and remembers.
struct Face {
    app: AppState,
    platform: PlatformKeys,
    certificates: CertificateCache,
    nonces: NonceCache,
    limited: LimitedAnswers,
    bills: Bills,
}

impl Face {
    fn url_rule(&self) -> UrlRule {
        if self.app.sandbox.is_some() { UrlRule::Relaxed } else { UrlRule::Public }
    }

    /// Counts a call of a merchant whose signature holds; `Err` with the seconds to wait when it is
    /// one too many.
    fn count_call(&self, mchid: &str, family: Family) -> Result<(), u32> {
        self.app.limits.merchants.take(mchid, family, self.app.shell.now())
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.app.shell.fill(&mut bytes);
        bytes
    }
}

/// The routes of the merchant's listener. The listener must write header names in Title-Case:
/// one SDK looks them up by case.
pub fn router(app: &AppState) -> Router {
    let face = Arc::new(Face {
        app: app.clone(),
        platform: PlatformKeys::default(),
        certificates: CertificateCache::default(),
        nonces: NonceCache::new(NONCES),
        limited: LimitedAnswers::default(),
        bills: Bills::default(),
    });
    let v3 = Router::new()
        .fallback(serve::serve)
        .layer(TimeoutLayer::with_status_code(answer::DEADLINE, app.limits.request))
        .layer(middleware::from_fn_with_state(Arc::clone(&face), answer::answer))
        .with_state(Arc::clone(&face));
    let routes = xml_face::routes(&face).merge(v3);
    match app.inspector {
        Some(_) => routes.layer(middleware::from_fn_with_state(app.clone(), watch)),
        None => routes,
    }
}
