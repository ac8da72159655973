//! Orders on the XML interface: charging a payment code, asking for an order, taking it back.

use super::answer::Refused;
use super::reader::Reader;
use super::xml::Fields;
use domain::order::{Partner, ProfitSharing};
use domain::payment_code::PayByCodeRefusal;
use kernel::crypto::sha256;
use kernel::money::Amount;

use crate::order::{OrderState, OrderView};
use crate::refund::OrderName;

/// Fields that do not make a request another one: a till that tries again fills them in anew.
const NOT_CONTENT: [&str; 7] =
    ["nonce_str", "sign", "sign_type", "version", "spbill_create_ip", "time_start", "time_expire"];

/// A parsed `/pay/micropay`. Does not print, because of the code.
#[derive(Clone, PartialEq, Eq)]
pub struct Micropay {
    /// The merchant's app.
    pub appid: String,
    /// Who is paid, if the merchant is a service provider.
    pub partner: Option<Partner>,
    /// Shown to the payer, 1 to 128 bytes.
    pub body: String,
    /// The merchant's number, 1 to 32 bytes.
    pub out_trade_no: String,
    /// Given back with a paid order, at most 127 bytes.
    pub attach: Option<String>,
    /// What is to be paid.
    pub total_fee: Amount,
    /// The code; whether it is one of ours is not decided here.
    pub auth_code: String,
    /// The merchant's device, at most 32 bytes.
    pub device_info: Option<String>,
    /// What becomes of the money once it is paid.
    pub profit_sharing: ProfitSharing,
    /// A hash over all that must be the same when the order number is sent again.
    pub fingerprint: [u8; 32],
}

impl Micropay {
    /// Reads a request whose signature holds.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule, NOAUTH for a deposit and for
    /// another source than the balance.
    pub fn parse(fields: &Fields) -> Result<Self, Refused> {
        let read = Reader(fields);
        read.get("nonce_str", 32)?;
        read.check_literal("version", &["1.0"])?;
        let appid = read.get("appid", 32)?;
        let partner = read.find_partner()?;
        let device_info = read.find("device_info", 32)?;
        let body = read.get("body", 128)?;
        read.check_json("detail", 6_000)?;
        let attach = read.find("attach", 127)?;
        let out_trade_no = read.find_number()?.ok_or_else(|| Refused::param("out_trade_no"))?;
        let total_fee = read.get_fen("total_fee")?;
        read.check_currency("fee_type")?;
        read.get("spbill_create_ip", 64)?;
        read.find("goods_tag", 32)?;
        for name in ["time_start", "time_expire"] {
            let is_time = |text: &str| text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit());
            if read.find(name, 14)?.is_some_and(|text| !is_time(text)) {
                return Err(Refused::param(name));
            }
        }
        read.check_literal("receipt", &["Y", "N"])?;
        let auth_code = read.get("auth_code", 128)?;
        read.check_json("scene_info", 256)?;
        let profit_sharing = match read.find("profit_sharing", 16)? {
            None | Some("N") => ProfitSharing::No,
            Some("Y") => ProfitSharing::Yes,
            Some(_) => return Err(Refused::param("profit_sharing")),
        };
        read.check_limit_pay()?;
        read.refuse_products()?;
        Ok(Self {
            appid: appid.to_owned(),
            partner,
            body: body.to_owned(),
            out_trade_no: out_trade_no.to_owned(),
            attach: attach.map(str::to_owned),
            total_fee,
            auth_code: auth_code.to_owned(),
            device_info: device_info.map(str::to_owned),
            profit_sharing,
            fingerprint: fingerprint(fields),
        })
    }
}

/// An order that a query, a reversal or a refund names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedOrder {
    /// The app that is named with it.
    pub appid: String,
    /// Who was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The order.
    pub name: OrderName,
}

