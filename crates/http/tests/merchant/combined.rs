//! Combined orders over the wire.

use crate::partner::provider;
use crate::world::{PAYER, Party, World};
use domain::merchant::{AddAppid, IssueOpenid, OpenidKeys};
use domain::order::Order;
use serde_json::{Value, json};
use store::queries::find;

const NATIVE: &str = "/v3/combine-transactions/native";
const JSAPI: &str = "/v3/combine-transactions/jsapi";
const BY_NUMBER: &str = "/v3/combine-transactions/out-trade-no/C2026-0001";

/// A world with two merchants that share an app id.
pub async fn market() -> (World, Party) {
    market_in(World::new().await).await
}

/// Makes such a one of a world.
pub async fn market_in(world: World) -> (World, Party) {
    let other = world.add_merchant("Noodle shop").await;
    let appid = world.merchant.made.appid.clone();
    let share = AddAppid { mchid: other.made.mchid.clone(), appid };
    world.app.engine.run(share).await.unwrap();
    (world, other)
}

fn part(mchid: &str, out_trade_no: &str, fen: i64) -> Value {
    json!({
        "mchid": mchid,
        "out_trade_no": out_trade_no,
        "description": "一杯茶",
        "attach": "table 7",
        "amount": { "total_amount": fen, "currency": "CNY" },
    })
}

pub fn combine(world: &World, other: &Party) -> Value {
    let made = &world.merchant.made;
    json!({
        "combine_appid": made.appid,
        "combine_mchid": made.mchid,
        "combine_out_trade_no": "C2026-0001",
        "notify_url": "https://tea.example.com/notify",
        "scene_info": { "payer_client_ip": "192.0.2.7", "device_id": "till 3" },
        "sub_orders": [
            part(&made.mchid, "T2026-0001", 400),
            part(&other.made.mchid, "T2026-0002", 600),
        ],
    })
}

fn names(body: &Value) -> Value {
    let name =
        |part: &Value| json!({ "mchid": part["mchid"], "out_trade_no": part["out_trade_no"] });
    let parts: Vec<Value> = body["sub_orders"].as_array().unwrap().iter().map(name).collect();
    json!({ "combine_appid": body["combine_appid"], "sub_orders": parts })
}

#[tokio::test]
async fn parts_are_paid_at_once_and_refunded_by_their_own_merchants() {
    let (world, other) = market().await;
    let created = world.post(NATIVE, &combine(&world, &other)).await;
    let url = created.json()["code_url"].as_str().unwrap().to_owned();
    let unpaid = world.get(BY_NUMBER).await.json();
    assert_eq!(unpaid["sub_orders"][1]["trade_state"], "NOTPAY");
    assert_eq!(unpaid["scene_info"], json!({ "device_id": "till 3" }));
    let transaction_id = world.pay(apiv3::create::parse_code_url(&url).unwrap()).await;
    let paid = world.get(BY_NUMBER).await.json();
    assert_eq!(paid["combine_transaction_id"], json!(transaction_id));
    assert_eq!(paid["combine_payer_info"], json!({ "openid": world.payer_openid() }));
    let second = &paid["sub_orders"][1];
    assert_eq!((&second["trade_state"], &second["attach"]), (&json!("SUCCESS"), &json!("table 7")));
    let own = second["transaction_id"].as_str().unwrap();
    assert_ne!(own, transaction_id);
    world.wait(60);
    let refund = json!({
        "transaction_id": own,
        "out_refund_no": "R1",
        "amount": { "refund": 600, "total": 600, "currency": "CNY" },
    });
    let foreign = world.post("/v3/refund/domestic/refunds", &refund).await;
    foreign.refuses(404, "RESOURCE_NOT_EXISTS", "order does not exist");
    let body = refund.to_string();
    let target = ("POST", "/v3/refund/domestic/refunds");
    let made = world.send(world.signed(&other, target, body.as_bytes())).await;
    assert_eq!((made.status, &made.json()["status"]), (200, &json!("SUCCESS")));
    let states = world.get(BY_NUMBER).await.json();
    assert_eq!(states["sub_orders"][0]["trade_state"], "SUCCESS");
    assert_eq!(states["sub_orders"][1]["trade_state"], "REFUND");
}

#[tokio::test]
async fn closing_lists_every_part() {
    let (world, other) = market().await;
    let body = combine(&world, &other);
    world.post(NATIVE, &body).await;
    let close = format!("{BY_NUMBER}/close");
    let mut some = names(&body);
    some["sub_orders"].as_array_mut().unwrap().pop();
    let text = "combine_appid or sub_orders are not those of the order";
    world.post(&close, &some).await.refuses(400, "INVALID_REQUEST", text);
    let alone = "/v3/pay/transactions/out-trade-no/T2026-0001/close";
    let mchid = json!({ "mchid": world.merchant.made.mchid });
    let text = "a part of a combined order cannot be closed alone";
    world.post(alone, &mchid).await.refuses(400, "INVALID_REQUEST", text);
    for _ in 0..2 {
        world.post(&close, &names(&body)).await.is(204, Value::Null);
    }
    let shown = world.get(BY_NUMBER).await.json();
    assert_eq!(shown["sub_orders"][1]["trade_state"], "CLOSED");
}

