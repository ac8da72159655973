//! Profit sharing: receivers, requests to share and unfreeze, returns, and word of them.

use std::collections::BTreeSet;

use domain::profit::{ProfitOrder, ProfitReturn, ProfitShare, ReceiverKind, ReturnResult};
use kernel::crypto::sha256;
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{ApiError, FieldError};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::keys::PrivateKey;
use crate::notification::Event;
use crate::request::{Query, check_out_refund_no, check_transaction_id, read_body};

const KINDS: &[&str] = &["MERCHANT_ID", "PERSONAL_OPENID", "PERSONAL_SUB_OPENID"];
const RELATIONS: &[&str] = &[
    "SERVICE_PROVIDER",
    "STORE",
    "STAFF",
    "STORE_OWNER",
    "PARTNER",
    "HEADQUARTER",
    "BRAND",
    "DISTRIBUTOR",
    "USER",
    "SUPPLIER",
    "CUSTOM",
];
const RECEIVERS_MAX: usize = 50;

/// A request to add a receiver.
#[derive(Clone, Debug)]
pub struct AddReceiver {
    /// The sub-merchant whose orders are shared, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The merchant's app.
    pub appid: String,
    /// The sub-merchant's app.
    pub sub_appid: Option<String>,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid, 1 to 64 bytes.
    pub account: String,
    /// The receiver's name, opened. A merchant's must be given.
    pub name: Option<Zeroizing<String>>,
    /// How it stands to the merchant.
    pub relation_type: &'static str,
    /// How, in the merchant's words; only for `CUSTOM`.
    pub custom_relation: Option<String>,
}

impl AddReceiver {
    /// Reads the body. `key` is the platform key that the caller named, if it named one.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(body: &[u8], key: Option<&PrivateKey>) -> Result<Self, ApiError> {
        Ok(Self::read(&Fields::top(&read_body(body)?), key)?)
    }

    fn read(fields: &Fields<'_>, key: Option<&PrivateKey>) -> Result<Self, FieldError> {
        let (sub_mchid, sub_appid) = read_sub_merchant(fields)?;
        let kind = read_kind(fields)?;
        check_sub_appid(fields, kind)?;
        let name = fields.find_sealed("name", key)?;
        if kind == ReceiverKind::Merchant && name.is_none() {
            return Err(fields.fault("name", Issue::Missing));
        }
        let relation = fields.get_literal("relation_type", RELATIONS)?;
        let custom = fields.find_text("custom_relation", 1..=30)?;
        if relation == "CUSTOM" && custom.is_none() {
            return Err(fields.fault("custom_relation", Issue::Missing));
        }
        Ok(Self {
            sub_mchid,
            appid: fields.get_text("appid", 1..=32)?.to_owned(),
            sub_appid,
            kind,
            account: fields.get_text("account", 1..=64)?.to_owned(),
            name,
            relation_type: relation,
            custom_relation: custom.map(str::to_owned),
        })
    }

    /// The bytes of the answer; `name` is sealed for the merchant.
    #[must_use]
    pub fn answer(&self, name: Option<String>) -> Vec<u8> {
        to_json(&WireReceiver {
            sub_mchid: self.sub_mchid.as_deref(),
            r#type: self.kind.as_str(),
            account: &self.account,
            name,
            relation_type: Some(self.relation_type),
            custom_relation: self.custom_relation.as_deref(),
        })
    }
}

/// A request to delete a receiver.
#[derive(Clone, Debug)]
pub struct DeleteReceiver {
    /// The sub-merchant whose orders were shared, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The merchant's app.
    pub appid: String,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
}

impl DeleteReceiver {
    /// Reads the body.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let (sub_mchid, _) = read_sub_merchant(&fields)?;
        let kind = read_kind(&fields)?;
        check_sub_appid(&fields, kind)?;
        Ok(Self {
            sub_mchid,
            appid: fields.get_text("appid", 1..=32)?.to_owned(),
            kind,
            account: fields.get_text("account", 1..=64)?.to_owned(),
        })
    }

    /// The bytes of the answer.
    #[must_use]
    pub fn answer(&self) -> Vec<u8> {
        to_json(&WireReceiver {
            sub_mchid: self.sub_mchid.as_deref(),
            r#type: self.kind.as_str(),
            account: &self.account,
            name: None,
            relation_type: None,
            custom_relation: None,
        })
    }
}

/// What one receiver is to get.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
    /// How much.
    pub amount: Amount,
    /// What for, 1 to 80 bytes.
    pub description: String,
    /// The receiver's name, opened; the fingerprint takes a hash of it.
    #[serde(skip)]
    pub name: Option<Zeroizing<String>>,
}

