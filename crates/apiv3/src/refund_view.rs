//! A refund as answers and notifications show it.

use domain::refund::RefundChannel;
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde::Serialize;

use crate::refund::{FundsAccount, FundsPart};

/// What a refund is shown from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundView {
    /// The merchant.
    pub mchid: String,
    /// Who was paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The platform's number of the refund, 29 digits.
    pub refund_id: String,
    /// The merchant's number of the refund.
    pub out_refund_no: String,
    /// The platform's number of the payment.
    pub transaction_id: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// Which way it goes.
    pub channel: RefundChannel,
    /// Where the money goes.
    pub receiver: Receiver,
    /// When it was accepted.
    pub create_time: Timestamp,
    /// Where it stands.
    pub state: RefundState,
    /// Total of the order.
    pub total: Amount,
    /// What is given back.
    pub refund: Amount,
    /// What the payer gave for the order.
    pub payer_total: Amount,
    /// What the payer gets back.
    pub payer_refund: Amount,
    /// Which money of the merchant it was taken from.
    pub funds_account: FundsAccount,
    /// The split of the source, if one was asked.
    pub from: Vec<FundsPart>,
}

/// Where the money of a refund goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// The payer's balance.
    Balance,
    /// A card of the payer: bank, kind and last four digits, as people read it.
    Card(String),
    /// The merchant's own balance.
    Merchant,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// On its way to a card.
    Processing,
    /// Arrived at this time.
    Success(Timestamp),
    /// The card could not take it; the merchant must choose another way.
    Abnormal,
    /// Given up; the money is back with the merchant.
    Closed,
}

impl RefundState {
    /// Literal of `status` and `refund_status`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success(_) => "SUCCESS",
            Self::Abnormal => "ABNORMAL",
            Self::Closed => "CLOSED",
        }
    }

    fn success_time(self) -> Option<String> {
        match self {
            Self::Success(time) => Some(time.rfc3339()),
            Self::Processing | Self::Abnormal | Self::Closed => None,
        }
    }
}

impl Receiver {
    /// As people read it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Balance => "支付用户零钱".to_owned(),
            Self::Card(name) => name.clone(),
            Self::Merchant => "商户基本账户".to_owned(),
        }
    }
}

impl RefundView {
    /// The bytes of the refund object: the answer to a create call and to a query.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let wire = WireRefund {
            refund_id: &self.refund_id,
            out_refund_no: &self.out_refund_no,
            transaction_id: &self.transaction_id,
            out_trade_no: &self.out_trade_no,
            channel: self.channel.as_str(),
            user_received_account: self.receiver.text(),
            success_time: self.state.success_time(),
            create_time: self.create_time.rfc3339(),
            status: self.state.as_str(),
            funds_account: self.funds_account,
            amount: WireRefundAmount {
                total: self.total.minor(),
                refund: self.refund.minor(),
                from: self
                    .from
                    .iter()
                    .map(|part| WirePart { account: part.account, amount: part.amount.minor() })
                    .collect(),
                payer_total: self.payer_total.minor(),
                payer_refund: self.payer_refund.minor(),
                settlement_refund: self.payer_refund.minor(),
                settlement_total: self.payer_total.minor(),
                discount_refund: self.refund.minor() - self.payer_refund.minor(),
                currency: self.refund.currency().as_str(),
            },
            promotion_detail: [],
        };
        serde_json::to_vec(&wire).expect("a refund of strings and numbers is JSON")
    }

    /// The bytes inside a REFUND notification, which has other fields than the refund object.
    #[must_use]
    pub fn to_notification_json(&self) -> Vec<u8> {
        let wire = WireNotice {
            merchants: match &self.sub_mchid {
                None => WireMerchants::Direct { mchid: &self.mchid },
                Some(sub_mchid) => WireMerchants::Partner { sp_mchid: &self.mchid, sub_mchid },
            },
            transaction_id: &self.transaction_id,
            out_trade_no: &self.out_trade_no,
            refund_id: &self.refund_id,
            out_refund_no: &self.out_refund_no,
            refund_status: self.state.as_str(),
            success_time: self.state.success_time(),
            user_received_account: self.receiver.text(),
            amount: WireNoticeAmount {
                total: self.total.minor(),
                refund: self.refund.minor(),
                payer_total: self.payer_total.minor(),
                payer_refund: self.payer_refund.minor(),
            },
        };
        serde_json::to_vec(&wire).expect("a refund of strings and numbers is JSON")
    }
}

