//! Placing, showing and closing orders, by a merchant for itself or by a service provider.

use super::Face;
use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::{Route, Serving};
use crate::cashier;
use apiv3::close;
use apiv3::code::Code;
use apiv3::create::{self, CreateCall, CreateOrder};
use apiv3::order::OrderView;
use apiv3::request::{Mode, read_query_merchants};
use domain::order::{self, Order, OrderByTransaction, Partner, TradeType};
use store::queries;

pub(super) const PLACING: &[Route] = &[
    Route::post("/v3/pay/transactions/native", |call| place(call, Mode::Direct, TradeType::Native)),
    Route::post("/v3/pay/transactions/jsapi", |call| place(call, Mode::Direct, TradeType::Jsapi)),
    Route::post("/v3/pay/transactions/app", |call| place(call, Mode::Direct, TradeType::App)),
    Route::post("/v3/pay/transactions/h5", |call| place(call, Mode::Direct, TradeType::H5)),
    Route::post("/v3/pay/partner/transactions/native", |call| {
        place(call, Mode::Partner, TradeType::Native)
    }),
    Route::post("/v3/pay/partner/transactions/jsapi", |call| {
        place(call, Mode::Partner, TradeType::Jsapi)
    }),
    Route::post("/v3/pay/partner/transactions/miniprogram", |call| {
        place(call, Mode::Partner, TradeType::Jsapi)
    }),
    Route::post("/v3/pay/partner/transactions/app", |call| {
        place(call, Mode::Partner, TradeType::App)
    }),
    Route::post("/v3/pay/partner/transactions/h5", |call| {
        place(call, Mode::Partner, TradeType::H5)
    }),
];

pub(super) const QUERIES: &[Route] = &[
    Route::get("/v3/pay/transactions/id/{transaction_id}", |call| {
        Box::pin(by_transaction(call, Mode::Direct))
    }),
    Route::get("/v3/pay/transactions/out-trade-no/{out_trade_no}", |call| {
        Box::pin(by_number(call, Mode::Direct))
    }),
    Route::get("/v3/pay/partner/transactions/id/{transaction_id}", |call| {
        Box::pin(by_transaction(call, Mode::Partner))
    }),
    Route::get("/v3/pay/partner/transactions/out-trade-no/{out_trade_no}", |call| {
        Box::pin(by_number(call, Mode::Partner))
    }),
];

pub(super) const CLOSING: &[Route] = &[
    Route::post("/v3/pay/transactions/out-trade-no/{out_trade_no}/close", |call| {
        Box::pin(close(call, Mode::Direct))
    }),
    Route::post("/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close", |call| {
        Box::pin(close(call, Mode::Partner))
    }),
];

fn place(call: Call, mode: Mode, trade_type: TradeType) -> Serving {
    Box::pin(create(call, CreateCall { mode, trade_type }))
}

async fn create(call: Call, kind: CreateCall) -> Result<Reply, Fault> {
    let face = call.face.as_ref();
    let asked = CreateOrder::parse(kind, &call.body, &call.caller())?;
    let fingerprint = asked.fingerprint();
    let partner = asked.sub_mchid.as_ref().map(|sub_mchid| Partner {
        sub_mchid: sub_mchid.clone(),
        sub_appid: asked.sub_appid.clone(),
        sub_openid: asked.sub_openid.clone(),
    });
    let created = run(face, || order::CreateOrder {
        mchid: call.mchid.clone(),
        appid: asked.appid.clone(),
        partner: partner.clone(),
        out_trade_no: asked.out_trade_no.clone(),
        trade_type: kind.trade_type,
        description: asked.description.clone(),
        amount: asked.amount,
        attach: asked.attach.clone(),
        notify_url: Some(asked.notify_url.clone()),
        time_expire: asked.time_expire,
        openid: asked.openid.clone(),
        device_id: asked.device_id.clone(),
        cards_taken: asked.cards_taken(),
        takes_balance: asked.takes_balance(),
        profit_sharing: asked.profit_sharing(),
        fingerprint,
        prepay_id: create::prepay_id(face.app.business_now(), face.random()),
    })
    .await?;
    created_reply(&call, kind.trade_type, &created.prepay_id)
}

/// What the merchant hands on to the payer.
pub(super) fn created_reply(
    call: &Call,
    trade_type: TradeType,
    prepay_id: &str,
) -> Result<Reply, Fault> {
    Ok(Reply::json(match trade_type {
        TradeType::Jsapi | TradeType::App => create::prepay_answer(prepay_id),
        TradeType::H5 => create::h5_answer(&cashier::h5_url(&call.face.app, prepay_id)),
        TradeType::Native => {
            let url = create::code_url(prepay_id).ok_or_else(|| Fault::defect("prepay id"))?;
            create::native_answer(&url)
        }
        TradeType::Micropay => return Err(Fault::defect("a code is charged, not placed")),
    }))
}

async fn by_transaction(call: Call, mode: Mode) -> Result<Reply, Fault> {
    let sub_mchid = read_query_merchants(mode, call.query(), &call.caller())?;
    let found = call.find::<OrderByTransaction>(&call.variable("transaction_id")).await?;
    let found = found.filter(|found| found.mchid == call.mchid).ok_or(Code::OrderNotExist)?;
    show(&call, sub_mchid, found.out_trade_no).await
}

async fn by_number(call: Call, mode: Mode) -> Result<Reply, Fault> {
    let sub_mchid = read_query_merchants(mode, call.query(), &call.caller())?;
    show(&call, sub_mchid, call.variable("out_trade_no")).await
}

async fn show(
    call: &Call,
    sub_mchid: Option<String>,
    out_trade_no: String,
) -> Result<Reply, Fault> {
    let order = find_order(&call.face, &call.mchid, sub_mchid, out_trade_no).await?;
    Ok(Reply::json(order.ok_or(Code::OrderNotExist)?.to_json()))
}

/// How the order that a merchant names stands, if it placed it, for this sub-merchant or itself.
pub(super) async fn find_order(
    face: &Face,
    mchid: &str,
    sub_mchid: Option<String>,
    out_trade_no: String,
) -> Result<Option<OrderView>, Fault> {
    let key = (mchid.to_owned(), out_trade_no);
    let order = queries::find::<Order>(face.app.queries.as_ref(), &key).await?;
    let Some(order) = order.filter(|order| order.sub_mchid == sub_mchid) else { return Ok(None) };
    let view = OrderView::of(&order, face.app.business_now());
    view.map(Some).ok_or_else(|| Fault::defect("order row"))
}

async fn close(call: Call, mode: Mode) -> Result<Reply, Fault> {
    let sub_mchid = close::read_sub_mchid(mode, &call.body, &call.caller())?;
    let out_trade_no = call.variable("out_trade_no");
    run(&call.face, || order::CloseOrder {
        mchid: call.mchid.clone(),
        sub_mchid: sub_mchid.clone(),
        out_trade_no: out_trade_no.clone(),
    })
    .await?;
    Ok(Reply::no_content())
}
