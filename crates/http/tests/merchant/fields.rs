//! Every field of every request against its row in a table: each way to break the row answers
//! PARAM_ERROR and names the field, and nothing is written.

use crate::world::World;
use Kind::{
    Amount, Between, Currency, Flag, List, Literal, Number, Object, Sealed, Text, Time, Url, Words,
};
use serde_json::{Value, json};

/// What a field may hold. Lengths are bytes, but for words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text(usize, usize),
    /// Its bounds are characters.
    Words(usize, usize),
    Literal,
    /// Base64 of a ciphertext; with no platform key named, only its form can break.
    Sealed,
    Number(i64),
    Between(i64, i64),
    Amount,
    Currency,
    Flag,
    Time,
    Url(usize),
    Object,
    List,
}

/// A field, and whether it must be there.
pub(crate) type Row = (&'static str, Kind, bool);

pub(crate) const MUST: bool = true;
pub(crate) const MAY: bool = false;

impl Kind {
    /// Values that break the rule.
    fn broken(self) -> Vec<Value> {
        // No field but flags takes a boolean, and none takes null.
        let mut broken = vec![Value::Null];
        if !matches!(self, Flag) {
            broken.push(json!(true));
        }
        match self {
            Text(minimum, maximum) => {
                // Few characters, many bytes.
                broken.extend([json!("字".repeat(maximum / 3 + 1)), json!(7), json!(["a"])]);
                if minimum > 0 {
                    broken.push(json!("a".repeat(minimum - 1)));
                }
            }
            Words(minimum, maximum) => {
                broken.extend([json!("字".repeat(maximum + 1)), json!(7), json!(["a"])]);
                if minimum > 0 {
                    broken.push(json!("字".repeat(minimum - 1)));
                }
            }
            Literal => broken.extend([json!("OTHER"), json!(""), json!(7)]),
            Sealed => broken.extend([json!("a".repeat(1_025)), json!(7)]),
            Number(minimum) => broken.extend([json!(minimum - 1), json!("1"), json!(1.5)]),
            Between(minimum, maximum) => {
                broken.extend([json!(minimum - 1), json!(maximum + 1), json!("1"), json!(1.5)]);
            }
            Amount => {
                broken.extend([
                    json!(0),
                    json!(-1),
                    json!(1.5),
                    json!("1"),
                    json!(100_000_000_000_i64),
                ]);
            }
            Currency => broken.extend([json!("USD"), json!(""), json!(156)]),
            Flag => broken.extend([json!("true"), json!(1)]),
            Time => broken.extend([json!("2026-11-22"), json!(1_795_226_400), json!("")]),
            Url(maximum) => {
                let long = format!("https://tea.example.com/{}", "x".repeat(maximum));
                broken.extend([json!(long), json!("http://tea.example.com/"), json!(7), json!("")]);
            }
            Object => broken.extend([json!([]), json!("{}"), json!(1)]),
            List => broken.extend([json!({}), json!("[]"), json!(1)]),
        }
        broken
    }
}

const ORDER: &[Row] = &[
    ("/description", Text(1, 127), MUST),
    ("/out_trade_no", Text(6, 32), MUST),
    ("/time_expire", Time, MAY),
    ("/attach", Text(0, 128), MAY),
    ("/notify_url", Url(255), MUST),
    ("/goods_tag", Text(0, 32), MAY),
    ("/limit_pay", List, MAY),
    ("/support_fapiao", Flag, MAY),
    ("/amount", Object, MUST),
    ("/amount/total", Amount, MUST),
    ("/amount/currency", Currency, MAY),
    ("/detail", Object, MAY),
    ("/detail/cost_price", Number(0), MAY),
    ("/detail/invoice_id", Text(0, 32), MAY),
    ("/detail/goods_detail", List, MAY),
    ("/detail/goods_detail/0/merchant_goods_id", Text(1, 32), MUST),
    ("/detail/goods_detail/0/wechatpay_goods_id", Text(0, 32), MAY),
    ("/detail/goods_detail/0/quantity", Number(1), MUST),
    ("/detail/goods_detail/0/unit_price", Number(0), MUST),
    ("/scene_info", Object, MAY),
    ("/scene_info/payer_client_ip", Text(1, 45), MUST),
    ("/scene_info/device_id", Text(0, 32), MAY),
    ("/scene_info/store_info", Object, MAY),
    ("/scene_info/store_info/id", Text(1, 32), MUST),
    ("/scene_info/store_info/name", Text(0, 256), MAY),
    ("/scene_info/store_info/area_code", Text(0, 32), MAY),
    ("/scene_info/store_info/address", Text(0, 512), MAY),
    ("/settle_info", Object, MAY),
    ("/settle_info/profit_sharing", Flag, MAY),
];

const DIRECT: &[Row] = &[("/appid", Text(1, 32), MUST), ("/mchid", Text(1, 32), MUST)];

const PARTNER: &[Row] = &[
    ("/sp_appid", Text(1, 32), MUST),
    ("/sp_mchid", Text(1, 32), MUST),
    ("/sub_appid", Text(1, 32), MAY),
    ("/sub_mchid", Text(1, 32), MUST),
];

const PAYER: &[Row] = &[("/payer", Object, MUST), ("/payer/openid", Text(1, 128), MUST)];

const PARTNERS_PAYER: &[Row] =
    &[("/payer", Object, MUST), ("/payer/sp_openid", Text(1, 128), MUST)];

const BROWSER: &[Row] = &[
    ("/scene_info", Object, MUST),
    ("/scene_info/h5_info", Object, MUST),
    ("/scene_info/h5_info/type", Text(1, 32), MUST),
];

const CHARGE: &[Row] = &[
    ("/description", Text(1, 127), MUST),
    ("/out_trade_no", Text(6, 32), MUST),
    ("/attach", Text(0, 128), MAY),
    ("/goods_tag", Text(0, 32), MAY),
    ("/support_fapiao", Flag, MAY),
    ("/payer", Object, MUST),
    ("/payer/auth_code", Text(1, 128), MUST),
    ("/amount", Object, MUST),
    ("/amount/total", Amount, MUST),
    ("/amount/currency", Currency, MAY),
    ("/scene_info", Object, MUST),
    ("/scene_info/device_id", Text(0, 32), MAY),
    ("/scene_info/device_ip", Text(0, 45), MAY),
    ("/scene_info/store_info", Object, MUST),
    ("/scene_info/store_info/id", Text(1, 32), MUST),
    ("/scene_info/store_info/out_id", Text(1, 256), MAY),
    ("/detail", Object, MAY),
    ("/detail/cost_price", Number(0), MAY),
    ("/detail/goods_detail", List, MUST),
    ("/settle_info", Object, MAY),
    ("/settle_info/profit_sharing", Flag, MAY),
];

/// Who asks for a code to be charged, or a charge to be reversed.
const CHARGING_PARTNER: &[Row] = &[
    ("/sp_appid", Text(1, 32), MAY),
    ("/sp_mchid", Text(1, 32), MUST),
    ("/sub_appid", Text(1, 32), MAY),
    ("/sub_mchid", Text(1, 32), MUST),
];

const COMBINED: &[Row] = &[
    ("/combine_appid", Text(1, 32), MUST),
    ("/combine_mchid", Text(1, 32), MUST),
    ("/combine_out_trade_no", Text(6, 32), MUST),
    ("/time_start", Time, MAY),
    ("/time_expire", Time, MAY),
    ("/notify_url", Url(255), MUST),
    ("/limit_pay", List, MAY),
    ("/scene_info", Object, MAY),
    ("/scene_info/payer_client_ip", Text(1, 45), MUST),
    ("/scene_info/device_id", Text(0, 16), MAY),
    ("/trade_scenario", Literal, MAY),
    ("/sub_orders", List, MUST),
    ("/sub_orders/1/mchid", Text(1, 32), MUST),
    ("/sub_orders/1/out_trade_no", Text(6, 32), MUST),
    ("/sub_orders/1/description", Text(1, 127), MUST),
    ("/sub_orders/1/attach", Text(1, 128), MUST),
    ("/sub_orders/1/goods_tag", Text(0, 32), MAY),
    ("/sub_orders/1/sub_mchid", Text(1, 32), MAY),
    ("/sub_orders/1/amount", Object, MUST),
    ("/sub_orders/1/amount/total_amount", Amount, MUST),
    ("/sub_orders/1/amount/currency", Currency, MUST),
    ("/sub_orders/1/profit_sharing", Flag, MAY),
    ("/sub_orders/1/settle_info", Object, MAY),
    ("/sub_orders/1/settle_info/profit_sharing", Flag, MAY),
];

const COMBINED_PAYER: &[Row] = &[
    ("/combine_payer_info", Object, MAY),
    ("/combine_payer_info/openid", Text(1, 128), MAY),
    ("/combine_payer_info/sub_openid", Text(1, 128), MAY),
];

const COMBINED_PAYER_INSIDE: &[Row] =
    &[("/combine_payer_info", Object, MUST), ("/combine_payer_info/openid", Text(1, 128), MUST)];

const COMBINED_BROWSER: &[Row] = &[("/scene_info/device_id", Text(1, 16), MUST)];

const CLOSE_COMBINED: &[Row] = &[
    ("/combine_appid", Text(1, 32), MUST),
    ("/sub_orders", List, MUST),
    ("/sub_orders/0/mchid", Text(1, 32), MUST),
    ("/sub_orders/0/out_trade_no", Text(6, 32), MUST),
    ("/sub_orders/0/sub_mchid", Text(1, 32), MAY),
    ("/sub_orders/0/sub_appid", Text(1, 32), MAY),
];

const REFUND: &[Row] = &[
    ("/sub_mchid", Text(1, 32), MAY),
    ("/out_trade_no", Text(6, 32), MAY),
    ("/out_refund_no", Text(1, 64), MUST),
    ("/reason", Text(0, 80), MAY),
    ("/notify_url", Url(256), MAY),
    ("/amount", Object, MUST),
    ("/amount/refund", Amount, MUST),
    ("/amount/total", Amount, MUST),
    ("/amount/currency", Currency, MUST),
    ("/amount/from", List, MAY),
    ("/amount/from/0/amount", Amount, MUST),
    ("/goods_detail", List, MAY),
    ("/goods_detail/0/merchant_goods_id", Text(1, 32), MUST),
    ("/goods_detail/0/wechatpay_goods_id", Text(0, 32), MAY),
    ("/goods_detail/0/unit_price", Number(0), MUST),
    ("/goods_detail/0/refund_amount", Number(0), MUST),
    ("/goods_detail/0/refund_quantity", Number(1), MUST),
];

/// Without a platform key no `bank_account` can be read, so `real_name` is not reached.
const ABNORMAL_REFUND: &[Row] = &[
    ("/sub_mchid", Text(1, 32), MAY),
    ("/out_refund_no", Text(1, 64), MUST),
    ("/type", Literal, MUST),
    ("/bank_type", Literal, MUST),
    ("/bank_account", Sealed, MUST),
];

const ECHO: &[Row] = &[("/echo_message", Text(1, 214), MUST), ("/notify_url", Url(255), MAY)];

/// Breaks every row of the tables, one at a time.
pub(crate) async fn breaks(world: &World, target: &str, body: &Value, tables: &[&[Row]]) {
    for &(pointer, kind, required) in tables.iter().copied().flatten() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        for value in kind.broken() {
            let mut broken = body.clone();
            match broken.pointer_mut(pointer) {
                Some(place) => *place = value.clone(),
                None => broken.pointer_mut(parent).unwrap()[name] = value.clone(),
            }
            refused(world, target, &broken, pointer, &value).await;
        }
        if required {
            let mut without = body.clone();
            let parent = without.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            assert!(parent.remove(name).is_some(), "{pointer} is in the good body");
            refused(world, target, &without, pointer, &json!("absent")).await;
        }
    }
}

