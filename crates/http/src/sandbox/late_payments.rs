//! Money that came from a card when its order could not be paid any more. Merchants hear nothing of
//! it, so a developer who wants to see that it went back needs a place to look.

use crate::app::AppState;
use crate::problem::Problem;
use crate::spelling::CardPaymentStateText;
use crate::wire::Money;
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::order::{CardPayment, CardPaymentState, OrderByPrepay};
use serde::Serialize;
use store::queries::{find, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most that are shown.
const SHOWN: usize = 50;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list_late_payments))
}

/// A payment from a card that came too late.
#[derive(Serialize, ToSchema)]
pub(super) struct LatePayment {
    /// The order's `prepay_id`.
    pub(super) prepay_id: String,
    /// The merchant that placed the order.
    pub(super) mchid: String,
    /// Its number of the order, or of the combined order.
    pub(super) out_trade_no: String,
    /// What came, and goes back.
    pub(super) amount: Money,
    /// `REFUNDING` until the bank has taken it back, then `REFUNDED`.
    #[schema(value_type = CardPaymentStateText)]
    pub(super) state: CardPaymentState,
    /// When the bank's yes came, RFC 3339.
    pub(super) came_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LatePayments {
    /// The newest first.
    items: Vec<LatePayment>,
}

/// Lists the last payments from cards that came after the close and go back by themselves.
#[utoipa::path(
    get, path = "/sandbox/v1/late-payments", tag = "sandbox", operation_id = "listLatePayments",
    responses((status = 200, description = "At most 50, newest first", body = LatePayments)),
)]
async fn list_late_payments(State(app): State<AppState>) -> Result<Json<LatePayments>, Problem> {
    app.sandbox.as_ref().ok_or(Code::RouteUnknown)?;
    Ok(Json(LatePayments { items: late_payments(&app).await? }))
}

/// The last of them, the newest first.
pub(super) async fn late_payments(app: &AppState) -> Result<Vec<LatePayment>, Problem> {
    let condition =
        format!("state IN ('REFUNDING', 'REFUNDED') ORDER BY ended_at DESC, id DESC LIMIT {SHOWN}");
    let queries = app.queries.as_ref();
    let mut late = Vec::new();
    for payment in select::<CardPayment>(queries, &condition, Vec::new()).await? {
        let order = find::<OrderByPrepay>(queries, &payment.prepay_id).await?;
        let order = order.ok_or(Code::SystemError)?;
        late.push(LatePayment {
            mchid: order.mchid,
            out_trade_no: order.out_trade_no,
            amount: payment.amount.into(),
            state: payment.state,
            came_at: payment.ended_at.map(|at| at.rfc3339()),
            prepay_id: payment.prepay_id,
        });
    }
    Ok(late)
}
