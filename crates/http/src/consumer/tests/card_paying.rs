//! Paying from a card, and what goes back to it, as the payer sees both.

use super::shop::{PASSWORD, Person, fen};
use crate::testing::{Answer, Stage};
use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::ids::RefundPayoutId;
use domain::merchant::OpenidKeys;
use domain::order::{RecordCardPayment, transaction_id};
use domain::refund::RecordRefundPayout;
use domain::testing::payout_of;
use kernel::time::SECOND;
use serde_json::json;

fn done(bank_ref: &str) -> BankAnswer {
    BankAnswer::Done { bank_ref: bank_ref.into() }
}

fn no(code: &str, operation: BankOperation) -> BankAnswer {
    BankAnswer::Declined(BankDecline::parse(code, operation))
}

impl Stage {
    async fn pay_by_card(&self, payer: &Person, key: &str, out_trade_no: &str) -> Answer {
        let body = json!({
            "order_ref": format!("wx-{out_trade_no}"), "amount": fen(1_000),
            "card": payer.card, "payment_password": PASSWORD,
        });
        self.post("/v1/orders/pay", body).by(&payer.token).key(key).send().await
    }

    async fn card_bank_says(&self, payment: &str, number: &str, answer: BankAnswer) {
        let record = RecordCardPayment {
            payment: payment.parse().unwrap(),
            answer,
            transaction_id: transaction_id(self.app.business_now(), number),
            openid_keys: OpenidKeys::of(&self.app.keys),
            payout: RefundPayoutId::from_bytes([9; 16]),
        };
        self.app.engine.run(record).await.unwrap();
    }

    async fn order(&self, payer: &Person, out_trade_no: &str) -> serde_json::Value {
        let path = format!("/v1/orders/wx-{out_trade_no}");
        self.get(&path).by(&payer.token).language("en").quietly().send().await.body
    }
}

#[tokio::test]
async fn an_order_paid_by_card_waits_for_the_bank_and_can_be_paid_again_after_a_no() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    stage.place("order-1", 1_000).await;
    stage.wait(SECOND);
    let begun = stage.pay_by_card(&payer, "first", "order-1").await;
    assert_eq!((begun.status, &begun.body["state"]), (200, &json!("BANK_PENDING")));
    assert_eq!(begun.body.get("transaction_id"), None);
    let again = stage.pay_by_card(&payer, "first", "order-1").await;
    assert_eq!(again.body, begun.body, "the same key is the same payment");
    let waiting = stage.order(&payer, "order-1").await;
    assert_eq!(waiting["state"], "BANK_PENDING");
    assert_eq!(waiting["card_payment"]["notice"]["code"], "PAYMENT_RESULT_UNKNOWN");
    let twice = stage.pay(&payer.token, "second", "order-1", 1_000).send().await;
    assert_eq!(twice.problem().1, "PAYMENT_RESULT_UNKNOWN");

    let payment = begun.text("/card_payment");
    stage.card_bank_says(&payment, "0001", no("51", BankOperation::Payment)).await;
    let failed = stage.order(&payer, "order-1").await;
    assert_eq!(failed["state"], "NOTPAY");
    assert_eq!(failed["card_payment"]["notice"]["code"], "CARD_FUNDS_INSUFFICIENT");
    stage.wait(SECOND);
    let begun = stage.pay_by_card(&payer, "third", "order-1").await;
    stage.card_bank_says(&begun.text("/card_payment"), "0002", done("P1")).await;
    let paid = stage.order(&payer, "order-1").await;
    assert_eq!(
        (&paid["state"], &paid["card_payment"]["state"]),
        (&json!("SUCCESS"), &json!("SUCCESS"))
    );
    assert_eq!(paid["payment"]["refunded"]["minor"], 0);
    let bills = stage.get("/v1/bills?limit=2").by(&payer.token).language("en").send().await;
    let lines = bills.body["items"].as_array().unwrap();
    let states: Vec<_> = lines.iter().map(|line| &line["state"]).collect();
    assert_eq!(states, ["SUCCESS", "FAILED"], "the newest first");
    assert_eq!((&lines[0]["kind"], &lines[0]["direction"]), (&json!("PAYMENT"), &json!("OUT")));
    assert_eq!(
        (&lines[0]["description"], lines[1].get("transaction_id")),
        (&json!("一杯茶"), None)
    );
    let next = format!("/v1/bills?cursor={}", bills.text("/next_cursor"));
    let next = stage.get(&next).by(&payer.token).send().await;
    assert_eq!(next.body["items"][0]["kind"], "TOP_UP");
    let path = format!("/v1/bills/{}", bills.text("/items/0/id"));
    let shown = stage.get(&path).by(&payer.token).language("en").send().await;
    assert_eq!(shown.body, lines[0]);
    let other = stage.rich(2, 0).await;
    assert_eq!(stage.get(&path).by(&other.token).send().await.problem().0, 404);
    let seen = stage.order(&other, "order-1").await;
    assert_eq!((seen.get("card_payment"), seen.get("payment")), (None, None));
    assert_eq!(stage.balance(&payer.token).await, 10_000);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn a_payer_sees_where_a_refund_to_the_card_stands() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 10_000).await;
    stage.open_shop().await;
    let refused = no("REFUND_ABNORMAL", BankOperation::Refund);
    for (number, minor, answer, state, code) in [
        ("order-1", 400, None, "PROCESSING", Some("REFUND_PROCESSING")),
        ("order-2", 401, Some(done("B2")), "SUCCESS", None),
        ("order-3", 402, Some(refused), "ABNORMAL", Some("REFUND_ABNORMAL")),
    ] {
        stage.place(number, 1_000).await;
        let begun = stage.pay_by_card(&payer, number, number).await;
        let payment = begun.text("/card_payment");
        stage.card_bank_says(&payment, number, done(&format!("P-{number}"))).await;
        stage.refund(number, minor, 1_000).await;
        if let Some(answer) = answer {
            let record = RecordRefundPayout { payout: payout_of(number), answer };
            stage.app.engine.run(record).await.unwrap();
        }
        let order = stage.order(&payer, number).await;
        let refund = &order["payment"]["refunds"][0];
        assert_eq!((&refund["state"], &refund["amount"]["minor"]), (&json!(state), &json!(minor)));
        assert_eq!(refund["card"]["id"], payer.card.as_str());
        assert_eq!(refund["notice"]["code"].as_str(), code, "{refund}");
        let arrived = if state == "SUCCESS" { minor } else { 0 };
        assert_eq!(order["payment"]["refunded"]["minor"], arrived);
    }
    assert_eq!(stage.balance(&payer.token).await, 10_000);
    stage.assert_books_are_right().await;
}
