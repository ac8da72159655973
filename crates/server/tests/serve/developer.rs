//! What a developer does with a sandbox: the doors for SDKs, a fresh start with a seed, a reset.

use crate::program::{Program, Running, STAFF};
use jiaozi_server::audit::Audit;
use jiaozi_server::demo::{Api, DemoFile, Placed, Shop};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

fn told(program: &Program, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(program.data().join(file)).unwrap()).unwrap()
}

#[tokio::test]
async fn sandbox_has_an_authority_and_tells_shells_how_to_reach_it() {
    let program = Program::on_a_file();
    let printed = program.run(&["sandbox", "ca"]).text();
    assert!(printed.starts_with("-----BEGIN CERTIFICATE-----"), "{printed}");
    let running = program.serve();
    running.until_developers_are_told(&program).await;
    assert_eq!(program.run(&["sandbox", "ca"]).text(), printed, "made once");
    let key = program.data().join("sandbox-ca-key.pem");
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    let lines = program.run(&["sandbox", "env"]).text();
    let proxy = told(&program, "sandbox.json")["proxy"].as_str().unwrap().to_owned();
    assert!(lines.contains(&format!("export HTTPS_PROXY={proxy} ")), "{lines}");
}

#[tokio::test]
async fn reset_begins_anew_at_the_same_addresses_with_what_the_seed_draws() {
    let program = Program::on_a_file();
    let running = program.serve_people(&["--seed", "7"]);
    running.until_developers_are_told(&program).await;
    let (first, addresses) = (told(&program, "demo.json"), told(&program, "sandbox.json"));
    let tokens = |demo: &Value| demo["payer"]["token"].as_str().unwrap().to_owned();
    program.run(&["sandbox", "reset"]).text();
    let (second, again) = (told(&program, "demo.json"), told(&program, "sandbox.json"));
    for name in ["consumer_api", "merchant_api", "merchant_tls_api", "proxy", "ca_file"] {
        assert_eq!(again[name], addresses[name], "{name}");
    }
    for name in ["mchid", "appid", "apiv3_key"] {
        assert_eq!(second["merchant"][name], first["merchant"][name], "{name}");
    }
    assert_eq!(second["payer"]["phone"], first["payer"]["phone"]);
    assert_ne!(tokens(&second), tokens(&first), "sessions are never drawn from a seed");
    assert_eq!(running.get("/readyz").await["ready"], true);
}

/// Somebody who tries a shop against a sandbox.
struct Developer {
    /// Its folder holds the database.
    program: Program,
    running: Running,
    demo: DemoFile,
    http: reqwest::Client,
    api: Api,
    shop: Shop,
}

impl Developer {
    async fn at_work() -> Self {
        let program = Program::on_a_file();
        let running = program.serve_people(&[]);
        running.until_developers_are_told(&program).await;
        let demo: DemoFile = serde_json::from_value(told(&program, "demo.json")).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let api = Api::new(&http, &demo.consumer_api);
        let shop = Shop::open(&http, &demo.merchant_api, demo.merchant.clone()).await.unwrap();
        Self { program, running, demo, http, api, shop }
    }

    /// The inspector's page.
    async fn inspector(&self) -> String {
        let page = format!("{}/sandbox", self.demo.consumer_api);
        self.http.get(page).send().await.unwrap().text().await.unwrap()
    }
}

async fn close(shop: &Shop, placed: &Placed) {
    let path = format!("/v3/pay/transactions/out-trade-no/{}/close", placed.number);
    let body = json!({ "mchid": shop.credentials.mchid });
    shop.expect(204, "POST", &path, Some(&body)).await.unwrap();
}

/// Places an order of this much, has it played, and gives it with what the payer was told.
async fn played(shop: &Shop, api: &Api, minor: i64) -> (Placed, Value) {
    let placed = shop.place(minor).await.unwrap();
    let told = api.post("/sandbox/v1/payments", json!({ "order": placed.code })).await.unwrap();
    (placed, told)
}

