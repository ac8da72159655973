//! A service provider shares what its sub-merchants are paid, and the bill of it.

use crate::bills::{cells, fen, file};
use crate::world::{Answer, Party, World};
use domain::merchant::{BindSubMerchant, SubMerchantState};
use serde_json::{Value, json};

const ORDERS: &str = "/v3/profitsharing/orders";
const BILLS: &str = "/v3/profitsharing/bills?bill_date=2026-11-21";

async fn bind(world: &World, sub: &Party, state: SubMerchantState) {
    let (mchid, sub_mchid) = (world.merchant.made.mchid.clone(), sub.made.mchid.clone());
    world.app.engine.run(BindSubMerchant { mchid, sub_mchid, state }).await.unwrap();
}

/// A provider, its sub-merchant, and the latter's paid order of 10.00 for sharing, a minute ago.
async fn shared_order() -> (World, Party, String) {
    let world = World::new().await;
    let sub = world.add_merchant("Noodle shop").await;
    bind(&world, &sub, SubMerchantState::Active).await;
    world.known_payer().await;
    let mut order = world.order("T2026-0001");
    let object = order.as_object_mut().unwrap();
    for (old, new) in [("appid", "sp_appid"), ("mchid", "sp_mchid")] {
        let value = object.remove(old).unwrap();
        object.insert(new.into(), value);
    }
    order["sub_mchid"] = json!(sub.made.mchid);
    order["settle_info"] = json!({ "profit_sharing": true });
    let placed = world.post("/v3/pay/partner/transactions/native", &order).await;
    let url = placed.json()["code_url"].as_str().unwrap().to_owned();
    let transaction_id = world.pay(apiv3::create::parse_code_url(&url).unwrap()).await;
    world.advance(60).await;
    (world, sub, transaction_id)
}

/// Adds the payer as a receiver of what the sub-merchant, or nobody, is paid.
async fn add(world: &World, sub_mchid: Option<&str>) -> Answer {
    let mut body = json!({
        "appid": world.merchant.made.appid, "type": "PERSONAL_OPENID",
        "account": world.payer_openid(), "relation_type": "USER",
    });
    if let Some(sub_mchid) = sub_mchid {
        body["sub_mchid"] = json!(sub_mchid);
    }
    world.post("/v3/profitsharing/receivers/add", &body).await
}

fn share(world: &World, sub: &Party, transaction_id: &str, fen: i64) -> Value {
    json!({
        "sub_mchid": sub.made.mchid, "appid": world.merchant.made.appid,
        "transaction_id": transaction_id, "out_order_no": "P@1", "unfreeze_unsplit": false,
        "receivers": [{
            "type": "PERSONAL_OPENID", "account": world.payer_openid(), "amount": fen,
            "description": "thanks, friend",
        }],
    })
}

#[tokio::test]
async fn a_provider_shares_unfreezes_and_asks_in_its_sub_merchants_name() {
    let (world, sub, transaction_id) = shared_order().await;
    let named = sub.made.mchid.as_str();
    let added = add(&world, Some(named)).await;
    assert_eq!((added.status, &added.json()["sub_mchid"]), (200, &json!(named)), "{added:?}");
    let body = share(&world, &sub, &transaction_id, 300);
    let made = world.post(ORDERS, &body).await;
    assert_eq!((made.status, &made.json()["sub_mchid"]), (200, &json!(named)), "{made:?}");
    world.post(ORDERS, &body).await.is(200, made.json());
    let query = format!("{ORDERS}/P@1?transaction_id={transaction_id}");
    world.get(&format!("{query}&sub_mchid={named}")).await.is(200, made.json());
    world.finish_sharing("P@1").await;
    let done = world.get(&format!("{query}&sub_mchid={named}")).await.json();
    assert_eq!(
        (&done["state"], &done["receivers"][0]["result"]),
        (&json!("FINISHED"), &json!("SUCCESS"))
    );
    let direct = world.get(&query).await;
    direct.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let mut own = body.clone();
    own.as_object_mut().unwrap().remove("sub_mchid");
    let conflict = "out_order_no was used with other parameters";
    world.post(ORDERS, &own).await.refuses(400, "INVALID_REQUEST", conflict);
    own["out_order_no"] = json!("P@2");
    let direct = world.post(ORDERS, &own).await;
    direct.refuses(400, "INVALID_REQUEST", "transaction_id does not exist");
    let amounts = format!("/v3/profitsharing/transactions/{transaction_id}/amounts");
    assert_eq!(world.get(&amounts).await.json()["unsplit_amount"], 700);
    let rest = json!({
        "sub_mchid": named, "transaction_id": transaction_id, "out_order_no": "P@3",
        "description": "rest",
    });
    let rest = world.post(&format!("{ORDERS}/unfreeze"), &rest).await.json();
    assert_eq!(
        (&rest["receivers"][0]["account"], &rest["sub_mchid"]),
        (&json!(named), &json!(named))
    );
    let delete = json!({
        "sub_mchid": named, "appid": world.merchant.made.appid, "type": "PERSONAL_OPENID",
        "account": world.payer_openid(),
    });
    let deleted = world.post("/v3/profitsharing/receivers/delete", &delete).await;
    assert_eq!((deleted.status, &deleted.json()["sub_mchid"]), (200, &json!(named)));
    world.check_books().await;
}

