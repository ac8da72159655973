//! Keys and vectors for the tests of this crate.

use std::sync::LazyLock;

use kernel::money::Amount;
use kernel::time::{SECOND, Timestamp};

use crate::certificate::{Certificate, NewCertificate};
use crate::keys::PrivateKey;
use crate::order::{BANK_TYPE_OTHERS, OrderState, OrderView, Payment, TradeType};
use crate::refund::FundsAccount;
use crate::refund_view::{Receiver, RefundState, RefundView};
use domain::refund::RefundChannel;

static MERCHANT: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());
static PLATFORM: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());

/// A merchant's key pair, one per test process.
pub fn merchant_key() -> &'static PrivateKey {
    &MERCHANT
}

/// The platform's key pair, one per test process.
pub fn platform_key() -> &'static PrivateKey {
    &PLATFORM
}

/// A public key drawn by another cryptographic library, whose private half was thrown away.
pub const FOREIGN_PUBLIC_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAurgehP8ob46Jo1YHNl3x
JtbyUlA3cPu3FXGqZXe0nBni3VXTRbKqDZsARz9lV3oYxTr39uHRS9Clmm4RPc8j
YBChAQdwn/J3Zl2raL5j74m896kmcC2fXAbsgjGjHG1OiLi+vmnMCQj+oqyfN3Oi
ilVGlhnioYX6PlFnUvCvs3dpErTLEsEPewBu7VEpDLq5XHi4xXLmT6nbsGxQjrm0
VGzVioT8dVaUEhAQVq24qV63MkgdRUIP49btId74neiJGEwI+I6FiFci/M3R3jAz
BtUudhgHuQAAhw/++A36xFFA7DuigSM5SH0fyPC4sJrvmuENU+EOrp5JqRdSwsG8
cQIDAQAB
-----END PUBLIC KEY-----
";

/// Body of the foreign message: escaped and raw non-ASCII text, and a final LF as one client
/// sends it.
pub const FOREIGN_BODY: &str = "{\"description\":\"café \\u4e2d\",\"amount\":{\"total\":1}}\n";

/// What was signed: method, target, timestamp, nonce and body, a LF after each.
pub const FOREIGN_MESSAGE: &str = "\
POST\n/v3/pay/transactions/native?a=%7C\n1700000000\n\
5K8264ILTKCH16CQ2502SI8ZNMTM67VS\n\
{\"description\":\"café \\u4e2d\",\"amount\":{\"total\":1}}\n\n";

/// The other library's signature of [`FOREIGN_MESSAGE`].
pub const FOREIGN_SIGNATURE: &str = "\
nV7u40P4FSYZVLfZmDypKA+zLbPoR603xK/oQDUjQpV7hVsRz1CBh+SviJlj8O7V3yyp6icdabB1hB/XU8rF\
EwggmAzdChEUYIGpF6bsHi80Y54D6reL7fnhxHubrWiLAYE6TiK8Ikk4zdSIX82P5Gr9Y31eYr9mkeB9B2DV\
XxvpT1BeTMFoNskyIv3u2x8P1EsKlyPN+E5lzD/0SO25xrlMCEkpwdlfCFM69AgHCzDsOn0xkxOk/VgwAOwM\
7EOoB66u/1vXUFpeWdkFyhqnjdD+gkaElF4IRABy76Glv4aAV/3lRwdAp1NS4Yis7K3zN6MO62N0PhrHuuWf\
hr95OQ==";

/// A certificate of the platform's key.
pub fn platform_certificate() -> Certificate {
    let new = NewCertificate {
        common_name: "Jiaozi platform",
        organization: "Jiaozi",
        serial_random: [9; 20],
        not_before_s: 1_700_000_000,
        not_after_s: 1_857_680_000,
    };
    Certificate::self_signed(platform_key(), &new).unwrap()
}

/// An order over 1.00, paid from the balance.
pub fn paid_order() -> OrderView {
    let total = Amount::fen(100).unwrap();
    OrderView {
        appid: "wx0123456789abcdef".into(),
        mchid: "1900000001".into(),
        partner: None,
        out_trade_no: "T2026-0001".into(),
        trade_type: TradeType::Native,
        attach: Some("shelf 7".into()),
        device_id: None,
        total,
        state: OrderState::Success(Payment {
            transaction_id: "4200202611210000000000000001".into(),
            bank_type: BANK_TYPE_OTHERS.into(),
            success_time: Timestamp::parse_rfc3339("2026-11-21T18:05:09+08:00").unwrap(),
            openid: "oABC".into(),
            sub_openid: None,
            payer_total: total,
        }),
    }
}

/// A refund of 0.30 of that order, back on the balance.
pub fn arrived_refund() -> RefundView {
    let (total, refund) = (Amount::fen(100).unwrap(), Amount::fen(30).unwrap());
    let create_time = Timestamp::parse_rfc3339("2026-11-21T18:05:09+08:00").unwrap();
    RefundView {
        mchid: "1900000001".into(),
        sub_mchid: None,
        refund_id: "50202611210000000000000000001".into(),
        out_refund_no: "R1".into(),
        transaction_id: "4200202611210000000000000001".into(),
        out_trade_no: "T2026-0001".into(),
        channel: RefundChannel::Original,
        receiver: Receiver::Balance,
        create_time,
        state: RefundState::Success(create_time.plus(SECOND)),
        total,
        refund,
        payer_total: total,
        payer_refund: refund,
        funds_account: FundsAccount::Available,
        from: Vec::new(),
    }
}
