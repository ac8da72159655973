//! Tests of reading create requests.

use serde_json::{Value, json};

use super::*;
use crate::code::Code;
use crate::error::Location;
use crate::notify_url::{UrlFault, UrlRule};

const NATIVE: CreateCall = direct(TradeType::Native);
const JSAPI: CreateCall = direct(TradeType::Jsapi);

const fn direct(trade_type: TradeType) -> CreateCall {
    CreateCall { mode: Mode::Direct, trade_type }
}

const CALLER: Caller<'_> = Caller { mchid: "1900000001", url_rule: UrlRule::Public };

fn body() -> Value {
    json!({
        "appid": "wx0123456789abcdef",
        "mchid": "1900000001",
        "description": "一杯咖啡",
        "out_trade_no": "T2026-0001",
        "notify_url": "https://shop.example.com/notify",
        "amount": {"total": 100, "currency": "CNY"},
        "payer": {"openid": "oABC"},
    })
}

/// The body with one field changed; `null` takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = body();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
    body
}

fn parse(call: CreateCall, body: &Value) -> Result<CreateOrder, ApiError> {
    CreateOrder::parse(call, body.to_string().as_bytes(), &CALLER)
}

#[test]
fn both_calls_are_read() {
    let native = parse(NATIVE, &body()).unwrap();
    assert_eq!((native.trade_type, native.openid), (TradeType::Native, None));
    assert_eq!((native.amount.minor(), native.time_expire), (100, None));
    let jsapi = parse(JSAPI, &body()).unwrap();
    assert_eq!(jsapi.openid.as_deref(), Some("oABC"));
}

#[test]
fn a_payer_who_need_not_be_named_is_checked_all_the_same() {
    for trade_type in [TradeType::Native, TradeType::App, TradeType::H5] {
        for (mode, name) in
            [(Mode::Direct, "openid"), (Mode::Partner, "sp_openid"), (Mode::Partner, "sub_openid")]
        {
            let call = CreateCall { mode, trade_type };
            for wrong in [json!(null), json!(1.5), json!([[]]), json!("o".repeat(129))] {
                let mut body = body();
                body["scene_info"] =
                    json!({"payer_client_ip": "192.0.2.7", "h5_info": {"type": "Wap"}});
                if mode == Mode::Partner {
                    body["sp_appid"] = body["appid"].take();
                    body["sp_mchid"] = body["mchid"].take();
                    body["sub_mchid"] = json!("1900000002");
                    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                }
                body["payer"] = json!({ name: wrong });
                let refused = parse(call, &body).unwrap_err();
                let field = refused.field_error().map(|error| error.field.as_str());
                assert_eq!(field, Some(format!("/payer/{name}").as_str()), "{call:?} {refused:?}");
            }
        }
    }
}

#[test]
fn optional_and_unknown_fields_are_read() {
    let mut body = with("/time_expire", json!("2026-11-21T18:34:56+08:00"));
    body["attach"] = json!("shelf 7");
    body["goods_tag"] = json!("");
    body["limit_pay"] = json!(["no_debit", "no_credit", "no_debit"]);
    body["support_fapiao"] = json!(true);
    body["settle_info"] = json!({"profit_sharing": true});
    body["scene_info"] = json!({
        "payer_client_ip": "::1", "device_id": "till 3", "store_info": {"id": "1"},
    });
    body["detail"] = json!({
        "goods_detail": [{"merchant_goods_id": "1", "quantity": 1, "unit_price": 0}],
    });
    body["new_field"] = json!({"x": null});
    body["amount"] = json!({"total": 1});
    let order = parse(NATIVE, &body).unwrap();
    assert_eq!(order.time_expire, Timestamp::parse_rfc3339("2026-11-21T10:34:56Z"));
    assert!(order.profit_sharing);
    assert_eq!(order.attach.as_deref(), Some("shelf 7"));
    assert_eq!((order.goods_tag, order.device_id.as_deref()), (None, Some("till 3")));
    assert_eq!(order.limit_pay, ["no_credit", "no_debit"]);
}

