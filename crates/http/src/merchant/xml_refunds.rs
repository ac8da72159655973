//! Refunds over the XML interface, which are those of the JSON interface: the same numbers, the
//! same rules, the same rows.

use super::Face;
use super::fault::Fault;
use super::refund_rates::{check_failed, count_failed};
use super::refunds::give_back;
use super::xml_face::{Asked, find_named, no_order, refuse};
use apiv3::refund::OrderName;
use apiv3::refund_view::RefundView;
use apiv3::v2::order::NamedOrder;
use apiv3::v2::refund::{NamedRefunds, RefundAsked, RefundQuery, show, show_all};
use apiv3::v2::{Answer, Refused};
use domain::refund::{NoticeForm, Refund, RefundById};
use store::queries::{Value, find, select};

/// Gives back what is asked for.
pub(super) async fn refund(face: &Face, asked: &Asked) -> Answer {
    if check_failed(face, &asked.mchid).is_err() {
        return refuse(Refused::limited());
    }
    match given_back(face, asked).await {
        Ok(answer) => {
            if matches!(answer, Answer::Refused(..)) {
                count_failed(face, &asked.mchid);
            }
            answer
        }
        Err(fault) if fault.over_rate => refuse(Refused::limited()),
        Err(_) => refuse(Refused::system()),
    }
}

/// What comes of it; an error is not the caller's.
async fn given_back(face: &Face, asked: &Asked) -> Result<Answer, Fault> {
    let request = match RefundAsked::parse(&asked.fields, face.url_rule()) {
        Ok(request) => request,
        Err(refused) => return Ok(refuse(refused)),
    };
    let RefundAsked { appid, refund } = request;
    let named =
        NamedOrder { appid, sub_mchid: refund.sub_mchid.clone(), name: refund.order.clone() };
    if find_named(face, asked, named).await?.is_none() {
        return Ok(no_order());
    }
    let refund = match give_back(face, &asked.mchid, &refund, NoticeForm::Xml).await? {
        Ok(refund) => refund,
        Err(refusal) => return Ok(refuse(refusal.into())),
    };
    let view = RefundView::of(&refund).ok_or_else(|| Fault::defect("refund row"))?;
    Ok(Answer::Done(show(&view)))
}

/// Shows refunds.
pub(super) async fn refund_query(face: &Face, asked: &Asked) -> Answer {
    let query = match RefundQuery::parse(&asked.fields) {
        Ok(query) => query,
        Err(refused) => return refuse(refused),
    };
    let offset = if matches!(query.refunds, NamedRefunds::Order(_)) { query.offset } else { 0 };
    match find_refunds(face, asked, query).await {
        Ok(refunds) => show_all(&refunds, offset).map_or_else(refuse, Answer::Done),
        Err(_) => refuse(Refused::system()),
    }
}

/// Those that are named, of one order of the app; the first first.
async fn find_refunds(
    face: &Face,
    asked: &Asked,
    query: RefundQuery,
) -> Result<Vec<RefundView>, Fault> {
    let queries = face.app.queries.as_ref();
    let (number, name) = match query.refunds {
        NamedRefunds::Order(name) => (None, Some(name)),
        NamedRefunds::OutRefundNo(number) => (Some(number), None),
        NamedRefunds::RefundId(id) => {
            let found = find::<RefundById>(queries, &id).await?;
            let found = found.filter(|found| found.mchid == asked.mchid);
            (found.map(|found| found.out_refund_no), None)
        }
    };
    let one = match number {
        Some(number) => find::<Refund>(queries, &(asked.mchid.clone(), number)).await?,
        None => None,
    };
    let of_one = one.as_ref().map(|refund| OrderName::OutTradeNo(refund.out_trade_no.clone()));
    let Some(name) = name.or(of_one) else { return Ok(Vec::new()) };
    let named = NamedOrder { appid: query.appid, sub_mchid: query.sub_mchid, name };
    let Some(order) = find_named(face, asked, named).await? else { return Ok(Vec::new()) };
    let rows = match one {
        Some(refund) => vec![refund],
        None => {
            let condition = "mchid = $1 AND out_trade_no = $2 ORDER BY created_at, refund_id";
            let key = [&order.mchid, &order.out_trade_no].map(|text| Value::Text(text.clone()));
            select::<Refund>(queries, condition, key.to_vec()).await?
        }
    };
    let views: Option<Vec<RefundView>> = rows.iter().map(RefundView::of).collect();
    views.ok_or_else(|| Fault::defect("refund row"))
}
