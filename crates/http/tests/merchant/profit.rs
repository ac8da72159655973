//! Profit sharing over the wire: receivers, shares, the rest, and what comes back.

use crate::world::{Answer, Party, World};
use apiv3::oaep;
use axum::http::HeaderValue;
use domain::merchant::AllowProfitReturn;
use serde_json::{Value, json};

const ORDERS: &str = "/v3/profitsharing/orders";

/// A world with a partner as receiver and a paid order of 10.00 for sharing, a minute ago.
async fn shared_order() -> (World, Party, String) {
    let world = World::new().await;
    let partner = world.add_merchant("Tea garden").await;
    let added = add(&world, &partner, "Tea garden").await;
    assert_eq!(added.status, 200, "{added:?}");
    let mut order = world.order("T2026-0001");
    order["settle_info"] = json!({"profit_sharing": true});
    let placed = world.post("/v3/pay/transactions/native", &order).await;
    let url = placed.json()["code_url"].as_str().unwrap().to_owned();
    let transaction_id = world.pay(apiv3::create::parse_code_url(&url).unwrap()).await;
    world.advance(60).await;
    (world, partner, transaction_id)
}

pub(crate) async fn add(world: &World, partner: &Party, name: &str) -> Answer {
    let (serial, key) = &world.platform[0];
    let body = json!({
        "appid": world.merchant.made.appid,
        "type": "MERCHANT_ID",
        "account": partner.made.mchid,
        "name": oaep::encrypt(key, name).unwrap(),
        "relation_type": "PARTNER",
    });
    let target = "/v3/profitsharing/receivers/add";
    let body = body.to_string();
    let mut request = world.signed(&world.merchant, ("POST", target), body.as_bytes());
    let serial = HeaderValue::from_str(serial).unwrap();
    request.headers_mut().insert("wechatpay-serial", serial);
    world.send(request).await
}

pub(crate) fn share(world: &World, partner: &Party, transaction_id: &str, fen: i64) -> Value {
    json!({
        "appid": world.merchant.made.appid,
        "transaction_id": transaction_id,
        "out_order_no": "P@1",
        "receivers": [{
            "type": "MERCHANT_ID",
            "account": partner.made.mchid,
            "amount": fen,
            "description": "share",
        }],
        "unfreeze_unsplit": false,
    })
}

#[tokio::test]
async fn an_order_is_shared_the_rest_unfrozen_and_a_share_given_back() {
    let (world, partner, transaction_id) = shared_order().await;
    let amounts = format!("/v3/profitsharing/transactions/{transaction_id}/amounts");
    let left = json!({"transaction_id": transaction_id, "unsplit_amount": 1_000});
    world.get(&amounts).await.is(200, left);
    let answer = world.post(ORDERS, &share(&world, &partner, &transaction_id, 300)).await;
    let order_id = answer.json()["order_id"].as_str().unwrap().to_owned();
    assert_eq!((&order_id[..2], order_id.len()), ("30", 30));
    let shown = |state: &str, result: &str, finished: &str| {
        json!({
            "transaction_id": transaction_id,
            "out_order_no": "P@1",
            "order_id": order_id,
            "state": state,
            "receivers": [{
                "amount": 300, "description": "share", "type": "MERCHANT_ID",
                "account": partner.made.mchid, "result": result,
                "detail_id": format!("{order_id}01"),
                "create_time": "2026-11-21T10:01:00+08:00", "finish_time": finished,
            }],
        })
    };
    let accepted = shown("PROCESSING", "PENDING", "1970-01-01T08:00:00+08:00");
    answer.is(200, accepted.clone());
    let query = format!("{ORDERS}/P@1?transaction_id={transaction_id}");
    world.get(&query).await.is(200, accepted);
    world.finish_sharing("P@1").await;
    let finished = shown("FINISHED", "SUCCESS", "2026-11-21T10:01:01+08:00");
    world.get(&query).await.is(200, finished.clone());
    world.post(ORDERS, &share(&world, &partner, &transaction_id, 300)).await.is(200, finished);
    let unfreeze = json!({
        "transaction_id": transaction_id, "out_order_no": "P@2", "description": "rest",
    });
    let unfreeze_target = format!("{ORDERS}/unfreeze");
    let answer = world.post(&unfreeze_target, &unfreeze).await;
    assert_eq!((answer.status, &answer.json()["state"]), (200, &json!("PROCESSING")));
    world.finish_sharing("P@2").await;
    let answer = world.post(&unfreeze_target, &unfreeze).await.json();
    assert_eq!(
        (&answer["state"], &answer["receivers"][0]["amount"]),
        (&json!("FINISHED"), &json!(700))
    );
    assert_eq!(answer["receivers"][0]["account"], world.merchant.made.mchid.as_str());
    let back = json!({
        "out_order_no": "P@1", "out_return_no": "B1", "return_mchid": partner.made.mchid,
        "amount": 100, "description": "back",
    });
    let refused = world.post("/v3/profitsharing/return-orders", &back).await;
    refused.refuses(403, "NO_AUTH", "return_mchid does not agree to returns");
    let agree = AllowProfitReturn { mchid: partner.made.mchid.clone(), is_allowed: true };
    world.app.engine.run(agree).await.unwrap();
    let answer = world.post("/v3/profitsharing/return-orders", &back).await;
    assert_eq!((answer.status, &answer.json()["result"]), (200, &json!("SUCCESS")), "{answer:?}");
    let again = world.get("/v3/profitsharing/return-orders/B1?out_order_no=P@1").await;
    again.is(200, answer.json());
    world.check_books().await;
}

