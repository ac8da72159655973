//! Placing, showing and closing orders.

use super::Face;
use super::answer::Reply;
use super::fault::{Fault, run};
use apiv3::close;
use apiv3::code::Code;
use apiv3::create::{self, CreateCall, CreateOrder, Scene};
use apiv3::error::ApiError;
use apiv3::order::OrderView;
use apiv3::request::{Caller, check_query_mchid};
use domain::order::{self, Order, OrderByTransaction, TradeType};
use store::queries;

/// An order that excludes the balance could never be paid here.
const NO_BALANCE: ApiError =
    ApiError::saying(Code::NoAuth, "暂不支持 no_balance", "no_balance is not supported");

pub(super) async fn create(
    face: &Face,
    call: CreateCall,
    mchid: &str,
    body: &[u8],
) -> Result<Reply, Fault> {
    let caller = Caller { mchid, url_rule: face.url_rule() };
    let asked = CreateOrder::parse(call, body, &caller)?;
    if asked.limit_pay.contains(&"no_balance") {
        return Err(NO_BALANCE.into());
    }
    let fingerprint = asked.fingerprint();
    let (trade_type, openid) = match &asked.scene {
        Scene::Native => (TradeType::Native, None),
        Scene::Jsapi { openid } => (TradeType::Jsapi, Some(openid)),
    };
    let created = run(face, || order::CreateOrder {
        mchid: mchid.to_owned(),
        appid: asked.appid.clone(),
        out_trade_no: asked.out_trade_no.clone(),
        trade_type,
        description: asked.description.clone(),
        amount: asked.amount,
        attach: asked.attach.clone(),
        notify_url: asked.notify_url.clone(),
        time_expire: asked.time_expire,
        openid: openid.cloned(),
        device_id: None,
        fingerprint,
        prepay_id: create::prepay_id(face.app.business_now(), face.random()),
    })
    .await?;
    let prepay_id = &created.prepay_id;
    Ok(Reply::json(match trade_type {
        TradeType::Jsapi => create::jsapi_answer(prepay_id),
        TradeType::Native => {
            let url = create::code_url(prepay_id).ok_or_else(|| Fault::defect("prepay id"))?;
            create::native_answer(&url)
        }
    }))
}

pub(super) async fn by_transaction(
    face: &Face,
    transaction_id: String,
    mchid: &str,
    query: Option<&str>,
) -> Result<Reply, Fault> {
    check_query_mchid(query, &Caller { mchid, url_rule: face.url_rule() })?;
    let queries = face.app.queries.as_ref();
    let found = queries::find::<OrderByTransaction>(queries, &transaction_id).await?;
    let found = found.filter(|found| found.mchid == mchid).ok_or(Code::OrderNotExist)?;
    show(face, mchid, found.out_trade_no).await
}

pub(super) async fn by_number(
    face: &Face,
    out_trade_no: String,
    mchid: &str,
    query: Option<&str>,
) -> Result<Reply, Fault> {
    check_query_mchid(query, &Caller { mchid, url_rule: face.url_rule() })?;
    show(face, mchid, out_trade_no).await
}

async fn show(face: &Face, mchid: &str, out_trade_no: String) -> Result<Reply, Fault> {
    let key = (mchid.to_owned(), out_trade_no);
    let order = queries::find::<Order>(face.app.queries.as_ref(), &key).await?;
    let order = order.ok_or(Code::OrderNotExist)?;
    let view = OrderView::of(&order, face.app.business_now());
    Ok(Reply::json(view.ok_or_else(|| Fault::defect("order row"))?.to_json()))
}

pub(super) async fn close(
    face: &Face,
    out_trade_no: String,
    mchid: &str,
    body: &[u8],
) -> Result<Reply, Fault> {
    close::check_body(body, &Caller { mchid, url_rule: face.url_rule() })?;
    run(face, || order::CloseOrder { mchid: mchid.to_owned(), out_trade_no: out_trade_no.clone() })
        .await?;
    Ok(Reply::no_content())
}
