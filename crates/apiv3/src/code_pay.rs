//! Charging a payment code that the merchant scanned, and taking such a payment back, by a merchant
//! for itself or by a service provider for a sub-merchant.

use domain::order::{Partner, ProfitSharing};
use kernel::crypto::sha256;
use kernel::money::Amount;
use serde_json::{Map, Value, json};

use crate::error::{ApiError, FieldError, Location};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::order::OrderView;
use crate::order_fields::{
    get_out_trade_no, profit_sharing, read_detail, read_profit_sharing, refuse_products, said,
};
use crate::request::{Caller, Mode, read_body, read_merchants};

/// Literal of `code` in the answer about a payer who has to confirm.
pub const USER_PAYING: &str = "USERPAYING";

/// A parsed request to charge a code. Does not print, because of the code.
#[derive(Clone, PartialEq, Eq)]
pub struct CodePay {
    /// The merchant's app, 1 to 32 bytes; whether it is bound is not decided here. A service
    /// provider need not name it.
    pub appid: Option<String>,
    /// For whom a service provider asks.
    pub partner: Option<Partner>,
    /// Shown to the payer, 1 to 127 bytes.
    pub description: String,
    /// The merchant's number, 6 to 32 bytes.
    pub out_trade_no: String,
    /// Given back with a paid order, at most 128 bytes.
    pub attach: Option<String>,
    /// What is to be paid.
    pub amount: Amount,
    /// The code, 1 to 128 bytes; whether it is one of ours is not decided here.
    pub auth_code: String,
    /// The merchant's device, at most 32 bytes.
    pub device_id: Option<String>,
    /// What becomes of the money once it is paid.
    pub profit_sharing: ProfitSharing,
    /// A hash over all that must be the same when the order number is sent again.
    pub fingerprint: [u8; 32],
}

impl CodePay {
    /// Reads the body of a `codepay` call.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule, in the order of the documented table;
    /// NO_AUTH for what this wallet's merchants cannot ask.
    pub fn parse(mode: Mode, body: &[u8], caller: &Caller<'_>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let mut asked = read(mode, &fields, caller)?;
        refuse_products(&fields, "payer")?;
        asked.fingerprint = fingerprint(body);
        Ok(asked)
    }

    /// PARAM_ERROR about the app: a service provider that has not exactly one must name it.
    #[must_use]
    pub fn no_appid() -> ApiError {
        let field = "/sp_appid".to_owned();
        FieldError::new(Location::Body, field, None, Issue::Missing).into()
    }

    /// PARAM_ERROR about the code: it is none of ours.
    #[must_use]
    pub fn no_code() -> ApiError {
        let issue = Issue::Alphabet("18 digits of a payment code");
        let field = "/payer/auth_code".to_owned();
        FieldError::new(Location::Body, field, None, issue).into()
    }
}

/// The device's address is left out: it may have another one when it tries again.
fn fingerprint(mut body: Map<String, Value>) -> [u8; 32] {
    if let Some(scene) = body.get_mut("scene_info").and_then(Value::as_object_mut) {
        scene.remove("device_ip");
    }
    // The keys of the map are sorted, so that its text does not depend on the sender.
    let canonical = serde_json::to_vec(&body).expect("a map of JSON values is JSON");
    sha256(&[b"codepay/1\n", &canonical])
}

fn read(mode: Mode, fields: &Fields<'_>, caller: &Caller<'_>) -> Result<CodePay, ApiError> {
    let sub_mchid = read_merchants(mode, fields, caller)?;
    let appid = read_appid(mode, fields)?;
    let partner = match sub_mchid {
        Some(sub_mchid) => {
            let sub_appid = fields.find_text("sub_appid", 1..=32)?.map(str::to_owned);
            Some(Partner { sub_mchid, sub_appid, sub_openid: None })
        }
        None => None,
    };
    let description = fields.get_text("description", 1..=127)?.to_owned();
    let out_trade_no = get_out_trade_no(fields, "out_trade_no")?;
    let attach = said(fields.find_text("attach", 0..=128)?);
    fields.find_text("goods_tag", 0..=32)?;
    fields.find_boolean("support_fapiao")?;
    let payer = fields.get_object("payer")?;
    let auth_code = payer.get_text("auth_code", 1..=128)?.to_owned();
    let money = fields.get_object("amount")?;
    let amount = money.get_amount("total")?;
    money.find_literal("currency", &["CNY"])?;
    let device_id = said(read_scene(fields)?);
    read_detail(fields)?;
    if let Some(detail) = fields.find_object("detail")?.filter(|detail| !detail.has("goods_detail"))
    {
        return Err(detail.fault("goods_detail", Issue::Missing).into());
    }
    let is_shared = read_profit_sharing(fields)?;
    Ok(CodePay {
        appid,
        partner,
        description,
        out_trade_no,
        attach,
        amount,
        auth_code,
        device_id,
        profit_sharing: profit_sharing(is_shared),
        fingerprint: [0; 32],
    })
}