/// A request to share an order's money.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// The sub-merchant that was paid, if a service provider asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_mchid: Option<String>,
    /// The merchant's app.
    pub appid: String,
    /// The number of the payment.
    pub transaction_id: String,
    /// The merchant's number of the request.
    pub out_order_no: String,
    /// At most 50 receivers, none of them twice; none at all only where the rest becomes the
    /// merchant's.
    pub parts: Vec<Part>,
    /// Whether the rest becomes the merchant's.
    pub unfreeze_unsplit: bool,
}

impl Share {
    /// Reads the body. `key` is the platform key that the caller named, if it named one.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(body: &[u8], key: Option<&PrivateKey>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let (sub_mchid, _) = read_sub_merchant(&fields)?;
        let unfreeze = fields.find_boolean("unfreeze_unsplit")?;
        Ok(Self {
            sub_mchid,
            appid: fields.get_text("appid", 1..=32)?.to_owned(),
            transaction_id: fields.get_checked("transaction_id", check_transaction_id)?,
            out_order_no: fields.get_checked("out_order_no", check_out_refund_no)?,
            parts: read_parts(&fields, key, unfreeze == Some(true))?,
            unfreeze_unsplit: unfreeze
                .ok_or_else(|| fields.fault("unfreeze_unsplit", Issue::Missing))?,
        })
    }

    /// A hash over all that must be the same when the number is sent again. `names` are keyed
    /// hashes of the receivers' names: the ciphertexts differ each time.
    #[must_use]
    pub fn fingerprint(&self, names: &[Option<[u8; 32]>]) -> [u8; 32] {
        let named = names.iter().any(Option::is_some);
        let names = if named { to_json(&names) } else { Vec::new() };
        sha256(&[b"profit_order/1\n", &to_json(self), &names])
    }
}

fn read_parts(
    fields: &Fields<'_>,
    key: Option<&PrivateKey>,
    may_be_none: bool,
) -> Result<Vec<Part>, FieldError> {
    let receivers = fields.objects("receivers")?;
    if receivers.is_empty() && !may_be_none {
        return Err(fields.fault("receivers", Issue::Missing));
    }
    if receivers.len() > RECEIVERS_MAX {
        return Err(fields.fault("receivers", Issue::AboveMaximum(RECEIVERS_MAX as i64)));
    }
    let mut seen = BTreeSet::new();
    let mut parts = Vec::with_capacity(receivers.len());
    for receiver in receivers {
        let kind = read_kind(&receiver)?;
        check_sub_appid(fields, kind)?;
        let part = Part {
            kind,
            account: receiver.get_text("account", 1..=64)?.to_owned(),
            amount: receiver.get_amount("amount")?,
            description: receiver.get_text("description", 1..=80)?.to_owned(),
            name: receiver.find_sealed("name", key)?,
        };
        if !seen.insert((part.kind, part.account.clone())) {
            return Err(receiver.fault("account", Issue::Twice));
        }
        parts.push(part);
    }
    Ok(parts)
}

/// A request to give the rest of an order's money to the merchant.
#[derive(Clone, Debug, Serialize)]
pub struct Unfreeze {
    /// The sub-merchant that was paid, if a service provider asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_mchid: Option<String>,
    /// The number of the payment.
    pub transaction_id: String,
    /// The merchant's number of the request.
    pub out_order_no: String,
    /// Why, 1 to 80 bytes.
    pub description: String,
}

impl Unfreeze {
    /// Reads the body.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        Ok(Self {
            sub_mchid: read_sub_merchant(&fields)?.0,
            transaction_id: fields.get_checked("transaction_id", check_transaction_id)?,
            out_order_no: fields.get_checked("out_order_no", check_out_refund_no)?,
            description: fields.get_text("description", 1..=80)?.to_owned(),
        })
    }

    /// A hash over all that must be the same when the number is sent again.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&[b"profit_unfreeze/1\n", &to_json(self)])
    }
}

/// A request to have a receiver give money back.
#[derive(Clone, Debug, Serialize)]
pub struct Return {
    /// The sub-merchant whose money was shared, if a service provider asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_mchid: Option<String>,
    /// Our number of the request that is given back, if the merchant names it so.
    pub order_id: Option<String>,
    /// The merchant's number of it, otherwise.
    pub out_order_no: Option<String>,
    /// The merchant's number of the return.
    pub out_return_no: String,
    /// The receiver.
    pub return_mchid: String,
    /// How much.
    pub amount: Amount,
    /// Why, 1 to 80 bytes.
    pub description: String,
}

