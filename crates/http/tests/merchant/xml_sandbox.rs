//! What a sandbox shows of the XML interface to who develops a till.

use crate::sandbox::{page, sandbox};
use crate::tills::{MICROPAY, QUERY, Till, new_key, refusal, send};
use apiv3::v2::xml::{self, Fields};
use apiv3::v2::{ApiV2Key, SignType};
use axum::body::Body;
use axum::http::Request;
use domain::payment_code::Digits;
use jiaozi_http::sandbox::{CallRecord, Signature};

async fn till(kind: SignType) -> Till {
    Till::of(sandbox().await, kind).await
}

/// The call that came last.
fn last(till: &Till) -> CallRecord {
    till.world.app.inspector.as_ref().unwrap().calls().remove(0)
}

/// What the page shows.
async fn inspected(till: &Till) -> String {
    page(&till.world, Request::get("/sandbox").body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_inspector_shows_calls_in_xml_with_what_they_are_about_and_what_came_of_them() {
    for (kind, said) in [
        (SignType::Md5, "MD5, as no sign_type is given"),
        (SignType::HmacSha256, "HMAC-SHA256, as sign_type says"),
    ] {
        let till = till(kind).await;
        let code = till.world.code(Digits::Shown).await;
        let hidden = format!("{}**************", &code[..4]);
        assert_eq!(refusal(&till.micropay("T2026-0001", &code).await).0, "USERPAYING");
        let call = last(&till);
        let xml = call.xml.clone().unwrap();
        assert_eq!((&*call.mchid, &*call.target), (&*till.world.merchant.made.mchid, MICROPAY));
        assert_eq!((call.signature, xml.checked_as), (Signature::Right, Some(kind)));
        let about = [("out_trade_no", "T2026-0001".to_owned()), ("auth_code", hidden)];
        assert_eq!(xml.names, about);
        assert_eq!((xml.results(), xml.err_code()), ("SUCCESS FAIL", "USERPAYING"));
        assert!(!call.is_done() && call.request.text().contains("<total_fee>"));
        assert!(call.answer.text().contains("<![CDATA[USERPAYING]]>"));
        till.ask(QUERY, &[("out_trade_no", "T2026-0001")]).await;
        let call = last(&till);
        assert_eq!(call.xml.as_ref().map(|xml| xml.results()), Some("SUCCESS SUCCESS"));
        assert!(call.is_done());
        let shown = inspected(&till).await;
        let failed = "<summary class=\"bad\">200 SUCCESS FAIL USERPAYING</summary>";
        let done = "<summary class=\"good\">200 SUCCESS SUCCESS </summary>";
        for part in [said, "out_trade_no T2026-0001", failed, done, MICROPAY] {
            assert!(shown.contains(part), "{part}");
        }
        assert!(!shown.contains("in lower case"));
        assert!(!shown.contains(&code), "a payment code is money");
        till.world.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn the_inspector_tells_what_the_check_of_a_sign_found() {
    let till = till(SignType::Md5).await;
    let good = till.message(&[("out_trade_no", "T2026-0001")]);
    let with = |name: &str, text: &str| {
        let mut fields = good.clone();
        fields.insert(name.into(), text.into());
        fields
    };
    let wrong = Signature::Wrong;
    for (message, signature) in [
        (good.clone(), Signature::Right),
        (with("attach", "x"), wrong),
        (with("mch_id", "1900000000"), wrong),
        (with("sign", ""), wrong),
        (with("sign_type", "SM3"), Signature::NotChecked),
    ] {
        send(&till.world, "POST", QUERY, &xml::write(&message)).await;
        let call = last(&till);
        assert_eq!((call.signature, &call.mchid), (signature, &message["mch_id"]), "{message:?}");
        let is_taken = call.xml.unwrap().results() != "FAIL";
        assert_eq!(is_taken, signature == Signature::Right);
    }
    let shown = inspected(&till).await;
    assert!(shown.contains("sign_type SM3 is unknown"));
    assert!(shown.contains("<summary class=\"bad\">200 FAIL </summary>"), "it has no err_code");
    for (method, path, text) in [
        ("POST", "/pay/unifiedorder", xml::write(&Fields::new())),
        ("GET", QUERY, String::new()),
        ("POST", QUERY, "{}".to_owned()),
    ] {
        send(&till.world, method, path, &text).await;
        let call = last(&till);
        let found = (call.signature, call.xml.as_ref().map(|xml| xml.results()));
        assert_eq!(found, (Signature::NotChecked, Some("FAIL")), "{path}");
        assert_eq!((&*call.method, &*call.target), (method, path));
    }
}

#[tokio::test]
async fn the_inspector_shows_every_number_that_a_message_names() {
    let till = till(SignType::Md5).await;
    let long = "7".repeat(200);
    let mut message = till.message(&[("refund_id", "50001"), ("out_refund_no", "R1")]);
    message.insert("transaction_id".into(), "4200001".into());
    message.insert("out_trade_no".into(), long.clone());
    message.insert("auth_code".into(), String::new());
    send(&till.world, "POST", QUERY, &xml::write(&message)).await;
    let names = last(&till).xml.unwrap().names;
    let expected = [
        ("out_trade_no", &long[..128]),
        ("transaction_id", "4200001"),
        ("out_refund_no", "R1"),
        ("refund_id", "50001"),
    ];
    assert_eq!(names, expected.map(|(name, text)| (name, text.to_owned())));
}

#[tokio::test]
async fn a_sandbox_says_why_a_sign_does_not_hold_and_never_the_key() {
    let till = till(SignType::HmacSha256).await;
    let code = till.world.code(Digits::Hidden).await;
    let good = till.message(&[("out_trade_no", "T2026-0001"), ("auth_code", &code)]);
    let signed_by = |key: &ApiV2Key, kind| {
        let mut fields = good.clone();
        fields.insert("sign".into(), key.sign(&good, kind));
        fields
    };
    let other = new_key(&till.world, &till.world.add_merchant("Book shop").await).await;
    let apiv3 = ApiV2Key::parse(&till.world.merchant.made.apiv3_key).unwrap();
    let mut altered = good.clone();
    altered.insert("attach".into(), "x".into());
    for (message, hint) in [
        (signed_by(&till.key, SignType::Md5), "the sign is one of MD5, but sign_type means"),
        (signed_by(&other, SignType::HmacSha256), "you signed with the APIv2 key of merchant"),
        (signed_by(&apiv3, SignType::HmacSha256), "you signed with the APIv3 key"),
        (altered, "the field attach is sent, but you did not sign it"),
    ] {
        let text = send(&till.world, "POST", QUERY, &xml::write(&message)).await;
        let answer = xml::read(text.as_bytes()).unwrap();
        assert_eq!(answer["return_code"], "FAIL");
        assert_eq!(answer["return_msg"], format!("签名错误：{}", answer["hint"]));
        assert!(answer["hint_en"].starts_with(hint), "{answer:?}");
        assert_eq!(answer["received_sign"], message["sign"]);
        let signed = &answer["sign_text"];
        assert!(signed.contains("&out_trade_no=T2026-0001&") && signed.ends_with("key=<hidden>"));
        let right = till.key.sign(&message, SignType::HmacSha256);
        let shown = inspected(&till).await;
        assert!(shown.contains(hint) && shown.contains(&right) && !text.contains(&right));
        let came = format!("the one that came<pre>{}</pre>", message["sign"]);
        assert!(shown.contains(&came), "{hint}");
        let keys = [&till.key, &other, &apiv3].map(|key| key.reveal());
        let secrets = keys.iter().map(|key| key.as_str());
        assert!(!secrets.chain([code.as_str()]).any(|secret| shown.contains(secret)));
        assert!(!keys.iter().any(|key| text.contains(key.as_str())));
    }
    let mut lower = good.clone();
    lower.insert("sign".into(), good["sign"].to_ascii_lowercase());
    send(&till.world, "POST", QUERY, &xml::write(&lower)).await;
    assert_eq!(last(&till).signature, Signature::Right);
    assert!(inspected(&till).await.contains("in lower case"));
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_merchant_without_a_key_for_xml_is_told_so_in_a_sandbox() {
    let till = till(SignType::Md5).await;
    let elsewhere = till.world.add_merchant("Book shop").await;
    for mchid in ["1900000000", &elsewhere.made.mchid] {
        let mut message = till.message(&[("out_trade_no", "T2026-0001")]);
        message.insert("mch_id".into(), mchid.into());
        message.insert("sign".into(), till.key.sign(&message, SignType::Md5));
        let answer = send(&till.world, "POST", QUERY, &xml::write(&message)).await;
        let said = &xml::read(answer.as_bytes()).unwrap()["hint_en"];
        assert!(said.starts_with("there is no such mch_id, or it has no APIv2 key"), "{said}");
        let of = &till.world.merchant.made.mchid;
        assert!(said.ends_with(&format!("you signed with the APIv2 key of merchant {of}")));
    }
}
