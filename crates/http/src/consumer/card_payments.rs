//! What a card was asked for an order, and what goes back of a payment, as payers see it.

use super::card_view::CardTail;
use crate::app::AppState;
use crate::extract::Caller;
use crate::problem::{Explanation, Problem};
use crate::spelling::{CardPaymentStateText, RefundStateText};
use crate::wire::Money;
use domain::catalogue::{Code, Language, Params};
use domain::ids::CardPaymentId;
use domain::order::{CardPayment, CardPaymentState, Order};
use domain::refund::{Refund, RefundState};
use serde::Serialize;
use store::queries::{Value, find, select};
use utoipa::ToSchema;

/// The payment of an order from a card.
#[derive(Serialize, ToSchema)]
#[schema(as = CardPayment)]
pub(super) struct CardPaymentAnswer {
    /// Its id.
    #[schema(value_type = String)]
    id: CardPaymentId,
    /// `BANK_PROCESSING`, `UNKNOWN`, `SUCCESS` or `FAILED`; `REFUNDING` and `REFUNDED` for money
    /// that came when the order could not be paid any more.
    #[schema(value_type = CardPaymentStateText)]
    state: CardPaymentState,
    /// The card.
    card: CardTail,
    /// When it was started, RFC 3339.
    started_at: String,
    /// Why it failed, or why it takes long.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

impl CardPaymentAnswer {
    /// What a card was last asked for an order, for its owner.
    pub(super) async fn of(
        app: &AppState,
        caller: &Caller,
        order: &Order,
        language: Language,
    ) -> Result<Option<Self>, Problem> {
        let Some(id) = order.card_payment else { return Ok(None) };
        let payment = find::<CardPayment>(app.queries.as_ref(), &id).await?;
        let payment = payment.ok_or(Code::SystemError)?;
        if Some(payment.wallet) != caller.wallet {
            return Ok(None);
        }
        Ok(Some(Self {
            id,
            state: payment.state,
            card: CardTail::find(app, payment.card, language).await?,
            started_at: payment.created_at.rfc3339(),
            notice: explained(payment.notice(), language),
        }))
    }
}

/// A refund as a payer sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub(super) struct RefundAnswer {
    /// Our number of it: 29 digits.
    refund_id: String,
    /// `PROCESSING`, `SUCCESS`, `ABNORMAL` or `CLOSED`.
    #[schema(value_type = RefundStateText)]
    state: RefundState,
    /// What goes back.
    amount: Money,
    /// The card it goes to; the balance, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardTail>,
    /// Why the merchant refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When the merchant asked for it, RFC 3339.
    asked_at: String,
    /// When it arrived, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived_at: Option<String>,
    /// Why it takes long or did not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// The refunds of orders, the first first.
pub(super) async fn refunds_of(
    app: &AppState,
    orders: &[Order],
    language: Language,
) -> Result<Vec<RefundAnswer>, Problem> {
    let mut answers = Vec::new();
    for order in orders.iter().filter(|order| order.refunds > 0) {
        let key = [&order.mchid, &order.out_trade_no].map(|text| Value::Text(text.clone()));
        let condition = "mchid = $1 AND out_trade_no = $2 ORDER BY created_at";
        let refunds = select::<Refund>(app.queries.as_ref(), condition, key.to_vec());
        for refund in refunds.await? {
            answers.push(RefundAnswer {
                card: match refund.card {
                    Some(card) => Some(CardTail::find(app, card, language).await?),
                    None => None,
                },
                reason: refund.shown_reason().map(str::to_owned),
                state: refund.state,
                amount: refund.amount.into(),
                asked_at: refund.created_at.rfc3339(),
                arrived_at: refund.succeeded_at.map(|at| at.rfc3339()),
                notice: explained(refund.notice(), language),
                refund_id: refund.refund_id,
            });
        }
    }
    Ok(answers)
}

/// A code in the reader's language.
pub(super) fn explained(code: Option<Code>, language: Language) -> Option<Explanation> {
    code.map(|code| Explanation::new(code, &Params::default(), language))
}
