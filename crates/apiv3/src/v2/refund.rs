//! Refunds on the XML interface: asking for one, and asking what became of them. What is asked for
//! is the same request as over JSON, so a number that was used there is the same refund here.

use super::answer::Refused;
use super::order::caller;
use super::reader::Reader;
use super::xml::Fields;
use std::iter::once;

use crate::notify_url::{self, UrlRule};
use crate::refund::{CreateRefund, FundsAccount, OrderName};
use crate::refund_view::{RefundState, RefundView};
use crate::request::{check_number, check_out_refund_no};
use domain::refund::RefundSource;

/// Refunds in one answer.
const SHOWN: usize = 10;
const FROM_BALANCE: &str = "REFUND_SOURCE_RECHARGE_FUNDS";
const FROM_UNSETTLED: &str = "REFUND_SOURCE_UNSETTLED_FUNDS";

/// A parsed `/secapi/pay/refund`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundAsked {
    /// The app of the order.
    pub appid: String,
    /// What is asked for.
    pub refund: CreateRefund,
}

impl RefundAsked {
    /// Reads a request whose signature holds.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(fields: &Fields, rule: UrlRule) -> Result<Self, Refused> {
        let read = Reader(fields);
        let (appid, sub_mchid) = caller(&read)?;
        let order = read.find_order_name()?.ok_or_else(|| Refused::param("out_trade_no"))?;
        // Money goes back only if both names, where both are there, are those of one order.
        let order = match (order, read.find_number()?) {
            (OrderName::TransactionId(transaction_id), Some(number)) => {
                OrderName::Both { transaction_id, out_trade_no: number.to_owned() }
            }
            (order, _) => order,
        };
        let out_refund_no = out_refund_no(read.get("out_refund_no", 64)?)?;
        let (total, refund) = (read.get_fen("total_fee")?, read.get_fen("refund_fee")?);
        read.check_currency("refund_fee_type")?;
        let reason = read.find("refund_desc", 80)?.map(str::to_owned);
        let source = match read.find("refund_account", 30)? {
            None | Some(FROM_UNSETTLED) => RefundSource::Unsettled,
            Some(FROM_BALANCE) => RefundSource::Balance,
            Some(_) => return Err(Refused::param("refund_account")),
        };
        let notify_url = read.find("notify_url", 256)?;
        if notify_url.is_some_and(|url| notify_url::check(url, rule).is_err()) {
            return Err(Refused::param("notify_url"));
        }
        Ok(Self {
            appid,
            refund: CreateRefund {
                sub_mchid,
                order,
                out_refund_no,
                reason,
                notify_url: notify_url.map(str::to_owned),
                refund,
                total,
                source,
            },
        })
    }
}

/// Which refunds are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedRefunds {
    /// One, by our number.
    RefundId(String),
    /// One, by the merchant's number.
    OutRefundNo(String),
    /// All of an order.
    Order(OrderName),
}

/// A parsed `/pay/refundquery`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundQuery {
    /// The app of the order.
    pub appid: String,
    /// Who was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// Which are asked for.
    pub refunds: NamedRefunds,
    /// How many of an order's refunds are passed over.
    pub offset: usize,
}

impl RefundQuery {
    /// Reads a request whose signature holds. Of several names the most exact counts.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(fields: &Fields) -> Result<Self, Refused> {
        let read = Reader(fields);
        let (appid, sub_mchid) = caller(&read)?;
        let order = read.find_order_name()?;
        let number = read.find("out_refund_no", 64)?.map(out_refund_no).transpose()?;
        let refund_id = read.find("refund_id", 32)?;
        if refund_id.is_some_and(|id| check_number(id, 1..=32).is_err()) {
            return Err(Refused::param("refund_id"));
        }
        let offset = read.find("offset", 10)?.map_or(Ok(0), str::parse);
        let refunds = match (refund_id, number, order) {
            (Some(id), _, _) => NamedRefunds::RefundId(id.to_owned()),
            (None, Some(number), _) => NamedRefunds::OutRefundNo(number),
            (None, None, Some(order)) => NamedRefunds::Order(order),
            (None, None, None) => return Err(Refused::param("out_refund_no")),
        };
        let offset = offset.map_err(|_| Refused::param("offset"))?;
        Ok(Self { appid, sub_mchid, refunds, offset })
    }
}

fn out_refund_no(text: &str) -> Result<String, Refused> {
    check_out_refund_no(text).map_err(|_| Refused::param("out_refund_no"))?;
    Ok(text.to_owned())
}

