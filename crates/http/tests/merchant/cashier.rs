//! H5 orders and the page that their payers see.

use crate::combined::{combine, market};
use crate::partner::{self, provider};
use crate::sandbox::{ask, sandbox};
use crate::world::World;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use domain::merchant::RegisterH5Domain;
use jiaozi_http::consumer_router;
use serde_json::json;
use tower::ServiceExt;

/// Places an H5 order and gives the path and query of its address.
async fn place(world: &World) -> String {
    let mut body = world.order("T2026-0001");
    body["scene_info"] = json!({ "payer_client_ip": "192.0.2.7", "h5_info": { "type": "Wap" } });
    let created = world.post("/v3/pay/transactions/h5", &body).await;
    let url = created.json()["h5_url"].as_str().unwrap().to_owned();
    url.strip_prefix("https://wallet.example").unwrap().to_owned()
}

async fn get(world: &World, target: &str) -> Response<Body> {
    let request = Request::builder().uri(target).header("accept-language", "en");
    let request = request.body(Body::empty()).unwrap();
    consumer_router(&world.app, Router::new()).oneshot(request).await.unwrap()
}

/// The same from a page; without one when it is empty.
async fn get_from(world: &World, target: &str, page: &str, language: &str) -> Response<Body> {
    let mut request = Request::builder().uri(target).header("accept-language", language);
    if !page.is_empty() {
        request = request.header("referer", page);
    }
    let request = request.body(Body::empty()).unwrap();
    consumer_router(&world.app, Router::new()).oneshot(request).await.unwrap()
}

/// Registers a domain of the merchant.
async fn register(world: &World, domain: &str) {
    register_for(world, &world.merchant.made.mchid, domain).await;
}