#[tokio::test]
async fn refusals_of_sharing_have_the_protocols_codes() {
    let (world, partner, transaction_id) = shared_order().await;
    let wrong = add(&world, &partner, "Tea house").await;
    wrong.refuses(400, "INVALID_REQUEST", "the receiver has another name");
    let answer = world.post(ORDERS, &share(&world, &partner, &transaction_id, 1_001)).await;
    answer.refuses(403, "NOT_ENOUGH", "more than what is left to share");
    let mut other = share(&world, &partner, &transaction_id, 300);
    assert_eq!(world.post(ORDERS, &other).await.status, 200);
    other["receivers"][0]["amount"] = json!(301);
    let answer = world.post(ORDERS, &other).await;
    answer.refuses(400, "INVALID_REQUEST", "out_order_no was used with other parameters");
    other["out_order_no"] = json!("P@2");
    other["receivers"][0]["amount"] = json!(700);
    assert_eq!(world.post(ORDERS, &other).await.status, 200);
    let unfreeze = json!({
        "transaction_id": transaction_id, "out_order_no": "P@3", "description": "rest",
    });
    let answer = world.post(&format!("{ORDERS}/unfreeze"), &unfreeze).await;
    answer.refuses(403, "NOT_ENOUGH", "nothing is left to share");
    let plain = world.paid("T2026-0002").await;
    world.advance(60).await;
    let mut unplanned = share(&world, &partner, &plain, 1);
    unplanned["out_order_no"] = json!("P@4");
    let answer = world.post(ORDERS, &unplanned).await;
    let message = "the order was not placed for profit sharing";
    answer.refuses(400, "INVALID_REQUEST", message);
    let missing = world.get(&format!("{ORDERS}/P@9?transaction_id={transaction_id}")).await;
    missing.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let mut twice = share(&world, &partner, &transaction_id, 1);
    let first = twice["receivers"][0].clone();
    twice["receivers"].as_array_mut().unwrap().push(first);
    let answer = world.post(ORDERS, &twice).await;
    answer.refuses_field("/receivers/1/account", "occurs twice");
    world.check_books().await;
}

/// Sends a request of sharing that names the platform key.
async fn send_sealed(world: &World, body: &Value) -> Answer {
    let body = body.to_string();
    let mut request = world.signed(&world.merchant, ("POST", ORDERS), body.as_bytes());
    let serial = HeaderValue::from_str(&world.platform[0].0).unwrap();
    request.headers_mut().insert("wechatpay-serial", serial);
    world.send(request).await
}

#[tokio::test]
async fn a_receivers_name_is_opened_and_a_merchants_is_compared() {
    let (world, partner, transaction_id) = shared_order().await;
    let mut body = share(&world, &partner, &transaction_id, 300);
    let mut named = |name: String| {
        body["receivers"][0]["name"] = json!(name);
        body.clone()
    };
    let plain = send_sealed(&world, &named("Tea garden".into())).await;
    plain.refuses_field("/receivers/0/name", "does not open with the platform key named");
    let seal = |name: &str| oaep::encrypt(&world.platform[0].1, name).unwrap();
    let keyless = world.post(ORDERS, &named(seal("Tea garden"))).await;
    assert_eq!((keyless.status, &keyless.json()["code"]), (400, &json!("PARAM_ERROR")));
    let other = send_sealed(&world, &named(seal("Tea house"))).await;
    other.refuses(400, "INVALID_REQUEST", "the receiver has another name");
    let made = send_sealed(&world, &named(seal("Tea garden"))).await;
    assert_eq!(made.status, 200, "{made:?}");
    send_sealed(&world, &named(seal("Tea garden"))).await.is(200, made.json());
    let conflict = send_sealed(&world, &named(seal("Tea house"))).await;
    let text = "out_order_no was used with other parameters";
    conflict.refuses(400, "INVALID_REQUEST", text);
    world.check_books().await;
}