/// What an accepted refund is shown as.
#[must_use]
pub fn show(refund: &RefundView) -> Fields {
    let mut shown = order_of(refund);
    let fee = refund.refund.minor().to_string();
    let pairs = [
        ("out_refund_no", refund.out_refund_no.as_str()),
        ("refund_id", &refund.refund_id),
        ("refund_fee", &fee),
        ("settlement_refund_fee", &fee),
        ("cash_refund_fee", &fee),
    ];
    shown.extend(pairs.map(|(name, text)| (name.to_owned(), text.to_owned())));
    shown
}

/// What the refunds of one order are shown as, the first first, from `offset` on.
///
/// # Errors
/// REFUNDNOTEXIST when there are none, PARAM_ERROR when none is left after the offset.
pub fn show_all(refunds: &[RefundView], offset: usize) -> Result<Fields, Refused> {
    let first = refunds.first().ok_or_else(none_found)?;
    let page: Vec<_> = refunds.iter().skip(offset).take(SHOWN).collect();
    if page.is_empty() {
        return Err(Refused::param("offset"));
    }
    let mut shown = order_of(first);
    shown.insert("refund_count".into(), page.len().to_string());
    shown.insert("total_refund_count".into(), refunds.len().to_string());
    for (place, refund) in page.into_iter().enumerate() {
        let fee = refund.refund.minor().to_string();
        let (status, arrived) = status(refund.state);
        let pairs = [
            ("out_refund_no", refund.out_refund_no.clone()),
            ("refund_id", refund.refund_id.clone()),
            ("refund_channel", refund.channel.as_str().to_owned()),
            ("refund_fee", fee.clone()),
            ("settlement_refund_fee", fee),
            ("refund_status", status.to_owned()),
            ("refund_account", source(refund.funds_account).to_owned()),
            // The protocol spells it like this.
            ("refund_recv_accout", refund.receiver.text()),
        ];
        let arrived = once(("refund_success_time", arrived.unwrap_or_default()));
        let numbered = |(name, text)| (format!("{name}_{place}"), text);
        shown.extend(pairs.into_iter().chain(arrived).map(numbered));
    }
    Ok(shown)
}

fn none_found() -> Refused {
    Refused::saying("REFUNDNOTEXIST", "退款单不存在，请核对单号，或确认退款已受理")
}

/// What a notification of it says, before it is hidden.
pub(super) fn show_end(refund: &RefundView) -> Fields {
    let fee = refund.refund.minor().to_string();
    let (status, arrived) = status(refund.state);
    let pairs = [
        ("out_refund_no", refund.out_refund_no.as_str()),
        ("refund_id", &refund.refund_id),
        ("refund_fee", &fee),
        ("settlement_refund_fee", &fee),
        ("refund_status", status),
        ("refund_account", source(refund.funds_account)),
        ("refund_recv_accout", &refund.receiver.text()),
        ("refund_request_source", "API"),
        ("success_time", arrived.as_deref().unwrap_or_default()),
    ];
    let pairs = pairs.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let mut shown = order_of(refund);
    shown.retain(|name, _| !["cash_fee", "fee_type"].contains(&name.as_str()));
    shown.extend(pairs.into_iter().filter(|(_, text)| !text.is_empty()));
    shown
}

