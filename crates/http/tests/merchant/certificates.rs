//! The platform's certificates, as a merchant downloads them.

use crate::world::{World, put};
use apiv3::aead::{AeadNonce, ApiV3Key};
use apiv3::certificate::Certificate;
use domain::merchant::{KeyState, PlatformKey, PlatformKeyKind};
use jiaozi_http::merchant::{
    add_merchant_key, announce_platform_key, keep_platform_keys, use_platform_key,
};
use serde_json::{Value, json};
use store::queries;

fn opened(item: &Value, key: &ApiV3Key) -> Certificate {
    let sealed = &item["encrypt_certificate"];
    assert_eq!(sealed["algorithm"], "AEAD_AES_256_GCM");
    assert_eq!(sealed["associated_data"], "certificate");
    let nonce = AeadNonce::parse(sealed["nonce"].as_str().unwrap()).unwrap();
    let pem = key.open(&nonce, "certificate", sealed["ciphertext"].as_str().unwrap());
    Certificate::parse(&String::from_utf8(pem.unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn the_downloaded_certificate_verifies_its_own_answer() {
    let world = World::new().await;
    let answer = world.get("/v3/certificates").await;
    assert_eq!(answer.status, 200);
    let list = answer.json()["data"].as_array().unwrap().clone();
    assert_eq!(list.len(), 1);
    let key = ApiV3Key::parse(&world.merchant.made.apiv3_key).unwrap();
    let certificate = opened(&list[0], &key);
    assert_eq!(certificate.serial.as_str(), answer.header("wechatpay-serial"));
    assert_eq!(list[0]["serial_no"], certificate.serial.as_str());
    assert_eq!(list[0]["effective_time"], "2026-11-21T09:00:00+08:00");
    assert_eq!(list[0]["expire_time"], "2031-11-20T10:00:00+08:00");
    let again = world.get("/v3/certificates?algorithm_type=RSA").await;
    assert_ne!(again.json()["data"][0]["encrypt_certificate"]["nonce"], Value::Null);
    assert_ne!(again.body, answer.body, "a nonce is used once");
    assert_eq!(world.get("/v3/certificates?algorithm_type=SM2").await.status, 400);
}

#[tokio::test]
async fn the_platform_has_one_key_of_each_kind_however_often_it_starts() {
    let world = World::new().await;
    let app = &world.app;
    let ids = keep_platform_keys(&app.engine, app.queries.as_ref(), &app.keys, &world.clock).await;
    let mut ids = ids.unwrap();
    let mut known: Vec<String> = world.platform.iter().map(|(id, _)| id.clone()).collect();
    ids.sort();
    known.sort();
    assert_eq!(ids, known);
}

#[tokio::test]
async fn a_new_certificate_signs_within_seconds_and_the_old_one_stays_listed() {
    let mut world = World::new().await;
    assert_eq!(world.get("/v3/certificates").await.status, 200);
    let app = world.app.clone();
    let rows = queries::select::<PlatformKey>(app.queries.as_ref(), "1 = 1", Vec::new()).await;
    let rows = rows.unwrap();
    let old = rows.into_iter().find(|row| row.kind == PlatformKeyKind::Certificate).unwrap();
    app.engine.run(put(PlatformKey { state: KeyState::Retiring, ..old.clone() })).await.unwrap();
    world.wait(5);
    let ids = keep_platform_keys(&app.engine, app.queries.as_ref(), &app.keys, &world.clock).await;
    let new = ids.unwrap().into_iter().find(|id| !id.starts_with("PUB_KEY_ID_")).unwrap();
    let find = queries::find::<PlatformKey>(app.queries.as_ref(), &new).await.unwrap().unwrap();
    let key = Certificate::parse(&find.public).unwrap().public_key;
    world.platform.push((new.clone(), key));
    let answer = world.get("/v3/certificates").await;
    assert_eq!(answer.header("wechatpay-serial"), new);
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_echo_is_opened_with_our_key_and_sealed_for_the_merchant() {
    let world = World::new().await;
    for (name, key) in &world.platform {
        let sealed = apiv3::oaep::encrypt(key, "你好").unwrap();
        let body = json!({ "echo_message": "hello", "encrypted_echo_message": sealed });
        let body = body.to_string();
        let mut request =
            world.signed(&world.merchant, ("POST", "/v3/security/echo"), body.as_bytes());
        let plain = world.post_raw("/v3/security/echo", body.as_bytes()).await;
        let detail = &plain.json()["detail"];
        assert_eq!((detail["location"].as_str(), plain.status), (Some("header"), 400));
        request.headers_mut().insert("wechatpay-serial", name.parse().unwrap());
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.header("wechatpay-serial")), (200, name.as_str()));
        let sealed = answer.json()["encrypted_echo_message"].as_str().unwrap().to_owned();
        let opened = apiv3::oaep::decrypt(&world.merchant.key, &sealed).unwrap();
        assert_eq!(opened.as_str(), "你好");
    }
}

#[tokio::test]
async fn an_announced_key_is_listed_and_signs_only_when_it_is_named_or_used() {
    let mut world = World::new().await;
    let app = world.app.clone();
    let kind = PlatformKeyKind::Certificate;
    let new = announce_platform_key(&app.engine, &app.keys, &world.clock, kind).await.unwrap();
    world.know_platform().await;
    world.wait(5);
    let answer = world.get("/v3/certificates").await;
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 2);
    let old = answer.header("wechatpay-serial").to_owned();
    assert_ne!(old, new);
    let mut named = world.signed(&world.merchant, ("GET", "/v3/certificates"), b"");
    named.headers_mut().insert("wechatpay-serial", new.parse().unwrap());
    assert_eq!(world.send(named).await.header("wechatpay-serial"), new);
    use_platform_key(&app.engine, app.queries.as_ref(), &new).await.unwrap();
    world.wait(5);
    let answer = world.get("/v3/certificates").await;
    assert_eq!(answer.header("wechatpay-serial"), new);
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 2);
    let mut named = world.signed(&world.merchant, ("GET", "/v3/certificates"), b"");
    named.headers_mut().insert("wechatpay-serial", old.parse().unwrap());
    assert_eq!(world.send(named).await.header("wechatpay-serial"), old);
}

#[tokio::test]
async fn a_merchant_signs_with_a_bare_key_of_its_own() {
    let world = World::new().await;
    let key = apiv3::keys::PrivateKey::generate().unwrap();
    let (mchid, pem) = (&world.merchant.made.mchid, key.public_key().to_pem());
    let serial = add_merchant_key(&world.app.engine, mchid, &pem).await.unwrap();
    let serial = apiv3::key_name::Serial::parse(&serial).unwrap();
    let party = crate::world::Party { made: world.merchant.made.clone(), serial, key };
    let request = world.signed(&party, ("GET", "/v3/certificates"), b"");
    assert_eq!(world.send(request).await.status, 200);
    assert_eq!(world.get("/v3/certificates").await.status, 200, "the first key goes on");
    assert!(add_merchant_key(&world.app.engine, mchid, "no key").await.is_err());
}