async fn refused(world: &World, target: &str, body: &Value, pointer: &str, value: &Value) {
    let answer = world.post(target, body).await;
    let told = answer.json();
    let detail = &told["detail"];
    let found = (answer.status, told["code"].as_str(), detail["field"].as_str());
    let expected = (400, Some("PARAM_ERROR"), Some(pointer));
    assert_eq!(found, expected, "{target} {pointer} {value}");
    assert_eq!(detail["location"], "body");
    assert!(detail["issue"].as_str().is_some_and(|issue| !issue.is_empty()));
}

/// An order with every field that the tables name.
fn full_order(world: &World) -> Value {
    let mut body = world.order("T2026-0001");
    body["time_expire"] = json!("2026-11-21T12:00:00+08:00");
    body["goods_tag"] = json!("tea");
    body["limit_pay"] = json!(["no_credit"]);
    body["support_fapiao"] = json!(false);
    body["payer"] = json!({ "openid": world.payer_openid() });
    body["settle_info"] = json!({ "profit_sharing": false });
    body["detail"] = json!({
        "cost_price": 1_000,
        "invoice_id": "I1",
        "goods_detail": [{
            "merchant_goods_id": "G1", "wechatpay_goods_id": "1001", "goods_name": "茶",
            "quantity": 1, "unit_price": 1_000,
        }],
    });
    body["scene_info"] = json!({
        "payer_client_ip": "192.0.2.7",
        "device_id": "till 3",
        "store_info": { "id": "1", "name": "茶馆", "area_code": "440305", "address": "1 Tea Road" },
        "h5_info": { "type": "Wap" },
    });
    body
}

