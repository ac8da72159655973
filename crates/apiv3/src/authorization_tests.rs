//! Tests of reading and checking `Authorization`.

use proptest::prelude::*;

use super::*;
use crate::code::Code;
use crate::error::ApiError;
use crate::testing;

const NONCE: &str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
const NOW: i64 = 1_700_000_000;

fn request<'a>(target: &'a str, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest { method: "POST", target, body }
}

fn signed(request: &RawRequest<'_>) -> Authorization {
    let serial = Serial::parse("0AB1").unwrap();
    let header = Authorization::sign(
        testing::merchant_key(),
        ("1900000001", &serial),
        (NONCE, NOW),
        request,
    );
    Authorization::parse(&header).unwrap()
}

fn header(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}=\"{v}\"")).collect();
    format!("{SCHEME} {}", pairs.join(","))
}

const PAIRS: [(&str, &str); 5] = [
    ("mchid", "1900000001"),
    ("serial_no", "0ab1"),
    ("timestamp", "1700000000"),
    ("nonce_str", NONCE),
    ("signature", "AAAA"),
];

#[test]
fn a_message_signed_by_another_program_is_accepted() {
    let body = testing::FOREIGN_BODY.as_bytes();
    let header = header(&[
        ("mchid", "1900000001"),
        ("nonce_str", NONCE),
        ("timestamp", "1700000000"),
        ("serial_no", "AB1"),
        ("signature", testing::FOREIGN_SIGNATURE),
    ]);
    let authorization = Authorization::parse(&header).unwrap();
    let key = PublicKey::from_pem(testing::FOREIGN_PUBLIC_PEM).unwrap();
    let request = request("/v3/pay/transactions/native?a=%7C", body);
    assert_eq!(authorization.verify(&key, &request), Ok(()));
    let head = message_head("POST", request.target.as_bytes(), NOW, NONCE);
    assert_eq!([&head, body, b"\n"].concat(), testing::FOREIGN_MESSAGE.as_bytes());
}

#[test]
fn pairs_are_read_in_any_order() {
    let mut pairs = PAIRS;
    let read = Authorization::parse(&header(&pairs)).unwrap();
    assert_eq!(read.serial.as_str(), "AB1");
    for _ in 0..4 {
        pairs.rotate_left(1);
        assert_eq!(Authorization::parse(&header(&pairs)).unwrap(), read);
    }
    let spaced = header(&PAIRS).replace("\",", "\", ");
    assert_eq!(Authorization::parse(&spaced).unwrap(), read);
}

#[test]
fn malformed_headers_are_refused() {
    let good = header(&PAIRS);
    let mut bad = vec![
        String::new(),
        SCHEME.to_owned(),
        format!("{SCHEME} "),
        good.replace(SCHEME, "WECHATPAY2-SM2-WITH-SM3"),
        good.replacen(' ', "  \t", 1),
        good.replacen(' ', "", 1),
        good.replace('"', ""),
        format!("{good},"),
        format!("{good},mchid=\"1900000001\""),
        format!("{good},extra=\"1\""),
        good.replace("0ab1", "xyz"),
        good.replace("0ab1", "0"),
        good.replace(NONCE, ""),
        good.replace(NONCE, &"a".repeat(33)),
        good.replace(NONCE, "a-b"),
        good.replace("AAAA", "AAA"),
        good.replace("AAAA", "A%AA"),
        good.replace("mchid", "Mchid"),
        good.replace("1900000001", "19\u{e9}"),
        good.replace("AAAA", &"A".repeat(4000)),
    ];
    for time in ["", "0", "-1", "+1", "01700000000", "1.7e9", " 1700000000", "1234567890123"] {
        bad.push(good.replace("1700000000", time));
    }
    for pair in PAIRS {
        let rest: Vec<_> = PAIRS.into_iter().filter(|other| *other != pair).collect();
        bad.push(header(&rest));
    }
    for text in bad {
        assert_eq!(Authorization::parse(&text), Err(SignatureFault::HeaderSyntax), "{text}");
    }
}

