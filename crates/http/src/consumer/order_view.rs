//! An order as a payer sees it.

use super::card_payments::{CardPaymentAnswer, RefundAnswer, refunds_of};
use super::openids::openid_of;
use crate::app::AppState;
use crate::extract::Caller;
use crate::problem::{Explanation, Problem};
use crate::spelling::OrderStateText;
use crate::wire::Money;
use domain::catalogue::{Code, Language, Params};
use domain::ids::WalletId;
use domain::merchant::Merchant;
use domain::order::{CombinedOrder, Order, OrderByPrepay, OrderState, PrepayKind, TradeType};
use domain::payment_code::order_reference;
use kernel::{Amount, Timestamp};
use serde::Serialize;
use store::queries::{Value, find, select};
use utoipa::ToSchema;

/// Longest reference of an order, in characters.
const REFERENCE_MAX: usize = 64;
/// Most payments by code that are shown waiting.
const WAITING_MAX: usize = 20;

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
    /// Where it stands; `USERPAYING`, `PAYERROR` and `REVOKED` belong to payments by code.
    #[schema(value_type = OrderStateText)]
    state: OrderState,
    /// It can be paid before then, RFC 3339.
    expires_at: String,
    /// The payment, for the caller who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<OrderPayment>,
    /// What the caller's card was last asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    card_payment: Option<CardPaymentAnswer>,
    /// The orders that are paid at once, if it is more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<OrderPart>,
    /// Why it cannot be paid (any more); not for who paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// One of several orders that are paid at once.
#[derive(Serialize, ToSchema)]
struct OrderPart {
    /// Who is paid.
    merchant_name: String,
    /// What is paid for.
    description: String,
    /// What is to be paid.
    amount: Money,
    /// Its own number of the payment, for the caller who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
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
    /// Refunds of it, the first first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundAnswer>,
}

/// What was found by a reference: an order, or several that are paid at once.
pub(crate) struct FoundOrder {
    pub(crate) session: OrderByPrepay,
    pub(crate) combined: Option<CombinedOrder>,
    /// The order alone, or all that are combined.
    pub(crate) parts: Vec<Order>,
}

/// Finds what a reference, which is a prepay id, leads to.
///
/// # Errors
/// `ORDER_NOT_FOUND` when there is none.
pub(crate) async fn find_order(app: &AppState, order_ref: &str) -> Result<FoundOrder, Problem> {
    let order_ref = checked_reference(order_ref)?;
    let queries = app.queries.as_ref();
    let session = find::<OrderByPrepay>(queries, &order_ref.to_owned()).await?;
    let session = session.ok_or(Code::OrderNotFound)?;
    let key = (session.mchid.clone(), session.out_trade_no.clone());
    let (combined, parts) = match session.kind {
        PrepayKind::Order => (None, find::<Order>(queries, &key).await?.into_iter().collect()),
        PrepayKind::CombinedOrder => (
            find::<CombinedOrder>(queries, &key).await?,
            store::queries::combined_parts(queries, &key).await?,
        ),
    };
    if parts.is_empty() {
        return Err(Code::SystemError.into());
    }
    Ok(FoundOrder { session, combined, parts })
}

impl FoundOrder {
    /// One of the orders; they share their state, their payer and when they end.
    pub(crate) fn order(&self) -> &Order {
        self.parts.first().expect("at least one order was found")
    }

    /// What is to be paid.
    pub(crate) fn amount(&self) -> Amount {
        self.combined.as_ref().map_or(self.order().amount, |combined| combined.amount)
    }

    /// Whose name the payer sees: who is paid, or who combined the orders.
    pub(crate) fn shown_mchid(&self) -> &str {
        self.combined.as_ref().map_or(self.order().payee(), |combined| &combined.mchid)
    }

    /// Until when it can be paid this way.
    pub(crate) fn expires_at(&self) -> Timestamp {
        self.order().expires_at.min(self.session.expires_at)
    }

    /// Where it stands at `now` (business time).
    pub(crate) fn state_at(&self, now: Timestamp) -> OrderState {
        self.order().state_at(now)
    }

    /// Why it cannot be paid (any more).
    fn unpayable(&self, now: Timestamp) -> Option<Code> {
        match self.order().state {
            OrderState::NotPay => (self.expires_at() <= now).then_some(Code::OrderExpired),
            OrderState::UserPaying => (self.expires_at() <= now).then_some(Code::OrderRevoked),
            OrderState::PayError => Some(Code::UserCancelled),
            OrderState::Revoked => Some(Code::OrderRevoked),
            OrderState::BankPending => Some(Code::PaymentResultUnknown),
            OrderState::Success => Some(Code::OrderAlreadyPaid),
            OrderState::Closed => Some(Code::OrderClosed),
        }
    }

