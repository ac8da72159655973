//! Money between card and balance: what it costs, what the bank says, and that the bills show all
//! of it.

use super::shop::{PASSWORD, Person, fen};
use crate::testing::{Answer, Call, Stage};
use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::withdrawal::RecordWithdrawal;
use kernel::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};

fn declined(reason: &str, operation: BankOperation) -> BankAnswer {
    BankAnswer::Declined(BankDecline::parse(reason, operation))
}

fn done(bank_ref: &str) -> BankAnswer {
    BankAnswer::Done { bank_ref: bank_ref.into() }
}

impl Stage {
    fn withdraw(&self, person: &Person, key: &str, minor: i64, fee: i64) -> Call<'_> {
        let body = json!({
            "card": person.card, "amount": fen(minor), "fee": fen(fee),
            "payment_password": PASSWORD,
        });
        self.post("/v1/withdrawals", body).by(&person.token).key(key)
    }

    async fn bank_credits(&self, withdrawal: &str, answer: BankAnswer) {
        let withdrawal = withdrawal.parse().unwrap();
        self.app.engine.run(RecordWithdrawal { withdrawal, answer }).await.unwrap();
    }

    async fn quote(&self, person: &Person, body: Value) -> Answer {
        self.post("/v1/withdrawals/quote", body).by(&person.token).send().await
    }
}

#[tokio::test]
async fn a_top_up_waits_for_the_bank_and_shows_in_the_bills_meanwhile() {
    let stage = Stage::new().await;
    let person = stage.person(1, true).await;
    let person = stage.with_money(person, 0).await;
    stage.tell("a top-up that the bank answers late");
    let started = stage.top_up(&person, "late", 50_000).send().await;
    let path = format!("/v1/top-ups/{}", started.text("/id"));
    stage.bank_debits(&started.text("/id"), BankAnswer::Unknown).await;
    stage.get(&path).by(&person.token).language("en").send().await;
    stage.get("/v1/bills").by(&person.token).send().await;
    let removing = json!({"payment_password": PASSWORD});
    let call = stage.post(&format!("/v1/cards/{}/unbind", person.card), removing);
    let in_use = call.by(&person.token).key("unbind").quietly().send().await;
    assert_eq!(in_use.problem(), (409, "CARD_IN_USE", None));
    stage.wait(MINUTE);
    stage.bank_debits(&started.text("/id"), done("late")).await;
    stage.get(&path).by(&person.token).send().await;
    stage.tell("a top-up that the bank declines");
    let started = stage.top_up(&person, "declined", 10_000).send().await;
    let answer = declined("CARD_FUNDS_INSUFFICIENT", BankOperation::Debit);
    stage.bank_debits(&started.text("/id"), answer).await;
    let path = format!("/v1/top-ups/{}", started.text("/id"));
    stage.get(&path).by(&person.token).send().await;
    stage.get("/v1/bills").by(&person.token).language("en").send().await;
    assert_eq!(stage.balance(&person.token).await, 50_000);
    stage.assert_books_are_right().await;
    insta::assert_snapshot!(stage.told());
}

#[tokio::test]
async fn a_withdrawal_settles_and_another_comes_back_with_fee_and_allowance() {
    let stage = Stage::new().await;
    let person = stage.rich(1, 300_000).await;
    stage.tell("the price of one beyond the free allowance, and of all");
    let quote = stage.quote(&person, json!({"amount": fen(150_000)})).await;
    stage.quote(&person, json!({})).await;
    let changed = stage.withdraw(&person, "changed", 150_000, 0).quietly().send().await;
    assert_eq!(changed.problem(), (409, "WITHDRAW_FEE_CHANGED", None));
    stage.tell("one that the bank sends back");
    let fee = quote.body["fee"]["minor"].as_i64().unwrap();
    let back = stage.withdraw(&person, "back", 150_000, fee).send().await;
    let path = format!("/v1/withdrawals/{}", back.text("/id"));
    stage.bank_credits(&back.text("/id"), BankAnswer::Pending).await;
    stage.wait(3 * HOUR);
    stage.get(&path).by(&person.token).language("en").send().await;
    let answer = declined("WITHDRAW_CARD_CLASS_LIMIT", BankOperation::Credit);
    stage.bank_credits(&back.text("/id"), answer).await;
    stage.get(&path).by(&person.token).send().await;
    assert_eq!(stage.balance(&person.token).await, 300_000);
    let again = stage.quote(&person, json!({"amount": fen(150_000)})).await;
    assert_eq!(again.body, quote.body, "the allowance is back");
    stage.tell("one that arrives");
    let paid = stage.withdraw(&person, "paid", 150_000, fee).send().await;
    stage.bank_credits(&paid.text("/id"), done("paid")).await;
    let path = format!("/v1/withdrawals/{}", paid.text("/id"));
    stage.get(&path).by(&person.token).send().await;
    stage.tell("the bills");
    stage.get("/v1/bills").by(&person.token).send().await;
    assert_eq!(stage.balance(&person.token).await, 300_000 - 150_000 - fee);
    stage.assert_books_are_right().await;
    insta::assert_snapshot!(stage.told());
}

