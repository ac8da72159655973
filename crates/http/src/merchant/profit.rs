//! Profit sharing: receivers, sharing, unfreezing, giving back, and what is left to share.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::code::Code;
use apiv3::error::ApiError;
use apiv3::profit::{self, AddReceiver, DeleteReceiver, Return, Share, Unfreeze, query_number};
use apiv3::request::find_query_sub_mchid;
use domain::merchant::{SubMerchant, SubMerchantState};
use domain::order::{Order, OrderByTransaction};
use domain::profit::{
    NamedProfitOrder, ProfitOrder, ProfitReturn, ProfitShare, Rest, ReturnProfit, SharePart,
    ShareProfit, ShareProfitRefusal, UnfreezeProfit,
};
use store::queries::{Value, select};

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v3/profitsharing/receivers/add", |call| Box::pin(add_receiver(call))),
    Route::post("/v3/profitsharing/receivers/delete", |call| Box::pin(delete_receiver(call))),
    Route::post("/v3/profitsharing/orders", |call| Box::pin(share(call))),
    Route::post("/v3/profitsharing/orders/unfreeze", |call| Box::pin(unfreeze(call))),
    Route::get("/v3/profitsharing/orders/{out_order_no}", |call| Box::pin(show(call))),
    Route::post("/v3/profitsharing/return-orders", |call| Box::pin(give_back(call))),
    Route::get("/v3/profitsharing/return-orders/{out_return_no}", |call| {
        Box::pin(show_return(call))
    }),
    Route::get("/v3/profitsharing/merchant-configs/{sub_mchid}", |call| Box::pin(config(call))),
    Route::get("/v3/profitsharing/transactions/{transaction_id}/amounts", |call| {
        Box::pin(amounts(call))
    }),
];

/// Random digits of our numbers, after `30` and the time.
const DRAWN_DIGITS: usize = 8;

async fn add_receiver(call: Call) -> Result<Reply, Fault> {
    let asked = AddReceiver::parse(&call.body, call.named_key())?;
    run(&call.face, || domain::profit::AddReceiver {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        appid: asked.appid.clone(),
        sub_appid: asked.sub_appid.clone(),
        kind: asked.kind,
        account: asked.account.clone(),
        name: asked.name.as_ref().map(|name| name.to_string()),
        relation: asked.relation_type.to_owned(),
        custom_relation: asked.custom_relation.clone(),
    })
    .await?;
    let name = asked.name.as_ref().map(|name| call.seal(name)).transpose()?;
    Ok(Reply::json(asked.answer(name)))
}

async fn delete_receiver(call: Call) -> Result<Reply, Fault> {
    let asked = DeleteReceiver::parse(&call.body)?;
    run(&call.face, || domain::profit::DeleteReceiver {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        appid: asked.appid.clone(),
        kind: asked.kind,
        account: asked.account.clone(),
    })
    .await?;
    Ok(Reply::json(asked.answer()))
}

async fn share(call: Call) -> Result<Reply, Fault> {
    let asked = Share::parse(&call.body, call.named_key())?;
    let keys = &call.face.app.keys;
    let hash = |name: &str| keys.idempotency.hash(&[b"profit/name", name.as_bytes()]);
    let names = asked.parts.iter().map(|part| part.name.as_ref().map(|name| hash(name)));
    let fingerprint = asked.fingerprint(&names.collect::<Vec<_>>());
    let parts = asked.parts.iter().map(|part| SharePart {
        kind: part.kind,
        account: part.account.clone(),
        amount: part.amount,
        description: part.description.clone(),
        name: part.name.as_ref().map(|name| name.to_string()),
    });
    let parts: Vec<SharePart> = parts.collect();
    run(&call.face, || ShareProfit {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        appid: asked.appid.clone(),
        transaction_id: asked.transaction_id.clone(),
        out_order_no: asked.out_order_no.clone(),
        parts: parts.clone(),
        rest: if asked.unfreeze_unsplit { Rest::Unfrozen } else { Rest::Waits },
        fingerprint,
        order_id: draw(&call),
    })
    .await?;
    answer(&call, asked.out_order_no).await
}

async fn unfreeze(call: Call) -> Result<Reply, Fault> {
    let asked = Unfreeze::parse(&call.body)?;
    let fingerprint = asked.fingerprint();
    run(&call.face, || UnfreezeProfit {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        transaction_id: asked.transaction_id.clone(),
        out_order_no: asked.out_order_no.clone(),
        description: asked.description.clone(),
        fingerprint,
        order_id: draw(&call),
    })
    .await?;
    answer(&call, asked.out_order_no).await
}

