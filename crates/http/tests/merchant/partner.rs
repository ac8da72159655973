//! Service providers: the partner's shape of every call, and who may ask for what.

use crate::world::{Answer, Party, World};
use domain::merchant::{BindSubMerchant, SubMerchantState};
use kernel::time::MINUTE;
use serde_json::{Value, json};

/// A world whose merchant serves another one.
pub(crate) async fn provider() -> (World, Party) {
    let world = World::new().await;
    let sub = world.add_merchant("Noodle shop").await;
    let bind = BindSubMerchant {
        mchid: world.merchant.made.mchid.clone(),
        sub_mchid: sub.made.mchid.clone(),
        state: SubMerchantState::Active,
    };
    world.app.engine.run(bind).await.unwrap();
    (world, sub)
}

pub(crate) fn order(world: &World, sub: &Party, out_trade_no: &str) -> Value {
    let mut body = world.order(out_trade_no);
    let object = body.as_object_mut().unwrap();
    for (old, new) in [("appid", "sp_appid"), ("mchid", "sp_mchid")] {
        let value = object.remove(old).unwrap();
        object.insert(new.into(), value);
    }
    object.insert("sub_mchid".into(), json!(sub.made.mchid));
    object.insert("sub_appid".into(), json!(sub.made.appid));
    body
}

async fn show(world: &World, sub_mchid: &str, out_trade_no: &str) -> Answer {
    let mchid = &world.merchant.made.mchid;
    let query = format!("sp_mchid={mchid}&sub_mchid={sub_mchid}");
    world.get(&format!("/v3/pay/partner/transactions/out-trade-no/{out_trade_no}?{query}")).await
}

#[tokio::test]
async fn a_sub_merchants_order_lives_through_the_partners_calls() {
    let (world, sub) = provider().await;
    let body = order(&world, &sub, "T2026-0001");
    let created = world.post("/v3/pay/partner/transactions/native", &body).await;
    let url = created.json()["code_url"].as_str().unwrap().to_owned();
    let prepay_id = apiv3::create::parse_code_url(&url).unwrap();
    let transaction_id = world.pay(prepay_id).await;
    let shown = show(&world, &sub.made.mchid, "T2026-0001").await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let wire = shown.json();
    assert_eq!(wire["sp_mchid"], json!(world.merchant.made.mchid));
    assert_eq!(wire["sub_mchid"], json!(sub.made.mchid));
    assert_eq!(wire["payer"]["sp_openid"], json!(world.payer_openid()));
    assert!(wire["payer"]["sub_openid"].is_string());
    let mchid = &world.merchant.made.mchid;
    let query = format!("sp_mchid={mchid}&sub_mchid={}", sub.made.mchid);
    let by_id = format!("/v3/pay/partner/transactions/id/{transaction_id}?{query}");
    assert_eq!(world.get(&by_id).await.json(), wire);
    // The direct calls do not know it, nor does another sub-merchant.
    let direct = world.get(&world.by_number("T2026-0001")).await;
    direct.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    let other = show(&world, "1900000009", "T2026-0001").await;
    other.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
}

#[tokio::test]
async fn a_refund_names_the_sub_merchant_that_gives_it() {
    let (world, sub) = provider().await;
    let body = order(&world, &sub, "T2026-0001");
    let created = world.post("/v3/pay/partner/transactions/app", &body).await;
    world.pay(created.json()["prepay_id"].as_str().unwrap()).await;
    world.wait(MINUTE / 1_000_000);
    let mut refund = world.refund("T2026-0001", "R1", 400);
    let without = world.post("/v3/refund/domestic/refunds", &refund).await;
    without.refuses(404, "RESOURCE_NOT_EXISTS", "order does not exist");
    refund["sub_mchid"] = json!(sub.made.mchid);
    let made = world.post("/v3/refund/domestic/refunds", &refund).await;
    assert_eq!((made.status, &made.json()["status"]), (200, &json!("SUCCESS")));
    let target = "/v3/refund/domestic/refunds/R1";
    let shown = world.get(&format!("{target}?sub_mchid={}", sub.made.mchid)).await;
    assert_eq!(shown.json(), made.json());
    let direct = world.get(target).await;
    direct.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
}

#[tokio::test]
async fn a_mini_program_is_placed_as_inside_a_page() {
    let (world, sub) = provider().await;
    let mut body = order(&world, &sub, "T2026-0001");
    body["payer"] = json!({ "sp_openid": world.known_payer().await });
    let placed = world.post("/v3/pay/partner/transactions/miniprogram", &body).await;
    assert_eq!(placed.status, 200, "{placed:?}");
    world.pay(placed.json()["prepay_id"].as_str().unwrap()).await;
    let shown = show(&world, &sub.made.mchid, "T2026-0001").await.json();
    assert_eq!((&shown["trade_state"], &shown["trade_type"]), (&json!("SUCCESS"), &json!("JSAPI")));
    let other = world.post("/v3/pay/partner/transactions/jsapi", &body).await;
    other.refuses(400, "ORDER_PAID", "order is already paid");
    world.check_books().await;
}

#[tokio::test]
async fn a_provider_asks_for_those_only_that_it_serves() {
    let (world, sub) = provider().await;
    let mut body = order(&world, &sub, "T2026-0001");
    body["sub_mchid"] = json!("1900000009");
    let target = "/v3/pay/partner/transactions/native";
    let text = "the service provider does not serve this sub_mchid";
    world.post(target, &body).await.refuses(403, "NO_AUTH", text);
    // Nor may a sub-merchant sign for its provider.
    let body = order(&world, &sub, "T2026-0001").to_string();
    let foreign = world.signed(&sub, ("POST", target), body.as_bytes());
    world.send(foreign).await.refuses_field("/sp_mchid", "differs from the merchant that signed");
}

#[tokio::test]
async fn closing_takes_both_names() {
    let (world, sub) = provider().await;
    let body = order(&world, &sub, "T2026-0001");
    world.post("/v3/pay/partner/transactions/native", &body).await;
    let target = "/v3/pay/partner/transactions/out-trade-no/T2026-0001/close";
    let mchid = &world.merchant.made.mchid;
    let missing = world.post(target, &json!({ "sp_mchid": mchid })).await;
    missing.refuses_field("/sub_mchid", "a required field is missing");
    let names = json!({ "sp_mchid": mchid, "sub_mchid": sub.made.mchid });
    world.post(target, &names).await.is(204, Value::Null);
    let shown = show(&world, &sub.made.mchid, "T2026-0001").await;
    assert_eq!(shown.json()["trade_state"], "CLOSED");
}