/// The same order as a service provider places it.
fn served(mut body: Value) -> Value {
    let object = body.as_object_mut().unwrap();
    for (old, new) in [("appid", "sp_appid"), ("mchid", "sp_mchid")] {
        let value = object.remove(old).unwrap();
        object.insert(new.into(), value);
    }
    body["sub_mchid"] = json!("1900000002");
    body["sub_appid"] = json!("wx0123456789abcdef");
    body
}

#[tokio::test]
async fn direct_orders() {
    let world = World::new().await;
    let body = full_order(&world);
    let target = |kind: &str| format!("/v3/pay/transactions/{kind}");
    breaks(&world, &target("native"), &body, &[DIRECT, ORDER]).await;
    breaks(&world, &target("app"), &body, &[DIRECT]).await;
    breaks(&world, &target("jsapi"), &body, &[PAYER]).await;
    breaks(&world, &target("h5"), &body, &[BROWSER]).await;
    let none = world.get(&world.by_number("T2026-0001")).await;
    none.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    assert_eq!(world.post(&target("native"), &body).await.status, 200, "the body is good");
    let close = "/v3/pay/transactions/out-trade-no/T2026-0001/close";
    let name = json!({ "mchid": world.merchant.made.mchid });
    breaks(&world, close, &name, &[&DIRECT[1..]]).await;
}