fn read_appid(mode: Mode, fields: &Fields<'_>) -> Result<Option<String>, FieldError> {
    let appid = match mode {
        Mode::Direct => Some(fields.get_text("appid", 1..=32)?),
        Mode::Partner => fields.find_text("sp_appid", 1..=32)?,
    };
    Ok(appid.map(str::to_owned))
}

/// Where the code was scanned: the device, in a shop that is named one way or the other.
fn read_scene<'a>(fields: &Fields<'a>) -> Result<Option<&'a str>, FieldError> {
    let scene = fields.get_object("scene_info")?;
    let device_id = scene.find_text("device_id", 0..=32)?;
    scene.find_text("device_ip", 0..=45)?;
    let store = scene.get_object("store_info")?;
    let is_named = store.find_text("out_id", 1..=256)?.is_some();
    if store.find_text("id", 1..=32)?.is_none() && !is_named {
        return Err(store.fault("id", Issue::Missing));
    }
    Ok(device_id)
}

/// The answer while the payer has to confirm: the order, with a code and a text that say so.
#[must_use]
pub fn waiting_answer(order: &OrderView) -> Vec<u8> {
    let mut shown: Value = serde_json::from_slice(&order.to_json()).expect("an order is JSON");
    shown["code"] = USER_PAYING.into();
    shown["message"] = "需要用户输入支付密码，请稍后查询".into();
    shown.to_string().into_bytes()
}

/// Whose order a reversal names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The app that it was placed under; a service provider need not name it.
    pub appid: Option<String>,
    /// Who was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The sub-merchant's app that it was placed under, if it is named.
    pub sub_appid: Option<String>,
}

impl Reversal {
    /// Reads the body of a reversal: the merchants and the app.
    ///
    /// # Errors
    /// PARAM_ERROR if the body is malformed or names another merchant than the one that signed;
    /// NO_AUTH for a service provider's fields in a direct call.
    pub fn parse(mode: Mode, body: &[u8], caller: &Caller<'_>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let sub_mchid = read_merchants(mode, &fields, caller)?;
        let appid = read_appid(mode, &fields)?;
        let sub_appid = fields.find_text("sub_appid", 1..=32)?.map(str::to_owned);
        Ok(Self { appid, sub_mchid, sub_appid })
    }
}

