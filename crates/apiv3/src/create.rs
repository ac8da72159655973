//! Creating an order: Native (the payer scans a code), JSAPI (inside a merchant's page or mini
//! program), APP (from the merchant's app) and H5 (from a browser), by a merchant for itself or by
//! a service provider for a sub-merchant.

use domain::order::{CardsTaken, ProfitSharing};
use kernel::crypto::sha256;
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;

use crate::error::{ApiError, FieldError};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::order::TradeType;
use crate::order_fields::{
    self, Browser, Detail, Store, field_error, get_out_trade_no, read_detail, read_limit_pay,
    read_profit_sharing, read_scene, read_times, refuse_products, said,
};
use crate::request::{Caller, Mode, read_body, read_merchants};

const CODE_URL_PREFIX: &str = "jiaozi://pay?pr=";
const CODE_URL_CHARS_MAX: usize = 64;

const LIMITS_OF_PAYMENT: &[&str] = &["no_balance", "no_credit", "no_debit", "balance_only"];

/// Which create call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateCall {
    /// In whose name.
    pub mode: Mode,
    /// How the payer meets the order.
    pub trade_type: TradeType,
}

/// A parsed request to create an order. Fields that it does not know are dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateOrder {
    /// How the payer meets the order.
    pub trade_type: TradeType,
    /// The app of the merchant that signed, 1 to 32 bytes; whether it is bound is not decided
    /// here.
    pub appid: String,
    /// For whom a service provider asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_mchid: Option<String>,
    /// The sub-merchant's app, 1 to 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_appid: Option<String>,
    /// The only payer, under `appid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// The only payer, under `sub_appid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_openid: Option<String>,
    /// Shown to the payer, 1 to 127 bytes.
    pub description: String,
    /// The merchant's number, 6 to 32 bytes.
    pub out_trade_no: String,
    /// When it ends unpaid; its bounds are not checked here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_expire: Option<Timestamp>,
    /// Given back with a paid order, at most 128 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach: Option<String>,
    /// Where the notification goes, at most 255 bytes.
    pub notify_url: String,
    /// Coupon tag, at most 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods_tag: Option<String>,
    /// Ways to pay that the merchant excludes, as on the wire.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limit_pay: Vec<&'static str>,
    /// Whether the money waits for profit sharing once it is paid.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub profit_sharing: bool,
    /// The merchant's device, at most 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// What is to be paid.
    pub amount: Amount,
    /// The goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail>,
    /// Whether the payer shall be offered an invoice.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    support_fapiao: bool,
    /// The merchant's shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<Store>,
    /// What the payer meets it in, if that is a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<Browser>,
}

impl CreateOrder {
    /// Reads the body of a create call.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule, in the order of the documented
    /// table; NO_AUTH for what this wallet's merchants cannot ask: a service provider's fields in
    /// a direct call, real-name checks, subsidies, and contracts made with a payment.
    pub fn parse(call: CreateCall, body: &[u8], caller: &Caller<'_>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let order = read_order(call, &fields, caller)?;
        refuse_products(&fields, "payer")?;
        Ok(order)
    }

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

    /// What becomes of the money, as the domain says it.
    #[must_use]
    pub fn profit_sharing(&self) -> ProfitSharing {
        order_fields::profit_sharing(self.profit_sharing)
    }

    /// A hash over all that must be the same when the order number is sent again: every field but
    /// the payer's address and the time at which the merchant began. A field that is added later
    /// and absent in a request does not change it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let canonical = serde_json::to_vec(self).expect("plain fields are JSON");
        sha256(&[b"create/1\n", &canonical])
    }
}

