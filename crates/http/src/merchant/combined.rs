//! Combined orders: placing, showing and closing several orders that are paid at once.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::orders::created_reply;
use super::route::{Route, Serving};
use apiv3::code::Code;
use apiv3::combine::{CloseCombined, CreateCombined, Part};
use apiv3::combined_view::CombinedView;
use apiv3::create;
use domain::order::{
    CloseCombinedOrder, CombinedOrder, CreateCombinedOrder, PartAsked, PartToClose, Partner,
    TradeType,
};

pub(super) const PLACING: &[Route] = &[
    Route::post("/v3/combine-transactions/native", |call| place(call, TradeType::Native)),
    Route::post("/v3/combine-transactions/jsapi", |call| place(call, TradeType::Jsapi)),
    Route::post("/v3/combine-transactions/app", |call| place(call, TradeType::App)),
    Route::post("/v3/combine-transactions/h5", |call| place(call, TradeType::H5)),
];

pub(super) const QUERIES: &[Route] =
    &[Route::get("/v3/combine-transactions/out-trade-no/{combine_out_trade_no}", |call| {
        Box::pin(show(call))
    })];

pub(super) const CLOSING: &[Route] =
    &[Route::post("/v3/combine-transactions/out-trade-no/{combine_out_trade_no}/close", |call| {
        Box::pin(close(call))
    })];

fn place(call: Call, trade_type: TradeType) -> Serving {
    Box::pin(create(call, trade_type))
}

async fn create(call: Call, trade_type: TradeType) -> Result<Reply, Fault> {
    let face = call.face.as_ref();
    let asked = CreateCombined::parse(trade_type, &call.body, &call.caller())?;
    let fingerprint = asked.fingerprint();
    let created = run(face, || CreateCombinedOrder {
        mchid: call.mchid.clone(),
        appid: asked.appid.clone(),
        out_trade_no: asked.out_trade_no.clone(),
        trade_type,
        notify_url: asked.notify_url.clone(),
        time_expire: asked.time_expire,
        openid: asked.openid.clone(),
        device_id: asked.device_id.clone(),
        parts: asked.parts.iter().map(|part| part_asked(&asked, part)).collect(),
        cards_taken: asked.cards_taken(),
        takes_balance: asked.takes_balance(),
        fingerprint,
        prepay_id: create::prepay_id(face.app.business_now(), face.random()),
    })
    .await?;
    created_reply(&call, trade_type, &created.prepay_id)
}

fn part_asked(whole: &CreateCombined, part: &Part) -> PartAsked {
    PartAsked {
        mchid: part.mchid.clone(),
        partner: part.sub_mchid.clone().map(|sub_mchid| Partner {
            sub_mchid,
            sub_appid: part.sub_appid.clone(),
            sub_openid: part.sub_appid.as_ref().and(whole.sub_openid.clone()),
        }),
        out_trade_no: part.out_trade_no.clone(),
        description: part.description.clone(),
        amount: part.amount,
        attach: part.attach.clone(),
        profit_sharing: part.profit_sharing(),
    }
}

async fn show(call: Call) -> Result<Reply, Fault> {
    let key = (call.mchid.clone(), call.variable("combine_out_trade_no"));
    let combined = call.find::<CombinedOrder>(&key).await?.ok_or(Code::OrderNotExist)?;
    let app = &call.face.app;
    let parts = store::queries::combined_parts(app.queries.as_ref(), &key).await?;
    let view = CombinedView::of(&combined, &parts, app.business_now());
    Ok(Reply::json(view.ok_or_else(|| Fault::defect("combined order row"))?.to_json()))
}

async fn close(call: Call) -> Result<Reply, Fault> {
    let asked = CloseCombined::parse(&call.body)?;
    let out_trade_no = call.variable("combine_out_trade_no");
    let parts: Vec<PartToClose> = asked
        .parts
        .into_iter()
        .map(|part| PartToClose {
            mchid: part.mchid,
            out_trade_no: part.out_trade_no,
            sub_mchid: part.sub_mchid,
            sub_appid: part.sub_appid,
        })
        .collect();
    run(&call.face, || CloseCombinedOrder {
        mchid: call.mchid.clone(),
        appid: asked.appid.clone(),
        out_trade_no: out_trade_no.clone(),
        parts: parts.clone(),
    })
    .await?;
    Ok(Reply::no_content())
}