#[tokio::test]
async fn a_refusal_of_one_part_names_its_place() {
    let (world, other) = market().await;
    let mut body = combine(&world, &other);
    body["sub_orders"][1]["mchid"] = json!("1900000009");
    let expected = json!({
        "code": "MCH_NOT_EXISTS",
        "message": "unknown merchant",
        "detail": { "field": "/sub_orders/1", "location": "body" },
    });
    world.post(NATIVE, &body).await.is(400, expected);
    let unknown = world.get("/v3/combine-transactions/out-trade-no/C2026-0009").await;
    unknown.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
}

#[tokio::test]
async fn a_code_binds_the_payer_whom_it_names() {
    let (world, other) = market().await;
    let mut body = combine(&world, &other);
    body["combine_payer_info"] = json!({ "openid": "o-nobody" });
    let unknown = world.post(NATIVE, &body).await;
    assert_eq!((unknown.status, &unknown.json()["code"]), (500, &json!("OPENID_MISMATCH")));
    let openid = world.known_payer().await;
    body["combine_payer_info"] = json!({ "openid": openid });
    let placed = world.post(NATIVE, &body).await.json();
    let open = world.post(NATIVE, &combine(&world, &other)).await;
    let text = "201 out_trade_no was used with other parameters";
    open.refuses(400, "INVALID_REQUEST", text);
    // Payments compare with what the parts are bound to.
    for part in body["sub_orders"].as_array().unwrap() {
        let [mchid, number] = ["mchid", "out_trade_no"].map(|key| part[key].as_str().unwrap());
        let key = (mchid.to_owned(), number.to_owned());
        let bound = find::<Order>(world.app.queries.as_ref(), &key).await.unwrap().unwrap();
        assert_eq!(bound.openid.as_ref(), Some(&openid), "{number}");
    }
    world.pay(apiv3::create::parse_code_url(placed["code_url"].as_str().unwrap()).unwrap()).await;
    world.check_books().await;
}

#[tokio::test]
async fn a_close_that_names_another_app_of_the_sub_merchant_closes_nothing() {
    let (world, sub) = provider().await;
    let body = served(&world, &sub, &json!({}));
    assert_eq!(world.post(NATIVE, &body).await.status, 200);
    let close = format!("{BY_NUMBER}/close");
    let mut named = names(&body);
    named["sub_orders"][1]["sub_mchid"] = json!(sub.made.mchid);
    named["sub_orders"][1]["sub_appid"] = json!("wx00000000000000aa");
    let text = "combine_appid or sub_orders are not those of the order";
    world.post(&close, &named).await.refuses(400, "INVALID_REQUEST", text);
    named["sub_orders"][1]["sub_appid"] = json!(sub.made.appid);
    world.post(&close, &named).await.is(204, Value::Null);
}

/// The body of a combined JSAPI order whose second part a sub-merchant is paid under its own app.
fn served(world: &World, sub: &Party, payer: &Value) -> Value {
    let mut body = combine(world, sub);
    body["sub_orders"][1] = part(&world.merchant.made.mchid, "T2026-0002", 600);
    body["sub_orders"][1]["sub_mchid"] = json!(sub.made.mchid);
    body["sub_orders"][1]["sub_appid"] = json!(sub.made.appid);
    body["combine_payer_info"] = payer.clone();
    body
}

#[tokio::test]
async fn a_payer_may_be_named_under_the_sub_merchants_app_alone() {
    let (world, sub) = provider().await;
    let (mchid, appid) = (sub.made.mchid.clone(), sub.made.appid.clone());
    let sub_openid = OpenidKeys::of(&world.app.keys).newest(&appid, PAYER.user);
    let payer = json!({ "sub_openid": sub_openid });
    let unknown = world.post(JSAPI, &served(&world, &sub, &payer)).await;
    assert_eq!((unknown.status, &unknown.json()["code"]), (500, &json!("OPENID_MISMATCH")));
    assert_eq!(unknown.json()["detail"]["field"], "/sub_orders/1");
    let issue = IssueOpenid { user: PAYER.user, appid, mchid, openid: sub_openid.clone() };
    world.app.engine.run(issue).await.unwrap();
    let body = served(&world, &sub, &payer);
    let placed = world.post(JSAPI, &body).await;
    assert_eq!(placed.status, 200, "{placed:?}");
    let mut other = body.clone();
    other["combine_payer_info"] = json!({ "openid": world.payer_openid() });
    let text = "201 out_trade_no was used with other parameters";
    world.post(JSAPI, &other).await.refuses(400, "INVALID_REQUEST", text);
    world.pay(placed.json()["prepay_id"].as_str().unwrap()).await;
    let paid = world.get(BY_NUMBER).await.json();
    assert_eq!(paid["sub_orders"][1]["sub_openid"], json!(sub_openid));
    world.check_books().await;
}

#[tokio::test]
async fn a_provider_combines_one_part_too() {
    let (world, sub) = provider().await;
    let mut body = served(&world, &sub, &json!({}));
    let parts = body["sub_orders"].as_array_mut().unwrap();
    parts.remove(0);
    parts[0]["amount"]["total_amount"] = json!(1000);
    let placed = world.post(NATIVE, &body).await;
    let url = placed.json()["code_url"].as_str().unwrap().to_owned();
    world.pay(apiv3::create::parse_code_url(&url).unwrap()).await;
    let paid = world.get(BY_NUMBER).await.json();
    assert_eq!(paid["sub_orders"].as_array().unwrap().len(), 1);
    assert_eq!(paid["sub_orders"][0]["trade_state"], "SUCCESS");
    world.check_books().await;
}
