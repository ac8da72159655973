//! Payment codes of the caller: turned on and off, shown, and the payments that wait for an answer.

use super::order_view::{OrderAnswer, show, show_waiting};
use super::wallet::{own_wallet, own_wallet_id};
use crate::app::AppState;
use crate::extract::{Body, Caller, Keyed, Reader, Wire};
use crate::pictures;
use crate::problem::{Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::{PasswordRuleText, PaymentCodesStateText};
use crate::wire::Money;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::catalogue::Code;
use domain::ids::DeviceId;
use domain::payment_code::{
    Digits, PasswordRule, PaymentCodeUsage, PaymentCodeUse, PaymentCodes, PaymentCodesState,
    RefuseOrder, TurnOffPaymentCodes, TurnOnPaymentCodes, code_times,
};
use engine::Failed;
use kernel::{ExposeSecret, Timestamp};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a locator is drawn before the caller is asked to come again.
const DRAWS_MAX: usize = 3;
/// Digits of a locator.
const LOCATOR: usize = 10;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(get_payment_codes, turn_on_payment_codes, turn_off_payment_codes))
        .routes(routes!(show_payment_code))
        .routes(routes!(list_waiting_orders))
        .routes(routes!(refuse_order))
}

/// Whether and how the caller pays by code.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentCodes)]
struct PaymentCodesAnswer {
    /// `ON` or `OFF`.
    #[schema(value_type = PaymentCodesStateText)]
    state: PaymentCodesState,
    /// Whether this session is the one that shows codes.
    on_this_device: bool,
    /// The only device that shows codes, while they are on.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    /// `WHEN_NEEDED`: small payments go without the payment password. `ALWAYS`: none does.
    #[schema(value_type = PasswordRuleText)]
    password: PasswordRule,
    /// The largest payment without the payment password.
    amount_max_without_password: Money,
    /// How many more payments may go without it today.
    left_without_password: i64,
}

/// Shows whether and how the caller pays by code.
#[utoipa::path(
    get, path = "/v1/payment-code", tag = "payment codes", operation_id = "getPaymentCodes",
    security(("session" = [])),
    responses(
        (status = 200, description = "How it is", body = PaymentCodesAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
    ),
)]
async fn get_payment_codes(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<Json<PaymentCodesAnswer>, Problem> {
    answer(&app, &caller).await.map(Json)
}

async fn answer(app: &AppState, caller: &Caller) -> Result<PaymentCodesAnswer, Problem> {
    let (queries, rules) = (app.queries.as_ref(), app.rules());
    let wallet = own_wallet(app, caller).await?;
    let codes = find::<PaymentCodes>(queries, &wallet.id).await?;
    let on = codes.as_ref().filter(|codes| codes.state == PaymentCodesState::On);
    let left = match wallet.identity {
        Some(identity) => {
            let usage = find::<PaymentCodeUsage>(queries, &identity).await?;
            let today = PaymentCodeUsage::on(usage, identity, app.business_now());
            today.left_without_password(&rules)
        }
        None => rules.code_free_count_day,
    };
    Ok(PaymentCodesAnswer {
        state: on.map_or(PaymentCodesState::Off, |codes| codes.state),
        on_this_device: on.is_some_and(|codes| codes.session == caller.session),
        device: on.map(|codes| codes.device),
        password: codes.as_ref().map_or(PasswordRule::WhenNeeded, |codes| codes.password),
        amount_max_without_password: Money::cny(rules.code_free_max_minor),
        left_without_password: left,
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TurnOnBody {
    /// The payment password.
    payment_password: Secret,
    /// When payments by code ask for it: `WHEN_NEEDED` (small payments go without) or `ALWAYS`.
    #[schema(value_type = PasswordRuleText)]
    password: PasswordRule,
}

impl Wire for TurnOnBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

/// Lets this session show payment codes. Another device of the caller stops showing them, and codes
/// that were shown before are void.
#[utoipa::path(
    put, path = "/v1/payment-code", tag = "payment codes", operation_id = "turnOnPaymentCodes",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = TurnOnBody,
    responses(
        (status = 200, description = "They are on", body = PaymentCodesAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Wrong payment password, or nothing may leave the wallet",
            body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "The key was used for another request",
            body = ProblemDocument),
        (status = 422, description = "Not six digits", body = ProblemDocument),
        (status = 423, description = "The payment password is locked", body = ProblemDocument),
    ),
)]
async fn turn_on_payment_codes(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body, key }: Keyed<TurnOnBody>,
) -> Result<Json<PaymentCodesAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let secret = &body.payment_password;
    let entered = secret.as_payment_password(&app.keys, &key, wallet, "/payment_password")?;
    let mut draws = 0;
    loop {
        draws += 1;
        let command = TurnOnPaymentCodes {
            user: caller.user,
            wallet,
            device: caller.device,
            session: caller.session,
            entered: entered.clone(),
            password: body.password,
            locator: app.shell.digits(LOCATOR).parse().unwrap_or_default(),
            once: key.once(caller.owner()),
        };
        match app.engine.run(command).await {
            Err(Failed::Stale) if draws < DRAWS_MAX => {}
            ended => break ended.map(|_| ())?,
        }
    }
    answer(&app, &caller).await.map(Json)
}

