//! Orders: placing, placing again, showing, closing, expiring.

use crate::world::World;
use serde_json::{Value, json};

const NATIVE: &str = "/v3/pay/transactions/native";
const JSAPI: &str = "/v3/pay/transactions/jsapi";

fn unpaid(world: &World, number: &str, state: &str, description: &str) -> Value {
    json!({
        "appid": world.merchant.made.appid,
        "mchid": world.merchant.made.mchid,
        "out_trade_no": number,
        "trade_state": state,
        "trade_state_desc": description,
        "amount": { "total": 1_000, "currency": "CNY", "payer_currency": "CNY" },
        "promotion_detail": [],
    })
}

fn close_path(number: &str) -> String {
    format!("/v3/pay/transactions/out-trade-no/{number}/close")
}

#[tokio::test]
async fn an_order_is_placed_shown_paid_and_found_by_both_numbers() {
    let world = World::new().await;
    let first = world.place("T2026-0001").await;
    assert_eq!((&first[..16], first.len()), ("wx20261121100000", 41));
    let shown = unpaid(&world, "T2026-0001", "NOTPAY", "订单未支付");
    world.get(&world.by_number("T2026-0001")).await.is(200, shown);
    let second = world.place("T2026-0001").await;
    assert_ne!(first, second, "placed again with the same parameters");
    let transaction_id = world.pay(&first).await;
    let mut shown = unpaid(&world, "T2026-0001", "SUCCESS", "支付成功");
    let paid = json!({
        "amount": {
            "total": 1_000, "payer_total": 1_000, "currency": "CNY", "payer_currency": "CNY",
        },
        "transaction_id": transaction_id,
        "trade_type": "NATIVE",
        "bank_type": "OTHERS",
        "success_time": "2026-11-21T10:00:00+08:00",
        "payer": { "openid": world.payer_openid() },
        "attach": "table 7",
    });
    shown.as_object_mut().unwrap().extend(paid.as_object().unwrap().clone());
    world.get(&world.by_number("T2026-0001")).await.is(200, shown.clone());
    let mchid = &world.merchant.made.mchid;
    let by_id = format!("/v3/pay/transactions/id/{transaction_id}?mchid={mchid}");
    world.get(&by_id).await.is(200, shown);
    let body = world.order("T2026-0001");
    world.post(NATIVE, &body).await.refuses(400, "ORDER_PAID", "order is already paid");
    let close = json!({ "mchid": mchid });
    let answer = world.post(&close_path("T2026-0001"), &close).await;
    answer.refuses(400, "ORDER_PAID", "order is already paid");
}

#[tokio::test]
async fn the_same_number_with_other_parameters_is_refused() {
    let world = World::new().await;
    world.place("T2026-0001").await;
    for (path, value) in [
        ("/amount/total", json!(1_001)),
        ("/description", json!("两杯茶")),
        ("/time_expire", json!("2026-11-22T10:00:00+08:00")),
        ("/notify_url", json!("https://tea.example.com/other")),
        ("/attach", json!("table 8")),
        ("/goods_tag", json!("spring")),
        ("/limit_pay", json!(["no_credit"])),
        ("/support_fapiao", json!(true)),
        ("/settle_info", json!({ "profit_sharing": true })),
        ("/detail", json!({ "cost_price": 1_200 })),
        ("/scene_info", json!({ "payer_client_ip": "192.0.2.7", "device_id": "till 3" })),
        ("/scene_info", json!({ "payer_client_ip": "192.0.2.7", "store_info": { "id": "1" } })),
    ] {
        let mut body = world.order("T2026-0001");
        let (parent, name) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        let text = "201 out_trade_no was used with other parameters";
        world.post(NATIVE, &body).await.refuses(400, "INVALID_REQUEST", text);
    }
    let mut moved = world.order("T2026-0001");
    moved["scene_info"] = json!({ "payer_client_ip": "2001:db8::7" });
    assert_eq!(world.post(NATIVE, &moved).await.status, 200, "the payer's network is no order");
    let mut chinese = world.order("T2026-0001");
    chinese["amount"]["total"] = json!(1);
    let bytes = chinese.to_string();
    let mut request = world.signed(&world.merchant, ("POST", NATIVE), bytes.as_bytes());
    request.headers_mut().remove("accept-language");
    let answer = world.send(request).await;
    answer.refuses(400, "INVALID_REQUEST", "201 商户订单号重复");
}

