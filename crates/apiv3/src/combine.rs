//! Combined orders: creating and closing several orders that are paid at once.

use domain::order::{CardsTaken, ProfitSharing};
use kernel::crypto::sha256;
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;

use crate::code::Code;
use crate::error::{ApiError, FieldError, Location};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::order::TradeType;
use crate::order_fields::{
    self, Browser, Store, field_error, get_out_trade_no, read_limit_pay, read_profit_sharing,
    read_scene, read_times, refuse_products, refuse_subsidy, said,
};
use crate::request::{Caller, read_body};

/// How many orders a merchant may combine.
const PARTS: std::ops::RangeInclusive<usize> = 2..=10;

/// How many orders of sub-merchants a service provider may combine.
const PARTS_OF_PROVIDER: std::ops::RangeInclusive<usize> = 1..=50;

const DEVICE_BYTES_MAX: usize = 16;

const LIMITS_OF_PAYMENT: &[&str] = &["no_balance", "no_debit", "balance_only"];

/// A parsed request to create a combined order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateCombined {
    /// How the payer meets it.
    pub trade_type: TradeType,
    /// The app of the merchant that signed, 1 to 32 bytes.
    pub appid: String,
    /// The merchant's number of the whole, 6 to 32 bytes.
    pub out_trade_no: String,
    /// The only payer, under `appid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// The only payer, under the `sub_appid` of every part that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_openid: Option<String>,
    /// When it ends unpaid; its bounds are not checked here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_expire: Option<Timestamp>,
    /// Where the notification goes, at most 255 bytes.
    pub notify_url: String,
    /// Ways to pay that the merchant excludes, as on the wire.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limit_pay: Vec<&'static str>,
    /// The merchant's device, at most 16 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The orders, no two of one merchant and number.
    pub parts: Vec<Part>,
    /// The merchant's shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<Store>,
    /// What the payer meets it in, if that is a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<Browser>,
}

/// One of the orders that are combined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The part's merchant.
    pub mchid: String,
    /// Who is paid, if that merchant is a service provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_mchid: Option<String>,
    /// The sub-merchant's app, 1 to 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_appid: Option<String>,
    /// That merchant's number, 6 to 32 bytes.
    pub out_trade_no: String,
    /// Shown to the payer, 1 to 127 bytes.
    pub description: String,
    /// Given back with a paid order, at most 128 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach: Option<String>,
    /// Whether the money waits for profit sharing once it is paid.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub profit_sharing: bool,
    /// What is to be paid.
    pub amount: Amount,
    /// Coupon tag, at most 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    goods_tag: Option<String>,
    /// The goods, as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Part {
    /// What becomes of the money, as the domain says it.
    #[must_use]
    pub fn profit_sharing(&self) -> ProfitSharing {
        order_fields::profit_sharing(self.profit_sharing)
    }
}

/// A parsed request to close a combined order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseCombined {
    /// The app under which it was created.
    pub appid: String,
    /// All its parts.
    pub parts: Vec<ClosedPart>,
}

/// A part as a close call names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPart {
    /// The part's merchant.
    pub mchid: String,
    /// That merchant's number.
    pub out_trade_no: String,
    /// Who was to be paid, if that merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The sub-merchant's app, if it is named.
    pub sub_appid: Option<String>,
}

impl CreateCombined {
    /// The cards that the merchant takes, as the domain says it.
    #[must_use]
    pub fn cards_taken(&self) -> CardsTaken {
        order_fields::cards_taken(&self.limit_pay)
    }

    /// Whether the merchant takes money from a balance.
    #[must_use]
    pub fn takes_balance(&self) -> bool {
        order_fields::takes_balance(&self.limit_pay)
    }