#[test]
fn each_broken_rule_names_its_field() {
    use Issue::*;
    let long = |n: usize| json!("x".repeat(n));
    let cases = [
        ("/appid", Value::Null, Missing),
        ("/appid", long(33), TooLong { length: 33, maximum: 32 }),
        ("/mchid", Value::Null, Missing),
        ("/mchid", json!("1900000002"), OtherMerchant),
        ("/mchid", json!(1_900_000_001), Type("string")),
        ("/description", json!(""), TooShort { length: 0, minimum: 1 }),
        ("/description", json!("中".repeat(43)), TooLong { length: 129, maximum: 127 }),
        ("/out_trade_no", Value::Null, Missing),
        ("/out_trade_no", json!("12345"), TooShort { length: 5, minimum: 6 }),
        ("/out_trade_no", long(33), TooLong { length: 33, maximum: 32 }),
        ("/out_trade_no", json!("12345/6"), Alphabet("[0-9A-Za-z_-*|]")),
        ("/time_expire", json!("tomorrow"), Time),
        ("/attach", long(129), TooLong { length: 129, maximum: 128 }),
        ("/notify_url", Value::Null, Missing),
        ("/notify_url", json!("http://shop.example.com"), Url(UrlFault::NotHttps)),
        ("/notify_url", json!("https://127.0.0.1/"), Url(UrlFault::PrivateHost)),
        ("/notify_url", json!("https://a.com/?x=1"), Url(UrlFault::Query)),
        ("/goods_tag", long(33), TooLong { length: 33, maximum: 32 }),
        ("/limit_pay", json!("no_debit"), Type("array")),
        ("/support_fapiao", json!("true"), Type("boolean")),
        ("/amount", Value::Null, Missing),
        ("/amount", json!(1), Type("object")),
        ("/amount/total", Value::Null, Missing),
        ("/amount/total", json!(0), BelowMinimum(1)),
        ("/amount/total", json!(-1), BelowMinimum(1)),
        ("/amount/total", json!(0.5), Type("integer")),
        ("/amount/total", json!("100"), Type("integer")),
        ("/amount/currency", json!("USD"), NotOneOf(&["CNY"])),
        ("/payer", Value::Null, Missing),
        ("/payer/openid", Value::Null, Missing),
        ("/payer/openid", long(129), TooLong { length: 129, maximum: 128 }),
        ("/scene_info", json!([]), Type("object")),
        ("/settle_info", json!(true), Type("object")),
    ];
    for (pointer, value, issue) in cases {
        let error = parse(JSAPI, &with(pointer, value.clone())).unwrap_err();
        let found = error.field_error().unwrap_or_else(|| panic!("{pointer} {error:?}"));
        assert_eq!(error.code, Code::ParamError);
        assert_eq!(found.location, Location::Body);
        assert_eq!((found.field.as_str(), &found.issue), (pointer, &issue), "{value}");
    }
}

#[test]
fn an_unknown_limit_is_named_by_its_place() {
    let error = parse(NATIVE, &with("/limit_pay", json!(["no_debit", "x"])));
    assert_eq!(error.unwrap_err().field_error().unwrap().field, "/limit_pay/1");
}

