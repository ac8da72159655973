//! An order as queries and notifications show it.

pub use domain::order::TradeType;
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;

/// The type shown for a payment that no bank was asked for: from the wallet's balance.
pub const BANK_TYPE_OTHERS: &str = "OTHERS";

/// What an order is shown from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// The merchant's app.
    pub appid: String,
    /// The merchant.
    pub mchid: String,
    /// For whom it asks, if it is a service provider.
    pub partner: Option<PartnerView>,
    /// The merchant's number.
    pub out_trade_no: String,
    /// How it is to be paid.
    pub trade_type: TradeType,
    /// What the merchant gave along; shown only once paid.
    pub attach: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// What is to be paid.
    pub total: Amount,
    /// Where it stands.
    pub state: OrderState,
}

/// The sub-merchant of a service provider's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerView {
    /// Who is paid.
    pub sub_mchid: String,
    /// Its app.
    pub sub_appid: Option<String>,
}

/// Where an order stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Waiting for the payer, or for a bank.
    NotPaid,
    /// Ended unpaid.
    Closed,
    /// The payer of a code has to confirm.
    UserPaying,
    /// The payer of a code refused.
    PayError,
    /// A payment by code that was taken back; what was paid, if it was.
    Revoked(Option<Payment>),
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
    /// The payer under the sub-merchant's appid.
    pub sub_openid: Option<String>,
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
            Self::UserPaying => "USERPAYING",
            Self::PayError => "PAYERROR",
            Self::Revoked(_) => "REVOKED",
            Self::Success(_) => "SUCCESS",
            Self::Refund(_) => "REFUND",
        }
    }

    /// Text of `trade_state_desc`.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::NotPaid => "订单未支付",
            Self::Closed => "订单已关闭",
            Self::UserPaying => "用户支付中，需要输入密码",
            Self::PayError => "支付失败",
            Self::Revoked(_) => "订单已撤销",
            Self::Success(_) => "支付成功",
            Self::Refund(_) => "订单发生过退款",
        }
    }

    /// What was paid, if anything was.
    #[must_use]
    pub fn payment(&self) -> Option<&Payment> {
        match self {
            Self::NotPaid | Self::Closed | Self::UserPaying | Self::PayError => None,
            Self::Revoked(payment) => payment.as_ref(),
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
            merchants: self.merchants(),
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
            scene_info: self.device_id.as_deref().map(|device_id| WireScene { device_id }),
            paid: payment.map(|payment| WirePaid {
                transaction_id: &payment.transaction_id,
                trade_type: self.trade_type,
                bank_type: &payment.bank_type,
                success_time: payment.success_time.rfc3339(),
                payer: self.payer(payment),
                attach: self.attach.as_deref().unwrap_or_default(),
            }),
        };
        serde_json::to_vec(&wire).expect("an order of strings and numbers is JSON")
    }

    pub(crate) fn merchants(&self) -> WireMerchants<'_> {
        match &self.partner {
            None => WireMerchants::Direct { appid: &self.appid, mchid: &self.mchid },
            Some(partner) => WireMerchants::Partner {
                sp_appid: &self.appid,
                sp_mchid: &self.mchid,
                sub_appid: partner.sub_appid.as_deref(),
                sub_mchid: &partner.sub_mchid,
            },
        }
    }

    fn payer<'a>(&self, payment: &'a Payment) -> WirePayer<'a> {
        match self.partner {
            None => WirePayer::Direct { openid: &payment.openid },
            Some(_) => WirePayer::Partner {
                sp_openid: &payment.openid,
                sub_openid: payment.sub_openid.as_deref(),
            },
        }
    }
}

#[derive(Serialize)]
struct WireOrder<'a> {
    #[serde(flatten)]
    merchants: WireMerchants<'a>,
    out_trade_no: &'a str,
    trade_state: &'static str,
    trade_state_desc: &'static str,
    amount: WireAmount,
    promotion_detail: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    scene_info: Option<WireScene<'a>>,
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
#[serde(untagged)]
pub(crate) enum WireMerchants<'a> {
    Direct {
        appid: &'a str,
        mchid: &'a str,
    },
    Partner {
        sp_appid: &'a str,
        sp_mchid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        sub_appid: Option<&'a str>,
        sub_mchid: &'a str,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum WirePayer<'a> {
    Direct {
        openid: &'a str,
    },
    Partner {
        sp_openid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        sub_openid: Option<&'a str>,
    },
}

/// What is said of where an order was placed.
#[derive(Serialize)]
pub(crate) struct WireScene<'a> {
    pub(crate) device_id: &'a str,
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
    fn a_service_providers_order_names_both_merchants_and_both_payers() {
        let mut view = OrderView {
            partner: Some(PartnerView {
                sub_mchid: "1900000002".into(),
                sub_appid: Some("wxsub".into()),
            }),
            device_id: Some("till 3".into()),
            ..testing::paid_order()
        };
        let OrderState::Success(payment) = &mut view.state else { panic!("it is paid") };
        payment.sub_openid = Some("oSUB".into());
        let wire = shown(&view);
        assert_eq!(wire["sp_appid"], "wx0123456789abcdef");
        assert_eq!(wire["sp_mchid"], "1900000001");
        assert_eq!(
            (&wire["sub_appid"], &wire["sub_mchid"]),
            (&json!("wxsub"), &json!("1900000002"))
        );
        assert_eq!(wire["payer"], json!({"sp_openid": "oABC", "sub_openid": "oSUB"}));
        assert_eq!(wire["scene_info"], json!({"device_id": "till 3"}));
        assert_eq!((wire.get("appid"), wire.get("mchid")), (None, None));
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
