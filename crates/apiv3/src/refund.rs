//! Asking for a refund.

use domain::refund::RefundSource;
use kernel::money::Amount;
use serde::Serialize;

use crate::error::{ApiError, FieldError};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::request::{
    Caller, check_out_refund_no, check_out_trade_no, check_transaction_id, read_body,
};

/// How a refund names its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderName {
    /// By the platform's number.
    TransactionId(String),
    /// By the merchant's number.
    OutTradeNo(String),
    /// By both: the platform's number decides, and the other must be that order's.
    Both {
        /// The platform's number.
        transaction_id: String,
        /// The merchant's number.
        out_trade_no: String,
    },
}

/// Which money of the merchant a refund is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FundsAccount {
    /// Settled money.
    Available,
    /// Money that is not settled yet.
    Unavailable,
    /// Money that waited for profit sharing.
    Unsettled,
}

/// One part of the source of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FundsPart {
    /// Where it is taken from.
    pub account: FundsAccount,
    /// How much.
    pub amount: Amount,
}

/// A parsed request for a refund. Fields that it does not know are dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRefund {
    /// Who was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The order.
    pub order: OrderName,
    /// The merchant's number of the refund, 1 to 64 bytes.
    pub out_refund_no: String,
    /// Shown to the payer, at most 80 bytes.
    pub reason: Option<String>,
    /// Where the notification goes, at most 256 bytes; absent: where the merchant is told of
    /// refunds.
    pub notify_url: Option<String>,
    /// What is given back.
    pub refund: Amount,
    /// What the merchant believes the order's total to be.
    pub total: Amount,
    /// Which money it is taken from.
    pub source: RefundSource,
}

impl CreateRefund {
    /// Reads the body of `POST /v3/refund/domestic/refunds`.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule, in the order of the documented
    /// table.
    pub fn parse(body: &[u8], caller: &Caller<'_>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        Ok(read_refund(&fields, caller)?)
    }
}

