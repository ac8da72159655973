//! The XML interface as a till uses it: signed inside, HTTP 200 always.

use crate::world::{BALANCE, Party, World};
use apiv3::v2::xml::{self, Fields};
use apiv3::v2::{ApiV2Key, SignType};
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::payment_code::Digits;
use jiaozi_http::merchant::set_apiv2_key;
use std::net::SocketAddr;
use tower::ServiceExt;

pub(crate) const MICROPAY: &str = "/pay/micropay";
pub(crate) const QUERY: &str = "/pay/orderquery";
pub(crate) const REVERSE: &str = "/secapi/pay/reverse";

pub(crate) struct Till {
    pub(crate) world: World,
    pub(crate) key: ApiV2Key,
    kind: SignType,
}

impl Till {
    pub(crate) async fn new(kind: SignType) -> Self {
        Self::of(World::new().await, kind).await
    }

    pub(crate) async fn of(world: World, kind: SignType) -> Self {
        world.turn_on_codes().await;
        let key = new_key(&world, &world.merchant).await;
        Self { world, key, kind }
    }

    pub(crate) fn message(&self, own: &[(&str, &str)]) -> Fields {
        let kind = match self.kind {
            SignType::Md5 => "",
            SignType::HmacSha256 => "HMAC-SHA256",
        };
        let made = &self.world.merchant.made;
        let nonce = self.world.nonce();
        let common = [
            ("appid", made.appid.as_str()),
            ("mch_id", &made.mchid),
            ("nonce_str", &nonce),
            ("sign_type", kind),
        ];
        let all = common.iter().chain(own);
        let mut fields: Fields =
            all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let sign = self.key.sign(&fields, self.kind);
        fields.insert("sign".into(), sign);
        fields
    }

    /// Sends a signed message; the answer's signature is checked.
    pub(crate) async fn ask(&self, path: &str, own: &[(&str, &str)]) -> Fields {
        self.ask_wishing(path, own, "").await
    }

    /// The same with a wish for a sandbox's payer.
    pub(crate) async fn ask_wishing(&self, path: &str, own: &[(&str, &str)], wish: &str) -> Fields {
        let text = xml::write(&self.message(own));
        let answer = send_wishing(&self.world, ("POST", path), &text, wish).await;
        let answer = xml::read(answer.as_bytes()).unwrap();
        assert_eq!(answer["return_code"], "SUCCESS", "{answer:?}");
        assert!(self.key.verifies(&answer, self.kind), "{answer:?}");
        assert_eq!(answer["mch_id"], self.world.merchant.made.mchid);
        answer
    }

    pub(crate) async fn micropay(&self, number: &str, code: &str) -> Fields {
        let own = [
            ("body", "一杯茶"),
            ("out_trade_no", number),
            ("total_fee", "1000"),
            ("spbill_create_ip", "192.0.2.1"),
            ("auth_code", code),
            ("attach", "<table & 7>"),
            ("device_info", "till-1"),
        ];
        self.ask(MICROPAY, &own).await
    }

    async fn query(&self, number: &str) -> Fields {
        self.ask(QUERY, &[("out_trade_no", number)]).await
    }
}

pub(crate) async fn new_key(world: &World, party: &Party) -> ApiV2Key {
    let mchid = &party.made.mchid;
    let made = set_apiv2_key(&world.app.engine, &world.app.keys, &world.clock, mchid).await;
    ApiV2Key::parse(&made.unwrap().apiv2_key).unwrap()
}

pub(crate) async fn send(world: &World, method: &str, path: &str, text: &str) -> String {
    send_wishing(world, (method, path), text, "").await
}

