//! Who is let in: headers, merchant and certificate, time, signature, nonce.

use crate::world::{World, put};
use apiv3::authorization::{Authorization, RawRequest};
use apiv3::key_name::Serial;
use axum::http::HeaderValue;
use domain::merchant::{KeyState, MerchantCertificate, SetPublicKeyOnly};
use jiaozi_http::rate_limit::AddressLimiter;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

const NATIVE: &str = "/v3/pay/transactions/native";

fn sign_error(text: &str, field: &str, issue: &str) -> Value {
    json!({
        "code": "SIGN_ERROR",
        "message": format!("signature error: {text}"),
        "detail": { "field": field, "location": "authorization", "detail": { "issue": issue } },
    })
}

#[tokio::test]
async fn accept_and_user_agent_are_required() {
    let world = World::new().await;
    for name in ["accept", "user-agent"] {
        let target = world.by_number("T2026-0001");
        let mut request = world.signed(&world.merchant, ("GET", &target), b"");
        request.headers_mut().remove(name);
        let text = "header information incomplete: Accept or User-Agent is missing";
        world.send(request).await.refuses(400, "INVALID_REQUEST", text);
    }
}

#[tokio::test]
async fn a_malformed_authorization_is_told_without_detail() {
    let world = World::new().await;
    let missing = world.bare("GET", "/v3/certificates", b"");
    let text = "signature error: the Authorization header is missing";
    world.send(missing).await.refuses(401, "SIGN_ERROR", text);
    let text = "signature error: the header is malformed";
    for bad in ["Bearer abc", "WECHATPAY2-SHA256-RSA2048 mchid=\"1\"", "\u{fc}"] {
        let mut request = world.bare("GET", "/v3/certificates", b"");
        let value = HeaderValue::from_bytes(bad.as_bytes()).unwrap();
        request.headers_mut().insert("authorization", value);
        world.send(request).await.refuses(401, "SIGN_ERROR", text);
    }
    let mut twice = world.signed(&world.merchant, ("GET", "/v3/certificates"), b"");
    let header = twice.headers()["authorization"].clone();
    twice.headers_mut().append("authorization", header);
    world.send(twice).await.refuses(401, "SIGN_ERROR", text);
}

#[tokio::test]
async fn a_timestamp_five_minutes_away_is_the_last_that_counts() {
    let world = World::new().await;
    for (ahead_s, accepted) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let raw = RawRequest { method: "GET", target: "/v3/certificates", body: b"" };
        let header = world.authorization(&world.merchant, (&world.nonce(), ahead_s), &raw);
        let mut request = world.bare("GET", "/v3/certificates", b"");
        request.headers_mut().insert("authorization", header.parse().unwrap());
        let answer = world.send(request).await;
        if accepted {
            assert_eq!(answer.status, 200, "{ahead_s}");
        } else {
            let text = "the timestamp is outside the window";
            answer.is(401, sign_error(text, "timestamp", "timestamp expired"));
        }
    }
}

#[tokio::test]
async fn protocol_time_stands_while_business_time_moves() {
    let world = World::new().await;
    world.advance(7 * 86_400).await;
    assert_eq!(world.get("/v3/certificates").await.status, 200);
}

#[tokio::test]
async fn whatever_is_altered_breaks_the_signature() {
    let world = World::new().await;
    let body = world.order("T2026-0001").to_string().into_bytes();
    let mut other = body.clone();
    other.extend_from_slice(b" ");
    let key = &world.merchant;
    let signed = |method, target: &str, body: &[u8]| {
        world.signed(key, (method, target), body).headers()["authorization"].clone()
    };
    let asked = format!("{NATIVE}?a=1");
    let headers = [
        signed("POST", NATIVE, &other),
        signed("POST", &asked, &body),
        signed("GET", NATIVE, &body),
        signed("POST", "/v3/pay/transactions/jsapi", &body),
    ];
    for header in headers {
        let text = header.to_str().unwrap();
        let sent = Authorization::parse(text).unwrap();
        let mut request = world.bare("POST", NATIVE, &body);
        request.headers_mut().insert("authorization", header);
        let start = String::from_utf8_lossy(&body[..8]).into_owned();
        let head = format!("POST\n{NATIVE}\n{}\n{}\n", sent.timestamp_s, sent.nonce);
        let mut expected =
            sign_error("the signature does not match", "signature", "sign not match");
        expected["detail"]["sign_information"] = json!({
            "method": "POST",
            "url": NATIVE,
            "sign_message_length": head.len() + body.len() + 1,
            "truncated_sign_message": format!("{head}{start}\n"),
        });
        world.send(request).await.is(401, expected);
    }
    let none = json!({"code": "ORDER_NOT_EXIST", "message": "order does not exist"});
    world.get(&world.by_number("T2026-0001")).await.is(404, none);
}

