//! Many at once, and another process on the same database: money moves once, or not at all.

use super::shop::PASSWORD;
use crate::testing::{Answer, Stage};
use domain::Once;
use domain::ids::WalletId;
use domain::wallet::{FreezeWallet, FrozenBy, OperatorFreeze};
use kernel::time::HOUR;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// How often each code was answered; a success counts as `OK`.
fn count(answers: Vec<Answer>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let code = answer.body["code"].as_str().unwrap_or("OK").to_owned();
        *counts.entry(code).or_default() += 1;
    }
    counts
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(code, count)| (code.to_owned(), count)).into()
}

async fn wrong_password(stage: &Stage, token: &str, number: usize) -> Answer {
    let body = json!({
        "order_ref": "wx-order", "amount": {"currency": "CNY", "minor": 1_000},
        "payment_password": format!("4058{number:02}"),
    });
    let call = stage.post("/v1/orders/pay", body).by(token).key(&format!("wrong-{number}"));
    call.send().await
}

#[tokio::test]
async fn a_hundred_payments_of_one_order_at_once_pay_it_once() {
    let stage = Arc::new(Stage::new().await);
    let mut people = Vec::new();
    for number in 1..=4 {
        people.push(stage.rich(number, 10_000).await.token);
    }
    stage.open_shop().await;
    stage.place("order", 1_000).await;
    let mut clients = JoinSet::new();
    for number in 0..100 {
        let (stage, token) = (Arc::clone(&stage), people[number % 4].clone());
        clients.spawn(async move {
            stage.pay(&token, &format!("client-{number}"), "order", 1_000).send().await
        });
    }
    let answers = count(clients.join_all().await);
    assert_eq!(answers, counts([("OK", 1), ("ORDER_ALREADY_PAID", 99)]));
    let mut left = 0;
    for token in &people {
        left += stage.balance(token).await;
    }
    assert_eq!(left, 39_000);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn fifty_orders_at_once_from_a_balance_for_ten_pay_ten() {
    let stage = Arc::new(Stage::new().await);
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    for number in 0..50 {
        stage.place(&format!("order-{number}"), 1_000).await;
    }
    let mut clients = JoinSet::new();
    for number in 0..50 {
        let (stage, token) = (Arc::clone(&stage), payer.token.clone());
        clients.spawn(async move {
            let order = format!("order-{number}");
            stage.pay(&token, &order, &order, 1_000).send().await
        });
    }
    let answers = count(clients.join_all().await);
    assert_eq!(answers, counts([("OK", 10), ("BALANCE_INSUFFICIENT", 40)]));
    assert_eq!(stage.balance(&payer.token).await, 0);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn a_wallet_frozen_by_another_process_does_not_pay_from_what_is_remembered() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("before", 1_000).await;
    stage.place("after", 1_000).await;
    assert_eq!(stage.pay(&payer.token, "before", "before", 1_000).send().await.status, 200);
    let wallet: WalletId = stage.wallet(&payer.token).await.text("/id").parse().unwrap();
    let by = FrozenBy::Operator {
        name: "officer".into(),
        kind: OperatorFreeze::Risk,
        reason: "test".into(),
    };
    let rival = stage.rival().await;
    rival.run(FreezeWallet { wallet, by, once: Once::State }).await.unwrap();
    let refused = stage.pay(&payer.token, "after", "after", 1_000).send().await;
    assert_eq!(refused.problem(), (403, "ACCOUNT_FROZEN", None));
    assert_eq!(stage.balance(&payer.token).await, 9_000);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn five_different_wrong_passwords_lock_across_a_restart() {
    let mut stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order", 1_000).await;
    for number in 1..=3 {
        for _ in 0..2 {
            let refused = wrong_password(&stage, &payer.token, number).await;
            assert_eq!(refused.problem(), (403, "PAY_PASSWORD_WRONG", None));
            assert_eq!(refused.body["retry"]["attempts_left"], 5 - number);
        }
    }
    stage.restart().await;
    let resent = wrong_password(&stage, &payer.token, 3).await;
    assert_eq!(resent.body["retry"]["attempts_left"], 2, "it counted before");
    let fourth = wrong_password(&stage, &payer.token, 4).await;
    assert_eq!(fourth.body["retry"]["attempts_left"], 1);
    let fifth = wrong_password(&stage, &payer.token, 5).await;
    assert_eq!(fifth.problem(), (423, "PAY_PASSWORD_LOCKED", None));
    stage.restart().await;
    let right = stage.pay(&payer.token, "right", "order", 1_000).send().await;
    assert_eq!(right.problem(), (423, "PAY_PASSWORD_LOCKED", None));
    stage.wait(3 * HOUR);
    stage.place("later", 1_000).await;
    let paid = stage.pay(&payer.token, "right-later", "later", 1_000).send().await;
    assert_eq!(paid.status, 200, "{PASSWORD} serves again");
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn wrong_passwords_of_payments_sent_at_once_lock_after_five() {
    let stage = Arc::new(Stage::new().await);
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order", 1_000).await;
    let mut clients = JoinSet::new();
    for number in 0..40 {
        let (stage, token) = (Arc::clone(&stage), payer.token.clone());
        clients.spawn(async move { wrong_password(&stage, &token, number).await });
    }
    let answers = count(clients.join_all().await);
    assert_eq!(answers, counts([("PAY_PASSWORD_WRONG", 4), ("PAY_PASSWORD_LOCKED", 36)]));
    let right = stage.pay(&payer.token, "right", "order", 1_000).send().await;
    assert_eq!(right.problem(), (423, "PAY_PASSWORD_LOCKED", None));
    assert_eq!(stage.balance(&payer.token).await, 10_000);
}