    /// Whether it is for another person only.
    async fn is_of_another(&self, app: &AppState, caller: &Caller) -> Result<bool, Problem> {
        let order = self.order();
        if order.trade_type == TradeType::Micropay {
            return Ok(order.payer != caller.wallet);
        }
        let bound = self.parts.iter().flat_map(|part| {
            [
                (part.openid.as_ref(), Some(&part.appid)),
                (part.sub_openid.as_ref(), part.sub_appid.as_ref()),
            ]
        });
        for (openid, appid) in bound {
            if let Some((openid, appid)) = openid.zip(appid)
                && *openid != openid_of(app, appid, caller.user).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn payment(&self, refunds: Vec<RefundAnswer>) -> Option<OrderPayment> {
        let order = self.order();
        let combined = self.combined.as_ref();
        let number = combined.map_or(&order.transaction_id, |combined| &combined.transaction_id);
        let out_trade_no = combined.map_or(&order.out_trade_no, |combined| &combined.out_trade_no);
        Some(OrderPayment {
            transaction_id: number.clone()?,
            out_trade_no: out_trade_no.clone(),
            paid_at: order.paid_at?.rfc3339(),
            bill: order.journal.to_string(),
            refunded: Money::cny(self.parts.iter().map(|part| part.refund_arrived_minor).sum()),
            refunds,
        })
    }
}

/// What orders are for, in one line.
pub(crate) fn descriptions(parts: &[Order]) -> String {
    let texts: Vec<&str> = parts.iter().map(|part| part.description.as_str()).collect();
    texts.join("; ")
}

/// The reference, if it can be one.
///
/// # Errors
/// `ORDER_NOT_FOUND` when no order could have it.
pub(crate) fn checked_reference(order_ref: &str) -> Result<&str, Problem> {
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
    let found = find_order(app, order_ref).await?;
    if found.is_of_another(app, caller).await? {
        return Err(Code::OrderNotFound.into());
    }
    answer(app, caller, language, found).await
}

/// Shows the payments by code that wait for the holder of a wallet, the newest first.
///
/// # Errors
/// `SYSTEM_ERROR` when what is stored contradicts itself.
pub(super) async fn show_waiting(
    app: &AppState,
    wallet: WalletId,
    caller: &Caller,
    language: Language,
) -> Result<Vec<OrderAnswer>, Problem> {
    let condition = format!(
        "payer = $1 AND trade_type = 'MICROPAY' AND state = 'USERPAYING' \
         ORDER BY created_at DESC LIMIT {WAITING_MAX}"
    );
    let wallet = Value::Bytes(wallet.bytes().to_vec());
    let orders = select::<Order>(app.queries.as_ref(), &condition, vec![wallet]).await?;
    let mut answers = Vec::new();
    for order in orders.into_iter().filter(|order| order.is_open(app.business_now())) {
        let order_ref = order_reference(&order.mchid, &order.out_trade_no);
        let session = find::<OrderByPrepay>(app.queries.as_ref(), &order_ref).await?;
        let session = session.ok_or(Code::SystemError)?;
        let found = FoundOrder { session, combined: None, parts: vec![order] };
        answers.push(answer(app, caller, language, found).await?);
    }
    Ok(answers)
}

async fn answer(
    app: &AppState,
    caller: &Caller,
    language: Language,
    found: FoundOrder,
) -> Result<OrderAnswer, Problem> {
    let order = found.order();
    let merchant = merchant_name(app, found.shown_mchid()).await?;
    let is_payer = order.journal > 0 && order.payer == caller.wallet;
    let why = found.unpayable(app.business_now()).filter(|_| !is_payer);
    let mut parts = Vec::new();
    if found.combined.is_some() {
        for part in &found.parts {
            parts.push(OrderPart {
                merchant_name: merchant_name(app, part.payee()).await?,
                description: part.description.clone(),
                amount: part.amount.into(),
                transaction_id: part.transaction_id.clone().filter(|_| is_payer),
            });
        }
    }
    Ok(OrderAnswer {
        merchant_name: merchant,
        amount: found.amount().into(),
        state: found.state_at(app.business_now()),
        expires_at: found.expires_at().rfc3339(),
        payment: if is_payer {
            found.payment(refunds_of(app, &found.parts, language).await?)
        } else {
            None
        },
        card_payment: CardPaymentAnswer::of(app, caller, order, language).await?,
        notice: why.map(|code| Explanation::new(code, &Params::default(), language)),
        description: descriptions(&found.parts),
        parts,
        order_ref: found.session.prepay_id,
    })
}

/// The name that payers see of a merchant.
pub(crate) async fn merchant_name(app: &AppState, mchid: &str) -> Result<String, Problem> {
    let merchant = find::<Merchant>(app.queries.as_ref(), &mchid.to_owned()).await?;
    Ok(merchant.ok_or(Code::SystemError)?.name)
}