#[tokio::test]
async fn the_target_counts_as_it_stands_on_the_request_line() {
    let world = World::new().await;
    let mchid = &world.merchant.made.mchid;
    for number in ["a%7Cbcdef", "a|bcdef", "%61%7Cbcdef"] {
        let target =
            format!("/v3/pay/transactions/out-trade-no/{number}?x=%20+%2B&mchid={mchid}&&=");
        let answer = world.get(&target).await;
        answer.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
    }
}

#[tokio::test]
async fn a_nonce_stands_for_one_request_of_a_merchant() {
    let world = World::new().await;
    let other = world.add_merchant("Book shop").await;
    let target = "/v3/certificates";
    let send = async |party, ahead_s| {
        let raw = RawRequest { method: "GET", target, body: b"" };
        let mut request = world.bare("GET", target, b"");
        let header = world.authorization(party, ("again", ahead_s), &raw);
        request.headers_mut().insert("authorization", header.parse().unwrap());
        world.send(request).await
    };
    assert_eq!(send(&world.merchant, 0).await.status, 200);
    assert_eq!(send(&other, 0).await.status, 200);
    let reused = sign_error("nonce_str was used before", "nonce_str", "nonce_str reused");
    send(&world.merchant, 1).await.is(401, reused);
    assert_eq!(send(&world.merchant, 0).await.status, 200, "as a client repeats it elsewhere");
}

