//! Every mistake is made as a client makes it, with its own hashing, and then recognised.

use super::*;
use aws_lc_rs::hmac;
use md5::{Digest, Md5};

const OWN: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
const APIV3: &str = "33333333333333333333333333333333";
const OTHER: &str = "oooooooooooooooooooooooooooooooo";

/// A message as it is sent: not in the order of its names.
const SENT: [(&str, &str); 5] = [
    ("nonce_str", "n1"),
    ("mch_id", "1900000001"),
    ("body", "一杯茶 & co"),
    ("attach", ""),
    ("appid", "wx1"),
];
const RIGHT: &str = "appid=wx1&body=一杯茶 & co&mch_id=1900000001&nonce_str=n1&";

fn md5(text: impl AsRef<[u8]>) -> String {
    hex::encode_upper(Md5::digest(text))
}

fn hmac_sha256(text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, OWN.as_bytes());
    hex::encode_upper(hmac::sign(&key, text.as_bytes()))
}

fn keys() -> KeysToTry {
    KeysToTry {
        own: ApiV2Key::parse(OWN),
        apiv3: ApiV2Key::parse(APIV3),
        others: vec![("1900000002".into(), ApiV2Key::parse(OTHER).unwrap())],
    }
}

fn told(sign_type: &str, sign: &str, keys: &KeysToTry) -> Diagnosis {
    let more = [("sign_type", sign_type), ("sign", sign)];
    let sent = SENT.iter().copied().chain(more);
    let sent = sent.filter(|(name, text)| *name != "sign_type" || !text.is_empty());
    let texts = sent.map(|(name, text)| format!("<{name}><![CDATA[{text}]]></{name}>"));
    let body = format!("<xml>{}</xml>", texts.collect::<String>());
    let fields = xml::read(body.as_bytes()).unwrap();
    let kind = SignType::of(&fields).unwrap();
    Diagnosis::of(body.as_bytes(), &fields, kind, keys)
}

fn english(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis.hints().iter().map(|hint| hint.english.as_str()).collect()
}

#[test]
fn usual_mistakes_are_recognised() {
    let right = md5(format!("{RIGHT}key={OWN}"));
    let empty = RIGHT.replace("appid=wx1&", "appid=wx1&attach=&");
    let (narrow, percent) = (RIGHT.replace("一杯茶", "???"), "%E4%B8%80%E6%9D%AF%E8%8C%B6");
    let twice = RIGHT.bytes().map(char::from).collect::<String>();
    let sent = "nonce_str=n1&mch_id=1900000001&body=一杯茶 & co&appid=wx1&";
    let encoded = RIGHT.replace("一杯茶 & co", &format!("{percent}%20%26%20co"));
    let plus = RIGHT.replace("一杯茶 & co", &format!("{percent}+%26+co"));
    // The characters 一杯茶 in GBK.
    let (before, after) = RIGHT.split_once("一杯茶").unwrap();
    let gbk = [before.as_bytes(), b"\xd2\xbb\xb1\xad\xb2\xe8", after.as_bytes()].concat();
    let gbk = md5([gbk, format!("key={OWN}").into_bytes()].concat());
    for (text, (chinese, english)) in [
        (empty, EMPTY),
        (format!("{RIGHT}sign=&"), SIGN_TOO),
        (format!("{RIGHT}sign={right}&"), SIGN_TOO),
        (sent.to_owned(), UNSORTED),
        (sent.replace("appid=", "attach=&appid="), UNSORTED),
        (narrow, CHARSET_ASCII),
        (twice, CHARSET_TWICE),
        (encoded, PERCENT),
        (plus, PERCENT),
        (RIGHT.replace("& co", "&amp; co"), ESCAPED),
        (format!("{RIGHT}sign_type=MD5&"), SIGN_TYPE_NOT_SENT),
    ] {
        let found = told("", &md5(format!("{text}key={OWN}")), &keys());
        assert_eq!(found.hints(), [Hint::new(chinese, english)], "{text}");
    }
    for (sign, (_, expected)) in [
        (gbk, CHARSET_GBK),
        (md5(RIGHT.trim_end_matches('&')), KEYLESS),
        (md5(format!("{RIGHT}{OWN}")), NAMELESS_KEY),
        (md5(format!("{RIGHT}key={OWN}\n")), KEY_LINE),
        (md5(format!("{RIGHT}key={APIV3}")), APIV3_KEY),
        (md5("something else"), NOT_FOUND),
        ("12ab".to_owned(), FORM),
        (format!("{right}x"), FORM),
    ] {
        assert_eq!(english(&told("", &sign, &keys())), [expected]);
    }
    let other = told("", &md5(format!("{RIGHT}key={OTHER}")), &keys());
    assert_eq!(english(&other), ["you signed with the APIv2 key of merchant 1900000002"]);
    let less = md5(format!("{}key={OWN}", RIGHT.replace("nonce_str=n1&", "")));
    let less = told("", &less, &keys());
    assert_eq!(english(&less), ["the field nonce_str is sent, but you did not sign it"]);
    assert_eq!(english(&told("", "", &keys())), ["there is no sign"]);
}