/// Turns payment codes off; those that were shown are void at once.
#[utoipa::path(
    delete, path = "/v1/payment-code", tag = "payment codes",
    operation_id = "turnOffPaymentCodes",
    security(("session" = [])),
    responses(
        (status = 204, description = "They are off"),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
    ),
)]
async fn turn_off_payment_codes(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let wallet = own_wallet_id(&caller)?;
    app.engine.run(TurnOffPaymentCodes { user: caller.user, wallet }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowCodeBody {
    /// Whether the digits will be shown to the person, and not only the pictures. Such a code is
    /// paid with the payment password only, because digits are copied more easily.
    #[serde(default)]
    digits_shown: bool,
}

impl Wire for ShowCodeBody {}

/// A code for one payment. Whoever has it can charge the caller: show it to the merchant only.
#[derive(Serialize, ToSchema)]
struct PaymentCodeAnswer {
    /// 18 digits.
    code: String,
    /// When to show another one, RFC 3339.
    refresh_at: String,
    /// Until when merchants can charge it, RFC 3339.
    expires_at: String,
    /// The code as a Code 128 barcode, SVG.
    barcode_svg: String,
    /// The code as a QR code, SVG.
    qr_svg: String,
}

/// Gives the next code to show. Nothing is written: ask as often as needed, at least each time a
/// code was charged or `refresh_at` is over.
#[utoipa::path(
    post, path = "/v1/payment-code/codes", tag = "payment codes",
    operation_id = "showPaymentCode",
    security(("session" = [])),
    request_body = ShowCodeBody,
    responses(
        (status = 200, description = "A code", body = PaymentCodeAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Payment codes are not turned on in this session",
            body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 429, description = "Too many codes were charged in a moment",
            body = ProblemDocument),
    ),
)]
async fn show_payment_code(
    State(app): State<AppState>,
    caller: Caller,
    Body(body): Body<ShowCodeBody>,
) -> Result<Json<PaymentCodeAnswer>, Problem> {
    let (queries, wallet) = (app.queries.as_ref(), own_wallet_id(&caller)?);
    let codes = find::<PaymentCodes>(queries, &wallet).await?;
    let codes = codes
        .filter(|codes| codes.state == PaymentCodesState::On && codes.session == caller.session);
    let codes = codes.ok_or(Code::PaymentCodePaused)?;
    let used = find::<PaymentCodeUse>(queries, &wallet).await?;
    let digits = if body.digits_shown { Digits::Shown } else { Digits::Hidden };
    let content = codes.next_code(used.as_ref(), digits, app.business_now());
    let content = content.ok_or(Code::FrequencyLimitExceeded)?;
    let rules = app.rules();
    let code = content.write(&app.keys.payment_code, &rules);
    let text = code.expose_secret();
    let (refresh_s, expires_s) = code_times(&content, &rules);
    Ok(Json(PaymentCodeAnswer {
        refresh_at: Timestamp::from_seconds(refresh_s).rfc3339(),
        expires_at: Timestamp::from_seconds(expires_s).rfc3339(),
        barcode_svg: pictures::barcode(text).ok_or(Code::SystemError)?,
        qr_svg: pictures::qr(text).ok_or(Code::SystemError)?,
        code: text.to_owned(),
    }))
}

/// Payments that wait for the caller.
#[derive(Serialize, ToSchema)]
struct WaitingOrdersAnswer {
    /// The orders, the newest first. Confirm one by paying it, or refuse it.
    items: Vec<OrderAnswer>,
}

/// Lists the payments by code that wait for the caller's payment password.
#[utoipa::path(
    get, path = "/v1/payment-code/orders", tag = "payment codes",
    operation_id = "listWaitingOrders",
    security(("session" = [])),
    responses(
        (status = 200, description = "What waits now", body = WaitingOrdersAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
    ),
)]
async fn list_waiting_orders(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
) -> Result<Json<WaitingOrdersAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let items = show_waiting(&app, wallet, &caller, language).await?;
    Ok(Json(WaitingOrdersAnswer { items }))
}

/// Refuses a payment by code that waits for the caller's payment password.
#[utoipa::path(
    post, path = "/v1/orders/{ref}/refuse", tag = "payment codes", operation_id = "refuseOrder",
    security(("session" = [])),
    params(("ref" = String, Path, description = "The order's reference")),
    responses(
        (status = 200, description = "It is refused", body = OrderAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No such order waits for the caller", body = ProblemDocument),
        (status = 409, description = "It is paid, or over", body = ProblemDocument),
    ),
)]
async fn refuse_order(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Path(order_ref): Path<String>,
) -> Result<Json<OrderAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let prepay_id = super::order_view::checked_reference(&order_ref)?.to_owned();
    app.engine.run(RefuseOrder { user: caller.user, wallet, prepay_id }).await?;
    show(&app, &caller, language, &order_ref).await.map(Json)
}