    /// Reads the body of a create call.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule; NO_AUTH for what this wallet's
    /// merchants cannot ask.
    pub fn parse(
        trade_type: TradeType,
        body: &[u8],
        caller: &Caller<'_>,
    ) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let order = read_combined(trade_type, &fields, caller)
            .map_err(|error| field_error(error, "/combine_payer_info"))?;
        refuse_products(&fields, "combine_payer_info")?;
        refuse_said(&fields, "prepay_id")?;
        if fields.find_literal("trade_scenario", &["RECOMMERCE"])?.is_some() {
            return Err(ApiError::new(Code::NoAuth));
        }
        for part in fields.objects("sub_orders")? {
            refuse_subsidy(&part)?;
            refuse_said(&part, "individual_auth_id")?;
            refuse_said(&part, "individual_name")?;
        }
        Ok(order)
    }

    /// A hash over all that must be the same when the number is sent again: every field but the
    /// payer's address and the time at which the merchant began.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let canonical = serde_json::to_vec(self).expect("plain fields are JSON");
        sha256(&[b"combine/1\n", &canonical])
    }
}

/// Refuses a text that only a product which we lack would read.
fn refuse_said(fields: &Fields<'_>, name: &str) -> Result<(), ApiError> {
    match said(fields.find_text(name, 0..=usize::MAX)?) {
        None => Ok(()),
        Some(_) => Err(ApiError::new(Code::NoAuth)),
    }
}