fn read_order(
    call: CreateCall,
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<CreateOrder, ApiError> {
    let appid = match call.mode {
        Mode::Direct => "appid",
        Mode::Partner => "sp_appid",
    };
    // A provider's fields are told before those that they stand for are missed.
    let sub_mchid = read_merchants(call.mode, fields, caller)?;
    let appid = fields.get_text(appid, 1..=32)?;
    let sub_appid = match call.mode {
        Mode::Direct => None,
        Mode::Partner => fields.find_text("sub_appid", 1..=32)?,
    };
    let description = fields.get_text("description", 1..=127)?;
    let out_trade_no = get_out_trade_no(fields, "out_trade_no")?;
    let time_expire = read_times(fields)?;
    let attach = fields.find_text("attach", 0..=128)?;
    let notify_url = fields.get_url("notify_url", 255, caller.url_rule)?;
    let goods_tag = fields.find_text("goods_tag", 0..=32)?;
    let limit_pay = read_limit_pay(fields, LIMITS_OF_PAYMENT)?;
    let support_fapiao = fields.find_boolean("support_fapiao")?.unwrap_or(false);
    let amount = fields.get_object("amount")?;
    let total = amount.get_amount("total")?;
    amount.find_literal("currency", &["CNY"])?;
    let (openid, sub_openid) = match call.trade_type {
        TradeType::Jsapi => read_payer(call.mode, fields, sub_appid)
            .map_err(|error| field_error(error, "/payer"))?,
        TradeType::Native | TradeType::App | TradeType::H5 | TradeType::Micropay => {
            check_spare_payer(call.mode, fields)?;
            (None, None)
        }
    };
    let detail = read_detail(fields)?;
    let scene = read_scene(fields, call.trade_type == TradeType::H5, 32)?;
    Ok(CreateOrder {
        trade_type: call.trade_type,
        appid: appid.to_owned(),
        sub_mchid,
        sub_appid: sub_appid.map(str::to_owned),
        openid,
        sub_openid,
        description: description.to_owned(),
        out_trade_no,
        time_expire,
        attach: said(attach),
        notify_url: notify_url.to_owned(),
        goods_tag: said(goods_tag),
        limit_pay,
        profit_sharing: read_profit_sharing(fields)?,
        device_id: scene.device_id,
        amount: total,
        detail,
        support_fapiao,
        store: scene.store,
        browser: scene.browser,
    })
}

/// The only payer: under the app of who signed, and for a service provider also, or only, under
/// the sub-merchant's.
fn read_payer(
    mode: Mode,
    fields: &Fields<'_>,
    sub_appid: Option<&str>,
) -> Result<(Option<String>, Option<String>), FieldError> {
    let payer = fields.get_object("payer")?;
    match mode {
        Mode::Direct => Ok((Some(payer.get_text("openid", 1..=128)?.to_owned()), None)),
        Mode::Partner => {
            let openid = payer.find_text("sp_openid", 1..=128)?;
            let sub_openid = payer.find_text("sub_openid", 1..=128)?;
            if openid.is_none() && sub_openid.is_none() {
                return Err(payer.fault("sp_openid", Issue::Missing));
            }
            if sub_openid.is_some() && sub_appid.is_none() {
                return Err(fields.fault("sub_appid", Issue::Missing));
            }
            Ok((openid.map(str::to_owned), sub_openid.map(str::to_owned)))
        }
    }
}

/// A payer who is named where anybody may pay means nothing, but must be well-formed.
fn check_spare_payer(mode: Mode, fields: &Fields<'_>) -> Result<(), FieldError> {
    let Some(payer) = fields.find_object("payer")? else { return Ok(()) };
    let names: &[&str] = match mode {
        Mode::Direct => &["openid"],
        Mode::Partner => &["sp_openid", "sub_openid"],
    };
    names.iter().try_for_each(|name| payer.find_text(name, 1..=128).map(|_| ()))
}

/// The text of an order's code around the token `pr`: letters, digits, `-` and `_`. `None` for
/// another token or one that makes it longer than 64 characters.
#[must_use]
pub fn code_url(pr: &str) -> Option<String> {
    let url = format!("{CODE_URL_PREFIX}{pr}");
    parse_code_url(&url).is_some().then_some(url)
}

/// The token of such a text; `None` if it is none of ours.
#[must_use]
pub fn parse_code_url(text: &str) -> Option<&str> {
    let pr = text.strip_prefix(CODE_URL_PREFIX)?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = !pr.is_empty() && text.len() <= CODE_URL_CHARS_MAX;
    (fits && pr.bytes().all(known)).then_some(pr)
}

/// A prepay id: `wx`, the 14 digits of the business time, five hex digits of its microsecond, and
/// 20 of random bytes, which nobody guesses. Those of one moment lie side by side in their table,
/// so a batch of orders shares pages.
#[must_use]
pub fn prepay_id(now: Timestamp, random: [u8; 10]) -> String {
    let digits = now.business_digits();
    let (seconds, micros) = digits.split_at(14);
    let micros: u32 = micros.parse().expect("the last digits of a time are digits");
    format!("wx{seconds}{micros:05x}{}", hex::encode(random))
}

/// The business time at which a prepay id of ours was made; `None` if it is none.
#[must_use]
pub fn prepay_time(prepay_id: &str) -> Option<Timestamp> {
    let digits = prepay_id.strip_prefix("wx")?.get(..14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &digits[from..to];
    let (date, time) =
        ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
    Timestamp::parse_rfc3339(&format!("{}T{}+08:00", date.join("-"), time.join(":")))
}

/// Answer to a Native create.
#[must_use]
pub fn native_answer(code_url: &str) -> Vec<u8> {
    serde_json::json!({ "code_url": code_url }).to_string().into_bytes()
}

/// Answer to an H5 create.
#[must_use]
pub fn h5_answer(h5_url: &str) -> Vec<u8> {
    serde_json::json!({ "h5_url": h5_url }).to_string().into_bytes()
}

/// Answer to a JSAPI or APP create.
#[must_use]
pub fn prepay_answer(prepay_id: &str) -> Vec<u8> {
    serde_json::json!({ "prepay_id": prepay_id }).to_string().into_bytes()
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
