//! Asking for refunds and showing them.

use super::Face;
use super::answer::Reply;
use super::fault::{Fault, run};
use apiv3::code::Code;
use apiv3::refund::{CreateRefund, FundsAccount, OrderName};
use apiv3::refund_view::RefundView;
use apiv3::request::{Caller, refuse_partner_query};
use domain::refund::{self, OrderOfRefund, Refund};
use store::queries;

/// Random digits of a refund number, after `50` and the time.
const DRAWN_DIGITS: usize = 7;

pub(super) async fn create(face: &Face, mchid: &str, body: &[u8]) -> Result<Reply, Fault> {
    let caller = Caller { mchid, url_rule: face.url_rule() };
    let asked = CreateRefund::parse(body, &caller)?;
    // All money of a merchant is settled at once, so there is none of the other kind to take.
    if asked.from.iter().any(|part| part.account == FundsAccount::Unavailable) {
        return Err(Code::NotEnough.into());
    }
    let fingerprint = asked.fingerprint();
    run(face, || refund::CreateRefund {
        mchid: mchid.to_owned(),
        order: match &asked.order {
            OrderName::TransactionId(id) => OrderOfRefund::Transaction(id.clone()),
            OrderName::OutTradeNo(number) => OrderOfRefund::OutTradeNo(number.clone()),
        },
        out_refund_no: asked.out_refund_no.clone(),
        amount: asked.refund,
        total: asked.total,
        reason: asked.reason.clone(),
        notify_url: asked.notify_url.clone(),
        fingerprint,
        refund_id: draw_refund_id(face),
    })
    .await?;
    let refund = find(face, mchid, asked.out_refund_no.clone()).await?;
    reply(&refund.ok_or_else(|| Fault::defect("an accepted refund has no row"))?)
}

pub(super) async fn show(
    face: &Face,
    out_refund_no: String,
    mchid: &str,
    query: Option<&str>,
) -> Result<Reply, Fault> {
    refuse_partner_query(query)?;
    reply(&find(face, mchid, out_refund_no).await?.ok_or(Code::ResourceNotExists)?)
}

async fn find(face: &Face, mchid: &str, number: String) -> Result<Option<Refund>, Fault> {
    let key = (mchid.to_owned(), number);
    Ok(queries::find::<Refund>(face.app.queries.as_ref(), &key).await?)
}

fn reply(refund: &Refund) -> Result<Reply, Fault> {
    let view = RefundView::of(refund).ok_or_else(|| Fault::defect("refund row"))?;
    Ok(Reply::json(view.to_json()))
}

fn draw_refund_id(face: &Face) -> String {
    format!("50{}", face.app.draw_number(DRAWN_DIGITS))
}