#[tokio::test]
async fn withdrawals_beyond_balance_or_limits_are_refused() {
    let stage = Stage::new().await;
    let person = stage.rich(1, 100_005).await;
    for (key, minor, fee, status, code) in [
        ("above-single", 5_000_001, 0, 422, "WITHDRAW_LIMIT_SINGLE"),
        ("above-balance", 200_000, 100, 402, "WITHDRAW_BALANCE_AND_FEE"),
        ("fee-above", 100_005, 10, 402, "WITHDRAW_BALANCE_AND_FEE"),
    ] {
        let refused = stage.withdraw(&person, key, minor, fee).send().await;
        assert_eq!(refused.problem(), (status, code, None), "{key}");
    }
    let fee = json!({"currency": "CNY", "minor": -1});
    let body = json!({
        "card": person.card, "amount": fen(1), "fee": fee, "payment_password": PASSWORD,
    });
    let call = stage.post("/v1/withdrawals", body).by(&person.token).key("negative-fee");
    assert_eq!(call.send().await.problem(), (422, "AMOUNT_INVALID", Some("/fee/minor")));
    for number in 0..3 {
        let started = stage.withdraw(&person, &format!("small-{number}"), 1, 0).send().await;
        assert_eq!(started.status, 201);
    }
    let fourth = stage.withdraw(&person, "fourth", 1, 0).send().await;
    assert_eq!(fourth.problem(), (422, "WITHDRAW_COUNT_LIMIT", None));
    let poor = stage.person(2, true).await;
    let none = stage.quote(&poor, json!({})).await;
    assert_eq!(none.problem(), (422, "WITHDRAW_AMOUNT_TOO_SMALL", None));
    assert_eq!(
        stage.top_up(&person, "above", 3_000_001).send().await.problem().1,
        "TOPUP_LIMIT_EXCEEDED"
    );
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_another_persons_does_not_exist() {
    let stage = Stage::new().await;
    let (owner, other) = (stage.rich(1, 100_000).await, stage.rich(2, 100_000).await);
    let top_up = stage.top_up(&owner, "pending", 1_000).send().await.text("/id");
    let withdrawal = stage.withdraw(&owner, "withdraw", 1_000, 0).send().await.text("/id");
    for path in [
        format!("/v1/cards/{}", owner.card),
        format!("/v1/top-ups/{top_up}"),
        format!("/v1/withdrawals/{withdrawal}"),
        format!("/v1/bills/{top_up}"),
    ] {
        assert_eq!(stage.get(&path).by(&owner.token).send().await.status, 200, "{path}");
        let foreign = stage.get(&path).by(&other.token).send().await;
        assert_eq!(foreign.problem(), (404, "OBJECT_NOT_FOUND", None), "{path}");
    }
    let mixed = Person { card: owner.card.clone(), ..other };
    for call in [stage.top_up(&mixed, "theirs", 1_000), stage.withdraw(&mixed, "their", 1_000, 0)] {
        assert_eq!(call.send().await.problem(), (404, "OBJECT_NOT_FOUND", None));
    }
    let body = json!({"payment_password": PASSWORD});
    let call = stage.post(&format!("/v1/cards/{}/unbind", owner.card), body);
    let foreign = call.by(&mixed.token).key("unbind").send().await;
    assert_eq!(foreign.problem(), (404, "OBJECT_NOT_FOUND", None));
}

#[tokio::test]
async fn bills_page_to_the_first_one_and_miss_none() {
    let stage = Stage::new().await;
    let person = stage.rich(1, 100_000).await;
    stage.open_shop().await;
    for number in 0..5 {
        stage.wait(MINUTE);
        let order = format!("order-{number}");
        stage.place(&order, 1_000).await;
        assert_eq!(stage.pay(&person.token, &order, &order, 1_000).send().await.status, 200);
        stage.wait(MINUTE);
        let call = stage.top_up(&person, &format!("top-up-{number}"), 1_000);
        assert_eq!(call.send().await.status, 201);
    }
    stage.wait(DAY);
    let list = async |query: &str| {
        let path = format!("/v1/bills{query}");
        stage.get(&path).by(&person.token).send().await.body
    };
    let all = list("?limit=100").await["items"].clone();
    let kinds: Vec<&str> =
        all.as_array().unwrap().iter().map(|bill| bill["kind"].as_str().unwrap()).collect();
    let expected = ["TOP_UP", "PAYMENT"].repeat(5).into_iter().chain(["TOP_UP"]);
    assert_eq!(kinds, expected.collect::<Vec<_>>());
    for limit in 1..=4 {
        let (mut query, mut seen) = (format!("?limit={limit}"), Vec::new());
        loop {
            let page = list(&query).await;
            seen.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit={limit}&cursor={cursor}");
        }
        assert_eq!(Value::Array(seen), all, "{limit}");
    }
    for query in ["?limit=0", "?cursor=MQ", "?cursor=!", "?from=1"] {
        assert_eq!(list(query).await["code"], "PARAM_INVALID", "{query}");
    }
    for id in ["0", "-1", "99", "x", "top_00000000000000000000000000", "9223372036854775808"] {
        let none = stage.get(&format!("/v1/bills/{id}")).by(&person.token).send().await;
        assert_eq!(none.problem(), (404, "OBJECT_NOT_FOUND", None), "{id}");
    }
}
