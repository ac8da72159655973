//! The cashier page of H5 orders: whom a payer pays, what for and how much, the code to scan, and
//! where the order stands. It draws itself anew while the order is open and runs no script. In the
//! sandbox a developer plays the payer on it.

mod page;
mod referer;
mod text;

use crate::app::AppState;
use crate::consumer::order_view::{FoundOrder, descriptions, find_order, merchant_name};
use crate::extract::Reader;
use crate::problem::Problem;
use crate::sandbox::Outcome;
use apiv3::create::prepay_time;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::catalogue::{Code, Language};
use domain::order::{OrderState, TradeType};
use kernel::time::SECOND;
use page::{Page, Player, Sheet, percent_encode, render};
use referer::{registered, stray};
use serde::Deserialize;

/// How long the address that a merchant gets opens the page.
const ADDRESS_TTL: i64 = 300 * SECOND;

/// Nothing is loaded but our own style, and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; \
                      base-uri 'none'; form-action 'none'";

/// The same for a page with the form that plays the payer, which only a sandbox has.
const PLAYER_POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; \
                             base-uri 'none'; form-action 'self'";

const STYLE: &str = include_str!("style.css");

/// The routes of the page.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/cashier/h5", get(open))
        .route("/cashier/style.css", get(style))
        .route("/cashier/orders/{ref}", get(show))
}

/// The address that a merchant sends its payer to; it opens the page for five minutes.
pub(crate) fn h5_url(app: &AppState, prepay_id: &str) -> String {
    format!("{}/cashier/h5?prepay_id={prepay_id}", app.public_url)
}

#[derive(Deserialize)]
struct Asked {
    prepay_id: String,
    /// Where the merchant wants the payer back.
    redirect_url: Option<String>,
}

/// Leads on to the page while the merchant's address is fresh. The page itself can be drawn anew
/// for as long as the order can be paid.
async fn open(
    State(app): State<AppState>,
    Reader(language): Reader,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let found = found(&app, &asked.prepay_id).await.ok();
    let Some(found) = found.filter(|_| is_fresh(&app, &asked.prepay_id)) else {
        return answer(StatusCode::NOT_FOUND, &Page::Invalid, language);
    };
    let domains = match registered(&app, &found).await {
        Ok(domains) => domains,
        Err(problem) => return problem.into_response(),
    };
    if let Some(stray) = stray(&domains, &headers) {
        let told_more = app.people.is_some();
        return answer(StatusCode::FORBIDDEN, &Page::Stray { stray, told_more }, language);
    }
    let to = page_address(&asked.prepay_id, asked.redirect_url.as_deref(), None);
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

/// Whether the address of an order still opens the page.
pub(crate) fn is_fresh(app: &AppState, prepay_id: &str) -> bool {
    let made_at = prepay_time(prepay_id);
    made_at.is_some_and(|made_at| app.business_now().since(made_at) <= ADDRESS_TTL)
}

/// Where the page of an order is. `back` is where the merchant wants the payer, `played` what a
/// played payer did last.
pub(crate) fn page_address(order_ref: &str, back: Option<&str>, played: Option<Outcome>) -> String {
    let back = back.filter(|back| is_web_address(back)).map(|back| ("redirect_url", back));
    let played = played.map(|played| ("played", played.row().name));
    let mut address = format!("/cashier/orders/{}", percent_encode(order_ref));
    for ((name, value), sign) in back.into_iter().chain(played).zip(['?', '&']) {
        address.push(sign);
        address.push_str(&format!("{name}={}", percent_encode(value)));
    }
    address
}

#[derive(Deserialize)]
struct Shown {
    redirect_url: Option<String>,
    /// What a played payer did last; means nothing outside a sandbox.
    played: Option<String>,
}

async fn show(
    State(app): State<AppState>,
    Reader(language): Reader,
    Path(order_ref): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    let sheet = match sheet(&app, &order_ref, shown).await {
        Ok(sheet) => sheet,
        Err(problem) if problem.code() == Code::OrderNotFound => {
            return answer(StatusCode::NOT_FOUND, &Page::Invalid, language);
        }
        Err(problem) => return problem.into_response(),
    };
    answer(StatusCode::OK, &Page::Sheet(sheet), language)
}

async fn sheet(app: &AppState, order_ref: &str, shown: Shown) -> Result<Sheet, Problem> {
    let found = found(app, order_ref).await?;
    let has_domain = app.people.is_none() || !registered(app, &found).await?.is_empty();
    let now = app.business_now();
    let state = match found.state_at(now) {
        OrderState::NotPay if found.expires_at() <= now => OrderState::Closed,
        state => state,
    };
    Ok(Sheet {
        merchant: merchant_name(app, found.shown_mchid()).await?,
        description: descriptions(&found.parts),
        amount: found.amount(),
        code: match state {
            OrderState::NotPay => apiv3::create::code_url(order_ref),
            OrderState::UserPaying
            | OrderState::BankPending
            | OrderState::Success
            | OrderState::Closed
            | OrderState::PayError
            | OrderState::Revoked => None,
        },
        state,
        expires_at: found.expires_at(),
        back: shown.redirect_url.filter(|back| is_web_address(back)),
        player: app.people.as_ref().map(|_| Player {
            order_ref: order_ref.to_owned(),
            has_domain,
            played: shown.played.as_deref().and_then(Outcome::named),
        }),
    })
}

/// An order that is paid from a browser; others are none of this page's.
async fn found(app: &AppState, order_ref: &str) -> Result<FoundOrder, Problem> {
    let found = find_order(app, order_ref).await?;
    if found.order().trade_type != TradeType::H5 {
        return Err(Code::OrderNotFound.into());
    }
    Ok(found)
}

pub(crate) fn is_web_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "max-age=3600")];
    (headers, STYLE).into_response()
}

fn answer(status: StatusCode, page: &Page, language: Language) -> Response {
    let policy = if page.has_form() { PLAYER_POLICY } else { POLICY };
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (VARY, "accept-language"),
    ];
    (status, headers, render(page, language)).into_response()
}