async fn show(call: Call) -> Result<Reply, Fault> {
    let sub_mchid = find_query_sub_mchid(call.query())?;
    let transaction_id = query_number(call.query(), "transaction_id")?;
    let key = (call.mchid.clone(), call.variable("out_order_no"));
    let order = call.find::<ProfitOrder>(&key).await?;
    let order = order
        .filter(|order| order.transaction_id == transaction_id && order.sub_mchid == sub_mchid);
    answer(&call, order.ok_or(Code::ResourceNotExists)?.out_order_no).await
}

async fn answer(call: &Call, out_order_no: String) -> Result<Reply, Fault> {
    let order = call.find::<ProfitOrder>(&(call.mchid.clone(), out_order_no)).await?;
    let order = order.ok_or_else(|| Fault::defect("a request of sharing has no row"))?;
    let shares = select::<ProfitShare>(
        call.face.app.queries.as_ref(),
        "mchid = $1 AND out_order_no = $2 ORDER BY place",
        vec![Value::Text(order.mchid.clone()), Value::Text(order.out_order_no.clone())],
    );
    Ok(Reply::json(profit::order_answer(&order, &shares.await?)))
}

async fn give_back(call: Call) -> Result<Reply, Fault> {
    let asked = Return::parse(&call.body)?;
    let fingerprint = asked.fingerprint();
    let order = match (&asked.order_id, &asked.out_order_no) {
        (Some(id), _) => NamedProfitOrder::OrderId(id.clone()),
        (None, number) => NamedProfitOrder::OutOrderNo(number.clone().unwrap_or_default()),
    };
    run(&call.face, || ReturnProfit {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        order: order.clone(),
        out_return_no: asked.out_return_no.clone(),
        return_mchid: asked.return_mchid.clone(),
        amount: asked.amount,
        description: asked.description.clone(),
        fingerprint,
        return_id: draw(&call),
    })
    .await?;
    let back = find_return(&call, asked.out_return_no).await?;
    let back = back.ok_or_else(|| Fault::defect("a return has no row"))?;
    Ok(Reply::json(profit::return_answer(&back)))
}

async fn show_return(call: Call) -> Result<Reply, Fault> {
    let sub_mchid = find_query_sub_mchid(call.query())?;
    let out_order_no = query_number(call.query(), "out_order_no")?;
    let back = find_return(&call, call.variable("out_return_no")).await?;
    let back = back.filter(|back| back.out_order_no == out_order_no && back.sub_mchid == sub_mchid);
    Ok(Reply::json(profit::return_answer(&back.ok_or(Code::ResourceNotExists)?)))
}

async fn find_return(call: &Call, number: String) -> Result<Option<ProfitReturn>, Fault> {
    call.find::<ProfitReturn>(&(call.mchid.clone(), number)).await
}

async fn config(call: Call) -> Result<Reply, Fault> {
    let sub_mchid = call.variable("sub_mchid");
    check_served(&call, &sub_mchid).await?;
    let max_ratio = call.face.app.rules().profit_max_bp;
    Ok(Reply::json(profit::config_answer(&sub_mchid, max_ratio)))
}

/// Refuses a sub-merchant that the merchant does not serve.
async fn check_served(call: &Call, sub_mchid: &str) -> Result<(), Fault> {
    let relation = (call.mchid.clone(), sub_mchid.to_owned());
    let relation = call.find::<SubMerchant>(&relation).await?;
    let served = relation.is_some_and(|relation| relation.state == SubMerchantState::Active);
    if served { Ok(()) } else { Err(Code::NoAuth.into()) }
}

async fn amounts(call: Call) -> Result<Reply, Fault> {
    let transaction_id = call.variable("transaction_id");
    let found = call.find::<OrderByTransaction>(&transaction_id).await?;
    let found = found.filter(|found| found.mchid == call.mchid);
    // The call knows no 404.
    let found = found.ok_or_else(|| ApiError::from(ShareProfitRefusal::OrderNotFound))?;
    let order = call.find::<Order>(&(found.mchid, found.out_trade_no)).await?;
    let order = order.ok_or_else(|| Fault::defect("a payment number without its order"))?;
    Ok(Reply::json(profit::amounts_answer(&transaction_id, order.unsettled_minor)))
}

fn draw(call: &Call) -> String {
    format!("30{}", call.face.app.draw_number(DRAWN_DIGITS))
}
