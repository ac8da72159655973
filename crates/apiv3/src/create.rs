//! Creating an order: Native (the payer scans a code) and JSAPI (inside a merchant's page).

use domain::order::ProfitSharing;
use kernel::crypto::sha256;
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;

use crate::code::Code;
use crate::error::{ApiError, FieldError, Location};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::request::{Caller, check_mchid, check_out_trade_no, read_body, refuse_partner_fields};

const LIMITS_OF_PAYMENT: &[&str] = &["no_balance", "no_credit", "no_debit", "balance_only"];
const CODE_URL_PREFIX: &str = "jiaozi://pay?pr=";
const CODE_URL_CHARS_MAX: usize = 64;

/// Which of the two calls it is, with what only that one has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE", tag = "trade_type")]
pub enum Scene {
    /// The answer is a `code_url`.
    Native,
    /// The answer is a `prepay_id`.
    Jsapi {
        /// The payer under the merchant's appid.
        openid: String,
    },
}

/// Which of the two calls was made, before its body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateCall {
    /// `POST /v3/pay/transactions/native`
    Native,
    /// `POST /v3/pay/transactions/jsapi`
    Jsapi,
}

/// A parsed request to create an order. Fields that it does not know are dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateOrder {
    /// Native or JSAPI.
    pub scene: Scene,
    /// The merchant's app, 1 to 32 bytes; whether it is bound is not decided here.
    pub appid: String,
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
    /// What is to be paid.
    pub amount: Amount,
}

impl CreateOrder {
    /// Reads the body of a create call.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule, in the order of the documented
    /// table; NO_AUTH for what this wallet's merchants cannot ask: a service provider's call,
    /// real-name checks, instalment subsidies.
    pub fn parse(call: CreateCall, body: &[u8], caller: &Caller<'_>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        refuse_partner_fields(&fields)?;
        let order = read_order(call, &fields, caller)?;
        refuse_products(&fields)?;
        Ok(order)
    }

    /// What becomes of the money, as the domain says it.
    #[must_use]
    pub fn profit_sharing(&self) -> ProfitSharing {
        if self.profit_sharing { ProfitSharing::Yes } else { ProfitSharing::No }
    }

    /// A hash over all that must be the same when the order number is sent again. A field that
    /// is added later and absent in a request does not change it.
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
) -> Result<CreateOrder, FieldError> {
    let appid = fields.get_text("appid", 1..=32)?;
    check_mchid(fields, caller)?;
    let description = fields.get_text("description", 1..=127)?;
    let out_trade_no = fields.get_text("out_trade_no", 0..=usize::MAX)?;
    check_out_trade_no(out_trade_no).map_err(|issue| fields.fault("out_trade_no", issue))?;
    let time_expire = fields.find_time("time_expire")?;
    let attach = fields.find_text("attach", 0..=128)?;
    let notify_url = fields
        .find_url("notify_url", 255, caller.url_rule)?
        .ok_or_else(|| fields.fault("notify_url", Issue::Missing))?;
    let goods_tag = fields.find_text("goods_tag", 0..=32)?;
    let limit_pay = read_limit_pay(fields)?;
    fields.find_boolean("support_fapiao")?;
    let amount = fields.get_object("amount")?;
    let total = amount.get_amount("total")?;
    amount.find_literal("currency", &["CNY"])?;
    let scene = match call {
        CreateCall::Native => Scene::Native,
        CreateCall::Jsapi => {
            let payer = fields.get_object("payer")?;
            Scene::Jsapi { openid: payer.get_text("openid", 1..=128)?.to_owned() }
        }
    };
    check_extras(fields)?;
    Ok(CreateOrder {
        scene,
        appid: appid.to_owned(),
        description: description.to_owned(),
        out_trade_no: out_trade_no.to_owned(),
        time_expire,
        attach: attach.filter(|text| !text.is_empty()).map(str::to_owned),
        notify_url: notify_url.to_owned(),
        goods_tag: goods_tag.filter(|text| !text.is_empty()).map(str::to_owned),
        limit_pay,
        profit_sharing: read_profit_sharing(fields)?,
        amount: total,
    })
}

fn read_limit_pay(fields: &Fields<'_>) -> Result<Vec<&'static str>, FieldError> {
    let mut limits = Vec::new();
    for (pointer, item) in fields.items("limit_pay")? {
        let known = LIMITS_OF_PAYMENT.iter().copied().find(|known| item == known);
        limits.push(known.ok_or_else(|| {
            let issue = Issue::NotOneOf(LIMITS_OF_PAYMENT);
            FieldError::new(Location::Body, pointer, Some(item), issue)
        })?);
    }
    limits.sort_unstable();
    limits.dedup();
    Ok(limits)
}

fn read_profit_sharing(fields: &Fields<'_>) -> Result<bool, FieldError> {
    let Some(settle) = fields.find_object("settle_info")? else { return Ok(false) };
    Ok(settle.find_boolean("profit_sharing")?.unwrap_or(false))
}

/// Checks what is documented but has no effect on an order here.
fn check_extras(fields: &Fields<'_>) -> Result<(), FieldError> {
    if let Some(detail) = fields.find_object("detail")? {
        detail.find_text("invoice_id", 0..=32)?;
        detail.objects("goods_detail")?;
    }
    if let Some(scene) = fields.find_object("scene_info")? {
        scene.get_text("payer_client_ip", 1..=45)?;
        scene.find_text("device_id", 0..=32)?;
        if let Some(store) = scene.find_object("store_info")? {
            store.get_text("id", 1..=32)?;
        }
    }
    Ok(())
}

/// Refuses what would promise something that does not happen.
fn refuse_products(fields: &Fields<'_>) -> Result<(), ApiError> {
    let payer = fields.find_object("payer")?;
    if payer.is_some_and(|payer| payer.has("identity")) || fields.has("subsidy_info") {
        return Err(ApiError::new(Code::NoAuth));
    }
    Ok(())
}

/// The text of a payment code around the token `pr`: letters, digits, `-` and `_`. `None` for
/// another token or one that makes it longer than 64 characters.
#[must_use]
pub fn code_url(pr: &str) -> Option<String> {
    let url = format!("{CODE_URL_PREFIX}{pr}");
    parse_code_url(&url).is_some().then_some(url)
}

/// The token of a payment code's text; `None` if it is none of ours.
#[must_use]
pub fn parse_code_url(text: &str) -> Option<&str> {
    let pr = text.strip_prefix(CODE_URL_PREFIX)?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = !pr.is_empty() && text.len() <= CODE_URL_CHARS_MAX;
    (fits && pr.bytes().all(known)).then_some(pr)
}

/// A prepay id: `wx`, the 14 digits of the business time, and 20 hex digits of random bytes.
#[must_use]
pub fn prepay_id(now: Timestamp, random: [u8; 10]) -> String {
    let digits: String = now.rfc3339().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("wx{digits}{}", hex::encode(random))
}

/// Answer to a Native create.
#[must_use]
pub fn native_answer(code_url: &str) -> Vec<u8> {
    serde_json::json!({ "code_url": code_url }).to_string().into_bytes()
}

/// Answer to a JSAPI create.
#[must_use]
pub fn jsapi_answer(prepay_id: &str) -> Vec<u8> {
    serde_json::json!({ "prepay_id": prepay_id }).to_string().into_bytes()
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