#[derive(Serialize)]
struct WireRefund<'a> {
    refund_id: &'a str,
    out_refund_no: &'a str,
    transaction_id: &'a str,
    out_trade_no: &'a str,
    channel: &'static str,
    user_received_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_time: Option<String>,
    create_time: String,
    status: &'static str,
    funds_account: FundsAccount,
    amount: WireRefundAmount,
    promotion_detail: [(); 0],
}

#[derive(Serialize)]
struct WireRefundAmount {
    total: i64,
    refund: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<WirePart>,
    payer_total: i64,
    payer_refund: i64,
    settlement_refund: i64,
    settlement_total: i64,
    discount_refund: i64,
    currency: &'static str,
}

#[derive(Serialize)]
struct WirePart {
    account: FundsAccount,
    amount: i64,
}

#[derive(Serialize)]
struct WireNotice<'a> {
    #[serde(flatten)]
    merchants: WireMerchants<'a>,
    transaction_id: &'a str,
    out_trade_no: &'a str,
    refund_id: &'a str,
    out_refund_no: &'a str,
    refund_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_time: Option<String>,
    user_received_account: String,
    amount: WireNoticeAmount,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireMerchants<'a> {
    Direct { mchid: &'a str },
    Partner { sp_mchid: &'a str, sub_mchid: &'a str },
}

#[derive(Serialize)]
struct WireNoticeAmount {
    total: i64,
    refund: i64,
    payer_total: i64,
    payer_refund: i64,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing;

    #[test]
    fn a_refund_that_arrived_is_shown_whole() {
        let wire: Value = serde_json::from_slice(&testing::arrived_refund().to_json()).unwrap();
        assert_eq!(
            wire,
            json!({
                "refund_id": "50202611210000000000000000001",
                "out_refund_no": "R1",
                "transaction_id": "4200202611210000000000000001",
                "out_trade_no": "T2026-0001",
                "channel": "ORIGINAL",
                "user_received_account": "支付用户零钱",
                "success_time": "2026-11-21T18:05:10+08:00",
                "create_time": "2026-11-21T18:05:09+08:00",
                "status": "SUCCESS",
                "funds_account": "AVAILABLE",
                "amount": {
                    "total": 100, "refund": 30, "payer_total": 100, "payer_refund": 30,
                    "settlement_refund": 30, "settlement_total": 100, "discount_refund": 0,
                    "currency": "CNY",
                },
                "promotion_detail": [],
            })
        );
    }

    #[test]
    fn a_refund_on_its_way_to_a_card_has_no_arrival() {
        let part =
            FundsPart { account: FundsAccount::Unavailable, amount: Amount::fen(30).unwrap() };
        let view = RefundView {
            state: RefundState::Processing,
            receiver: Receiver::Card("招商银行借记卡0001".into()),
            from: vec![part],
            ..testing::arrived_refund()
        };
        let wire: Value = serde_json::from_slice(&view.to_json()).unwrap();
        assert_eq!((wire.get("success_time"), &wire["status"]), (None, &json!("PROCESSING")));
        assert_eq!(wire["user_received_account"], "招商银行借记卡0001");
        assert_eq!(wire["amount"]["from"], json!([{"account": "UNAVAILABLE", "amount": 30}]));
    }

    #[test]
    fn a_notification_has_its_own_fields() {
        let bytes = testing::arrived_refund().to_notification_json();
        let wire: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            (&wire["mchid"], &wire["refund_status"]),
            (&json!("1900000001"), &json!("SUCCESS"))
        );
        assert_eq!(
            wire["amount"],
            json!({"total": 100, "refund": 30, "payer_total": 100, "payer_refund": 30})
        );
        assert_eq!((wire.get("status"), wire.get("create_time")), (None, None));
        let sub_mchid = Some("1900000002".into());
        let partner = RefundView { sub_mchid, ..testing::arrived_refund() };
        let wire: Value = serde_json::from_slice(&partner.to_notification_json()).unwrap();
        assert_eq!(
            (wire.get("mchid"), &wire["sp_mchid"], &wire["sub_mchid"]),
            (None, &json!("1900000001"), &json!("1900000002"))
        );
    }
}