impl Return {
    /// Reads the body.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        Ok(Self::read(&Fields::top(&read_body(body)?))?)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let order_id = fields.find_text("order_id", 1..=64)?.map(str::to_owned);
        let out_order_no = match fields.has("out_order_no") {
            true => Some(fields.get_checked("out_order_no", check_out_refund_no)?),
            false => None,
        };
        if order_id.is_none() && out_order_no.is_none() {
            let issue = Issue::ExactlyOneOf("order_id", "out_order_no");
            return Err(fields.fault("order_id", issue));
        }
        Ok(Self {
            sub_mchid: read_sub_merchant(fields)?.0,
            order_id,
            out_order_no,
            out_return_no: fields.get_checked("out_return_no", check_out_refund_no)?,
            return_mchid: fields.get_text("return_mchid", 1..=32)?.to_owned(),
            amount: fields.get_amount("amount")?,
            description: fields.get_text("description", 1..=80)?.to_owned(),
        })
    }

    /// A hash over all that must be the same when the number is sent again.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&[b"profit_return/1\n", &to_json(self)])
    }
}

/// Reads the sub-merchant and its app that a service provider names.
fn read_sub_merchant(fields: &Fields<'_>) -> Result<(Option<String>, Option<String>), FieldError> {
    let sub_mchid = fields.find_text("sub_mchid", 1..=32)?;
    let sub_appid = fields.find_text("sub_appid", 1..=32)?;
    if sub_appid.is_some() && sub_mchid.is_none() {
        return Err(fields.fault("sub_mchid", Issue::Missing));
    }
    Ok((sub_mchid.map(str::to_owned), sub_appid.map(str::to_owned)))
}

/// Reads a variable that a query must have: `transaction_id` or `out_order_no`.
///
/// # Errors
/// PARAM_ERROR if it is missing or has another form.
pub fn query_number(raw: Option<&str>, name: &'static str) -> Result<String, ApiError> {
    let text = Query::new(raw).get(name)?;
    check_out_refund_no(&text).map_err(|issue| Query::fault(name, Some(&text), issue))?;
    Ok(text)
}

/// The bytes of a request of sharing: the answer to asking, unfreezing and querying.
#[must_use]
pub fn order_answer(order: &ProfitOrder, shares: &[ProfitShare]) -> Vec<u8> {
    let created = order.created_at.rfc3339();
    // The protocol has the field always: before the end it is the beginning of all time.
    let finished = order.finished_at.unwrap_or(Timestamp::from_micros(0)).rfc3339();
    to_json(&WireOrder {
        sub_mchid: order.sub_mchid.as_deref(),
        transaction_id: &order.transaction_id,
        out_order_no: &order.out_order_no,
        order_id: &order.order_id,
        state: order.state.as_str(),
        receivers: shares
            .iter()
            .map(|share| WireShare {
                r#type: share.kind.as_str(),
                account: &share.account,
                amount: share.amount.minor(),
                description: &share.description,
                result: share.result.as_str(),
                fail_reason: share.failure.map(|failure| failure.as_str()),
                detail_id: share.detail_id(&order.order_id),
                create_time: &created,
                finish_time: &finished,
            })
            .collect(),
    })
}

/// The bytes of a return.
#[must_use]
pub fn return_answer(back: &ProfitReturn) -> Vec<u8> {
    let at = back.created_at.rfc3339();
    to_json(&WireReturn {
        sub_mchid: back.sub_mchid.as_deref(),
        order_id: &back.order_id,
        out_order_no: &back.out_order_no,
        out_return_no: &back.out_return_no,
        return_id: &back.return_id,
        return_mchid: &back.return_mchid,
        amount: back.amount.minor(),
        description: &back.description,
        result: back.result.as_str(),
        fail_reason: back.failure.map(|failure| failure.as_str()),
        create_time: &at,
        finish_time: &at,
    })
}

/// The bytes that say which part of an order may be shared at most, in hundredths of a percent.
#[must_use]
pub fn config_answer(sub_mchid: &str, max_ratio: i64) -> Vec<u8> {
    let wire = serde_json::json!({ "sub_mchid": sub_mchid, "max_ratio": max_ratio });
    wire.to_string().into_bytes()
}

/// The bytes that say what of a payment can still be shared.
#[must_use]
pub fn amounts_answer(transaction_id: &str, unsplit: i64) -> Vec<u8> {
    let wire = serde_json::json!({ "transaction_id": transaction_id, "unsplit_amount": unsplit });
    wire.to_string().into_bytes()
}

