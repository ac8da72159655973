//! Orders of merchants, seen and paid by people.

use super::order_view::{OrderAnswer, checked_reference, show};
use super::wallet::own_wallet_id;
use crate::app::AppState;
use crate::extract::{Caller, Keyed, KnownCaller, Reader, RequestKey, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::OrderStateText;
use crate::wire::{Money, MoneyBody};
use axum::Json;
use axum::extract::{Path, State};
use domain::catalogue::Code;
use domain::ids::{CardId, CardPaymentId, WalletId};
use domain::merchant::OpenidKeys;
use domain::order::{OrderState, PayOrder, PayOrderByCard, PayOrderRefusal};
use engine::Failed;
use kernel::Amount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a payment number is drawn for one payment before the caller is asked to come again.
const DRAWS_MAX: usize = 3;

/// The password is the only factor so far.
const FACTORS: u32 = 1;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(get_order)).routes(routes!(pay_order))
}

/// Shows an order to who holds its reference.
#[utoipa::path(
    get, path = "/v1/orders/{ref}", tag = "orders", operation_id = "getOrder",
    security(("session" = [])),
    params(("ref" = String, Path, description = "The order's reference")),
    responses(
        (status = 200, description = "The order", body = OrderAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No such order, or for another person only",
            body = ProblemDocument),
    ),
)]
async fn get_order(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Path(order_ref): Path<String>,
) -> Result<Json<OrderAnswer>, Problem> {
    show(&app, &caller, language, &order_ref).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PayOrderBody {
    /// The order's reference, as resolving its code gave it.
    order_ref: String,
    /// The amount that the payer saw and agreed to.
    amount: MoneyBody,
    /// The card that pays; the balance, if absent.
    #[schema(value_type = Option<String>)]
    card: Option<CardId>,
    /// The payment password.
    payment_password: Secret,
}

impl Wire for PayOrderBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

/// The order is paid, or waits for the bank of a card.
#[derive(Serialize, ToSchema)]
struct OrderPaidAnswer {
    /// The order's reference.
    order_ref: String,
    /// `SUCCESS`, or `BANK_PENDING` for a card: the order tells what came of it.
    #[schema(value_type = OrderStateText)]
    state: OrderState,
    /// Our number of the payment: 28 digits; from a card only once the order is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// The payment at the bank.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    card_payment: Option<CardPaymentId>,
    /// What is paid.
    amount: Money,
    /// When it was paid, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<String>,
}

/// Pays an order from the balance or from a bound card.
#[utoipa::path(
    post, path = "/v1/orders/pay", tag = "orders", operation_id = "payOrder",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = PayOrderBody,
    responses(
        (status = 200, description = "It is paid, or the card's bank is asked for the money",
            body = OrderPaidAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 402, description = "The balance is too low", body = ProblemDocument),
        (status = 403, description = "Wrong payment password, nothing may leave the wallet, or the \
            merchant takes no payments", body = ProblemDocument),
        (status = 404, description = "No such order or card, or no wallet is open",
            body = ProblemDocument),
        (status = 409, description = "It is paid, closed, another person's or of another amount, \
            the card is suspended, or the key was used for another request",
            body = ProblemDocument),
        (status = 410, description = "Its time is over", body = ProblemDocument),
        (status = 422, description = "No amount, or above a limit", body = ProblemDocument),
        (status = 423, description = "The payment password is locked", body = ProblemDocument),
        (status = 503, description = "Nobody knows yet whether it is paid, or the server is busy: \
            the code tells", body = ProblemDocument),
    ),
)]
async fn pay_order(
    State(app): State<AppState>,
    payer: KnownCaller,
    Keyed { body, key }: Keyed<PayOrderBody>,
) -> Result<Json<OrderPaidAnswer>, Problem> {
    let amount = body.amount.parse("/amount")?;
    let wallet = own_wallet_id(&payer.caller)?;
    let asked = Asked { payer, wallet, amount, body, key };
    let mut draws = 0;
    let answer = loop {
        draws += 1;
        match asked.pay(&app).await? {
            Err(Failed::Stale) if draws < DRAWS_MAX => {}
            Err(Failed::Refused(PayOrderRefusal::SessionExpired)) => {
                app.callers.forget(&asked.payer.caller.session);
                return Err(Code::SessionExpired.into());
            }
            ended => break ended?,
        }
    };
    Ok(Json(answer))
}

/// A payment as it was asked for.
struct Asked {
    payer: KnownCaller,
    wallet: WalletId,
    amount: Amount,
    body: PayOrderBody,
    key: RequestKey,
}

impl Asked {
    async fn pay(
        &self,
        app: &AppState,
    ) -> Result<Result<OrderPaidAnswer, Failed<PayOrderRefusal>>, Problem> {
        let order = self.command(app)?;
        let order_ref = self.body.order_ref.clone();
        let Some(card) = self.body.card else {
            let paid = app.engine.run(order).await;
            return Ok(paid.map(|paid| OrderPaidAnswer {
                order_ref,
                state: OrderState::Success,
                transaction_id: Some(paid.transaction_id),
                card_payment: None,
                amount: Money::cny(paid.amount_minor),
                paid_at: Some(paid.paid_at.rfc3339()),
            }));
        };
        let payment = CardPaymentId::from_bytes(app.shell.id());
        let begun = app.engine.run(PayOrderByCard { order, card, payment }).await;
        Ok(begun.map(|payment| OrderPaidAnswer {
            order_ref,
            state: OrderState::BankPending,
            transaction_id: None,
            card_payment: Some(payment),
            amount: self.amount.into(),
            paid_at: None,
        }))
    }

    /// The command, with a new payment number. Rows are left to it: the engine reads those of many
    /// payments at once.
    fn command(&self, app: &AppState) -> Result<PayOrder, Problem> {
        let KnownCaller { caller, is_proved } = self.payer;
        let password = &self.body.payment_password;
        Ok(PayOrder {
            user: caller.user,
            session: (!is_proved).then_some(caller.session),
            wallet: self.wallet,
            prepay_id: checked_reference(&self.body.order_ref)?.to_owned(),
            amount: self.amount,
            password: password.as_payment_password(
                &app.keys,
                &self.key,
                self.wallet,
                "/payment_password",
            )?,
            factors: FACTORS,
            openid_keys: OpenidKeys::of(&app.keys),
            transaction_id: app.draw_transaction_id(),
            once: self.key.once(caller.owner()),
        })
    }
}