#[test]
fn the_window_is_300_seconds_both_ways() {
    let authorization = signed(&request("/v3", b""));
    for (now, expected) in [
        (NOW + 300, Ok(())),
        (NOW - 300, Ok(())),
        (NOW + 301, Err(SignatureFault::Expired)),
        (NOW - 301, Err(SignatureFault::Expired)),
        (i64::MIN, Err(SignatureFault::Expired)),
    ] {
        assert_eq!(authorization.check_time(now), expected, "{now}");
    }
}

#[test]
fn changing_any_byte_of_the_request_breaks_the_signature() {
    let (target, body) = ("/v3/pay?a=1", b"{\"amount\":1}".as_slice());
    let key = testing::merchant_key().public_key();
    let authorization = signed(&request(target, body));
    assert_eq!(authorization.verify(&key, &request(target, body)), Ok(()));
    let fails = |authorization: &Authorization, request: &RawRequest<'_>| {
        matches!(authorization.verify(&key, request), Err(SignatureFault::Mismatch(_)))
    };
    for at in 0..body.len() {
        let mut changed = body.to_vec();
        changed[at] ^= 1;
        assert!(fails(&authorization, &request(target, &changed)));
    }
    for at in 0..target.len() {
        let mut changed = target.as_bytes().to_vec();
        changed[at] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        assert!(fails(&authorization, &request(&changed, body)));
    }
    for at in 0..authorization.signature.len() {
        let mut changed = authorization.clone();
        changed.signature[at] ^= 1;
        assert!(fails(&changed, &request(target, body)));
    }
    let get = RawRequest { method: "GET", target, body };
    assert!(fails(&authorization, &get));
    let later = Authorization { timestamp_s: NOW + 1, ..authorization.clone() };
    assert!(fails(&later, &request(target, body)));
    let renamed = Authorization { nonce: "a".into(), ..authorization };
    assert!(fails(&renamed, &request(target, body)));
}

#[test]
fn a_target_signed_before_it_was_escaped_is_accepted() {
    let key = testing::merchant_key().public_key();
    let authorization = signed(&request("/v3/a|b*", b""));
    assert_eq!(authorization.verify(&key, &request("/v3/a%7Cb%2A", b"")), Ok(()));
    let query = signed(&request("/v3/a?b=1", b""));
    assert!(query.verify(&key, &request("/v3/a%3Fb=1", b"")).is_err());
}

#[test]
fn the_answer_to_a_mismatch_shows_what_was_checked() {
    let body = "{\"描述\":\"0123456789\"}".as_bytes();
    let authorization = signed(&request("/v3/x", b""));
    let key = testing::merchant_key().public_key();
    let fault = authorization.verify(&key, &request("/v3/x", body)).unwrap_err();
    let error = ApiError::signature(fault);
    assert_eq!(error.code, Code::SignError);
    let wire: Value = serde_json::from_slice(&error.body(Language::English)).unwrap();
    let length = format!("POST\n/v3/x\n{NOW}\n{NONCE}\n").len() + body.len() + 1;
    assert_eq!(
        wire,
        json!({
            "code": "SIGN_ERROR",
            "message": "signature error: the signature does not match",
            "detail": {
                "field": "signature",
                "location": "authorization",
                "detail": { "issue": "sign not match" },
                "sign_information": {
                    "method": "POST",
                    "url": "/v3/x",
                    "sign_message_length": length,
                    "truncated_sign_message":
                        format!("POST\n/v3/x\n{NOW}\n{NONCE}\n{{\"描述\":\"0\n"),
                },
            },
        })
    );
}

#[test]
fn a_malformed_header_is_answered_without_detail() {
    let error = ApiError::signature(SignatureFault::HeaderSyntax);
    let wire: Value = serde_json::from_slice(&error.body(Language::Chinese)).unwrap();
    assert_eq!(wire["code"], "SIGN_ERROR");
    assert!(wire.get("detail").is_none());
}

proptest! {
    #[test]
    fn no_header_makes_the_reader_panic(text in ".{0,300}", tail in "[a-z_=\",0-9 ]{0,120}") {
        let _ = Authorization::parse(&text);
        let _ = Authorization::parse(&format!("{SCHEME} {tail}"));
    }

    #[test]
    fn what_a_merchant_signs_is_accepted(
        target in "/[ -~]{0,60}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let request = request(&target, &body);
        let key = testing::merchant_key().public_key();
        prop_assert_eq!(signed(&request).verify(&key, &request), Ok(()));
    }
}