async fn send_wishing(
    world: &World,
    (method, path): (&str, &str),
    text: &str,
    wish: &str,
) -> String {
    let request = Request::builder().method(method).uri(path).header("sandbox-outcome", wish);
    let mut request = request.body(Body::from(text.to_owned())).unwrap();
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    let response = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/xml; charset=UTF-8");
    assert_eq!(response.headers()["request-id"].len(), 42);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn not_taken(text: &str) -> String {
    format!(
        "<xml><return_code><![CDATA[FAIL]]></return_code>\
         <return_msg><![CDATA[{text}]]></return_msg></xml>"
    )
}

pub(crate) fn refusal(answer: &Fields) -> (&str, &str) {
    assert_eq!(answer["result_code"], "FAIL");
    (&answer["err_code"], &answer["err_code_des"])
}

#[tokio::test]
async fn a_till_charges_queries_and_reverses_under_both_signatures() {
    for kind in [SignType::Md5, SignType::HmacSha256] {
        let till = Till::new(kind).await;
        let code = till.world.code(Digits::Hidden).await;
        let paid = till.micropay("T1", &code).await;
        for (name, text) in [
            ("result_code", "SUCCESS"),
            ("out_trade_no", "T1"),
            ("total_fee", "1000"),
            ("cash_fee", "1000"),
            ("fee_type", "CNY"),
            ("trade_type", "MICROPAY"),
            ("bank_type", "OTHERS"),
            ("is_subscribe", "N"),
            ("time_end", "20261121100000"),
            ("attach", "<table & 7>"),
            ("device_info", "till-1"),
        ] {
            assert_eq!(paid[name], text, "{name}");
        }
        assert_eq!(paid["openid"], till.world.payer_openid());
        assert_eq!(refusal(&till.micropay("T1", &code).await), ("ORDERPAID", "订单已支付"));
        assert_eq!(till.query("T1").await["trade_state"], "SUCCESS");
        let by_id = [("transaction_id", paid["transaction_id"].as_str())];
        assert_eq!(till.ask(QUERY, &by_id).await["out_trade_no"], "T1");
        let other_app = [by_id[0], ("appid", "wx0000000000000000")];
        let other_app = till.ask(REVERSE, &other_app).await;
        assert_eq!((refusal(&other_app).0, &*other_app["recall"]), ("ORDERNOTEXIST", "N"));
        assert_eq!(till.query("T1").await["trade_state"], "SUCCESS");
        for _ in 0..2 {
            let reversed = till.ask(REVERSE, &[("out_trade_no", "T1")]).await;
            assert_eq!((&*reversed["result_code"], &*reversed["recall"]), ("SUCCESS", "N"));
        }
        assert_eq!(till.query("T1").await["trade_state"], "REVOKED");
        assert_eq!(till.world.payer_balance().await, BALANCE);
        till.world.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn a_payer_who_must_confirm_is_polled_for() {
    let till = Till::new(SignType::Md5).await;
    let code = till.world.code(Digits::Shown).await;
    let waiting = till.micropay("T2026-0001", &code).await;
    assert_eq!(refusal(&waiting), ("USERPAYING", "需要用户输入支付密码"));
    assert_eq!(till.query("T2026-0001").await["trade_state"], "USERPAYING");
    let early = till.ask(REVERSE, &[("out_trade_no", "T2026-0001")]).await;
    assert_eq!((refusal(&early).0, &*early["recall"]), ("USERPAYING", "Y"));
    till.world.confirm("T2026-0001").await;
    assert_eq!(till.query("T2026-0001").await["trade_state"], "SUCCESS");
    let code = till.world.code(Digits::Shown).await;
    till.micropay("T2026-0002", &code).await;
    till.world.wait(45);
    assert_eq!(till.query("T2026-0002").await["trade_state"], "REVOKED");
    let code = till.world.code(Digits::Shown).await;
    till.micropay("T2026-0003", &code).await;
    till.world.refuse("T2026-0003").await;
    let failed = till.micropay("T2026-0003", &code).await;
    assert_eq!(refusal(&failed).0, "TRADE_ERROR");
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn business_errors_have_their_codes() {
    let till = Till::new(SignType::Md5).await;
    let code = till.world.code(Digits::Hidden).await;
    till.micropay("T1", &code).await;
    let used = ("AUTH_CODE_INVALID", "101 付款码已使用，请用户刷新后重新扫码");
    assert_eq!(refusal(&till.micropay("T2", &code).await), used);
    let invalid = ("AUTH_CODE_INVALID", "101 付款码无效，请重新扫码");
    for none in ["134567890123456789", "284567890123456789", "x"] {
        assert_eq!(refusal(&till.micropay("T2", none).await), invalid, "{none}");
    }
    // Made within the second of the last one, a code is one of the next second.
    let code = till.world.code(Digits::Hidden).await;
    till.world.wait(91);
    let expired = ("AUTH_CODE_INVALID", "101 付款码已过期，请用户刷新后重新扫码");
    assert_eq!(refusal(&till.micropay("T2", &code).await), expired);
    let code = till.world.code(Digits::Hidden).await;
    let other = refusal(&till.micropay("T1", &code).await).0.to_owned();
    assert_eq!(other, "INVALID_REQUEST", "the number of another order");
    assert_eq!(refusal(&till.query("T404").await), ("ORDERNOTEXIST", "订单不存在"));
    let answer = till.ask(REVERSE, &[("out_trade_no", "T404")]).await;
    assert_eq!((refusal(&answer).0, &*answer["recall"]), ("ORDERNOTEXIST", "N"));
    assert_eq!(refusal(&till.ask(QUERY, &[]).await).0, "PARAM_ERROR");
    assert_eq!(refusal(&till.ask(MICROPAY, &[("body", "x")]).await).0, "PARAM_ERROR");
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_not_signed_right_is_not_taken() {
    let till = Till::new(SignType::Md5).await;
    let code = till.world.code(Digits::Hidden).await;
    let own = [
        ("body", "tea"),
        ("out_trade_no", "T1"),
        ("total_fee", "1000"),
        ("spbill_create_ip", "192.0.2.1"),
        ("auth_code", code.as_str()),
    ];
    let good = till.message(&own);
    let mut altered = good.clone();
    altered.insert("total_fee".into(), "1".into());
    let mut stranger = good.clone();
    stranger.insert("mch_id".into(), "1900000000".into());
    let mut unsigned = good.clone();
    unsigned.remove("sign");
    let elsewhere = till.world.add_merchant("Book shop").await;
    let mut without_key = good.clone();
    without_key.insert("mch_id".into(), elsewhere.made.mchid.clone());
    for message in [altered, stranger, unsigned, without_key] {
        let answer = send(&till.world, "POST", MICROPAY, &xml::write(&message)).await;
        assert_eq!(answer, not_taken("签名错误"));
    }
    let mut unknown = good.clone();
    unknown.insert("sign_type".into(), "SM3".into());
    let answer = send(&till.world, "POST", MICROPAY, &xml::write(&unknown)).await;
    assert_eq!(answer, not_taken("sign_type 错误"));
    let entity = "<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><a>&e;</a></xml>";
    for bad in ["", "{}", "<xml><a>1</xml>", entity] {
        let answer = send(&till.world, "POST", MICROPAY, bad).await;
        assert_eq!(answer, not_taken("XML 格式错误"));
    }
    let large = format!("<xml><a>{}</a></xml>", "x".repeat(xml::BYTES_MAX));
    let answer = send(&till.world, "POST", MICROPAY, &large).await;
    assert_eq!(answer, not_taken("请求体过大或不完整"));
    let answer = send(&till.world, "GET", MICROPAY, "").await;
    assert_eq!(answer, not_taken("请使用 POST 方法"));
    let replaced = new_key(&till.world, &till.world.merchant).await;
    let answer = send(&till.world, "POST", MICROPAY, &xml::write(&good)).await;
    assert_eq!(answer, not_taken("签名错误"), "under a key that was replaced");
    let till = Till { key: replaced, ..till };
    let paid = till.ask(MICROPAY, &own).await;
    assert_eq!(paid["result_code"], "SUCCESS");
    assert_eq!(till.world.payer_balance().await, BALANCE - 1_000);
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn what_there_is_not_is_refused_in_xml() {
    let till = Till::new(SignType::Md5).await;
    for path in [
        "/pay/unifiedorder",
        "/pay/closeorder",
        "/secapi/pay/other",
        "/mmpaymkttransfers/sendredpack",
        "/mmpaymkttransfers/promotion/transfers",
    ] {
        let answer = send(&till.world, "POST", path, "<xml></xml>").await;
        assert_eq!(answer, not_taken("不支持该接口，请使用 /v3 接口"), "{path}");
    }
}

#[tokio::test]
async fn a_till_that_tries_again_from_another_address_pays_once() {
    let till = Till::new(SignType::Md5).await;
    let code = till.world.code(Digits::Hidden).await;
    let charge = |address, time| {
        [
            ("body", "tea"),
            ("out_trade_no", "T1"),
            ("total_fee", "1000"),
            ("spbill_create_ip", address),
            ("time_start", time),
            ("auth_code", code.as_str()),
        ]
    };
    let paid = till.ask(MICROPAY, &charge("192.0.2.1", "20261121100000")).await;
    assert_eq!(paid["result_code"], "SUCCESS");
    let again = till.ask(MICROPAY, &charge("192.0.2.2", "20261121100005")).await;
    assert_eq!(refusal(&again).0, "ORDERPAID");
    assert_eq!(till.world.payer_balance().await, BALANCE - 1_000);
    till.world.assert_books_are_right().await;
}
