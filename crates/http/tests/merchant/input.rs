//! Bodies that are no request: each is told what is wrong with it, and nothing is written.

use crate::world::{NoBank, World};
use serde_json::{Value, json};
use std::sync::Arc;

const NATIVE: &str = "/v3/pay/transactions/native";

#[tokio::test]
async fn a_body_must_be_one_plain_json_object() {
    let world = World::new().await;
    let order = world.order("T2026-0001").to_string();
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let with = |pair: &str| order.replacen('{', &format!("{{{pair},"), 1);
    for (body, field, issue) in [
        (String::new(), "", "the body is not valid JSON"),
        ("{".into(), "", "the body is not valid JSON"),
        (format!("{order}x"), "", "the body is not valid JSON"),
        (format!("\u{feff}{order}"), "", "the body is not valid JSON"),
        ("[]".into(), "", "the body must be a JSON object"),
        ("null".into(), "", "the body must be a JSON object"),
        (with("\"mchid\":\"1\""), "/mchid", "the key occurs twice"),
        (
            with(&format!("\"x\":{}", nested(16))),
            "/x/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0",
            "the JSON is nested too deeply",
        ),
        (order.replacen("一杯茶", "\\u0000", 1), "/description", "must not contain NUL"),
        (
            order.replacen("一杯茶", "🍵", 1),
            "/description",
            "must not contain characters above U+FFFF",
        ),
    ] {
        world.post_raw(NATIVE, body.as_bytes()).await.refuses_field(field, issue);
    }
    world.post_raw(NATIVE, b"{\"x\":\"\xff\"}").await.refuses_field("", "the body is not UTF-8");
    let large = with(&format!("\"x\":\"{}\"", "y".repeat(64 * 1024)));
    world.post_raw(NATIVE, large.as_bytes()).await.refuses_field("", "the body is too large");
    let huge = with(&format!("\"x\":{}", nested(30_000)));
    assert_eq!(world.post_raw(NATIVE, huge.as_bytes()).await.status, 400);
    let none = world.get(&world.by_number("T2026-0001")).await;
    none.refuses(404, "ORDER_NOT_EXIST", "order does not exist");
}

#[tokio::test]
async fn amounts_are_whole_fen_from_one_on() {
    let world = World::new().await;
    for (total, issue) in [
        ("0", "must not be less than 1"),
        ("-1", "must not be less than 1"),
        ("1.5", "must be of type integer"),
        ("1e3", "must be of type integer"),
        ("\"10\"", "must be of type integer"),
        ("null", "must be of type integer"),
        ("100000000000", "must not be more than 99999999999"),
        ("9223372036854775808", "must not be more than 99999999999"),
        ("99999999999999999999", "must be of type integer"),
    ] {
        let body = world.order("T2026-0001").to_string().replacen("1000", total, 1);
        world.post_raw(NATIVE, body.as_bytes()).await.refuses_field("/amount/total", issue);
    }
}

async fn refused(world: &World, path: &str, value: Value) -> crate::world::Answer {
    let mut body = world.order("T2026-0001");
    let (parent, name) = path.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    world.post(NATIVE, &body).await
}

#[tokio::test]
async fn fields_of_another_form_are_named() {
    let world = World::new().await;
    for (path, value, issue) in [
        ("/amount/currency", json!("USD"), "must be CNY"),
        ("/mchid", json!("1900000099"), "differs from the merchant that signed"),
        ("/out_trade_no", json!("12345"), "5 bytes, less than the minimum 6"),
        ("/out_trade_no", json!("订单订单"), "may contain only [0-9A-Za-z_-*|]"),
        ("/description", json!("茶".repeat(43)), "129 bytes, more than the maximum 127"),
        ("/time_expire", json!("2026-11-22"), "must be an RFC 3339 time with an offset"),
        ("/time_expire", json!("2026-11-21T10:00:59+08:00"), "is too near or too far"),
        ("/time_expire", json!("2027-02-20T10:00:00+08:00"), "is too near or too far"),
    ] {
        refused(&world, path, value).await.refuses_field(path, issue);
    }
}

const HOSTILE: [&str; 12] = [
    "http://tea.example.com/notify",
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1:8443/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[fe80::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://localhost/",
    "https://0x7f.1/",
    "https://2130706433/",
];

#[tokio::test]
async fn notifications_go_to_public_addresses_only() {
    let world = World::new().await;
    for url in HOSTILE {
        let answer = refused(&world, "/notify_url", json!(url)).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["code"]), (400, &json!("PARAM_ERROR")), "{url}");
        assert_eq!(body["detail"]["field"], "/notify_url", "{url}");
    }
    let answer = refused(&world, "/notify_url", json!("https://tea.example.com/?a=1")).await;
    answer.refuses_field("/notify_url", "must carry no query and no fragment");
    let answer = refused(&world, "/notify_url", json!("https://a:b@tea.example.com/")).await;
    answer.refuses_field("/notify_url", "must carry no credentials");
}

#[tokio::test]
async fn a_sandbox_notifies_a_developers_machine_and_changes_nothing_else() {
    let world = World::with(|app| app.sandbox = Some(Arc::new(NoBank))).await;
    let urls = ["http://127.0.0.1:8080/notify", "http://localhost/", "https://10.1.2.3/"];
    for (place, url) in urls.into_iter().enumerate() {
        let mut body = world.order(&format!("T2026-{place}"));
        body["notify_url"] = json!(url);
        assert_eq!(world.post(NATIVE, &body).await.status, 200, "{url}");
    }
    let answer = refused(&world, "/notify_url", json!("http://127.0.0.1/?a=1")).await;
    answer.refuses_field("/notify_url", "must carry no query and no fragment");
    let answer = refused(&world, "/amount/total", json!(0)).await;
    answer.refuses_field("/amount/total", "must not be less than 1");
}