#[tokio::test]
async fn orders_of_another_merchant_do_not_exist() {
    let world = World::new().await;
    let transaction_id = world.paid("T2026-0001").await;
    let other = world.add_merchant("Book shop").await;
    let mchid = &other.made.mchid;
    for target in [
        format!("/v3/pay/transactions/out-trade-no/T2026-0001?mchid={mchid}"),
        format!("/v3/pay/transactions/id/{transaction_id}?mchid={mchid}"),
    ] {
        let answer = world.send(world.signed(&other, ("GET", &target), b"")).await;
        answer.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    }
    let close = json!({ "mchid": mchid }).to_string();
    let request = world.signed(&other, ("POST", &close_path("T2026-0001")), close.as_bytes());
    world.send(request).await.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    let foreign = world.by_number("T2026-0001");
    let answer = world.send(world.signed(&other, ("GET", &foreign), b"")).await;
    let issue = "differs from the merchant that signed";
    let expected = json!({
        "code": "PARAM_ERROR",
        "message": format!("invalid parameter: mchid {issue}"),
        "detail": {
            "field": "mchid", "location": "query", "issue": issue,
            "value": world.merchant.made.mchid,
        },
    });
    answer.is(400, expected);
}

#[tokio::test]
async fn a_closed_order_stays_closed() {
    let world = World::new().await;
    let close = json!({ "mchid": world.merchant.made.mchid });
    let answer = world.post(&close_path("T2026-0001"), &close).await;
    answer.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    world.place("T2026-0001").await;
    for _ in 0..2 {
        world.post(&close_path("T2026-0001"), &close).await.is(204, Value::Null);
    }
    let shown = unpaid(&world, "T2026-0001", "CLOSED", "订单已关闭");
    world.get(&world.by_number("T2026-0001")).await.is(200, shown);
    let answer = world.post(NATIVE, &world.order("T2026-0001")).await;
    answer.refuses(400, "ORDER_CLOSED", "order is closed");
    let stranger = json!({ "mchid": "1999999999" });
    let answer = world.post(&close_path("T2026-0001"), &stranger).await;
    answer.refuses_field("/mchid", "differs from the merchant that signed");
}

#[tokio::test]
async fn an_order_past_its_time_is_closed_before_anybody_writes_it() {
    let world = World::new().await;
    let mut body = world.order("T2026-0001");
    body["time_expire"] = json!("2026-11-21T10:02:00+08:00");
    assert_eq!(world.post(NATIVE, &body).await.status, 200);
    world.advance(119).await;
    let shown = unpaid(&world, "T2026-0001", "NOTPAY", "订单未支付");
    world.get(&world.by_number("T2026-0001")).await.is(200, shown);
    world.advance(1).await;
    let shown = unpaid(&world, "T2026-0001", "CLOSED", "订单已关闭");
    world.get(&world.by_number("T2026-0001")).await.is(200, shown);
    world.post(NATIVE, &body).await.refuses(400, "ORDER_CLOSED", "order is closed");
    let close = json!({ "mchid": world.merchant.made.mchid });
    world.post(&close_path("T2026-0001"), &close).await.is(204, Value::Null);
}

#[tokio::test]
async fn a_jsapi_order_names_a_payer_of_its_app() {
    let world = World::new().await;
    let payer = world.known_payer().await;
    let mut body = world.order("T2026-0001");
    let answer = world.post(JSAPI, &body).await;
    answer.refuses_field("/payer", "a required field is missing");
    body["payer"] = json!({ "openid": "oStranger" });
    let answer = world.post(JSAPI, &body).await;
    answer.refuses(500, "OPENID_MISMATCH", "openid is not of this appid");
    body["payer"] = json!({ "openid": payer });
    let answer = world.post(JSAPI, &body).await;
    let prepay_id = answer.json()["prepay_id"].as_str().unwrap().to_owned();
    answer.is(200, json!({ "prepay_id": prepay_id }));
    let answer = world.post(NATIVE, &world.order("T2026-0001")).await;
    assert_eq!(answer.status, 400, "the same number in another scene");
    world.pay(&prepay_id).await;
    let shown = world.get(&world.by_number("T2026-0001")).await.json();
    assert_eq!(shown["trade_type"], "JSAPI");
}

#[tokio::test]
async fn what_a_merchant_has_no_right_to_is_refused() {
    let world = World::new().await;
    let with = |name: &str, value: Value| {
        let mut body = world.order("T2026-0001");
        body[name] = value;
        body
    };
    let foreign = with("appid", json!("wx0000000000000000"));
    let answer = world.post(NATIVE, &foreign).await;
    answer.refuses(400, "APPID_MCHID_NOT_MATCH", "appid is not bound to mchid");
    let partner = with("sub_mchid", json!("1900000009"));
    let answer = world.post(NATIVE, &partner).await;
    answer.refuses(
        403,
        "NO_AUTH",
        "this call takes no service provider's fields: use the partner's",
    );
    let unpayable = with("limit_pay", json!(["no_balance", "balance_only"]));
    let answer = world.post(NATIVE, &unpayable).await;
    answer.refuses_field("/limit_pay", "leaves no way to pay");
}