impl NamedOrder {
    /// Reads it.
    ///
    /// # Errors
    /// PARAM_ERROR unless one name is there and has its form; our own number counts before the
    /// merchant's.
    pub fn parse(fields: &Fields) -> Result<Self, Refused> {
        let read = Reader(fields);
        let (appid, sub_mchid) = caller(&read)?;
        let name = read.find_order_name()?.ok_or_else(|| Refused::param("out_trade_no"))?;
        Ok(Self { appid, sub_mchid, name })
    }

    /// Whether it is the order that was found.
    #[must_use]
    pub fn is(&self, order: &OrderView) -> bool {
        self.appid == order.appid
    }
}

/// The app of a message about something that is there, and for whom a service provider asks.
pub(super) fn caller(read: &Reader<'_>) -> Result<(String, Option<String>), Refused> {
    read.get("nonce_str", 32)?;
    let appid = read.get("appid", 32)?.to_owned();
    read.refuse_products()?;
    Ok((appid, read.find_partner()?.map(|partner| partner.sub_mchid)))
}

/// What an order is shown as.
#[must_use]
pub fn show(order: &OrderView) -> Fields {
    let mut shown = Fields::new();
    let mut put = |name: &str, text: &str| shown.insert(name.to_owned(), text.to_owned());
    put("out_trade_no", &order.out_trade_no);
    put("attach", order.attach.as_deref().unwrap_or_default());
    put("total_fee", &order.total.minor().to_string());
    put("fee_type", order.total.currency().as_str());
    if let Some(payment) = order.state.payment() {
        let time = payment.success_time.business_digits();
        let payer_total = payment.payer_total.minor().to_string();
        put("openid", &payment.openid);
        put("is_subscribe", "N");
        if let Some(sub_openid) = &payment.sub_openid {
            put("sub_openid", sub_openid);
            put("sub_is_subscribe", "N");
        }
        put("trade_type", order.trade_type.as_str());
        put("bank_type", &payment.bank_type);
        put("cash_fee", &payer_total);
        put("cash_fee_type", order.total.currency().as_str());
        put("transaction_id", &payment.transaction_id);
        put("time_end", &time[..14]);
    }
    shown
}

/// What a queried order is shown as: with where it stands.
#[must_use]
pub fn show_state(order: &OrderView) -> Fields {
    let mut shown = show(order);
    shown.insert("trade_state".into(), order.state.as_str().into());
    shown.insert("trade_state_desc".into(), order.state.description().into());
    shown
}

/// Why an order that was charged is not paid: `None` if it is.
#[must_use]
pub fn unpaid(order: &OrderView) -> Option<Refused> {
    match order.state {
        OrderState::Success(_) | OrderState::Refund(_) => None,
        OrderState::UserPaying => Some(Refused::saying("USERPAYING", "需要用户输入支付密码")),
        OrderState::PayError => Some(PayByCodeRefusal::Refused.into()),
        OrderState::NotPaid | OrderState::Closed | OrderState::Revoked(_) => {
            Some(PayByCodeRefusal::Over.into())
        }
    }
}