fn read_combined(
    trade_type: TradeType,
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<CreateCombined, FieldError> {
    let appid = fields.get_text("combine_appid", 1..=32)?;
    if fields.get_text("combine_mchid", 1..=32)? != caller.mchid {
        return Err(fields.fault("combine_mchid", Issue::OtherMerchant));
    }
    let out_trade_no = get_out_trade_no(fields, "combine_out_trade_no")?;
    let in_browser = trade_type == TradeType::H5;
    let scene = read_scene(fields, in_browser, DEVICE_BYTES_MAX)?;
    if in_browser && scene.device_id.is_none() {
        return Err(fields.get_object("scene_info")?.fault("device_id", Issue::Missing));
    }
    let parts = read_parts(fields)?;
    let (openid, sub_openid) = read_payer(trade_type, fields, &parts)?;
    Ok(CreateCombined {
        trade_type,
        appid: appid.to_owned(),
        out_trade_no,
        openid,
        sub_openid,
        time_expire: read_times(fields)?,
        notify_url: fields.get_url("notify_url", 255, caller.url_rule)?.to_owned(),
        limit_pay: read_limit_pay(fields, LIMITS_OF_PAYMENT)?,
        device_id: scene.device_id,
        parts,
        store: scene.store,
        browser: scene.browser,
    })
}

/// The only payer, whom every way but JSAPI may leave open. One name is enough to know the payer of
/// all parts, which are paid at once; the one under the sub-merchant's app needs a part that says
/// which app that is.
fn read_payer(
    trade_type: TradeType,
    fields: &Fields<'_>,
    parts: &[Part],
) -> Result<(Option<String>, Option<String>), FieldError> {
    let payer = match trade_type {
        TradeType::Jsapi => Some(fields.get_object("combine_payer_info")?),
        TradeType::Native | TradeType::H5 | TradeType::App => {
            fields.find_object("combine_payer_info")?
        }
        TradeType::Micropay => None,
    };
    let Some(payer) = payer else { return Ok((None, None)) };
    let openid = payer.find_text("openid", 1..=128)?;
    let sub_openid = payer.find_text("sub_openid", 1..=128)?;
    if trade_type == TradeType::Jsapi && openid.is_none() && sub_openid.is_none() {
        return Err(payer.fault("openid", Issue::Missing));
    }
    if sub_openid.is_some() && parts.iter().all(|part| part.sub_appid.is_none()) {
        let pointer = "/sub_orders/0/sub_appid".to_owned();
        return Err(FieldError::new(Location::Body, pointer, None, Issue::Missing));
    }
    Ok((openid.map(str::to_owned), sub_openid.map(str::to_owned)))
}

fn read_parts(fields: &Fields<'_>) -> Result<Vec<Part>, FieldError> {
    let mut parts: Vec<Part> = Vec::new();
    for item in fields.objects("sub_orders")? {
        let part = read_part(&item)?;
        let is_twice =
            |known: &Part| known.mchid == part.mchid && known.out_trade_no == part.out_trade_no;
        if parts.iter().any(is_twice) {
            return Err(item.fault("out_trade_no", Issue::Twice));
        }
        parts.push(part);
    }
    let of_provider = parts.iter().any(|part| part.sub_mchid.is_some());
    check_count(fields, parts.len(), of_provider)?;
    Ok(parts)
}

fn check_count(fields: &Fields<'_>, count: usize, of_provider: bool) -> Result<(), FieldError> {
    let allowed = if of_provider { PARTS_OF_PROVIDER } else { PARTS };
    if !fields.has("sub_orders") {
        return Err(fields.fault("sub_orders", Issue::Missing));
    }
    if !allowed.contains(&count) {
        let (minimum, maximum) = (*allowed.start(), *allowed.end());
        return Err(fields.fault("sub_orders", Issue::Count { minimum, maximum }));
    }
    Ok(())
}

fn read_part(fields: &Fields<'_>) -> Result<Part, FieldError> {
    let mchid = fields.get_text("mchid", 1..=32)?;
    let attach = fields.get_text("attach", 1..=128)?;
    let amount = fields.get_object("amount")?;
    let total = amount.get_amount("total_amount")?;
    amount.get_literal("currency", &["CNY"])?;
    let out_trade_no = get_out_trade_no(fields, "out_trade_no")?;
    let sub_mchid = fields.find_text("sub_mchid", 1..=32)?;
    let sub_appid = fields.find_text("sub_appid", 1..=32)?;
    if sub_appid.is_some() && sub_mchid.is_none() {
        return Err(fields.fault("sub_mchid", Issue::Missing));
    }
    let goods_tag = said(fields.find_text("goods_tag", 0..=32)?);
    let detail = said(fields.find_text("detail", 0..=usize::MAX)?);
    let description = fields.get_text("description", 1..=127)?;
    // The field has two places, and clients know either.
    let is_shared = fields.find_boolean("profit_sharing")?.unwrap_or(false);
    Ok(Part {
        mchid: mchid.to_owned(),
        sub_mchid: sub_mchid.map(str::to_owned),
        sub_appid: sub_appid.map(str::to_owned),
        out_trade_no,
        description: description.to_owned(),
        attach: said(Some(attach)),
        profit_sharing: read_profit_sharing(fields)? || is_shared,
        amount: total,
        goods_tag,
        detail,
    })
}

impl CloseCombined {
    /// Reads the body of a close call.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule; NO_AUTH for individual sellers.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let appid = fields.get_text("combine_appid", 1..=32)?.to_owned();
        let mut parts = Vec::new();
        for item in fields.objects("sub_orders")? {
            parts.push(ClosedPart {
                mchid: item.get_text("mchid", 1..=32)?.to_owned(),
                out_trade_no: get_out_trade_no(&item, "out_trade_no")?,
                sub_mchid: item.find_text("sub_mchid", 1..=32)?.map(str::to_owned),
                sub_appid: item.find_text("sub_appid", 1..=32)?.map(str::to_owned),
            });
            refuse_said(&item, "individual_auth_id")?;
        }
        check_count(&fields, parts.len(), true)?;
        Ok(Self { appid, parts })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify_url::UrlRule;

    fn part(number: &str) -> Value {
        json!({
            "mchid": "1900000001", "out_trade_no": number, "attach": "a", "description": "tea",
            "amount": {"total_amount": 10, "currency": "CNY"},
        })
    }

    fn body(parts: Vec<Value>) -> Value {
        json!({
            "combine_appid": "wx0123456789abcdef",
            "combine_mchid": "1900000001",
            "combine_out_trade_no": "C2026-0001",
            "sub_orders": parts,
            "notify_url": "https://shop.example.com/n",
        })
    }

    fn parse(body: &Value) -> Result<CreateCombined, ApiError> {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        CreateCombined::parse(TradeType::Native, body.to_string().as_bytes(), &caller)
    }

    fn field(body: &Value) -> String {
        parse(body).unwrap_err().field_error().unwrap().field.clone()
    }

    #[test]
    fn parts_are_counted_and_each_has_its_own_number() {
        let order = parse(&body(vec![part("T00001"), part("T00002")])).unwrap();
        assert_eq!(order.parts.iter().map(|part| part.amount.minor()).sum::<i64>(), 20);
        assert_eq!(field(&body(vec![part("T00001")])), "/sub_orders");
        assert_eq!(
            field(&body(vec![part("T00001"), part("T00001")])),
            "/sub_orders/1/out_trade_no"
        );
        let many = (10..21).map(|n| part(&format!("T000{n}"))).collect();
        assert_eq!(field(&body(many)), "/sub_orders");
        let mut single = part("T00001");
        single["sub_mchid"] = json!("1900000002");
        assert_eq!(parse(&body(vec![single])).unwrap().parts.len(), 1);
    }

    #[test]
    fn faults_inside_a_part_are_named_by_pointer() {
        for (pointer, value, expected) in [
            ("/amount/total_amount", json!(0), "/sub_orders/1/amount/total_amount"),
            ("/amount/currency", json!("USD"), "/sub_orders/1/amount/currency"),
            ("/attach", json!(""), "/sub_orders/1/attach"),
            ("/sub_appid", json!("wx1"), "/sub_orders/1/sub_mchid"),
        ] {
            let mut second = part("T00002");
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            second.pointer_mut(parent).unwrap()[name] = value;
            assert_eq!(field(&body(vec![part("T00001"), second])), expected);
        }
        let mut split = part("T00002");
        split["settle_info"] = json!({"profit_sharing": true});
        let order = parse(&body(vec![part("T00001"), split.clone()])).unwrap();
        assert_eq!(
            order.parts.iter().map(|part| part.profit_sharing).collect::<Vec<_>>(),
            [false, true]
        );
        split["sub_mchid"] = json!("1900000002");
        assert!(parse(&body(vec![part("T00001"), split.clone()])).unwrap().parts[1].profit_sharing);
        split["settle_info"] = json!({"profit_sharing": false});
        split["profit_sharing"] = json!(true);
        assert!(parse(&body(vec![part("T00001"), split])).unwrap().parts[1].profit_sharing);
    }

    #[test]
    fn one_name_of_the_payer_is_enough() {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        let parse = |payer: Value, sub_appid: Option<&str>| {
            let mut second = part("T00002");
            if let Some(appid) = sub_appid {
                second["sub_mchid"] = json!("1900000002");
                second["sub_appid"] = json!(appid);
            }
            let mut body = body(vec![part("T00001"), second]);
            body["combine_payer_info"] = payer;
            CreateCombined::parse(TradeType::Jsapi, body.to_string().as_bytes(), &caller)
        };
        let field = |refused: Result<CreateCombined, ApiError>| {
            refused.unwrap_err().field_error().unwrap().field.clone()
        };
        let own = parse(json!({"openid": "o-1"}), Some("wx1")).unwrap();
        let sub = parse(json!({"sub_openid": "o-2"}), Some("wx1")).unwrap();
        let both = parse(json!({"openid": "o-1", "sub_openid": "o-2"}), Some("wx1")).unwrap();
        assert_eq!(
            (both.openid.as_deref(), both.sub_openid.as_deref()),
            (Some("o-1"), Some("o-2"))
        );
        assert_eq!((sub.openid.as_deref(), sub.sub_openid.as_deref()), (None, Some("o-2")));
        assert_ne!(own.fingerprint(), both.fingerprint());
        assert_eq!(field(parse(json!({}), Some("wx1"))), "/combine_payer_info/openid");
        assert_eq!(parse(json!({}), None).unwrap_err().result_number(), 268_501_013);
        let nameless = parse(json!({"sub_openid": "o-2"}), None);
        assert_eq!(field(nameless), "/sub_orders/0/sub_appid");
    }

    #[test]
    fn a_code_or_a_browser_may_name_the_payer_too() {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        let mut body = body(vec![part("T00001"), part("T00002")]);
        body["scene_info"] = json!({
            "payer_client_ip": "192.0.2.7", "device_id": "till 3", "h5_info": { "type": "Wap" },
        });
        let parse = |body: &Value, trade_type| {
            CreateCombined::parse(trade_type, body.to_string().as_bytes(), &caller)
        };
        for trade_type in [TradeType::Native, TradeType::H5] {
            let open = parse(&body, trade_type).unwrap();
            let mut bound = body.clone();
            bound["combine_payer_info"] = json!({});
            assert_eq!(parse(&bound, trade_type).unwrap(), open);
            bound["combine_payer_info"]["openid"] = json!("o-1");
            let bound = parse(&bound, trade_type).unwrap();
            assert_eq!((open.openid.as_deref(), bound.openid.as_deref()), (None, Some("o-1")));
            assert_ne!(open.fingerprint(), bound.fingerprint());
        }
        let mut nowhere = body.clone();
        nowhere["scene_info"].as_object_mut().unwrap().remove("device_id");
        assert!(parse(&nowhere, TradeType::Native).is_ok());
        let refused = parse(&nowhere, TradeType::H5).unwrap_err();
        assert_eq!(refused.field_error().unwrap().field, "/scene_info/device_id");
    }

    #[test]
    fn what_nothing_comes_of_is_refused() {
        let refused = |pointer: &str, value: Value| {
            let mut body = body(vec![part("T00001"), part("T00002")]);
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = value;
            parse(&body).err().map(|error| error.code)
        };
        assert_eq!(refused("/contract_info", json!({})), Some(Code::NoAuth));
        assert_eq!(refused("/trade_scenario", json!("RECOMMERCE")), Some(Code::NoAuth));
        assert_eq!(refused("/trade_scenario", json!("SALE")), Some(Code::ParamError));
        for name in ["/prepay_id", "/sub_orders/1/individual_auth_id"] {
            assert_eq!(refused(name, json!("1")), Some(Code::NoAuth), "{name}");
            assert_eq!(refused(name, json!("")), None, "{name}");
            assert_eq!(refused(name, json!(1)), Some(Code::ParamError), "{name}");
        }
        let name = "/sub_orders/0/individual_name";
        assert_eq!(refused(name, json!("张三")), Some(Code::NoAuth));
        let settle = "/sub_orders/1/settle_info";
        assert_eq!(refused(settle, json!({"subsidy_amount": 1})), Some(Code::NoAuth));
        assert_eq!(refused(settle, json!({"subsidy_amount": 0})), None);
        assert_eq!(refused("/limit_pay", json!(["no_debit"])), None);
        let mut limited = body(vec![part("T00001"), part("T00002")]);
        limited["limit_pay"] = json!(["no_credit"]);
        assert_eq!(field(&limited), "/limit_pay/0");
    }

    #[test]
    fn every_field_but_the_payers_address_is_part_of_the_fingerprint() {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        let mut body = body(vec![part("T00001"), part("T00002")]);
        body["scene_info"] = json!({
            "payer_client_ip": "192.0.2.7", "device_id": "till 3",
            "h5_info": {
                "type": "Wap", "app_name": "Tea", "app_url": "https://a.example.com",
                "bundle_id": "com.example.a", "package_name": "com.example.b",
            },
            "store_info": { "id": "1", "name": "Tea", "area_code": "440305", "address": "road 1" },
        });
        body["sub_orders"][1]["sub_mchid"] = json!("1900000002");
        body["sub_orders"][1]["sub_appid"] = json!("wx1");
        let print_as = |kind: TradeType, body: &Value| {
            let read = CreateCombined::parse(kind, body.to_string().as_bytes(), &caller);
            read.unwrap().fingerprint()
        };
        assert_ne!(print_as(TradeType::Native, &body), print_as(TradeType::App, &body));
        let print = |body: &Value| print_as(TradeType::H5, body);
        let first = print(&body);
        let changed = |pointer: &str, value: Value| {
            let (mut body, (parent, name)) = (body.clone(), pointer.rsplit_once('/').unwrap());
            body.pointer_mut(parent).unwrap()[name] = value;
            print(&body)
        };
        for (pointer, value) in [
            ("/scene_info/payer_client_ip", json!("2001:db8::7")),
            ("/time_start", json!("2026-11-21T18:34:56+08:00")),
            ("/sub_orders/0/goods_tag", json!("")),
            ("/sub_orders/0/settle_info", json!({"profit_sharing": false})),
            ("/limit_pay", json!([])),
        ] {
            assert_eq!(changed(pointer, value), first, "{pointer}");
        }
        for (pointer, value) in [
            ("/scene_info/device_id", json!("till 4")),
            ("/scene_info/h5_info/type", json!("iOS")),
            ("/scene_info/h5_info/app_name", json!("Shop")),
            ("/scene_info/h5_info/app_url", json!("https://b.example.com")),
            ("/scene_info/h5_info/bundle_id", json!("com.example.c")),
            ("/scene_info/h5_info/package_name", json!("com.example.c")),
            ("/scene_info/store_info/id", json!("2")),
            ("/scene_info/store_info/name", json!("Shop")),
            ("/scene_info/store_info/area_code", json!("440306")),
            ("/scene_info/store_info/address", json!("road 2")),
            ("/combine_appid", json!("wx0123456789abcdee")),
            ("/combine_out_trade_no", json!("C2026-0002")),
            ("/time_expire", json!("2026-11-21T18:34:56+08:00")),
            ("/notify_url", json!("https://shop.example.com/other")),
            ("/limit_pay", json!(["no_debit"])),
            ("/combine_payer_info", json!({"openid": "o-1"})),
            ("/sub_orders/1/goods_tag", json!("spring")),
            ("/sub_orders/1/detail", json!("two cups")),
            ("/sub_orders/1/attach", json!("b")),
            ("/sub_orders/1/description", json!("coffee")),
            ("/sub_orders/1/amount/total_amount", json!(11)),
            ("/sub_orders/1/settle_info", json!({"profit_sharing": true})),
            ("/sub_orders/0/attach", json!("b")),
            ("/sub_orders/1/mchid", json!("1900000003")),
            ("/sub_orders/1/out_trade_no", json!("T00003")),
            ("/sub_orders/1/sub_mchid", json!("1900000003")),
            ("/sub_orders/1/sub_appid", json!("wx2")),
        ] {
            assert_ne!(changed(pointer, value), first, "{pointer}");
        }
    }

    #[test]
    fn closing_names_every_part() {
        let close = |body: Value| CloseCombined::parse(body.to_string().as_bytes());
        let good = json!({"combine_appid": "wx", "sub_orders": [
            {"mchid": "1", "out_trade_no": "T00001", "sub_mchid": "2"},
        ]});
        assert_eq!(close(good.clone()).unwrap().parts[0].sub_mchid.as_deref(), Some("2"));
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body["sub_orders"][0][name] = value;
            close(body).map(|closed| closed.parts[0].sub_appid.clone()).map_err(|bad| bad.code)
        };
        assert_eq!(with("sub_appid", json!("wx1")), Ok(Some("wx1".into())));
        assert_eq!(with("individual_auth_id", json!("1")), Err(Code::NoAuth));
        assert_eq!(with("individual_auth_id", json!(1)), Err(Code::ParamError));
        let bad = close(json!({"combine_appid": "wx"})).unwrap_err();
        assert_eq!(bad.field_error().unwrap().field, "/sub_orders");
    }
}