/// Answer to a reversal.
#[must_use]
pub fn reversal_answer(order: &OrderView) -> Vec<u8> {
    let mut shown = json!(order.merchants());
    shown["out_trade_no"] = order.out_trade_no.as_str().into();
    shown.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::notify_url::UrlRule;

    const CALLER: Caller<'_> = Caller { mchid: "1900000001", url_rule: UrlRule::Public };

    fn body() -> Value {
        json!({
            "appid": "wx0123456789abcdef",
            "mchid": "1900000001",
            "description": "一杯茶",
            "out_trade_no": "T2026-0001",
            "attach": "",
            "payer": { "auth_code": "134567890123456789" },
            "amount": { "total": 100, "currency": "CNY" },
            "scene_info": { "device_id": "till-1", "store_info": { "id": "shop-1" } },
            "detail": { "goods_detail": [] },
        })
    }

    fn parse(body: &Value) -> Result<CodePay, ApiError> {
        CodePay::parse(Mode::Direct, body.to_string().as_bytes(), &CALLER)
    }

    #[test]
    fn a_whole_request_is_read_and_recognised() {
        let asked = parse(&body()).ok().unwrap();
        assert_eq!((asked.amount.minor(), asked.attach), (100, None));
        assert_eq!(asked.device_id.as_deref(), Some("till-1"));
        let mut moved = body();
        moved["scene_info"]["device_ip"] = "192.0.2.1".into();
        let moved = parse(&moved).ok().unwrap();
        assert_eq!(moved.fingerprint, asked.fingerprint, "the same at another address");
        let mut other = body();
        other["payer"]["auth_code"] = "134567890123456780".into();
        let other = parse(&other).ok().unwrap();
        assert_ne!(other.fingerprint, asked.fingerprint, "another code is another request");
    }

    #[test]
    fn a_field_that_breaks_a_rule_is_named() {
        for (pointer, value, field) in [
            ("/appid", Value::from(""), "/appid"),
            ("/mchid", Value::from("1900000002"), "/mchid"),
            ("/out_trade_no", Value::from("1234"), "/out_trade_no"),
            ("/payer", json!({}), "/payer/auth_code"),
            ("/payer/auth_code", Value::from(1), "/payer/auth_code"),
            ("/amount/total", Value::from(0), "/amount/total"),
            ("/amount/currency", Value::from("USD"), "/amount/currency"),
            ("/scene_info", json!({}), "/scene_info/store_info"),
            ("/scene_info/store_info", json!({}), "/scene_info/store_info/id"),
            ("/detail", json!({ "cost_price": 1 }), "/detail/goods_detail"),
        ] {
            let mut body = body();
            *body.pointer_mut(pointer).unwrap() = value;
            let error = parse(&body).err().unwrap();
            assert_eq!(error.field_error().map(|error| error.field.as_str()), Some(field));
        }
        let mut store = body();
        store["scene_info"]["store_info"] = json!({ "out_id": "1" });
        assert!(parse(&store).is_ok());
        let mut splits = body();
        splits["sub_mchid"] = "1".into();
        assert_eq!(parse(&splits).err().unwrap().code, Code::NoAuth);
    }

    #[test]
    fn a_service_provider_names_itself_and_whom_it_serves() {
        let mut body = body();
        for (name, value) in [("sp_appid", "wx1"), ("sp_mchid", "1900000001"), ("sub_mchid", "2")] {
            body[name] = value.into();
        }
        let parse =
            |body: &Value| CodePay::parse(Mode::Partner, body.to_string().as_bytes(), &CALLER);
        let asked = parse(&body).ok().unwrap();
        let partner = Partner { sub_mchid: "2".into(), sub_appid: None, sub_openid: None };
        assert_eq!((asked.appid.as_deref(), asked.partner), (Some("wx1"), Some(partner)));
        body["settle_info"] = json!({ "profit_sharing": true });
        assert!(parse(&body).is_ok(), "what a sub-merchant is paid can be shared");
        body.as_object_mut().unwrap().remove("sp_appid");
        assert_eq!(parse(&body).ok().unwrap().appid, None);
    }

    #[test]
    fn a_reversal_names_merchant_and_app() {
        let read = |mode, body: &str| {
            Reversal::parse(mode, body.as_bytes(), &CALLER)
                .map(|asked| (asked.appid, asked.sub_mchid))
                .map_err(|error| error.code)
        };
        let direct = |body| read(Mode::Direct, body);
        let good = r#"{"appid":"wx1","mchid":"1900000001"}"#;
        let app = Some("wx1".to_owned());
        assert_eq!(direct(good), Ok((app.clone(), None)));
        for bad in ["{}", r#"{"mchid":"1900000001"}"#, r#"{"appid":"wx1","mchid":"1"}"#] {
            assert_eq!(direct(bad), Err(Code::ParamError), "{bad}");
        }
        let partner = r#"{"sp_appid":"wx1","sp_mchid":"1900000001","sub_mchid":"2"}"#;
        assert_eq!(read(Mode::Partner, partner), Ok((app, Some("2".to_owned()))));
        let apps = r#"{"sp_mchid":"1900000001","sub_mchid":"2","sub_appid":"wx2"}"#;
        let asked = Reversal::parse(Mode::Partner, apps.as_bytes(), &CALLER).ok().unwrap();
        assert_eq!((asked.appid, asked.sub_appid.as_deref()), (None, Some("wx2")));
        let partner = r#"{"sp_mchid":"1900000001","sub_mchid":"2"}"#;
        assert_eq!(read(Mode::Partner, partner), Ok((None, Some("2".to_owned()))));
        assert_eq!(direct(partner), Err(Code::NoAuth));
    }
}
