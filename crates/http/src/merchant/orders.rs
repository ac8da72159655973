//! Placing, showing and closing orders.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::close;
use apiv3::code::Code;
use apiv3::create::{self, CreateCall, CreateOrder, Scene};
use apiv3::error::ApiError;
use apiv3::order::OrderView;
use apiv3::request::check_query_mchid;
use domain::order::{self, Order, OrderByTransaction, TradeType};

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v3/pay/transactions/native", |call| Box::pin(create(call, CreateCall::Native))),
    Route::post("/v3/pay/transactions/jsapi", |call| Box::pin(create(call, CreateCall::Jsapi))),
    Route::get("/v3/pay/transactions/id/{transaction_id}", |call| Box::pin(by_transaction(call))),
    Route::get("/v3/pay/transactions/out-trade-no/{out_trade_no}", |call| {
        Box::pin(by_number(call))
    }),
    Route::post("/v3/pay/transactions/out-trade-no/{out_trade_no}/close", |call| {
        Box::pin(close(call))
    }),
];

/// An order that excludes the balance could never be paid here.
const NO_BALANCE: ApiError =
    ApiError::saying(Code::NoAuth, "暂不支持 no_balance", "no_balance is not supported");

async fn create(call: Call, kind: CreateCall) -> Result<Reply, Fault> {
    let face = call.face.as_ref();
    let asked = CreateOrder::parse(kind, &call.body, &call.caller())?;
    if asked.limit_pay.contains(&"no_balance") {
        return Err(NO_BALANCE.into());
    }
    let fingerprint = asked.fingerprint();
    let (trade_type, openid) = match &asked.scene {
        Scene::Native => (TradeType::Native, None),
        Scene::Jsapi { openid } => (TradeType::Jsapi, Some(openid)),
    };
    let created = run(face, || order::CreateOrder {
        mchid: call.mchid.clone(),
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
        profit_sharing: asked.profit_sharing(),
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

async fn by_transaction(call: Call) -> Result<Reply, Fault> {
    check_query_mchid(call.query(), &call.caller())?;
    let found = call.find::<OrderByTransaction>(&call.variable("transaction_id")).await?;
    let found = found.filter(|found| found.mchid == call.mchid).ok_or(Code::OrderNotExist)?;
    show(&call, found.out_trade_no).await
}

async fn by_number(call: Call) -> Result<Reply, Fault> {
    check_query_mchid(call.query(), &call.caller())?;
    show(&call, call.variable("out_trade_no")).await
}

async fn show(call: &Call, out_trade_no: String) -> Result<Reply, Fault> {
    let order = call.find::<Order>(&(call.mchid.clone(), out_trade_no)).await?;
    let order = order.ok_or(Code::OrderNotExist)?;
    let view = OrderView::of(&order, call.face.app.business_now());
    Ok(Reply::json(view.ok_or_else(|| Fault::defect("order row"))?.to_json()))
}

async fn close(call: Call) -> Result<Reply, Fault> {
    close::check_body(&call.body, &call.caller())?;
    let out_trade_no = call.variable("out_trade_no");
    run(&call.face, || order::CloseOrder {
        mchid: call.mchid.clone(),
        out_trade_no: out_trade_no.clone(),
    })
    .await?;
    Ok(Reply::no_content())
}
