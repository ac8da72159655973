//! Refunds: in parts, again, too much, too soon, and of orders that are none.

use crate::world::{Answer, PAYER, World, put};
use domain::Tx;
use domain::merchant::Merchant;
use domain::testing::{Plant, transfer};
use domain::wallet::{Wallet, WalletState};
use serde_json::{Value, json};
use store::queries;

const REFUNDS: &str = "/v3/refund/domestic/refunds";

async fn refund(world: &World, number: &str, fen: i64) -> Answer {
    world.post(REFUNDS, &world.refund("T2026-0001", number, fen)).await
}

async fn state(world: &World) -> Value {
    world.get(&world.by_number("T2026-0001")).await.json()["trade_state"].clone()
}

#[tokio::test]
async fn an_order_is_refunded_in_parts_and_each_part_is_found() {
    let world = World::new().await;
    let transaction_id = world.paid("T2026-0001").await;
    let answer = refund(&world, "R@1", 300).await;
    let refund_id = answer.json()["refund_id"].as_str().unwrap().to_owned();
    assert_eq!((&refund_id[..10], refund_id.len()), ("5020261121", 29));
    let shown = json!({
        "refund_id": refund_id,
        "out_refund_no": "R@1",
        "transaction_id": transaction_id,
        "out_trade_no": "T2026-0001",
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "success_time": "2026-11-21T10:00:00+08:00",
        "create_time": "2026-11-21T10:00:00+08:00",
        "status": "SUCCESS",
        "funds_account": "AVAILABLE",
        "amount": {
            "total": 1_000, "refund": 300, "payer_total": 1_000, "payer_refund": 300,
            "settlement_refund": 300, "settlement_total": 1_000, "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    });
    answer.is(200, shown.clone());
    refund(&world, "R@1", 300).await.is(200, shown.clone());
    world.get("/v3/refund/domestic/refunds/R@1").await.is(200, shown.clone());
    world.get("/v3/refund/domestic/refunds/R%401").await.is(200, shown);
    assert_eq!(state(&world).await, "REFUND");
    world.advance(60).await;
    let mut rest = world.refund("T2026-0001", "R@2", 700);
    rest["transaction_id"] = json!(transaction_id);
    rest.as_object_mut().unwrap().remove("out_trade_no");
    assert_eq!(world.post(REFUNDS, &rest).await.status, 200);
    world.advance(60).await;
    let answer = refund(&world, "R@3", 1).await;
    answer.refuses(400, "INVALID_REQUEST", "the order is fully refunded");
    assert_eq!(state(&world).await, "REFUND");
}

#[tokio::test]
async fn a_refund_may_name_its_order_twice() {
    let world = World::new().await;
    let transaction_id = world.paid("T2026-0001").await;
    world.paid("T2026-0002").await;
    let mut body = world.refund("T2026-0001", "R1", 300);
    body["transaction_id"] = json!(transaction_id);
    let made = world.post(REFUNDS, &body).await;
    assert_eq!((made.status, made.json()["out_trade_no"].as_str()), (200, Some("T2026-0001")));
    body["out_trade_no"] = json!("T2026-0002");
    let told = "transaction_id and out_trade_no name different orders";
    world.post(REFUNDS, &body).await.refuses(400, "INVALID_REQUEST", told);
    world.check_books().await;
}

/// A refund `R1` of 300 from these accounts.
fn from(world: &World, parts: &[(&str, i64)]) -> Value {
    let mut body = world.refund("T2026-0001", "R1", 300);
    let part = |(account, amount): &(&str, i64)| json!({"account": account, "amount": amount});
    body["amount"]["from"] = parts.iter().map(part).collect();
    body
}

#[tokio::test]
async fn a_refund_shows_where_it_was_to_be_taken_from() {
    let world = World::new().await;
    world.paid("T2026-0001").await;
    let body = from(&world, &[("AVAILABLE", 300)]);
    let shown = |answer: Answer| {
        let refund = answer.json();
        (answer.status, refund["funds_account"].clone(), refund["amount"]["from"].clone())
    };
    let whole = json!([{"account": "AVAILABLE", "amount": 300}]);
    for _ in 0..2 {
        let made = shown(world.post(REFUNDS, &body).await);
        assert_eq!(made, (200, json!("AVAILABLE"), whole.clone()));
    }
    let found = shown(world.get("/v3/refund/domestic/refunds/R1").await);
    assert_eq!(found, (200, json!("AVAILABLE"), whole));
    let otherwise = from(&world, &[("UNAVAILABLE", 300)]);
    for other in [otherwise, world.refund("T2026-0001", "R1", 300)] {
        let answer = world.post(REFUNDS, &other).await;
        answer.refuses(400, "INVALID_REQUEST", "out_refund_no was used with other parameters");
    }
}

#[tokio::test]
async fn a_refund_keeps_the_rules() {
    let world = World::new().await;
    let answer = refund(&world, "R1", 300).await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "order does not exist");
    let prepay_id = world.place("T2026-0001").await;
    let answer = refund(&world, "R1", 300).await;
    answer.refuses(400, "INVALID_REQUEST", "the order is not paid");
    world.pay(&prepay_id).await;
    let mut other = world.refund("T2026-0001", "R1", 300);
    other["amount"]["total"] = json!(999);
    let answer = world.post(REFUNDS, &other).await;
    answer.refuses(400, "INVALID_REQUEST", "amount.total is not the order's total");
    let answer = refund(&world, "R1", 1_001).await;
    answer.refuses(400, "INVALID_REQUEST", "amount.refund is more than what is left");
    let unsettled = from(&world, &[("AVAILABLE", 299), ("UNAVAILABLE", 1)]);
    let answer = world.post(REFUNDS, &unsettled).await;
    answer.refuses(403, "NOT_ENOUGH", "balance is not enough");
    assert_eq!(refund(&world, "R1", 300).await.status, 200);
    let answer = refund(&world, "R1", 301).await;
    answer.refuses(400, "INVALID_REQUEST", "out_refund_no was used with other parameters");
    let answer = refund(&world, "R2", 300).await;
    answer.refuses(429, "FREQUENCY_LIMITED", "too many requests");
    world.advance(366 * 86_400).await;
    let answer = refund(&world, "R2", 300).await;
    answer.refuses(400, "INVALID_REQUEST", "the order is too old to be refunded");
}

#[tokio::test]
async fn refunds_of_another_merchant_do_not_exist() {
    let world = World::new().await;
    world.paid("T2026-0001").await;
    assert_eq!(refund(&world, "R1", 300).await.status, 200);
    let other = world.add_merchant("Book shop").await;
    let target = "/v3/refund/domestic/refunds/R1";
    let answer = world.send(world.signed(&other, ("GET", target), b"")).await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let body = world.refund("T2026-0001", "R1", 300).to_string();
    let request = world.signed(&other, ("POST", REFUNDS), body.as_bytes());
    let answer = world.send(request).await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "order does not exist");
    let answer = world.get("/v3/refund/domestic/refunds/R9").await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
}

#[tokio::test]
async fn a_closed_wallet_takes_no_refund() {
    let world = World::new().await;
    world.paid("T2026-0001").await;
    let wallet = queries::find::<Wallet>(world.app.queries.as_ref(), &PAYER.wallet).await;
    let wallet = wallet.unwrap().unwrap();
    let closed = Wallet { state: WalletState::Closed, ..wallet };
    world.app.engine.run(put(closed)).await.unwrap();
    let answer = refund(&world, "R1", 300).await;
    answer.refuses(403, "USER_ACCOUNT_ABNORMAL", "user account is abnormal");
}

#[tokio::test]
async fn a_refund_waits_for_the_merchants_money() {
    let world = World::new().await;
    world.paid("T2026-0001").await;
    let mchid = &world.merchant.made.mchid;
    let merchant = queries::find::<Merchant>(world.app.queries.as_ref(), mchid).await;
    let account = merchant.unwrap().unwrap().balance_account;
    let bank = world.app.rules().system.bank;
    let engine = &world.app.engine;
    engine.run(Plant(move |tx: &mut Tx<'_>| transfer(tx, account, bank, 701))).await.unwrap();
    let answer = refund(&world, "R1", 300).await;
    answer.refuses(403, "NOT_ENOUGH", "balance is not enough");
    let answer = world.get("/v3/refund/domestic/refunds/R1").await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    engine.run(Plant(move |tx: &mut Tx<'_>| transfer(tx, bank, account, 1))).await.unwrap();
    assert_eq!(refund(&world, "R1", 300).await.status, 200);
}