fn fingerprint(fields: &Fields) -> [u8; 32] {
    let is_content = |name: &str, text: &str| !text.is_empty() && !NOT_CONTENT.contains(&name);
    let content = fields.iter().filter(|(name, text)| is_content(name, text));
    let content: Fields = content.map(|(name, text)| (name.clone(), text.clone())).collect();
    let canonical = serde_json::to_vec(&content).expect("a map of texts is JSON");
    sha256(&[b"micropay/1\n", &canonical])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::TradeType;
    use crate::testing;

    fn message() -> Fields {
        let pairs = [
            ("appid", "wx0123456789abcdef"),
            ("mch_id", "1900000001"),
            ("nonce_str", "n1"),
            ("sign", "S"),
            ("body", "一杯茶"),
            ("out_trade_no", "T1"),
            ("total_fee", "100"),
            ("spbill_create_ip", "192.0.2.1"),
            ("auth_code", "134567890123456789"),
        ];
        pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    fn with(name: &str, text: &str) -> Fields {
        let mut fields = message();
        fields.insert(name.to_owned(), text.to_owned());
        fields
    }

    #[test]
    fn a_request_is_read_and_recognised_by_its_content() {
        let asked = Micropay::parse(&message()).ok().unwrap();
        assert_eq!((asked.total_fee.minor(), asked.attach.as_deref()), (100, None));
        for (name, text) in [
            ("nonce_str", "n2"),
            ("spbill_create_ip", "192.0.2.2"),
            ("time_start", "20261121180509"),
            ("time_expire", "20261121181009"),
        ] {
            let again = Micropay::parse(&with(name, text)).ok().unwrap();
            assert_eq!(again.fingerprint, asked.fingerprint, "{name}");
        }
        let other = Micropay::parse(&with("auth_code", "134567890123456780")).ok().unwrap();
        assert_ne!(other.fingerprint, asked.fingerprint);
    }

    #[test]
    fn a_field_that_breaks_a_rule_is_named() {
        for (name, text) in [
            ("appid", ""),
            ("body", ""),
            ("nonce_str", ""),
            ("out_trade_no", ""),
            ("out_trade_no", "a b"),
            ("total_fee", "0"),
            ("total_fee", "1.5"),
            ("total_fee", "+1"),
            ("total_fee", "99999999999999999999"),
            ("fee_type", "USD"),
            ("spbill_create_ip", ""),
            ("time_expire", "2026"),
            ("profit_sharing", "yes"),
            ("auth_code", ""),
            ("version", "2.0"),
            ("receipt", "yes"),
            ("limit_pay", "no_coins"),
            ("limit_pay", "no_credit,no_coins"),
            ("detail", "a cup of tea"),
            ("detail", "[]"),
            ("scene_info", "{\"store_info\":}"),
        ] {
            let refused = Micropay::parse(&with(name, text)).err().unwrap();
            assert_eq!(refused, Refused::param(name), "{name} {text}");
        }
        let long = "x".repeat(129);
        assert_eq!(Micropay::parse(&with("body", &long)).err(), Some(Refused::param("body")));
        for (name, text) in [("deposit", "Y"), ("limit_pay", "no_balance")] {
            assert_eq!(Micropay::parse(&with(name, text)).err().unwrap().code, "NOAUTH");
        }
        for (name, text) in [
            ("limit_pay", "no_credit"),
            ("limit_pay", "no_credit,no_debit"),
            ("version", "1.0"),
            ("receipt", "Y"),
            ("detail", r#"{"goods_detail":[{"goods_name":"茶🍵"}]}"#),
            ("scene_info", r#"{"store_info":{"id":"1"}}"#),
        ] {
            assert!(Micropay::parse(&with(name, text)).is_ok(), "{name} {text}");
        }
        let nobody = Micropay::parse(&with("sub_appid", "wx1")).err();
        assert_eq!(nobody, Some(Refused::param("sub_mch_id")), "an app of nobody");
        let partner = Micropay::parse(&with("sub_mch_id", "1900000009")).ok().unwrap().partner;
        assert_eq!(partner.unwrap().sub_mchid, "1900000009");
    }

    #[test]
    fn a_paid_order_shows_its_payment() {
        let mut order = testing::paid_order();
        order.trade_type = TradeType::Micropay;
        let shown = show_state(&order);
        let expected = [
            ("attach", "shelf 7"),
            ("bank_type", "OTHERS"),
            ("cash_fee", "100"),
            ("cash_fee_type", "CNY"),
            ("fee_type", "CNY"),
            ("is_subscribe", "N"),
            ("openid", "oABC"),
            ("out_trade_no", "T2026-0001"),
            ("time_end", "20261121180509"),
            ("total_fee", "100"),
            ("trade_state", "SUCCESS"),
            ("trade_state_desc", "支付成功"),
            ("trade_type", "MICROPAY"),
            ("transaction_id", "4200202611210000000000000001"),
        ];
        let shown: Vec<_> = shown.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(shown, expected);
        order.state = OrderState::UserPaying;
        assert_eq!(unpaid(&order).unwrap().code, "USERPAYING");
        assert!(!show(&order).contains_key("transaction_id"));
    }
}