#[tokio::test]
async fn only_those_are_shared_and_asked_for_that_the_provider_serves() {
    let (world, sub, _) = shared_order().await;
    let stranger = add(&world, Some("1900000009")).await;
    let text = "the service provider does not serve this sub_mchid";
    stranger.refuses(403, "NO_AUTH", text);
    let config = |mchid: &str| format!("/v3/profitsharing/merchant-configs/{mchid}");
    let named = sub.made.mchid.as_str();
    let told = json!({ "sub_mchid": named, "max_ratio": 10_000 });
    world.get(&config(named)).await.is(200, told);
    for other in ["1900000009", &world.merchant.made.mchid] {
        let refused = world.get(&config(other)).await;
        refused.refuses(403, "NO_AUTH", "merchant lacks this permission");
    }
    let bill = world.get(&format!("{BILLS}&sub_mchid=1900000009")).await;
    bill.refuses(403, "NO_AUTH", "merchant lacks this permission");
    bind(&world, &sub, SubMerchantState::Ended).await;
    add(&world, Some(named)).await.refuses(403, "NO_AUTH", text);
    let ended = world.get(&config(named)).await;
    ended.refuses(403, "NO_AUTH", "merchant lacks this permission");
    let lonely = json!({
        "appid": world.merchant.made.appid, "type": "PERSONAL_OPENID", "sub_appid": "wx1",
        "account": world.payer_openid(), "relation_type": "USER",
    });
    let answer = world.post("/v3/profitsharing/receivers/add", &lonely).await;
    answer.refuses_field("/sub_mchid", "a required field is missing");
}

/// The sub-merchant's order shared, given back and unfrozen; the provider's own shared at once.
async fn day_of_sharing() -> (World, Party) {
    let (world, sub, transaction_id) = shared_order().await;
    for sub_mchid in [Some(sub.made.mchid.as_str()), None] {
        assert_eq!(add(&world, sub_mchid).await.status, 200);
    }
    let first = world.post(ORDERS, &share(&world, &sub, &transaction_id, 300)).await;
    assert_eq!(first.status, 200, "{first:?}");
    world.finish_sharing("P@1").await;
    let rest = json!({
        "sub_mchid": sub.made.mchid, "transaction_id": transaction_id, "out_order_no": "P@2",
        "description": "rest",
    });
    assert_eq!(world.post(&format!("{ORDERS}/unfreeze"), &rest).await.status, 200);
    world.finish_sharing("P@2").await;
    let mut order = world.order("T2026-0002");
    order["settle_info"] = json!({ "profit_sharing": true });
    let placed = world.post("/v3/pay/transactions/native", &order).await.json();
    let url = placed["code_url"].as_str().unwrap();
    let own = world.pay(apiv3::create::parse_code_url(url).unwrap()).await;
    world.advance(60).await;
    let mut body = share(&world, &sub, &own, 50);
    body.as_object_mut().unwrap().remove("sub_mchid");
    body["out_order_no"] = json!("P@3");
    body["unfreeze_unsplit"] = json!(true);
    assert_eq!(world.post(ORDERS, &body).await.status, 200);
    world.finish_sharing("P@3").await;
    (world, sub)
}

