//! An order as a payer sees it.

use super::openids::openid_of;
use crate::app::AppState;
use crate::extract::Caller;
use crate::problem::{Explanation, Problem};
use crate::spelling::OrderStateText;
use crate::wire::Money;
use domain::catalogue::{Code, Language, Params};
use domain::merchant::Merchant;
use domain::order::{Order, OrderByPrepay, OrderState};
use kernel::Timestamp;
use serde::Serialize;
use store::queries::find;
use utoipa::ToSchema;

/// Longest reference of an order, in characters.
const REFERENCE_MAX: usize = 64;

/// An order, before and after it is paid.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub(super) struct OrderAnswer {
    /// Names the order in requests of payers.
    order_ref: String,
    /// The merchant's name.
    merchant_name: String,
    /// What is paid for.
    description: String,
    /// What is to be paid.
    amount: Money,
    /// `NOTPAY`, `BANK_PENDING`, `SUCCESS` or `CLOSED`.
    #[schema(value_type = OrderStateText)]
    state: OrderState,
    /// It can be paid before then, RFC 3339.
    expires_at: String,
    /// The payment, for the caller who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<OrderPayment>,
    /// Why it cannot be paid (any more); not for who paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// What the payer of an order sees of the payment.
#[derive(Serialize, ToSchema)]
struct OrderPayment {
    /// Our number of it: 28 digits.
    transaction_id: String,
    /// The merchant's number of the order.
    out_trade_no: String,
    /// When it was paid, RFC 3339.
    paid_at: String,
    /// The number of its line in the bills.
    bill: String,
    /// What came back in refunds.
    refunded: Money,
}

/// An order that was found by its reference.
pub(super) struct FoundOrder {
    pub(super) session: OrderByPrepay,
    pub(super) order: Order,
}

/// Finds an order by its reference, which is a prepay id of it.
///
/// # Errors
/// `ORDER_NOT_FOUND` when there is none.
pub(super) async fn find_order(app: &AppState, order_ref: &str) -> Result<FoundOrder, Problem> {
    let order_ref = checked_reference(order_ref)?;
    let queries = app.queries.as_ref();
    let session = find::<OrderByPrepay>(queries, &order_ref.to_owned()).await?;
    let session = session.ok_or(Code::OrderNotFound)?;
    let key = (session.mchid.clone(), session.out_trade_no.clone());
    let order = find::<Order>(queries, &key).await?.ok_or(Code::SystemError)?;
    Ok(FoundOrder { session, order })
}

/// The reference, if it can be one.
///
/// # Errors
/// `ORDER_NOT_FOUND` when no order could have it.
pub(super) fn checked_reference(order_ref: &str) -> Result<&str, Problem> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = order_ref.len() <= REFERENCE_MAX && order_ref.bytes().all(is_allowed);
    fits.then_some(order_ref).ok_or_else(|| Code::OrderNotFound.into())
}

/// Shows an order to a caller who holds its reference.
///
/// # Errors
/// `ORDER_NOT_FOUND` when there is none, or it is for another person only.
pub(super) async fn show(
    app: &AppState,
    caller: &Caller,
    language: Language,
    order_ref: &str,
) -> Result<OrderAnswer, Problem> {
    let FoundOrder { session, order } = find_order(app, order_ref).await?;
    if let Some(openid) = &order.openid
        && *openid != openid_of(app, &order.appid, caller.user).await?
    {
        return Err(Code::OrderNotFound.into());
    }
    let merchant = find::<Merchant>(app.queries.as_ref(), &order.mchid).await?;
    let expires_at = order.expires_at.min(session.expires_at);
    let is_payer = order.payer.is_some() && order.payer == caller.wallet;
    let why = unpayable(&order, expires_at, app.business_now()).filter(|_| !is_payer);
    Ok(OrderAnswer {
        order_ref: session.prepay_id,
        merchant_name: merchant.ok_or(Code::SystemError)?.name,
        amount: order.amount.into(),
        state: state_at(&order, app.business_now()),
        expires_at: expires_at.rfc3339(),
        payment: is_payer.then(|| payment(&order)).flatten(),
        notice: why.map(|code| Explanation::new(code, &Params::default(), language)),
        description: order.description,
    })
}

/// An order past its time is closed, whether or not somebody has written it down yet.
fn state_at(order: &Order, now: Timestamp) -> OrderState {
    let is_over = order.state == OrderState::NotPay && !order.is_open(now);
    if is_over { OrderState::Closed } else { order.state }
}

fn unpayable(order: &Order, expires_at: Timestamp, now: Timestamp) -> Option<Code> {
    match order.state {
        OrderState::NotPay => (expires_at <= now).then_some(Code::OrderExpired),
        OrderState::BankPending => Some(Code::PaymentResultUnknown),
        OrderState::Success => Some(Code::OrderAlreadyPaid),
        OrderState::Closed => Some(Code::OrderClosed),
    }
}

fn payment(order: &Order) -> Option<OrderPayment> {
    Some(OrderPayment {
        transaction_id: order.transaction_id.clone()?,
        out_trade_no: order.out_trade_no.clone(),
        paid_at: order.paid_at?.rfc3339(),
        bill: order.journal.to_string(),
        refunded: Money::cny(order.refund_arrived_minor),
    })
}