#[test]
fn null_and_exponents_are_no_values() {
    let text = body().to_string();
    for (from, to, field) in [
        ("\"total\":100", "\"total\":1e2", "/amount/total"),
        ("\"total\":100", "\"total\":100.0", "/amount/total"),
        ("\"T2026-0001\"", "null", "/out_trade_no"),
        ("\"CNY\"", "null", "/amount/currency"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let error = CreateOrder::parse(NATIVE, changed.as_bytes(), &CALLER);
        assert_eq!(error.unwrap_err().field_error().unwrap().field, field, "{to}");
    }
}

#[test]
fn what_the_wallet_does_not_offer_is_refused_openly() {
    for (pointer, value) in [
        ("/sub_mchid", json!("1900000009")),
        ("/sp_mchid", json!("1900000009")),
        ("/payer/identity", json!({"type": "IDCARD"})),
        ("/subsidy_info", json!({})),
        ("/contract_info", json!({})),
        ("/settle_info", json!({"subsidy_amount": 1})),
    ] {
        let error = parse(NATIVE, &with(pointer, value)).unwrap_err();
        assert_eq!(error.code, Code::NoAuth, "{pointer}");
    }
}

#[test]
fn a_browser_is_described_and_an_app_is_not() {
    let h5 = direct(TradeType::H5);
    let scene = json!({"payer_client_ip": "1.2.3.4", "h5_info": {"type": "Wap"}});
    assert!(parse(h5, &with("/scene_info", scene)).is_ok());
    for (scene, field) in [
        (Value::Null, "/scene_info"),
        (json!({"h5_info": {"type": "Wap"}}), "/scene_info/payer_client_ip"),
        (json!({"payer_client_ip": "1.2.3.4"}), "/scene_info/h5_info"),
        (json!({"payer_client_ip": "1.2.3.4", "h5_info": {}}), "/scene_info/h5_info/type"),
    ] {
        let error = parse(h5, &with("/scene_info", scene)).unwrap_err();
        assert_eq!(error.field_error().unwrap().field, field);
    }
    let app = parse(direct(TradeType::App), &with("/payer", Value::Null)).unwrap();
    assert_eq!((app.openid, app.sub_mchid), (None, None));
}

#[test]
fn a_service_provider_names_its_sub_merchant() {
    let mut body = with("/payer", json!({"sub_openid": "oSUB"}));
    let object = body.as_object_mut().unwrap();
    for (old, new) in [("appid", "sp_appid"), ("mchid", "sp_mchid")] {
        let value = object.remove(old).unwrap();
        object.insert(new.into(), value);
    }
    object.insert("sub_mchid".into(), json!("1900000002"));
    let call = CreateCall { mode: Mode::Partner, trade_type: TradeType::Jsapi };
    let field = |body: &Value| {
        let error = parse(call, body).unwrap_err();
        error.field_error().unwrap().field.clone()
    };
    assert_eq!(field(&body), "/sub_appid");
    body["sub_appid"] = json!("wxsub");
    let order = parse(call, &body).unwrap();
    assert_eq!(order.sub_mchid.as_deref(), Some("1900000002"));
    assert_eq!((order.openid.as_deref(), order.sub_openid.as_deref()), (None, Some("oSUB")));
    body["payer"]["sub_openid"] = json!("oOTHER");
    assert_ne!(parse(call, &body).unwrap().fingerprint(), order.fingerprint());
    body["payer"] = json!({});
    assert_eq!(field(&body), "/payer/sp_openid");
    assert_eq!(parse(call, &body).unwrap_err().result_number(), 268_501_013);
    body["sp_mchid"] = json!("1900000009");
    assert_eq!(field(&body), "/sp_mchid");
}

#[test]
fn a_sandbox_takes_local_addresses() {
    let caller = Caller { url_rule: UrlRule::Relaxed, ..CALLER };
    let body = with("/notify_url", json!("http://127.0.0.1:9000/n")).to_string();
    assert!(CreateOrder::parse(NATIVE, body.as_bytes(), &caller).is_ok());
}

#[test]
fn the_fingerprint_follows_the_meaning_of_a_request() {
    let print = |body: &Value| parse(JSAPI, body).unwrap().fingerprint();
    let first = print(&body());
    assert_eq!(print(&with("/unknown", json!(1))), first);
    assert_eq!(print(&with("/amount/currency", Value::Null)), first);
    for (pointer, value) in [
        ("/time_start", json!("2026-11-21T18:34:56+08:00")),
        ("/goods_tag", json!("")),
        ("/support_fapiao", json!(false)),
        ("/detail", json!({"goods_detail": []})),
        ("/limit_pay", json!([])),
        ("/settle_info", json!({"profit_sharing": false})),
        ("/scene_info", json!({"payer_client_ip": "192.0.2.7"})),
    ] {
        assert_eq!(print(&with(pointer, value)), first, "{pointer} says nothing of the order");
    }
    let scene = |name: &str, value: Value| {
        let mut scene = json!({"payer_client_ip": "192.0.2.7"});
        scene[name] = value;
        ("/scene_info", scene)
    };
    for (pointer, value) in [
        ("/goods_tag", json!("spring")),
        ("/support_fapiao", json!(true)),
        ("/detail", json!({"cost_price": 1})),
        ("/limit_pay", json!(["no_credit"])),
        ("/settle_info", json!({"profit_sharing": true})),
        scene("device_id", json!("till 3")),
        scene("store_info", json!({"id": "1"})),
        scene("h5_info", json!({"type": "Wap"})),
        ("/amount/total", json!(101)),
        ("/payer/openid", json!("oDEF")),
        ("/description", json!("tea")),
        ("/time_expire", json!("2026-11-21T18:34:56+08:00")),
        ("/attach", json!("a")),
        ("/notify_url", json!("https://shop.example.com/other")),
        ("/appid", json!("wx0123456789abcdee")),
        ("/out_trade_no", json!("T2026-0002")),
    ] {
        assert_ne!(print(&with(pointer, value)), first, "{pointer}");
    }
    let placed_as = |kind| parse(direct(kind), &body()).unwrap().fingerprint();
    assert_ne!(placed_as(TradeType::Native), placed_as(TradeType::App), "the same fields");
}

/// All that a call can say, as its sender wrote it.
const WHOLE: &str = r#"{
    "scene_info": {
        "h5_info": {"type": "Wap", "app_name": "Tea", "app_url": "https://a.example.com",
            "bundle_id": "com.example.a", "package_name": "com.example.b"},
        "store_info": {"id": "1", "name": "Tea", "area_code": "440305", "address": "road 1"},
        "payer_client_ip": "192.0.2.7", "device_id": "till 3"},
    "detail": {"goods_detail": [
            {"quantity": 1, "unit_price": 100, "merchant_goods_id": "1",
                "wechatpay_goods_id": "2", "goods_name": "tea"}],
        "cost_price": 120, "invoice_id": "i1"},
    "amount": {"currency": "CNY", "total": 100},
    "notify_url": "https://shop.example.com/notify", "out_trade_no": "T2026-0001",
    "description": "一杯咖啡", "sp_mchid": "1900000001", "sp_appid": "wx0123456789abcdef",
    "sub_mchid": "1900000002", "sub_appid": "wx0"}"#;