#[tokio::test]
async fn a_request_without_receivers_unfreezes_the_rest() {
    let (world, partner, transaction_id) = shared_order().await;
    let mut body = share(&world, &partner, &transaction_id, 300);
    body.as_object_mut().unwrap().remove("receivers");
    let answer = world.post(ORDERS, &body).await;
    answer.refuses_field("/receivers", "a required field is missing");
    body["unfreeze_unsplit"] = json!(true);
    let made = world.post(ORDERS, &body).await;
    assert_eq!((made.status, &made.json()["receivers"]), (200, &json!([])), "{made:?}");
    let amounts = format!("/v3/profitsharing/transactions/{transaction_id}/amounts");
    assert_eq!(world.get(&amounts).await.json()["unsplit_amount"], 0);
    body["out_order_no"] = json!("P@2");
    let answer = world.post(ORDERS, &body).await;
    answer.refuses(403, "NOT_ENOUGH", "nothing is left to share");
    world.check_books().await;
}

#[tokio::test]
async fn apps_and_payments_of_others_are_refused() {
    let (world, partner, transaction_id) = shared_order().await;
    let text = "appid is not bound to the merchant";
    let mut body = share(&world, &partner, &transaction_id, 300);
    body["appid"] = json!(partner.made.appid);
    world.post(ORDERS, &body).await.refuses(400, "INVALID_REQUEST", text);
    let delete = "/v3/profitsharing/receivers/delete";
    let mut receiver = json!({
        "appid": partner.made.appid, "type": "MERCHANT_ID", "account": partner.made.mchid,
    });
    world.post(delete, &receiver).await.refuses(400, "INVALID_REQUEST", text);
    let missing = "a required field is missing";
    receiver["type"] = json!("PERSONAL_SUB_OPENID");
    world.post(delete, &receiver).await.refuses_field("/sub_appid", missing);
    receiver["relation_type"] = json!("USER");
    let add = "/v3/profitsharing/receivers/add";
    world.post(add, &receiver).await.refuses_field("/sub_appid", missing);
    body["receivers"][0]["type"] = json!("PERSONAL_SUB_OPENID");
    world.post(ORDERS, &body).await.refuses_field("/sub_appid", missing);
    let unknown = world.get("/v3/profitsharing/transactions/4200000001/amounts").await;
    unknown.refuses(400, "INVALID_REQUEST", "transaction_id does not exist");
    world.check_books().await;
}

#[tokio::test]
async fn a_refund_of_a_shared_order_says_where_it_came_from() {
    let (world, partner, transaction_id) = shared_order().await;
    world.post(ORDERS, &share(&world, &partner, &transaction_id, 300)).await;
    let body = world.refund("T2026-0001", "R1", 500);
    let answer = world.post("/v3/refund/domestic/refunds", &body).await;
    let found = (answer.status, answer.json()["funds_account"].clone());
    assert_eq!(found, (200, json!("UNSETTLED")), "{answer:?}");
    let amounts = format!("/v3/profitsharing/transactions/{transaction_id}/amounts");
    assert_eq!(world.get(&amounts).await.json()["unsplit_amount"], 200);
    world.advance(60).await;
    let mut body = world.refund("T2026-0001", "R2", 200);
    let parts = |waits: i64, available: i64| {
        json!([
            { "account": "UNAVAILABLE", "amount": waits },
            { "account": "AVAILABLE", "amount": available },
        ])
    };
    body["funds_account"] = json!("AVAILABLE");
    body["amount"]["from"] = parts(150, 50);
    let answer = world.post("/v3/refund/domestic/refunds", &body).await;
    answer.refuses_field("/funds_account", "contradicts amount.from");
    body.as_object_mut().unwrap().remove("funds_account");
    let answer = world.post("/v3/refund/domestic/refunds", &body).await;
    answer.refuses(403, "NOT_ENOUGH", "balance is not enough");
    body["amount"]["from"] = json!([{ "account": "UNAVAILABLE", "amount": 200 }]);
    let made = world.post("/v3/refund/domestic/refunds", &body).await;
    assert_eq!((made.status, &made.json()["funds_account"]), (200, &json!("UNAVAILABLE")));
    assert_eq!(made.json()["amount"]["from"], body["amount"]["from"]);
    world.get("/v3/refund/domestic/refunds/R2").await.is(200, made.json());
    assert_eq!(world.get(&amounts).await.json()["unsplit_amount"], 0);
    world.check_books().await;
}