/// Looks until the merchant sees the order like this.
async fn until_seen(shop: &Shop, placed: &Placed, state: &str) -> Value {
    for _ in 0..600 {
        let order = shop.query(&placed.number).await.unwrap();
        if order["trade_state"] == state {
            return order;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} never was {state}", placed.number);
}

#[tokio::test]
async fn cards_pay_slowly_or_too_late_or_take_nothing_back() {
    let developer = Developer::at_work().await;
    let Developer { api, shop, .. } = &developer;

    let (slow, told) = played(shop, api, 9_006).await;
    assert_eq!(
        (&told["is_paid"], &told["code"]),
        (&json!(false), &json!("PAYMENT_RESULT_UNKNOWN"))
    );
    let (late, _) = played(shop, api, 19_006).await;
    until_seen(shop, &late, "NOTPAY").await;
    close(shop, &late).await;
    let (one_way, told) = played(shop, api, 9_007).await;
    assert_eq!(told["is_paid"], true, "{told}");
    let refund = json!({
        "out_trade_no": one_way.number, "out_refund_no": "R1", "notify_url": shop.notify_url,
        "amount": { "refund": 7, "total": 9_007, "currency": "CNY" },
    });
    let asked = shop.expect(200, "POST", "/v3/refund/domestic/refunds", Some(&refund)).await;
    assert_eq!(asked.unwrap()["channel"], "ORIGINAL");
    shop.notified("REFUND.ABNORMAL", "/out_refund_no", "R1", 1).await.unwrap();

    api.advance(1_200).await.unwrap();
    let order = until_seen(shop, &slow, "SUCCESS").await;
    assert_eq!(order["bank_type"], "CMB_DEBIT");
    until_seen(shop, &late, "CLOSED").await;
    api.advance(86_400 * 7).await.unwrap();
    shop.notified("REFUND.CLOSED", "/out_refund_no", "R1", 1).await.unwrap();
    drop(developer.running);
    assert!(Audit::of(&developer.demo.database).await.unwrap().is_clean());
}

/// Looks until the money of these orders is on its way back, or there, and of no others.
async fn until_back(api: &Api, orders: [&Placed; 2], state: &str) {
    let mut late = Value::Null;
    for _ in 0..600 {
        late = api.get("/sandbox/v1/late-payments").await.unwrap()["items"].take();
        let items = late.as_array().unwrap();
        let is_back = |order: &&Placed| {
            items.iter().any(|item| {
                item["out_trade_no"] == order.number
                    && item["amount"]["minor"] == order.minor
                    && item["state"] == state
            })
        };
        if items.len() == orders.len() && orders.iter().all(is_back) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never {state}: {late}");
}

#[tokio::test]
async fn what_a_card_pays_after_the_close_goes_back_and_the_developer_sees_it() {
    let developer = Developer::at_work().await;
    let Developer { api, shop, .. } = &developer;

    let (closed, told) = played(shop, api, 9_008).await;
    assert_eq!(told["code"], "PAYMENT_RESULT_UNKNOWN", "{told}");
    let (forgotten, _) = played(shop, api, 19_008).await;
    until_seen(shop, &forgotten, "NOTPAY").await;
    close(shop, &closed).await;

    // The end of the other order and the bank's yes come in one jump, in whatever order.
    api.advance(86_400 * 8).await.unwrap();
    until_back(api, [&closed, &forgotten], "REFUNDING").await;
    api.advance(2 * 3_600).await.unwrap();
    until_back(api, [&closed, &forgotten], "REFUNDED").await;
    for order in [&closed, &forgotten] {
        let order = until_seen(shop, order, "CLOSED").await;
        assert_eq!(order["transaction_id"], Value::Null, "it never was paid");
    }
    let page = developer.inspector().await;
    assert!(page.contains(&format!("<td>{}<br>", closed.number)) && page.contains("REFUNDED"));
    drop(developer.running);
    assert!(Audit::of(&developer.demo.database).await.unwrap().is_clean());
}

#[tokio::test]
async fn the_cashier_page_plays_its_payer() {
    let developer = Developer::at_work().await;
    let Developer { shop, demo, http, .. } = &developer;
    let body = json!({
        "appid": shop.credentials.appid, "mchid": shop.credentials.mchid,
        "out_trade_no": "T2026-H5", "description": "tea",
        "notify_url": shop.notify_url, "amount": { "total": 100 },
        "scene_info": { "payer_client_ip": "192.0.2.7", "h5_info": { "type": "Wap" } },
    });
    let placed = shop.expect(200, "POST", "/v3/pay/transactions/h5", Some(&body)).await.unwrap();
    let h5_url = placed["h5_url"].as_str().unwrap();
    let order = h5_url.split_once("prepay_id=").unwrap().1;
    let play = async |outcome: &str| {
        let form = http.post(format!("{}/sandbox/cashier", demo.consumer_api));
        let form = form.body(format!("order={order}&redirect_url=&outcome={outcome}"));
        let page = form.header("accept-language", "en").send().await.unwrap();
        assert_eq!(page.status(), 200);
        page.text().await.unwrap()
    };
    assert!(play("user_cancels").await.contains("<option selected>user_cancels<"));
    let paid = play("").await;
    assert!(paid.contains("Paid") && !paid.contains("<form"), "{paid}");
    shop.notified("TRANSACTION.SUCCESS", "/out_trade_no", "T2026-H5", 1).await.unwrap();
    let decrypted = "&quot;trade_state&quot;:&quot;SUCCESS&quot;";
    let mut looks = 0;
    while !developer.inspector().await.contains(decrypted) {
        looks += 1;
        assert!(looks < 600, "the inspector shows no decrypted notification");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(developer.running);
    assert!(Audit::of(&developer.demo.database).await.unwrap().is_clean());
}

/// The played payer complains of another order and asks the operator to step in.
async fn another_complaint(developer: &Developer) -> String {
    let Developer { program, shop, api, .. } = developer;
    let (_, paid) = played(shop, api, 1_000).await;
    let number = paid["transaction_id"].as_str().unwrap();
    let filed = program.run(&["sandbox", "complain", number]).json();
    let id = filed["complaint_id"].as_str().unwrap();
    let asked = program.run(&["sandbox", "complaint", id, "apply-platform-service"]).json();
    assert_eq!(asked["complaint_id"], id);
    id.to_owned()
}

#[tokio::test]
async fn the_played_payer_complains_and_goes_on_with_it() {
    let developer = Developer::at_work().await;
    let Developer { program, shop, api, .. } = &developer;
    let (_, paid) = played(shop, api, 1_000).await;
    let number = paid["transaction_id"].as_str().unwrap();
    let filed = program.run(&["sandbox", "complain", number, "--refund", "500"]).json();
    assert_eq!(filed["state"], "PENDING", "{filed}");
    let id = filed["complaint_id"].as_str().unwrap();
    let go_on = |action: &str| program.run(&["sandbox", "complaint", id, action]).json();
    assert_eq!(go_on("respond")["state"], "PENDING");
    assert_eq!(go_on("reopen")["code"], "COMPLAINT_DUPLICATE");
    let path = format!("/v3/merchant-service/complaints-v2/{id}/complete");
    let about = json!({ "complainted_mchid": shop.credentials.mchid });
    shop.expect(204, "POST", &path, Some(&about)).await.unwrap();
    assert_eq!(go_on("reopen")["state"], "PROCESSING");
    assert_eq!(go_on("apply-platform-service")["state"], "PROCESSING");
    let waiting = program.run(&["complaint", "list", "--json"]).json();
    assert_eq!((&waiting[0]["complaint_id"], &waiting[1]), (&json!(id), &Value::Null));
    let next = another_complaint(&developer).await;
    let listed = |flags: &[&str]| -> Value {
        let waiting = program.run(&[&["complaint", "list", "--json"], flags].concat()).json();
        waiting.as_array().unwrap().iter().map(|one| one["complaint_id"].clone()).collect()
    };
    assert_eq!(listed(&[]), json!([id, next]));
    assert_eq!(listed(&["--limit", "1"]), json!([id]));
    assert_eq!(listed(&["--after", id]), json!([next]));
    assert_eq!(listed(&["--after", &next]), json!([]));
    assert!(program.run(&["complaint", "list", "--after", "20"]).error().contains("no such"));
    assert_eq!(program.run(&["complaint", "finish", &next]).json()["complaint_id"], json!(next));
    let say = ["complaint", "respond", id, "--content", "we look at it"];
    assert_eq!(program.run(&say).json()["in_platform_service"], true);
    let done = program.run(&["complaint", "finish", id]).json();
    assert_eq!(done["in_platform_service"], false);
    let shown = program.run(&["complaint", "show", id]).json();
    let steps = shown["steps"].as_array().unwrap();
    let last = &steps[steps.len() - 2];
    assert_eq!((&last["step"], &last["details"]), (&json!("PLATFORM_RESPONSE"), &say[4].into()));
    assert_eq!((&last["staff"], &steps[0]["staff"]), (&json!(STAFF), &Value::Null));
    assert_eq!(program.run(&["complaint", "list", "--json"]).json(), json!([]));
    let late = program.run(&["complaint", "finish", id]);
    assert!(late.error().contains("OBJECT_NOT_FOUND"));
    assert_eq!(go_on("confirm")["state"], "PROCESSED");
    assert_eq!(go_on("withdraw")["code"], "ORDER_CLOSED");
    assert_eq!(go_on("unsatisfied")["state"], "PROCESSED");
    drop(developer.running);
    assert!(Audit::of(&developer.demo.database).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_transfer_is_taken_for_its_payee_or_left_until_it_expires() {
    let developer = Developer::at_work().await;
    let Developer { program, shop, api, .. } = &developer;
    let (_, paid) = played(shop, api, 1_000).await;
    assert_eq!(paid["is_paid"], true, "{paid}");
    let (mchid, appid) = (&shop.credentials.mchid, &shop.credentials.appid);
    let payee = json!({ "mchid": mchid, "appid": appid });
    let payee = api.post("/sandbox/v1/openids", payee).await.unwrap();
    let body = json!({
        "appid": appid, "out_bill_no": "B1", "transfer_scene_id": "1000",
        "openid": payee["openid"], "transfer_amount": 100, "transfer_remark": "prize",
        "notify_url": shop.notify_url,
        "transfer_scene_report_infos": [
            { "info_type": "活动名称", "info_content": "新会员有礼" },
            { "info_type": "奖励说明", "info_content": "抽奖" },
        ],
    });
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    let sent = shop.expect(200, "POST", path, Some(&body)).await.unwrap();
    let package = sent["package_info"].as_str().unwrap();
    for name in ["B1", package] {
        let taken = program.run(&["sandbox", "confirm-transfer", name]).json();
        assert_eq!((&taken["out_bill_no"], &taken["state"]), (&json!("B1"), &json!("SUCCESS")));
    }
    shop.notified("MCHTRANSFER.BILL.FINISHED", "/out_bill_no", "B1", 1).await.unwrap();
    let mut second = body;
    second["out_bill_no"] = json!("B2");
    shop.expect(200, "POST", path, Some(&second)).await.unwrap();
    let play = |action: &str| program.run(&["sandbox", action, "B2"]).json()["state"].clone();
    assert_eq!(play("refuse-transfer"), "WAIT_USER_CONFIRM");
    assert_eq!(play("expire-transfer"), "FAIL");
    assert_eq!(play("refuse-transfer"), "FAIL");
    shop.notified("MCHTRANSFER.BILL.FINISHED", "/out_bill_no", "B2", 1).await.unwrap();
    let shown = shop.expect(200, "GET", &format!("{path}/out-bill-no/B2"), None).await.unwrap();
    assert_eq!(shown["fail_reason"], "OVERDUE_CLOSE");
    drop(developer.running);
    assert!(Audit::of(&developer.demo.database).await.unwrap().is_clean());
}

#[tokio::test]
async fn the_amount_chooses_what_the_payer_of_a_code_does() {
    let developer = Developer::at_work().await;
    let Developer { shop, api, .. } = &developer;
    let (mchid, appid) = (&shop.credentials.mchid, &shop.credentials.appid);
    let mut charged = Vec::new();
    for (minor, state) in [(9_004, "SUCCESS"), (9_001, "PAYERROR")] {
        let shown = api.post("/sandbox/v1/codes", json!({})).await.unwrap();
        let number = format!("T2026-{minor}");
        let body = json!({
            "appid": appid, "mchid": mchid, "description": "tea", "out_trade_no": number,
            "payer": { "auth_code": shown["code"] }, "amount": { "total": minor },
            "scene_info": { "device_id": "till-1", "store_info": { "id": "shop-1" } },
        });
        let path = "/v3/pay/transactions/codepay";
        let waiting = shop.expect(202, "POST", path, Some(&body)).await.unwrap();
        assert_eq!(waiting["trade_state"], "USERPAYING");
        let code = shown["code"].as_str().unwrap().to_owned();
        charged.push((Placed { number, code, minor }, state));
    }
    for (placed, state) in &charged {
        until_seen(shop, placed, state).await;
    }
    drop(developer.running);
    assert!(Audit::of(&developer.demo.database).await.unwrap().is_clean());
}

#[tokio::test]
async fn the_payer_shows_codes_and_a_merchant_gets_a_key_for_tills() {
    let program = Program::on_a_file();
    let running = program.serve_people(&[]);
    running.until_developers_are_told(&program).await;
    let codes = ["success", "slow"].map(|outcome| {
        let code = program.run(&["sandbox", "code", "--outcome", outcome]).text();
        code.trim().to_owned()
    });
    assert!(codes.iter().all(|code| code.len() == 18), "{codes:?}");
    assert_ne!(codes[0], codes[1]);
    let merchant = &told(&program, "demo.json")["merchant"];
    let mchid = merchant["mchid"].as_str().unwrap();
    let key = program.run(&["merchant", "apiv2-key", mchid]).text();
    assert_eq!(key.trim().len(), 32);
    assert_ne!(key.trim(), merchant["apiv2_key"], "another one");
    let nobody = program.run(&["merchant", "apiv2-key", "1900000404"]).error();
    assert!(nobody.contains("OBJECT_NOT_FOUND"), "{nobody}");
}