#[tokio::test]
async fn a_bill_has_every_share_and_what_was_unfrozen() {
    let (world, sub) = day_of_sharing().await;
    let early = world.get(BILLS).await;
    early.refuses(400, "INVALID_REQUEST", "there is no bill of that day");
    world.advance(86_400).await;
    let bill = file(&world, BILLS).await;
    let head = "\u{feff}分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,\
        商户分账/回退单号,订单金额,分账接收方,分账金额,业务类型,处理状态,分账描述,备注\r\n";
    assert!(bill.starts_with(head), "{bill}");
    let (rows, summary) = cells(&bill);
    let (own, named) = (world.merchant.made.mchid.as_str(), sub.made.mchid.as_str());
    let told: Vec<_> = rows
        .iter()
        .map(|row| (&*row[1], &*row[2], &*row[6], &*row[7], &*row[9], &*row[10]))
        .collect();
    assert_eq!(
        told,
        [
            (own, named, "P@1", "10.00", "3.00", "分账"),
            (own, named, "P@2", "10.00", "7.00", "解冻"),
            (own, own, "P@3", "10.00", "0.50", "分账"),
            (own, own, "P@3", "10.00", "9.50", "解冻"),
        ]
    );
    assert_eq!(summary, ["4", "3.50", "16.50", "0.00"]);
    let sum: i64 = rows.iter().map(|row| fen(&row[9])).sum();
    assert_eq!(sum, 2_000, "all that waited for sharing was shared or unfrozen");
    assert_eq!(rows[0][12], "thanks， friend");
    let (rows, _) = cells(&file(&world, &format!("{BILLS}&sub_mchid={named}")).await);
    assert_eq!(rows.len(), 2);
    let packed = world.get(&format!("{BILLS}&tar_type=GZIP")).await.json();
    assert!(packed["download_url"].as_str().unwrap().ends_with("&tartype=gzip"));
    let empty = world.get("/v3/profitsharing/bills?bill_date=2026-11-20").await;
    empty.refuses(400, "NO_STATEMENT_EXIST", "there is no bill of that day");
    world.check_books().await;
}

#[tokio::test]
async fn a_provider_reads_the_trade_bill_of_its_own_orders_for_a_sub_merchant() {
    let (world, sub) = day_of_sharing().await;
    let named = sub.made.mchid.as_str();
    world.advance(86_400).await;
    let bill = "/v3/bill/tradebill?bill_date=2026-11-21";
    let (rows, summary) = cells(&file(&world, &format!("{bill}&sub_mchid={named}")).await);
    let told: Vec<_> = rows.iter().map(|row| (&*row[2], &*row[3], &*row[6])).collect();
    assert_eq!(told, [(world.merchant.made.mchid.as_str(), named, "T2026-0001")]);
    assert_eq!((&*summary[0], &*summary[1]), ("1", "10.00"));
    let (rows, summary) = cells(&file(&world, bill).await);
    let told: Vec<_> = rows.iter().map(|row| (&*row[3], &*row[6])).collect();
    assert_eq!(told, [(named, "T2026-0001"), ("0", "T2026-0002")], "all that it placed");
    assert_eq!((&*summary[0], &*summary[1]), ("2", "20.00"));
    let refused = world.get(&format!("{bill}&sub_mchid=1900000009")).await;
    refused.refuses(403, "NO_AUTH", "merchant lacks this permission");
}

#[tokio::test]
async fn a_provider_refunds_from_what_waits_at_its_sub_merchant() {
    let (world, sub, transaction_id) = shared_order().await;
    let mut body = world.refund("T2026-0001", "R1", 400);
    body["sub_mchid"] = json!(sub.made.mchid);
    body["amount"]["from"] = json!([
        { "account": "AVAILABLE", "amount": 1 }, { "account": "UNAVAILABLE", "amount": 399 },
    ]);
    let poor = world.post("/v3/refund/domestic/refunds", &body).await;
    poor.refuses(403, "NOT_ENOUGH", "balance is not enough");
    body["amount"]["from"] = json!([{ "account": "UNAVAILABLE", "amount": 400 }]);
    let made = world.post("/v3/refund/domestic/refunds", &body).await;
    assert_eq!((made.status, &made.json()["amount"]["from"]), (200, &body["amount"]["from"]));
    let amounts = format!("/v3/profitsharing/transactions/{transaction_id}/amounts");
    assert_eq!(world.get(&amounts).await.json()["unsplit_amount"], 600);
    world.check_books().await;
}
