//! An order as queries and notifications show it.

use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;

/// The type shown for a payment whose bank is not told: from the wallet's balance.
pub const BANK_TYPE_OTHERS: &str = "OTHERS";

/// How an order is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TradeType {
    /// The payer scanned a code.
    Native,
    /// Inside a merchant's page.
    Jsapi,
}

/// What an order is shown from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// The merchant's app.
    pub appid: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_trade_no: String,
    /// How it is to be paid.
    pub trade_type: TradeType,
    /// What the merchant gave along; shown only once paid.
    pub attach: Option<String>,
    /// What is to be paid.
    pub total: Amount,
    /// Where it stands.
    pub state: OrderState,
}

/// Where an order stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Waiting for the payer, or for a bank.
    NotPaid,
    /// Ended unpaid.
    Closed,
    /// Paid, nothing refunded.
    Success(Payment),
    /// Paid, and at least one refund was accepted.
    Refund(Payment),
}

/// What is known of an order once it is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The platform's number, 28 digits.
    pub transaction_id: String,
    /// Short name of the bank and kind of card, or [`BANK_TYPE_OTHERS`].
    pub bank_type: String,
    /// When it was paid.
    pub success_time: Timestamp,
    /// The payer under the order's appid.
    pub openid: String,
    /// What the payer gave: the total without coupons.
    pub payer_total: Amount,
}

impl OrderState {
    /// Literal of `trade_state`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotPaid => "NOTPAY",
            Self::Closed => "CLOSED",
            Self::Success(_) => "SUCCESS",
            Self::Refund(_) => "REFUND",
        }
    }

    fn description(&self) -> &'static str {
        match self {
            Self::NotPaid => "订单未支付",
            Self::Closed => "订单已关闭",
            Self::Success(_) => "支付成功",
            Self::Refund(_) => "订单发生过退款",
        }
    }

    fn payment(&self) -> Option<&Payment> {
        match self {
            Self::NotPaid | Self::Closed => None,
            Self::Success(payment) | Self::Refund(payment) => Some(payment),
        }
    }
}

impl OrderView {
    /// The bytes of the order object: the answer to a query and the content of
    /// TRANSACTION.SUCCESS.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let payment = self.state.payment();
        let currency = self.total.currency().as_str();
        let wire = WireOrder {
            appid: &self.appid,
            mchid: &self.mchid,
            out_trade_no: &self.out_trade_no,
            trade_state: self.state.as_str(),
            trade_state_desc: self.state.description(),
            amount: WireAmount {
                total: self.total.minor(),
                payer_total: payment.map(|payment| payment.payer_total.minor()),
                currency,
                payer_currency: currency,
            },
            promotion_detail: [],
            paid: payment.map(|payment| WirePaid {
                transaction_id: &payment.transaction_id,
                trade_type: self.trade_type,
                bank_type: &payment.bank_type,
                success_time: payment.success_time.rfc3339(),
                payer: WirePayer { openid: &payment.openid },
                attach: self.attach.as_deref().unwrap_or_default(),
            }),
        };
        serde_json::to_vec(&wire).expect("an order of strings and numbers is JSON")
    }
}

#[derive(Serialize)]
struct WireOrder<'a> {
    appid: &'a str,
    mchid: &'a str,
    out_trade_no: &'a str,
    trade_state: &'static str,
    trade_state_desc: &'static str,
    amount: WireAmount,
    promotion_detail: [(); 0],
    #[serde(flatten)]
    paid: Option<WirePaid<'a>>,
}

#[derive(Serialize)]
struct WireAmount {
    total: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_total: Option<i64>,
    currency: &'static str,
    payer_currency: &'static str,
}

#[derive(Serialize)]
struct WirePaid<'a> {
    transaction_id: &'a str,
    trade_type: TradeType,
    bank_type: &'a str,
    success_time: String,
    payer: WirePayer<'a>,
    attach: &'a str,
}

#[derive(Serialize)]
struct WirePayer<'a> {
    openid: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing;

    fn shown(view: &OrderView) -> Value {
        serde_json::from_slice(&view.to_json()).unwrap()
    }

    #[test]
    fn a_paid_order_shows_its_payment() {
        let mut view = testing::paid_order();
        let expected = json!({
            "appid": "wx0123456789abcdef",
            "mchid": "1900000001",
            "out_trade_no": "T2026-0001",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "amount": {
                "total": 100, "payer_total": 100, "currency": "CNY", "payer_currency": "CNY",
            },
            "promotion_detail": [],
            "transaction_id": "4200202611210000000000000001",
            "trade_type": "NATIVE",
            "bank_type": "OTHERS",
            "success_time": "2026-11-21T18:05:09+08:00",
            "payer": {"openid": "oABC"},
            "attach": "shelf 7",
        });
        assert_eq!(shown(&view), expected);
        let OrderState::Success(payment) = view.state.clone() else { panic!("it is paid") };
        view.state = OrderState::Refund(payment);
        assert_eq!(shown(&view)["trade_state"], "REFUND");
    }

    #[test]
    fn an_unpaid_order_shows_no_payment_and_no_null() {
        for (state, literal) in [(OrderState::NotPaid, "NOTPAY"), (OrderState::Closed, "CLOSED")] {
            let view = OrderView { state, ..testing::paid_order() };
            let wire = shown(&view);
            assert_eq!(wire["trade_state"], literal);
            assert_eq!(
                wire["amount"],
                json!({"total": 100, "currency": "CNY", "payer_currency": "CNY"})
            );
            for absent in
                ["transaction_id", "trade_type", "bank_type", "success_time", "payer", "attach"]
            {
                assert_eq!(wire.get(absent), None, "{absent}");
            }
            assert!(!String::from_utf8(view.to_json()).unwrap().contains("null"));
        }
    }
}