async fn register_for(world: &World, mchid: &str, domain: &str) {
    let (mchid, domain) = (mchid.to_owned(), domain.to_owned());
    let command = RegisterH5Domain { mchid, domain, is_registered: true };
    world.app.engine.run(command).await.unwrap();
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_address_leads_to_a_page_that_follows_the_order() {
    let world = World::new().await;
    let address = place(&world).await;
    let opened = get(&world, &format!("{address}&redirect_url=https%3A%2F%2Ftea.example")).await;
    assert_eq!(opened.status(), 303);
    let page = opened.headers()["location"].to_str().unwrap().to_owned();
    let unpaid = get(&world, &page).await;
    let policy = unpaid.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"));
    assert!(policy.ends_with("form-action 'none'"));
    let unpaid = text(unpaid).await;
    for part in ["Tea house", "一杯茶", "¥10.00", "<svg", "refresh", "https://tea.example"] {
        assert!(unpaid.contains(part), "{part}");
    }
    assert!(!unpaid.contains("<form"));
    let prepay_id = page.strip_prefix("/cashier/orders/").unwrap().split('?').next().unwrap();
    world.pay(prepay_id).await;
    let paid = text(get(&world, &page).await).await;
    assert!(paid.contains("Paid") && !paid.contains("<svg") && !paid.contains("refresh"));
    assert_eq!(get(&world, "/cashier/style.css").await.status(), 200);
}

#[tokio::test]
async fn an_address_ends_after_five_minutes_and_the_page_with_the_order() {
    let world = World::new().await;
    let address = place(&world).await;
    let opened = get(&world, &address).await;
    let page = opened.headers()["location"].to_str().unwrap().to_owned();
    world.advance(301).await;
    let late = get(&world, &address).await;
    assert_eq!(late.status(), 404);
    assert!(text(late).await.contains("not valid any more"));
    assert!(text(get(&world, &page).await).await.contains("<svg"));
    world.advance(2 * 3_600).await;
    let ended = text(get(&world, &page).await).await;
    assert!(ended.contains("closed") && !ended.contains("<svg"));
}

#[tokio::test]
async fn a_played_payer_comes_too_late_as_well() {
    let world = sandbox().await;
    let address = async || format!("https://wallet.example{}", place(&world).await);
    let late = address().await;
    let (_, prepay_id) = late.split_once("prepay_id=").unwrap();
    world.advance(301).await;
    let (status, problem) = ask(&world, "payments", json!({ "order": late })).await;
    let told = (status, &problem["code"], &problem["field"]);
    assert_eq!(told, (410, &json!("ORDER_EXPIRED"), &json!("/order")));
    let (status, played) = ask(&world, "payments", json!({ "order": prepay_id })).await;
    assert_eq!(status, 200, "its page was open: {played}");
    assert_eq!(ask(&world, "payments", json!({ "order": address().await })).await.0, 200);
}

#[tokio::test]
async fn orders_of_other_kinds_have_no_page() {
    let world = World::new().await;
    let prepay_id = world.place("T2026-0001").await;
    for target in [
        format!("/cashier/orders/{prepay_id}"),
        format!("/cashier/h5?prepay_id={prepay_id}"),
        "/cashier/orders/none".to_owned(),
        "/cashier/h5?prepay_id=%3Cscript%3E".to_owned(),
    ] {
        assert_eq!(get(&world, &target).await.status(), 404, "{target}");
    }
}

/// Plays the payer as the page's form does; gives where the browser is sent.
async fn play(world: &World, form: String) -> String {
    let request = Request::post("/sandbox/cashier").header("sec-fetch-site", "same-origin");
    let request = request.body(Body::from(form)).unwrap();
    let router = consumer_router(&world.app, Router::new());
    let played = router.oneshot(request).await.unwrap();
    assert_eq!(played.status(), 303);
    played.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn in_a_sandbox_the_page_plays_its_payer_and_keeps_the_way_back() {
    let world = sandbox().await;
    let address = place(&world).await;
    let opened = get(&world, &format!("{address}&redirect_url=https%3A%2F%2Ftea.example")).await;
    let page = opened.headers()["location"].to_str().unwrap().to_owned();
    let shown = get(&world, &page).await;
    let policy = shown.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && policy.ends_with("form-action 'self'"));
    let shown = text(shown).await;
    assert!(shown.contains("action=\"/sandbox/cashier\"") && shown.contains("<option>slow<"));
    let order_ref = page.strip_prefix("/cashier/orders/").unwrap().split('?').next().unwrap();
    let form = format!("order={order_ref}&redirect_url=https%3A%2F%2Ftea.example&outcome=slow");
    let to = play(&world, form).await;
    assert_eq!(to, format!("{page}&played=slow"));
    let shown = text(get(&world, &to).await).await;
    assert!(shown.contains("<code>slow</code>: NOTPAY for three seconds"), "{shown}");
    assert!(shown.contains("https://tea.example"));
    let to = play(&world, format!("order={order_ref}&outcome=&redirect_url=javascript:0")).await;
    assert_eq!(to, format!("/cashier/orders/{order_ref}?played=success"), "as the order says");
    world.pay(order_ref).await;
    let paid = get(&world, &to).await;
    let policy = paid.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'none'"), "nothing is left to pay");
    let paid = text(paid).await;
    assert!(paid.contains("Paid") && !paid.contains("<form"));
    world.check_books().await;
}

#[tokio::test]
async fn once_a_domain_is_registered_the_address_opens_from_its_pages_only() {
    for is_sandbox in [false, true] {
        let world = if is_sandbox { sandbox().await } else { World::new().await };
        let address = place(&world).await;
        let status = async |page: &str| {
            let opened = get_from(&world, &address, page, "en").await;
            (opened.status().as_u16(), text(opened).await)
        };
        for page in ["", "https://evil.example/"] {
            assert_eq!(status(page).await.0, 303, "nothing to compare with");
        }
        register(&world, "tea.example").await;
        for page in
            ["https://tea.example/cart", "https://pay.tea.example", "http://tea.example:80/"]
        {
            assert_eq!(status(page).await.0, 303, "{page}");
        }
        for (page, why) in [
            ("", "The request has no Referer"),
            ("https://evil.example/", "<code>evil.example</code>"),
            ("https://eviltea.example/", "<code>eviltea.example</code>"),
            ("https://tea.example.evil.example/", "is not registered as an H5 domain"),
        ] {
            let (status, said) = status(page).await;
            assert_eq!(status, 403, "{page}");
            assert!(
                said.contains("The cashier opens from the merchant&#39;s own pages only")
                    || said.contains("The cashier opens from the merchant's own pages only")
            );
            assert_eq!(said.contains(why), is_sandbox, "{page}");
            assert_eq!(said.contains("jiaozi merchant h5-domain"), is_sandbox, "{page}");
        }
        let chinese = text(get_from(&world, &address, "", "zh-CN").await).await;
        assert!(chinese.contains("收银台只能从商家自己的页面打开"));
        assert_eq!(chinese.contains("请求没有 Referer"), is_sandbox);
    }
}

#[tokio::test]
async fn in_a_sandbox_the_page_says_that_no_domain_is_registered() {
    let world = sandbox().await;
    let address = place(&world).await;
    let opened = get(&world, &address).await;
    let page = opened.headers()["location"].to_str().unwrap().to_owned();
    for (language, said) in
        [("en", "has no registered H5 domain"), ("zh-CN", "没有登记 H5 支付域名")]
    {
        assert!(text(get_from(&world, &page, "", language).await).await.contains(said));
    }
    register(&world, "tea.example").await;
    assert!(!text(get(&world, &page).await).await.contains("has no registered H5 domain"));
}

#[tokio::test]
async fn combined_orders_open_from_the_pages_of_who_combined_them() {
    let (world, noodles) = market().await;
    let mut body = combine(&world, &noodles);
    body["sub_orders"].as_array_mut().unwrap().reverse();
    body["scene_info"]["h5_info"] = json!({ "type": "Wap" });
    let created = world.post("/v3/combine-transactions/h5", &body).await;
    let url = created.json()["h5_url"].as_str().unwrap().to_owned();
    let address = url.strip_prefix("https://wallet.example").unwrap();
    let status = async |page: &str| get_from(&world, address, page, "en").await.status().as_u16();
    register_for(&world, &noodles.made.mchid, "noodles.example").await;
    assert_eq!(status("https://tea.example/").await, 303, "a part's merchant has no say");
    register(&world, "tea.example").await;
    assert_eq!(status("https://tea.example/").await, 303);
    assert_eq!(status("https://noodles.example/").await, 403);
}

#[tokio::test]
async fn a_sub_merchants_order_opens_from_its_pages_and_from_its_providers() {
    let (world, sub) = provider().await;
    let mut body = partner::order(&world, &sub, "T2026-0001");
    body["scene_info"] = json!({ "payer_client_ip": "192.0.2.7", "h5_info": { "type": "Wap" } });
    let created = world.post("/v3/pay/partner/transactions/h5", &body).await;
    let url = created.json()["h5_url"].as_str().unwrap().to_owned();
    let address = url.strip_prefix("https://wallet.example").unwrap();
    let status = async |page: &str| get_from(&world, address, page, "en").await.status().as_u16();
    register_for(&world, &sub.made.mchid, "noodles.example").await;
    assert_eq!(status("https://noodles.example/").await, 303);
    assert_eq!(status("https://tea.example/").await, 403);
    register(&world, "tea.example").await;
    for page in ["https://noodles.example/", "https://tea.example/"] {
        assert_eq!(status(page).await, 303, "{page}");
    }
}