fn order_of(refund: &RefundView) -> Fields {
    let total = refund.total.minor().to_string();
    let pairs = [
        ("transaction_id", refund.transaction_id.as_str()),
        ("out_trade_no", &refund.out_trade_no),
        ("total_fee", &total),
        ("settlement_total_fee", &total),
        ("cash_fee", &total),
        ("fee_type", refund.total.currency().as_str()),
    ];
    pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Where it stands, and when it arrived.
fn status(state: RefundState) -> (&'static str, Option<String>) {
    match state {
        RefundState::Processing => ("PROCESSING", None),
        RefundState::Abnormal => ("CHANGE", None),
        RefundState::Closed => ("REFUNDCLOSE", None),
        RefundState::Success(time) => ("SUCCESS", Some(time.rfc3339()[..19].replace('T', " "))),
    }
}

fn source(account: FundsAccount) -> &'static str {
    match account {
        FundsAccount::Available => FROM_BALANCE,
        FundsAccount::Unavailable | FundsAccount::Unsettled => FROM_UNSETTLED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Caller;
    use crate::testing;

    fn message(own: &[(&str, &str)]) -> Fields {
        let common = [("appid", "wx1"), ("mch_id", "1900000001"), ("nonce_str", "n1")];
        let all = common.iter().chain(own);
        all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    const ASKED: [(&str, &str); 4] = [
        ("out_trade_no", "T2026-0001"),
        ("out_refund_no", "R@1"),
        ("total_fee", "100"),
        ("refund_fee", "30"),
    ];

    fn with(name: &str, text: &str) -> Fields {
        let mut fields = message(&ASKED);
        fields.insert(name.to_owned(), text.to_owned());
        fields
    }

    fn parse(fields: &Fields) -> Result<RefundAsked, Refused> {
        RefundAsked::parse(fields, UrlRule::Public)
    }

    #[test]
    fn a_refund_is_the_same_as_over_json() {
        let asked = parse(&with("refund_desc", "退货")).unwrap();
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        let json = serde_json::json!({
            "out_trade_no": "T2026-0001", "out_refund_no": "R@1", "reason": "退货",
            "amount": { "refund": 30, "total": 100, "currency": "CNY" },
        });
        let json = CreateRefund::parse(json.to_string().as_bytes(), &caller).unwrap();
        assert_eq!(asked.refund, json);
        let balance = parse(&with("refund_account", FROM_BALANCE)).unwrap();
        assert_eq!(balance.refund.source, RefundSource::Balance);
        let partner = parse(&with("sub_mch_id", "1900000009")).unwrap();
        assert_eq!(partner.refund.sub_mchid.as_deref(), Some("1900000009"));
    }

    #[test]
    fn a_field_that_breaks_a_rule_is_named() {
        for (name, text) in [
            ("appid", ""),
            ("nonce_str", ""),
            ("out_trade_no", ""),
            ("transaction_id", "a b"),
            ("out_refund_no", ""),
            ("out_refund_no", "退1"),
            ("total_fee", "1.5"),
            ("refund_fee", "0"),
            ("refund_fee_type", "USD"),
            ("refund_account", "SOMEWHERE"),
            ("notify_url", "https://10.0.0.1/"),
        ] {
            let refused = parse(&with(name, text)).unwrap_err();
            assert_eq!(refused, Refused::param(name), "{name} {text}");
        }
        let long = "x".repeat(81);
        let refused = parse(&with("refund_desc", &long)).unwrap_err();
        assert_eq!(refused, Refused::param("refund_desc"));
        let told = parse(&with("notify_url", "https://shop.example.com/")).unwrap().refund;
        assert_eq!(told.notify_url.as_deref(), Some("https://shop.example.com/"));
    }

    #[test]
    fn a_query_follows_the_most_exact_name() {
        let names = [
            ("out_trade_no", "T1"),
            ("transaction_id", "4200"),
            ("out_refund_no", "R1"),
            ("refund_id", "50"),
        ];
        let query = |own: &[(&str, &str)]| RefundQuery::parse(&message(own)).map(|q| q.refunds);
        assert_eq!(query(&names), Ok(NamedRefunds::RefundId("50".into())));
        assert_eq!(query(&names[..3]), Ok(NamedRefunds::OutRefundNo("R1".into())));
        let by_payment = NamedRefunds::Order(OrderName::TransactionId("4200".into()));
        assert_eq!(query(&names[..2]), Ok(by_payment));
        for (own, name) in [
            (&[][..], "out_refund_no"),
            (&[("refund_id", "a b")], "refund_id"),
            (&[("out_refund_no", "R1"), ("offset", "-1")], "offset"),
        ] {
            assert_eq!(query(own), Err(Refused::param(name)));
        }
    }

    #[test]
    fn refunds_are_shown_ten_at_a_time() {
        let refunds = vec![testing::arrived_refund(); 11];
        let shown = show_all(&refunds, 0).unwrap();
        assert_eq!((&*shown["refund_count"], &*shown["total_refund_count"]), ("10", "11"));
        assert!(shown.contains_key("refund_id_9") && !shown.contains_key("refund_id_10"));
        let shown = show_all(&refunds, 10).unwrap();
        for (name, text) in [
            ("refund_count", "1"),
            ("total_fee", "100"),
            ("cash_fee", "100"),
            ("out_refund_no_0", "R1"),
            ("refund_fee_0", "30"),
            ("refund_status_0", "SUCCESS"),
            ("refund_channel_0", "ORIGINAL"),
            ("refund_account_0", FROM_BALANCE),
            ("refund_recv_accout_0", "支付用户零钱"),
            ("refund_success_time_0", "2026-11-21 18:05:10"),
        ] {
            assert_eq!(shown[name], text, "{name}");
        }
        assert_eq!(show_all(&refunds, 11), Err(Refused::param("offset")));
        assert_eq!(show_all(&[], 0).unwrap_err().code, "REFUNDNOTEXIST");
        for (state, status) in [
            (RefundState::Processing, "PROCESSING"),
            (RefundState::Abnormal, "CHANGE"),
            (RefundState::Closed, "REFUNDCLOSE"),
        ] {
            let waiting = RefundView { state, ..testing::arrived_refund() };
            assert_eq!(show_all(&[waiting], 0).unwrap()["refund_status_0"], status);
        }
        assert_eq!(show(&refunds[0])["refund_fee"], "30");
    }
}