#[test]
fn the_other_way_of_signing_is_recognised_also_beside_another_mistake() {
    let md5_for_hmac = "the sign is one of MD5, but sign_type means HMAC-SHA256 (MD5 if absent)";
    let hmac_for_md5 = "the sign is one of HMAC-SHA256, but sign_type means MD5 (MD5 if absent)";
    let with_type = format!("{RIGHT}sign_type=HMAC-SHA256&key={OWN}");
    let found = told("HMAC-SHA256", &md5(&with_type), &keys());
    assert_eq!(english(&found), [md5_for_hmac]);
    let found = told("", &hmac_sha256(&format!("{RIGHT}key={OWN}")), &keys());
    assert_eq!(english(&found), [hmac_for_md5]);
    let found = told("HMAC-SHA256", &md5(format!("{RIGHT}key={OWN}")), &keys());
    let unsigned = "the field sign_type is sent, but you did not sign it";
    assert_eq!(english(&found), [md5_for_hmac, unsigned]);
    let found = told("", &hmac_sha256(&format!("{RIGHT}sign_type=HMAC-SHA256&key={OWN}")), &keys());
    assert_eq!(english(&found), [hmac_for_md5, SIGN_TYPE_NOT_SENT.1]);
    let found = told("HMAC-SHA256", &hmac_sha256(&format!("{RIGHT}key={OWN}")), &keys());
    assert_eq!(english(&found), [unsigned]);
}

#[test]
fn a_merchant_without_a_key_is_told_so_and_whose_key_it_used() {
    let none = KeysToTry { own: None, ..keys() };
    let sign = md5(format!("{RIGHT}key={OTHER}"));
    let found = told("", &sign, &none);
    let other = "you signed with the APIv2 key of merchant 1900000002";
    assert_eq!(english(&found), [NO_KEY.1, other]);
    assert_eq!(found.expected(), None);
}

#[test]
fn the_text_is_shown_without_any_key_and_the_right_sign_is_not_in_the_answer() {
    let sign = md5("something else");
    let found = told("", &sign, &keys());
    assert_eq!(found.text(), format!("{RIGHT}key=<hidden>"));
    assert_eq!(found.received(), sign);
    let right = md5(format!("{RIGHT}key={OWN}"));
    assert_eq!(found.expected(), Some(right.as_str()));
    let fields = found.to_fields();
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["hint", "hint_en", "received_sign", "sign_text"]);
    let all = format!("{fields:?}{:?}", found.hints());
    assert!(![OWN, APIV3, OTHER, &right].iter().any(|secret| all.contains(secret)));
    assert!(!format!("{:?}", keys()).contains(OWN));
}
