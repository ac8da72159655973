//! A notification from its event to the merchant's hands: built, sealed, signed, carried as
//! bytes, checked, and opened.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use domain::refund::RefundChannel;
use jiaozi_apiv3::aead::{AeadNonce, ApiV3Key};
use jiaozi_apiv3::key_name::{KeyName, PublicKeyId};
use jiaozi_apiv3::keys::{PrivateKey, PublicKey};
use jiaozi_apiv3::notification::{Envelope, Event, open};
use jiaozi_apiv3::order::{BANK_TYPE_OTHERS, OrderState, OrderView, Payment, TradeType};
use jiaozi_apiv3::refund::FundsAccount;
use jiaozi_apiv3::refund_view::{Receiver, RefundState, RefundView};
use jiaozi_apiv3::sign::{PlatformKey, SignedHeaders, nonce};
use kernel::money::Amount;
use kernel::time::Timestamp;
use serde_json::{Value, json};

fn time() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T18:05:09+08:00").unwrap()
}

fn paid_order() -> OrderView {
    let total = Amount::fen(100).unwrap();
    OrderView {
        appid: "wx0123456789abcdef".into(),
        mchid: "1900000001".into(),
        partner: None,
        out_trade_no: "T2026-0001".into(),
        trade_type: TradeType::Jsapi,
        attach: None,
        device_id: None,
        total,
        state: OrderState::Success(Payment {
            transaction_id: "4200202611210000000000000001".into(),
            bank_type: BANK_TYPE_OTHERS.into(),
            success_time: time(),
            openid: "oABC".into(),
            sub_openid: None,
            payer_total: total,
        }),
    }
}

fn paid() -> Event {
    Event::paid(paid_order()).unwrap()
}

fn refund(state: RefundState) -> RefundView {
    let (total, refund) = (Amount::fen(100).unwrap(), Amount::fen(30).unwrap());
    RefundView {
        mchid: "1900000001".into(),
        sub_mchid: None,
        refund_id: "50202611210000000000000000001".into(),
        out_refund_no: "R1".into(),
        transaction_id: "4200202611210000000000000001".into(),
        out_trade_no: "T2026-0001".into(),
        channel: RefundChannel::Original,
        receiver: Receiver::Balance,
        create_time: time(),
        state,
        total,
        refund,
        payer_total: total,
        payer_refund: refund,
        funds_account: FundsAccount::Available,
        from: Vec::new(),
    }
}

struct Sent {
    headers: SignedHeaders,
    body: Vec<u8>,
}

fn send(event: &Event, platform: &PlatformKey, key: &ApiV3Key) -> Sent {
    let aead_nonce = AeadNonce::from_random([7; 12]);
    let envelope = Envelope {
        id: "01937c3e-0000-7000-8000-000000000001",
        create_time: time(),
        key,
        nonce: &aead_nonce,
    };
    let body = event.seal(&envelope);
    Sent { headers: platform.sign(&body, nonce([8; 16]), 1_795_255_509), body }
}

fn platform() -> (PlatformKey, PublicKey) {
    let key = PrivateKey::generate().unwrap();
    let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
    (PlatformKey { name: KeyName::PublicKey(PublicKeyId::from_number(1)), key }, public)
}

#[test]
fn a_merchant_verifies_and_opens_what_was_sent() {
    let (platform, public) = platform();
    let key = ApiV3Key::parse("wallet-demo-apiv3-key-32-bytes!!").unwrap();
    let sent = send(&paid(), &platform, &key);
    assert!(sent.headers.verifies(&public, &sent.body));

    let wire: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(wire["event_type"], "TRANSACTION.SUCCESS");
    assert_eq!(wire["resource_type"], "encrypt-resource");
    assert_eq!(wire["summary"], "支付成功");
    assert_eq!(wire["create_time"], "2026-11-21T18:05:09+08:00");
    assert_eq!(wire["resource"]["original_type"], "transaction");
    assert_eq!(wire["resource"]["associated_data"], "transaction");

    let opened = open(&sent.body, &key).unwrap();
    let order: Value = serde_json::from_slice(&opened.resource).unwrap();
    assert_eq!(order["trade_state"], "SUCCESS");
    assert_eq!(order["trade_type"], "JSAPI");
    assert_eq!(order["payer"], json!({"openid": "oABC"}));
}

#[test]
fn a_changed_notification_is_noticed() {
    let (platform, public) = platform();
    let key = ApiV3Key::from_random(&[1; 32]);
    let sent = send(&paid(), &platform, &key);
    for at in 0..sent.body.len() {
        let mut changed = sent.body.clone();
        changed[at] ^= 1;
        assert!(!sent.headers.verifies(&public, &changed), "byte {at}");
    }
    assert_eq!(open(&sent.body, &ApiV3Key::from_random(&[2; 32])), None);
}

#[test]
fn every_end_of_a_refund_has_its_event() {
    let (platform, public) = platform();
    let key = ApiV3Key::from_random(&[1; 32]);
    for (state, event_type, summary) in [
        (RefundState::Success(time()), "REFUND.SUCCESS", "退款成功"),
        (RefundState::Abnormal, "REFUND.ABNORMAL", "退款异常"),
        (RefundState::Closed, "REFUND.CLOSED", "退款关闭"),
    ] {
        let sent = send(&Event::refunded(&refund(state)).unwrap(), &platform, &key);
        assert!(sent.headers.verifies(&public, &sent.body));
        let wire: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!((&wire["event_type"], &wire["summary"]), (&json!(event_type), &json!(summary)));
        assert_eq!(wire["resource"]["original_type"], "refund");
        let opened = open(&sent.body, &key).unwrap();
        let refund: Value = serde_json::from_slice(&opened.resource).unwrap();
        assert_eq!(refund["refund_status"], state.as_str());
        assert_eq!(refund.get("success_time").is_some(), event_type == "REFUND.SUCCESS");
    }
}

#[test]
fn nobody_is_told_of_what_has_not_happened() {
    for state in [OrderState::NotPaid, OrderState::Closed] {
        assert_eq!(Event::paid(OrderView { state, ..paid_order() }), None);
    }
    assert_eq!(Event::refunded(&refund(RefundState::Processing)), None);
}

#[test]
fn a_payment_is_told_as_it_was_also_after_a_refund() {
    let OrderState::Success(payment) = paid_order().state else { panic!("it is paid") };
    let later = OrderView { state: OrderState::Refund(payment), ..paid_order() };
    assert_eq!(Event::paid(later), Some(paid()));
}
