//! Asking for refunds and showing them.

use super::Face;
use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::code::Code;
use apiv3::refund::{CreateRefund, FundsAccount, OrderName};
use apiv3::refund_view::RefundView;
use apiv3::request::find_query_sub_mchid;
use domain::refund::{self, OrderOfRefund, Refund, RefundSource};

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v3/refund/domestic/refunds", |call| Box::pin(create(call))),
    Route::get("/v3/refund/domestic/refunds/{out_refund_no}", |call| Box::pin(show(call))),
];

/// Random digits of a refund number, after `50` and the time.
const DRAWN_DIGITS: usize = 7;

async fn create(call: Call) -> Result<Reply, Fault> {
    let asked = CreateRefund::parse(&call.body, &call.caller())?;
    // All money of a merchant is settled at once, so there is none of the other kind to take.
    if asked.from.iter().any(|part| part.account == FundsAccount::Unavailable) {
        return Err(Code::NotEnough.into());
    }
    let fingerprint = asked.fingerprint();
    run(&call.face, || refund::CreateRefund {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        order: match &asked.order {
            OrderName::TransactionId(id) => OrderOfRefund::Transaction(id.clone()),
            OrderName::OutTradeNo(number) => OrderOfRefund::OutTradeNo(number.clone()),
        },
        out_refund_no: asked.out_refund_no.clone(),
        amount: asked.refund,
        total: asked.total,
        source: match asked.funds_account {
            Some(FundsAccount::Available) => RefundSource::Balance,
            Some(FundsAccount::Unavailable | FundsAccount::Unsettled) | None => {
                RefundSource::Unsettled
            }
        },
        reason: asked.reason.clone(),
        notify_url: asked.notify_url.clone(),
        fingerprint,
        refund_id: draw_refund_id(&call.face),
    })
    .await?;
    let refund = find(&call, asked.out_refund_no.clone()).await?;
    reply(&refund.ok_or_else(|| Fault::defect("an accepted refund has no row"))?)
}

async fn show(call: Call) -> Result<Reply, Fault> {
    let sub_mchid = find_query_sub_mchid(call.query())?;
    let refund = find(&call, call.variable("out_refund_no")).await?;
    let refund = refund.filter(|refund| refund.sub_mchid == sub_mchid);
    reply(&refund.ok_or(Code::ResourceNotExists)?)
}

async fn find(call: &Call, number: String) -> Result<Option<Refund>, Fault> {
    call.find::<Refund>(&(call.mchid.clone(), number)).await
}

fn reply(refund: &Refund) -> Result<Reply, Fault> {
    let view = RefundView::of(refund).ok_or_else(|| Fault::defect("refund row"))?;
    Ok(Reply::json(view.to_json()))
}

pub(super) fn draw_refund_id(face: &Face) -> String {
    format!("50{}", face.app.draw_number(DRAWN_DIGITS))
}
