//! A merchant and its orders, for tests.

use crate::ids::RefundPayoutId;
use crate::merchant::{AddMerchant, TRANSFER_SCENES};
use crate::order::{CardsTaken, CreateOrder, ProfitSharing, TradeType};
use crate::refund::{CreateRefund, NoticeForm, OrderOfRefund, RefundSource};
use kernel::Amount;

/// The merchant's number.
pub const MCHID: &str = "1900000001";

/// Its app id.
pub const APPID: &str = "wx0123456789abcdef";

/// Adds the merchant.
pub fn merchant() -> AddMerchant {
    AddMerchant {
        mchid: MCHID.into(),
        name: "Tea house".into(),
        fee_bp: 60,
        apiv3_key: vec![1],
        appid: APPID.into(),
        serial: "01".into(),
        certificate: "PEM".into(),
        public_key_only: false,
        transfer_scenes: TRANSFER_SCENES.join(","),
    }
}

/// Places an order of the merchant's under this number of its own.
pub fn order(out_trade_no: &str, amount: Amount) -> CreateOrder {
    CreateOrder {
        mchid: MCHID.into(),
        appid: APPID.into(),
        partner: None,
        out_trade_no: out_trade_no.into(),
        trade_type: TradeType::Native,
        description: "Tea".into(),
        amount,
        attach: None,
        notify_url: Some("https://tea.example/notify".into()),
        time_expire: None,
        openid: None,
        device_id: None,
        cards_taken: CardsTaken::All,
        takes_balance: true,
        profit_sharing: ProfitSharing::No,
        fingerprint: [7; 32],
        prepay_id: format!("wx{out_trade_no}"),
    }
}

/// Gives a part of an order back, under this number of the merchant's own.
pub fn refund(order: &CreateOrder, out_refund_no: &str, amount: Amount) -> CreateRefund {
    CreateRefund {
        mchid: order.mchid.clone(),
        sub_mchid: order.partner.as_ref().map(|partner| partner.sub_mchid.clone()),
        order: OrderOfRefund::OutTradeNo(order.out_trade_no.clone()),
        out_refund_no: out_refund_no.into(),
        amount,
        total: order.amount,
        source: RefundSource::Unsettled,
        reason: None,
        notify_url: None,
        notice_form: NoticeForm::Json,
        refund_id: format!("50{out_refund_no}"),
        payout: payout_of(out_refund_no),
    }
}

/// The payout of [`refund`], should it go to a card.
pub fn payout_of(out_refund_no: &str) -> RefundPayoutId {
    let hash = kernel::crypto::sha256(&[out_refund_no.as_bytes()]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    RefundPayoutId::from_bytes(id)
}