#[tokio::test]
async fn orders_of_service_providers() {
    let world = World::new().await;
    let mut body = served(full_order(&world));
    body["payer"] = json!({ "sp_openid": "o-1" });
    let target = |kind: &str| format!("/v3/pay/partner/transactions/{kind}");
    breaks(&world, &target("native"), &body, &[PARTNER, ORDER]).await;
    for inside in ["jsapi", "miniprogram"] {
        breaks(&world, &target(inside), &body, &[PARTNERS_PAYER]).await;
    }
    breaks(&world, &target("h5"), &body, &[BROWSER]).await;
    let close = "/v3/pay/partner/transactions/out-trade-no/T2026-0001/close";
    let names = json!({ "sp_mchid": body["sp_mchid"], "sub_mchid": "1900000002" });
    breaks(&world, close, &names, &[&PARTNER[1..2], &PARTNER[3..]]).await;
}

#[tokio::test]
async fn payments_by_code() {
    let world = World::new().await;
    let mut body = full_order(&world);
    body["payer"] = json!({ "auth_code": "134567890123456789" });
    breaks(&world, "/v3/pay/transactions/codepay", &body, &[DIRECT, CHARGE]).await;
    let reverse = "/v3/pay/transactions/out-trade-no/T2026-0001/reverse";
    breaks(&world, reverse, &body, &[DIRECT]).await;
    let partners = |call: &str| format!("/v3/pay/partner/transactions/{call}");
    let served = served(body);
    for charge in ["codepay", "scannedpos"] {
        breaks(&world, &partners(charge), &served, &[CHARGING_PARTNER, CHARGE]).await;
    }
    let reverse = partners("out-trade-no/T2026-0001/reverse");
    breaks(&world, &reverse, &served, &[CHARGING_PARTNER]).await;
    let none = world.get(&world.by_number("T2026-0001")).await;
    none.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
}