fn read_refund(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<CreateRefund, FieldError> {
    let sub_mchid = fields.find_text("sub_mchid", 1..=32)?;
    let order = read_order_name(fields)?;
    let out_refund_no = fields.get_text("out_refund_no", 0..=usize::MAX)?;
    check_out_refund_no(out_refund_no).map_err(|issue| fields.fault("out_refund_no", issue))?;
    let reason = fields.find_text("reason", 0..=80)?;
    let notify_url = fields.find_url("notify_url", 256, caller.url_rule)?;
    let wants_balance = fields.find_literal("funds_account", &["AVAILABLE"])?.is_some();
    let amount = fields.get_object("amount")?;
    let refund = amount.get_amount("refund")?;
    let total = amount.get_amount("total")?;
    amount.get_literal("currency", &["CNY"])?;
    let source = match read_from(&amount, refund)? {
        Some(1..) if wants_balance => {
            return Err(fields.fault("funds_account", Issue::Contradicts("amount.from")));
        }
        Some(unavailable_minor) => RefundSource::Named { unavailable_minor },
        None if wants_balance => RefundSource::Balance,
        None => RefundSource::Unsettled,
    };
    for goods in fields.objects("goods_detail")? {
        goods.get_text("merchant_goods_id", 1..=32)?;
        goods.find_text("wechatpay_goods_id", 0..=32)?;
        goods.find_text("goods_name", 0..=usize::MAX)?;
        goods.get_integer("unit_price", 0)?;
        goods.get_integer("refund_amount", 0)?;
        goods.get_integer("refund_quantity", 1)?;
    }
    Ok(CreateRefund {
        sub_mchid: sub_mchid.map(str::to_owned),
        order,
        out_refund_no: out_refund_no.to_owned(),
        reason: reason.filter(|text| !text.is_empty()).map(str::to_owned),
        notify_url: notify_url.map(str::to_owned),
        refund,
        total,
        source,
    })
}

fn read_order_name(fields: &Fields<'_>) -> Result<OrderName, FieldError> {
    let whole = 0..=usize::MAX;
    let transaction_id = fields.find_text("transaction_id", whole.clone())?;
    let out_trade_no = fields.find_text("out_trade_no", whole)?;
    if let Some(id) = transaction_id {
        check_transaction_id(id).map_err(|issue| fields.fault("transaction_id", issue))?;
    }
    if let Some(number) = out_trade_no {
        check_out_trade_no(number).map_err(|issue| fields.fault("out_trade_no", issue))?;
    }
    match (transaction_id.map(str::to_owned), out_trade_no.map(str::to_owned)) {
        (Some(id), None) => Ok(OrderName::TransactionId(id)),
        (None, Some(number)) => Ok(OrderName::OutTradeNo(number)),
        (Some(transaction_id), Some(out_trade_no)) => {
            Ok(OrderName::Both { transaction_id, out_trade_no })
        }
        (None, None) => Err(fields.fault("transaction_id", Issue::Missing)),
    }
}

/// How much `from` wants taken from money that is not available, in fen, if it is there.
fn read_from(amount: &Fields<'_>, refund: Amount) -> Result<Option<i64>, FieldError> {
    let (mut available, mut unavailable) = (None, None);
    let parts = amount.objects("from")?;
    for item in &parts {
        let part = match item.get_literal("account", &["AVAILABLE", "UNAVAILABLE"])? {
            "AVAILABLE" => &mut available,
            _ => &mut unavailable,
        };
        if part.is_some() {
            return Err(item.fault("account", Issue::Twice));
        }
        *part = Some(item.get_amount("amount")?.minor());
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let unavailable = unavailable.unwrap_or(0);
    // Two parts, each far below the range of the sum.
    if available.unwrap_or(0) + unavailable != refund.minor() {
        return Err(amount.fault("from", Issue::Sum));
    }
    Ok(Some(unavailable))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify_url::UrlRule;

    fn body() -> Value {
        json!({
            "out_trade_no": "T2026-0001",
            "out_refund_no": "R@1",
            "amount": {"refund": 30, "total": 100, "currency": "CNY"},
        })
    }

    fn parse(body: &Value) -> Result<CreateRefund, ApiError> {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        CreateRefund::parse(body.to_string().as_bytes(), &caller)
    }

    fn changed(change: impl FnOnce(&mut Value)) -> Value {
        let mut body = body();
        change(&mut body);
        body
    }

    #[test]
    fn a_refund_names_its_order_in_either_way_or_in_both() {
        let by_number = parse(&body()).unwrap();
        assert_eq!(by_number.order, OrderName::OutTradeNo("T2026-0001".into()));
        assert_eq!((by_number.refund.minor(), by_number.total.minor()), (30, 100));
        let mut body = body();
        body.as_object_mut().unwrap().remove("out_trade_no");
        body["transaction_id"] = json!("4200202611210000000000000001");
        assert!(matches!(parse(&body).unwrap().order, OrderName::TransactionId(_)));
        body["out_trade_no"] = json!("T2026-0001");
        let both = OrderName::Both {
            transaction_id: "4200202611210000000000000001".into(),
            out_trade_no: "T2026-0001".into(),
        };
        assert_eq!(parse(&body).unwrap().order, both);
        body["out_trade_no"] = json!("a b c d");
        assert_eq!(parse(&body).unwrap_err().field_error().unwrap().field, "/out_trade_no");
        let nameless = changed(|body| drop(body.as_object_mut().unwrap().remove("out_trade_no")));
        assert_eq!(parse(&nameless).unwrap_err().field_error().unwrap().field, "/transaction_id");
    }

    #[test]
    fn all_optional_fields_are_read() {
        let refund = parse(&changed(|body| {
            body["reason"] = json!("商品已售完");
            body["notify_url"] = json!("https://shop.example.com/refund");
            body["funds_account"] = json!("AVAILABLE");
            body["goods_detail"] = json!([{
                "merchant_goods_id": "1", "unit_price": 30, "refund_amount": 30,
                "refund_quantity": 1,
            }]);
            body["amount"]["from"] = json!([{"account": "AVAILABLE", "amount": 30}]);
        }));
        let refund = refund.unwrap();
        assert_eq!(refund.reason.as_deref(), Some("商品已售完"));
        assert_eq!(refund.source, RefundSource::Named { unavailable_minor: 0 });
    }

    #[test]
    fn the_source_is_what_the_merchant_says() {
        let part = |account: &str, amount: i64| json!({"account": account, "amount": amount});
        let source = |funds: Option<&str>, from: Value| {
            let body = changed(|body| {
                body["amount"]["from"] = from;
                if let Some(funds) = funds {
                    body["funds_account"] = json!(funds);
                }
            });
            parse(&body).map(|refund| refund.source)
        };
        let named = |unavailable_minor| Ok(RefundSource::Named { unavailable_minor });
        assert_eq!(source(None, json!([])), Ok(RefundSource::Unsettled));
        assert_eq!(source(Some("AVAILABLE"), json!([])), Ok(RefundSource::Balance));
        assert_eq!(source(None, json!([part("AVAILABLE", 30)])), named(0));
        assert_eq!(source(None, json!([part("UNAVAILABLE", 30)])), named(30));
        let split = json!([part("UNAVAILABLE", 10), part("AVAILABLE", 20)]);
        assert_eq!(source(None, split.clone()), named(10));
        let both = source(Some("AVAILABLE"), split).unwrap_err();
        assert_eq!(both.field_error().unwrap().field, "/funds_account");
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        let part = |account: &str, amount: i64| json!({"account": account, "amount": amount});
        let two = |one: Value, other: Value| json!([one, other]);
        for (path, value, field) in [
            ("/out_trade_no", Value::Null, "/out_trade_no"),
            ("/out_trade_no", json!("a b c d"), "/out_trade_no"),
            ("/out_refund_no", json!(""), "/out_refund_no"),
            ("/out_refund_no", json!("a".repeat(65)), "/out_refund_no"),
            ("/out_refund_no", json!("退1"), "/out_refund_no"),
            ("/reason", json!("退".repeat(27)), "/reason"),
            ("/notify_url", json!("https://10.0.0.1/"), "/notify_url"),
            ("/funds_account", json!("UNSETTLED"), "/funds_account"),
            ("/amount", json!([]), "/amount"),
            ("/amount/refund", json!(0), "/amount/refund"),
            ("/amount/refund", json!(1.5), "/amount/refund"),
            ("/amount/total", json!("100"), "/amount/total"),
            ("/amount/currency", json!("HKD"), "/amount/currency"),
            ("/amount/from", json!([part("BASIC", 30)]), "/amount/from/0/account"),
            ("/amount/from", json!({"account": "AVAILABLE"}), "/amount/from"),
            ("/amount/from", json!([{"amount": 30}]), "/amount/from/0/account"),
            ("/amount/from", json!([{"account": "AVAILABLE"}]), "/amount/from/0/amount"),
            ("/amount/from", json!([part("AVAILABLE", 0)]), "/amount/from/0/amount"),
            ("/amount/from", json!([part("UNAVAILABLE", 31)]), "/amount/from"),
            ("/amount/from", json!([part("AVAILABLE", 29)]), "/amount/from"),
            (
                "/amount/from",
                two(part("AVAILABLE", 10), part("AVAILABLE", 20)),
                "/amount/from/1/account",
            ),
        ] {
            let body = changed(|body| {
                let (parent, name) = path.rsplit_once('/').unwrap();
                body.pointer_mut(parent).unwrap()[name] = value.clone();
            });
            let error = parse(&body).unwrap_err();
            assert_eq!(error.field_error().unwrap().field, field, "{value}");
        }
        let missing = changed(|body| {
            body["amount"].as_object_mut().unwrap().remove("currency");
        });
        assert_eq!(parse(&missing).unwrap_err().field_error().unwrap().issue, Issue::Missing);
    }

    #[test]
    fn a_service_provider_names_the_sub_merchant() {
        let first = parse(&body()).unwrap();
        let partner = parse(&changed(|body| body["sub_mchid"] = json!("1900000009"))).unwrap();
        assert_eq!(
            (first.sub_mchid.clone(), partner.sub_mchid.as_deref()),
            (None, Some("1900000009"))
        );
    }
}