#[test]
fn the_same_in_another_order_is_the_same_and_one_other_field_is_not() {
    let call = CreateCall { mode: Mode::Partner, trade_type: TradeType::H5 };
    let print =
        |text: &str| CreateOrder::parse(call, text.as_bytes(), &CALLER).unwrap().fingerprint();
    let first = print(WHOLE);
    let whole: Value = serde_json::from_str(WHOLE).unwrap();
    assert_ne!(whole.to_string(), WHOLE, "its keys are sorted");
    assert_eq!(print(&whole.to_string()), first);
    for (from, to, is_same) in [
        ("192.0.2.7", "2001:db8::7", true),
        ("till 3", "till 4", false),
        ("Wap", "iOS", false),
        (r#""app_name": "Tea""#, r#""app_name": "Shop""#, false),
        ("https://a.example.com", "https://b.example.com", false),
        ("com.example.a", "com.example.c", false),
        ("com.example.b", "com.example.c", false),
        (r#""id": "1""#, r#""id": "2""#, false),
        (r#""name": "Tea","#, r#""name": "Shop","#, false),
        ("440305", "440306", false),
        ("road 1", "road 2", false),
        (r#""quantity": 1"#, r#""quantity": 2"#, false),
        (r#""unit_price": 100"#, r#""unit_price": 101"#, false),
        (r#""merchant_goods_id": "1""#, r#""merchant_goods_id": "3""#, false),
        (r#""wechatpay_goods_id": "2""#, r#""wechatpay_goods_id": "3""#, false),
        (r#""goods_name": "tea""#, r#""goods_name": "coffee""#, false),
        (r#""cost_price": 120"#, r#""cost_price": 121"#, false),
        (r#""invoice_id": "i1""#, r#""invoice_id": "i2""#, false),
        ("1900000002", "1900000003", false),
        ("wx0\"", "wx1\"", false),
    ] {
        assert_eq!(WHOLE.matches(from).count(), 1, "{from}");
        assert_eq!(print(&WHOLE.replace(from, to)) == first, is_same, "{from}");
    }
}

#[test]
fn payment_codes_carry_their_token() {
    let url = code_url("0123456789abcdefABCDEF_-").unwrap();
    assert!(url.len() <= 64);
    assert_eq!(parse_code_url(&url), Some("0123456789abcdefABCDEF_-"));
    for bad in ["", "a b", "a&b", &"a".repeat(49)] {
        assert_eq!(code_url(bad), None, "{bad}");
    }
    assert_eq!(parse_code_url("weixin://wxpay/bizpayurl?pr=abc"), None);
    assert_eq!(native_answer(&url), format!("{{\"code_url\":\"{url}\"}}").into_bytes());
}

#[test]
fn prepay_ids_show_the_business_time() {
    let now = Timestamp::parse_rfc3339("2026-11-21T18:05:09+08:00").unwrap();
    let id = prepay_id(now, [0xab; 10]);
    assert_eq!(id, format!("wx2026112118050900000{}", "ab".repeat(10)));
    assert_eq!(prepay_time(&id), Some(now));
    let last = prepay_id(now.plus(999_999), [0; 10]);
    assert_eq!(last, format!("wx20261121180509f423f{}", "00".repeat(10)));
    assert_eq!(prepay_time(&last), Some(now));
    assert!(id < last && code_url(&last).is_some());
    for other in ["", "wx", "wx2026112118050", "wx20261321180509ab", "wx2026-121180509ab"] {
        assert_eq!(prepay_time(other), None, "{other}");
    }
    assert_eq!(prepay_answer(&id), format!("{{\"prepay_id\":\"{id}\"}}").into_bytes());
}

#[test]
fn limits_of_payment_leave_a_way_to_pay() {
    for (limits, takes_balance, cards) in [
        (json!([]), true, CardsTaken::All),
        (json!(["no_balance"]), false, CardsTaken::All),
        (json!(["no_balance", "no_credit"]), false, CardsTaken::Debit),
        (json!(["no_credit", "no_debit"]), true, CardsTaken::None),
        (json!(["balance_only", "no_debit"]), true, CardsTaken::None),
    ] {
        let order = parse(NATIVE, &with("/limit_pay", limits.clone())).unwrap();
        let left = (order.takes_balance(), order.cards_taken());
        assert_eq!(left, (takes_balance, cards), "{limits}");
    }
    for limits in
        [json!(["no_balance", "balance_only"]), json!(["no_balance", "no_credit", "no_debit"])]
    {
        let error = parse(NATIVE, &with("/limit_pay", limits)).unwrap_err();
        let found = error.field_error().unwrap();
        assert_eq!((found.field.as_str(), &found.issue), ("/limit_pay", &Issue::NothingLeft));
    }
}