#[tokio::test]
async fn combined_orders() {
    let world = World::new().await;
    let made = &world.merchant.made;
    let part = |number: &str| {
        json!({
            "mchid": made.mchid, "out_trade_no": number, "description": "茶", "attach": "7",
            "goods_tag": "tea", "amount": { "total_amount": 500, "currency": "CNY" },
            "settle_info": { "profit_sharing": false },
        })
    };
    let body = json!({
        "combine_appid": made.appid,
        "combine_mchid": made.mchid,
        "combine_out_trade_no": "C2026-0001",
        "time_start": "2026-11-21T10:00:00+08:00",
        "time_expire": "2026-11-21T12:00:00+08:00",
        "notify_url": "https://tea.example.com/notify",
        "limit_pay": ["no_debit"],
        "scene_info": {
            "payer_client_ip": "192.0.2.7", "device_id": "till 3", "h5_info": { "type": "Wap" },
        },
        "combine_payer_info": { "openid": world.known_payer().await },
        "sub_orders": [part("T2026-0001"), part("T2026-0002")],
    });
    let target = |kind: &str| format!("/v3/combine-transactions/{kind}");
    let inside = [COMBINED, COMBINED_PAYER, COMBINED_PAYER_INSIDE];
    breaks(&world, &target("jsapi"), &body, &inside).await;
    breaks(&world, &target("native"), &body, &[COMBINED_PAYER]).await;
    let in_browser = [COMBINED_PAYER, COMBINED_BROWSER, BROWSER];
    breaks(&world, &target("h5"), &body, &in_browser).await;
    breaks(&world, &target("app"), &body, &[COMBINED, COMBINED_PAYER]).await;
    let close = "/v3/combine-transactions/out-trade-no/C2026-0001/close";
    breaks(&world, close, &body, &[CLOSE_COMBINED]).await;
    let good = world.post(&target("native"), &body).await;
    assert_eq!(good.status, 200, "the body is good");
}

#[tokio::test]
async fn refunds_and_the_self_test() {
    let world = World::new().await;
    let mut body = world.refund("T2026-0001", "R1", 400);
    body["notify_url"] = json!("https://tea.example.com/refund");
    body["amount"]["from"] = json!([{ "account": "AVAILABLE", "amount": 400 }]);
    body["goods_detail"] = json!([{
        "merchant_goods_id": "G1", "wechatpay_goods_id": "1001", "unit_price": 400,
        "refund_amount": 400, "refund_quantity": 1,
    }]);
    breaks(&world, "/v3/refund/domestic/refunds", &body, &[REFUND]).await;
    let body = json!({
        "sub_mchid": "1900000002", "out_refund_no": "R1", "type": "USER_BANK_CARD",
        "bank_type": "CMB_DEBIT", "bank_account": "c2VhbGVk", "real_name": "c2VhbGVk",
    });
    let target = "/v3/refund/domestic/refunds/50000000001/apply-abnormal-refund";
    breaks(&world, target, &body, &[ABNORMAL_REFUND]).await;
    let body = json!({ "echo_message": "a", "notify_url": "https://tea.example.com/echo" });
    breaks(&world, "/v3/security/echo", &body, &[ECHO]).await;
}