#[tokio::test]
async fn a_request_that_comes_again_as_it_was_moves_money_once() {
    let world = World::new().await;
    world.paid("T2026-0001").await;
    let body = world.refund("T2026-0001", "R1", 400).to_string();
    let target = "/v3/refund/domestic/refunds";
    let request = || world.signed(&world.merchant, ("POST", target), body.as_bytes());
    let first = request();
    let header = first.headers()["authorization"].clone();
    let mut again = request();
    again.headers_mut().insert("authorization", header);
    let first = world.send(first).await;
    assert_eq!(world.send(again).await.json(), first.json());
    assert_eq!(world.payer_balance().await, crate::world::BALANCE - 600);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn unknown_merchants_and_serials_are_told_the_same() {
    let world = World::new().await;
    let other = world.add_merchant("Book shop").await;
    let target = "/v3/certificates";
    let raw = RawRequest { method: "GET", target, body: b"" };
    let unknown = Serial::parse("5157F09E").unwrap();
    let now_s = jiaozi_http::Shell::now(&world.clock).seconds();
    let mchid = world.merchant.made.mchid.as_str();
    for who in [(mchid, &unknown), (mchid, &other.serial), ("1999999999", &other.serial)] {
        let nonce = world.nonce();
        let header = Authorization::sign(&other.key, who, (&nonce, now_s), &raw);
        let mut request = world.bare("GET", target, b"");
        request.headers_mut().insert("authorization", header.parse().unwrap());
        let text = "the merchant has no such certificate serial";
        world.send(request).await.is(401, sign_error(text, "serial_no", "serial_no not found"));
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let world = World::new().await;
    let mut ids = HashSet::new();
    for _ in 0..3 {
        let answer = world.get("/v3/nothing").await;
        ids.insert(answer.header("request-id").to_owned());
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_revoked_certificate_ends_within_seconds() {
    let world = World::new().await;
    assert_eq!(world.get("/v3/certificates").await.status, 200);
    let made = &world.merchant.made;
    let revoked = MerchantCertificate {
        mchid: made.mchid.clone(),
        serial: made.serial_no.clone(),
        certificate: made.certificate.clone(),
        state: KeyState::Revoked,
        added_at: world.app.business_now(),
    };
    world.app.engine.run(put(revoked)).await.unwrap();
    world.wait(2);
    assert_eq!(world.get("/v3/certificates").await.status, 401);
}

#[tokio::test]
async fn the_key_that_the_caller_names_signs() {
    let world = World::new().await;
    let (certificate, public_key) = (world.platform[0].0.clone(), world.platform[1].0.clone());
    assert!(public_key.starts_with("PUB_KEY_ID_"));
    let target = world.by_number("T2026-0001");
    for (named, signs) in [
        (None, &certificate),
        (Some(""), &certificate),
        (Some(certificate.as_str()), &certificate),
        (Some(&*certificate.to_lowercase()), &certificate),
        (Some(public_key.as_str()), &public_key),
    ] {
        let mut request = world.signed(&world.merchant, ("GET", &target), b"");
        if let Some(named) = named {
            request.headers_mut().insert("wechatpay-serial", named.parse().unwrap());
        }
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.header("wechatpay-serial")), (404, signs.as_str()));
    }
    for unknown in [world.merchant.made.serial_no.as_str(), "PUB_KEY_ID_1", "nonsense"] {
        let mut request = world.signed(&world.merchant, ("GET", &target), b"");
        request.headers_mut().insert("wechatpay-serial", unknown.parse().unwrap());
        let issue = "HTTP header lacks a usable platform key serial";
        let expected = json!({
            "code": "PARAM_ERROR",
            "message": format!("invalid parameter: Wechatpay-Serial {issue}"),
            "detail": { "field": "Wechatpay-Serial", "location": "header", "issue": issue },
        });
        world.send(request).await.is(400, expected);
    }
}

#[tokio::test]
async fn who_gets_no_certificates_is_answered_by_the_bare_key_and_others_are_as_ever() {
    let world = World::new().await;
    let (certificate, public_key) = (world.platform[0].0.clone(), world.platform[1].0.clone());
    let other = world.add_merchant("Book shop").await;
    let mchid = world.merchant.made.mchid.clone();
    let only = SetPublicKeyOnly { mchid, public_key_only: true };
    world.app.engine.run(only).await.unwrap();
    let ask = async |party, named: &str| {
        let mut request = world.signed(party, ("GET", "/v3/certificates"), b"");
        request.headers_mut().insert("wechatpay-serial", named.parse().unwrap());
        let answer = world.send(request).await;
        (answer.status, answer.header("wechatpay-serial").to_owned(), answer.json()["code"].clone())
    };
    let none = (404, public_key.clone(), json!("NOT_FOUND"));
    assert_eq!(ask(&world.merchant, "").await, none);
    assert_eq!(ask(&world.merchant, &public_key).await, none);
    let nobodys = (400, public_key.clone(), json!("PARAM_ERROR"));
    assert_eq!(ask(&world.merchant, &certificate).await, nobodys);
    assert_eq!(ask(&world.merchant, "nonsense").await, nobodys);
    let mut wrong = world.signed(&world.merchant, ("GET", "/v3/certificates"), b"");
    *wrong.uri_mut() = "/v3/certificates?algorithm_type=RSA".parse().unwrap();
    let wrong = world.send(wrong).await;
    assert_eq!((wrong.status, wrong.header("wechatpay-serial")), (401, &*public_key));
    assert_eq!(ask(&other, "").await, (200, certificate.clone(), Value::Null));
    let mchid = world.merchant.made.mchid.clone();
    let again = SetPublicKeyOnly { mchid, public_key_only: false };
    world.app.engine.run(again).await.unwrap();
    world.wait(2);
    assert_eq!(ask(&world.merchant, "").await, (200, certificate.clone(), Value::Null));
}

#[tokio::test]
async fn an_address_of_strangers_is_held_back_and_merchants_are_not() {
    let limiter = Some(Arc::new(AddressLimiter::new(1, 2)));
    let world = World::with(|app| app.limits.anonymous = limiter).await;
    let stranger = || world.bare("GET", "/v3/certificates", b"");
    for _ in 0..2 {
        assert_eq!(world.send(stranger()).await.status, 401);
    }
    let mut signatures = Vec::new();
    for _ in 0..3 {
        let answer = world.send(stranger()).await;
        answer.refuses(429, "FREQUENCY_LIMITED", "too many requests");
        assert_eq!(answer.header("retry-after"), "1");
        signatures.push(answer.header("wechatpay-signature").to_owned());
    }
    signatures.dedup();
    assert_eq!(signatures.len(), 1, "refusing an address costs one signature a second");
    let sharing = world.send(world.bare("POST", "/v3/profitsharing/orders", b"{}")).await;
    sharing.refuses(429, "RATELIMIT_EXCEED", "too many requests");
    assert_eq!(world.get("/v3/certificates").await.status, 200);
    world.wait(1);
    assert_eq!(world.send(stranger()).await.status, 401);
}

#[tokio::test]
async fn a_sandbox_tells_what_it_signed_and_what_the_client_did() {
    let target = "/v3/certificates?algorithm_type=RSA";
    let refused = async |world: &World| {
        let raw = RawRequest { method: "GET", target: "/v3/certificates", body: b"" };
        let header = world.authorization(&world.merchant, (&world.nonce(), 0), &raw);
        let mut request = world.bare("GET", target, b"");
        request.headers_mut().insert("authorization", header.parse().unwrap());
        world.send(request).await.json()["detail"].clone()
    };
    let world = World::with(|app| app.sandbox = Some(Arc::new(crate::world::NoBank))).await;
    let detail = refused(&world).await;
    assert_eq!(detail["detail"]["issue"], "sign not match");
    assert_eq!(detail["sandbox"]["sign_message_lines"][1], target);
    let hint = "the target that you signed lacks the query string";
    assert_eq!(detail["sandbox"]["hint_en"], hint);
    let detail = refused(&World::new().await).await;
    assert_eq!(detail.get("sandbox"), None, "outside a sandbox nothing more is told");
}