impl Event {
    /// A receiver got its share; `None` before the request is finished.
    #[must_use]
    pub fn profit_shared(order: &ProfitOrder, share: &ProfitShare) -> Option<Self> {
        let resource = to_json(&WireNotice {
            merchants: WireMerchants::of(order),
            transaction_id: &order.transaction_id,
            order_id: &order.order_id,
            out_order_no: &order.out_order_no,
            receiver: WireTaker {
                r#type: share.kind.as_str(),
                account: &share.account,
                amount: share.amount.minor(),
                description: &share.description,
            },
            success_time: order.finished_at?.rfc3339(),
        });
        Some(Self::new("PROFITSHARING.SUCCESS", "分账", "profitsharing", resource))
    }

    /// A receiver gave money back; `None` when nothing moved.
    #[must_use]
    pub fn profit_returned(order: &ProfitOrder, back: &ProfitReturn) -> Option<Self> {
        if back.result != ReturnResult::Success {
            return None;
        }
        let resource = to_json(&WireNotice {
            merchants: WireMerchants::of(order),
            transaction_id: &order.transaction_id,
            order_id: &order.order_id,
            out_order_no: &order.out_order_no,
            receiver: WireTaker {
                r#type: ReceiverKind::Merchant.as_str(),
                account: &back.return_mchid,
                amount: back.amount.minor(),
                description: &back.description,
            },
            success_time: back.created_at.rfc3339(),
        });
        Some(Self::new("PROFITSHARING.RETURN", "分账回退", "profitsharing", resource))
    }
}

fn read_kind(fields: &Fields<'_>) -> Result<ReceiverKind, FieldError> {
    let kind = ReceiverKind::parse(fields.get_literal("type", KINDS)?);
    kind.ok_or_else(|| fields.fault("type", Issue::NotOneOf(KINDS)))
}

/// A person under the sub-merchant's app is known only with that app; `fields` should name it.
fn check_sub_appid(fields: &Fields<'_>, kind: ReceiverKind) -> Result<(), FieldError> {
    match kind {
        ReceiverKind::SubOpenid if !fields.has("sub_appid") => {
            Err(fields.fault("sub_appid", Issue::Missing))
        }
        ReceiverKind::Merchant | ReceiverKind::Openid | ReceiverKind::SubOpenid => Ok(()),
    }
}

fn to_json(wire: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(wire).expect("strings and numbers are JSON")
}

#[derive(Serialize)]
struct WireReceiver<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_mchid: Option<&'a str>,
    r#type: &'static str,
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_relation: Option<&'a str>,
}

#[derive(Serialize)]
struct WireOrder<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_mchid: Option<&'a str>,
    transaction_id: &'a str,
    out_order_no: &'a str,
    order_id: &'a str,
    state: &'static str,
    receivers: Vec<WireShare<'a>>,
}

#[derive(Serialize)]
struct WireShare<'a> {
    amount: i64,
    description: &'a str,
    r#type: &'static str,
    account: &'a str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_reason: Option<&'static str>,
    detail_id: String,
    create_time: &'a str,
    finish_time: &'a str,
}

#[derive(Serialize)]
struct WireReturn<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_mchid: Option<&'a str>,
    order_id: &'a str,
    out_order_no: &'a str,
    out_return_no: &'a str,
    return_id: &'a str,
    return_mchid: &'a str,
    amount: i64,
    description: &'a str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_reason: Option<&'static str>,
    create_time: &'a str,
    finish_time: &'a str,
}

#[derive(Serialize)]
struct WireNotice<'a> {
    #[serde(flatten)]
    merchants: WireMerchants<'a>,
    transaction_id: &'a str,
    order_id: &'a str,
    out_order_no: &'a str,
    receiver: WireTaker<'a>,
    success_time: String,
}

/// Who shared.
#[derive(Serialize)]
#[serde(untagged)]
enum WireMerchants<'a> {
    Direct { mchid: &'a str },
    Partner { sp_mchid: &'a str, sub_mchid: &'a str },
}

impl<'a> WireMerchants<'a> {
    fn of(order: &'a ProfitOrder) -> Self {
        match &order.sub_mchid {
            None => Self::Direct { mchid: &order.mchid },
            Some(sub_mchid) => Self::Partner { sp_mchid: &order.mchid, sub_mchid },
        }
    }
}

#[derive(Serialize)]
struct WireTaker<'a> {
    r#type: &'static str,
    account: &'a str,
    amount: i64,
    description: &'a str,
}
