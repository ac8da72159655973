//! A combined order as queries and notifications show it.

use serde::Serialize;

use crate::order::{OrderState, OrderView, TradeType, WireScene};

/// What a combined order is shown from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedView {
    /// The app of the merchant that combined it.
    pub appid: String,
    /// That merchant.
    pub mchid: String,
    /// That merchant's number of the whole.
    pub out_trade_no: String,
    /// The platform's number of the payment of the whole, once paid.
    pub transaction_id: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// The payer under the app, once paid.
    pub openid: Option<String>,
    /// Its parts, in the order in which they were given.
    pub parts: Vec<OrderView>,
}

impl CombinedView {
    /// The bytes of the combined order: the answer to a query and the content of
    /// TRANSACTION.SUCCESS.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let wire = WireCombined {
            combine_appid: &self.appid,
            combine_mchid: &self.mchid,
            combine_out_trade_no: &self.out_trade_no,
            combine_transaction_id: self.transaction_id.as_deref(),
            scene_info: self.device_id.as_deref().map(|device_id| WireScene { device_id }),
            sub_orders: self.parts.iter().map(part).collect(),
            combine_payer_info: self.openid.as_deref().map(|openid| WirePayer { openid }),
        };
        serde_json::to_vec(&wire).expect("an order of strings and numbers is JSON")
    }

    /// As it was when it was paid, also if a refund followed before it was told; `None` while it
    /// is unpaid.
    #[must_use]
    pub(crate) fn paid(mut self) -> Option<Self> {
        for part in &mut self.parts {
            part.state = OrderState::Success(part.state.payment()?.clone());
        }
        Some(self)
    }
}

fn part(view: &OrderView) -> WirePart<'_> {
    let payment = view.state.payment();
    let currency = view.total.currency().as_str();
    WirePart {
        mchid: &view.mchid,
        sub_mchid: view.partner.as_ref().map(|partner| partner.sub_mchid.as_str()),
        sub_appid: view.partner.as_ref().and_then(|partner| partner.sub_appid.as_deref()),
        sub_openid: payment.and_then(|payment| payment.sub_openid.as_deref()),
        out_trade_no: &view.out_trade_no,
        trade_state: view.state.as_str(),
        attach: view.attach.as_deref().unwrap_or_default(),
        amount: WireAmount {
            total_amount: view.total.minor(),
            payer_amount: payment.map_or(view.total, |payment| payment.payer_total).minor(),
            currency,
            payer_currency: currency,
        },
        promotion_detail: [],
        trade_type: payment.map(|_| view.trade_type),
        bank_type: payment.map(|payment| payment.bank_type.as_str()),
        success_time: payment.map(|payment| payment.success_time.rfc3339()),
        transaction_id: payment.map(|payment| payment.transaction_id.as_str()),
    }
}

#[derive(Serialize)]
struct WireCombined<'a> {
    combine_appid: &'a str,
    combine_mchid: &'a str,
    combine_out_trade_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    combine_transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene_info: Option<WireScene<'a>>,
    sub_orders: Vec<WirePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    combine_payer_info: Option<WirePayer<'a>>,
}

#[derive(Serialize)]
struct WirePart<'a> {
    mchid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_mchid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_appid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_openid: Option<&'a str>,
    out_trade_no: &'a str,
    trade_state: &'static str,
    attach: &'a str,
    amount: WireAmount,
    promotion_detail: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    trade_type: Option<TradeType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WireAmount {
    total_amount: i64,
    payer_amount: i64,
    currency: &'static str,
    payer_currency: &'static str,
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

    fn view(state: Option<OrderState>) -> CombinedView {
        let mut part = testing::paid_order();
        part.state = state.unwrap_or(part.state);
        CombinedView {
            appid: "wx0123456789abcdef".into(),
            mchid: "1900000001".into(),
            out_trade_no: "C2026-0001".into(),
            transaction_id: None,
            device_id: None,
            openid: None,
            parts: vec![part],
        }
    }

    #[test]
    fn a_part_shows_its_own_payment() {
        let paid = view(None);
        let OrderState::Success(payment) = paid.parts[0].state.clone() else { panic!("paid") };
        let refunded = view(Some(OrderState::Refund(payment)));
        let wire: Value = serde_json::from_slice(&refunded.to_json()).unwrap();
        assert_eq!(wire["sub_orders"][0]["trade_state"], "REFUND");
        assert_eq!(refunded.paid().unwrap(), paid);
        let wire: Value = serde_json::from_slice(&paid.to_json()).unwrap();
        let part = &wire["sub_orders"][0];
        assert_eq!(part["transaction_id"], "4200202611210000000000000001");
        let amount = json!({
            "total_amount": 100, "payer_amount": 100, "currency": "CNY", "payer_currency": "CNY",
        });
        assert_eq!(part["amount"], amount);
    }

    #[test]
    fn an_unpaid_one_is_never_told_and_shows_no_null() {
        let unpaid = view(Some(OrderState::NotPaid));
        assert!(!String::from_utf8(unpaid.to_json()).unwrap().contains("null"));
        assert_eq!(unpaid.paid(), None);
    }
}
