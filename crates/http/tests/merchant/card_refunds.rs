//! Orders that cards paid: what is shown of them, where refunds stand, and where they go when a
//! card takes none.

use crate::world::{Answer, PAYER, World, put};
use apiv3::oaep;
use domain::Once;
use domain::card::{BankAnswer, BankDecline, BankOperation, Card, CardByNumber, CardUse};
use domain::ids::{CardId, CardPaymentId, RefundPayoutId};
use domain::merchant::OpenidKeys;
use domain::order::{PayOrder, PayOrderByCard, RecordCardPayment, transaction_id};
use domain::refund::{CloseRefund, RecordRefundPayout, Refund};
use domain::wallet::{Identity, Wallet, name_place};
use kernel::Amount;
use kernel::crypto::seal;
use serde_json::{Value, json};
use store::queries;

const REFUNDS: &str = "/v3/refund/domestic/refunds";
const NUMBER: &str = "T2026-0001";
const OTHER_CARD: CardId = CardId::from_bytes([77; 16]);
const OTHER_NUMBER: &str = "6214830000000017";

fn done(bank_ref: &str) -> BankAnswer {
    BankAnswer::Done { bank_ref: bank_ref.into() }
}

/// The payer's card pays an order of 10.00.
async fn paid_by_card(world: &World, prepay_id: &str) {
    let payment = CardPaymentId::from_bytes([8; 16]);
    let openid_keys = || OpenidKeys::of(&world.app.keys);
    let number = transaction_id(world.app.business_now(), "0001");
    let order = PayOrder {
        user: PAYER.user,
        session: None,
        wallet: PAYER.wallet,
        prepay_id: prepay_id.into(),
        amount: Amount::fen(1_000).unwrap(),
        password: PAYER.right(),
        factors: 1,
        openid_keys: openid_keys(),
        transaction_id: number.clone(),
        once: Once::State,
    };
    let engine = &world.app.engine;
    engine.run(PayOrderByCard { order, card: PAYER.card, payment }).await.unwrap();
    let waiting = world.get(&world.by_number(NUMBER)).await.json();
    assert_eq!((&waiting["trade_state"], waiting.get("payer")), (&json!("NOTPAY"), None));
    let answer = RecordCardPayment {
        payment,
        answer: done("P1"),
        transaction_id: number,
        openid_keys: openid_keys(),
        payout: RefundPayoutId::from_bytes([9; 16]),
    };
    engine.run(answer).await.unwrap();
}

/// A world in which a card paid, and of whose 10.00 the merchant asked 4.00 back.
async fn refunding() -> World {
    let world = World::with_fee(100).await;
    let prepay_id = world.place(NUMBER).await;
    paid_by_card(&world, &prepay_id).await;
    let answer = world.post(REFUNDS, &world.refund(NUMBER, "R1", 400)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    world
}

async fn row(world: &World) -> Refund {
    let key = (world.merchant.made.mchid.clone(), "R1".to_owned());
    queries::find::<Refund>(world.app.queries.as_ref(), &key).await.unwrap().unwrap()
}

/// The bank answers about the payout that counts.
async fn bank_says(world: &World, answer: BankAnswer) {
    let payout = row(world).await.payout.unwrap();
    world.app.engine.run(RecordRefundPayout { payout, answer }).await.unwrap();
}

async fn refused_by_card(world: &World) {
    let why = BankDecline::parse("REFUND_ABNORMAL", BankOperation::Refund);
    bank_says(world, BankAnswer::Declined(why)).await;
}

async fn shown(world: &World) -> Value {
    world.get("/v3/refund/domestic/refunds/R1").await.json()
}

/// A second card of the payer, whose name is 张三.
async fn bind_other(world: &World) {
    let keys = &world.app.keys;
    let number_index = keys.blind_index("card", OTHER_NUMBER);
    let now = world.app.business_now();
    let identity = PAYER.identity_row(now);
    let place = name_place(&identity.document_index);
    let name = seal(&keys.personal_data, &place, "张三".as_bytes(), &[5; 56]);
    let engine = &world.app.engine;
    engine.run(put(Identity { name, ..identity })).await.unwrap();
    let card = Card { id: OTHER_CARD, bank: "CMB".into(), number_index, ..PAYER.card_row(now) };
    engine.run(put(card)).await.unwrap();
    let (wallet, card) = (PAYER.wallet, OTHER_CARD);
    engine.run(put(CardByNumber { wallet, number_index, card })).await.unwrap();
    engine.run(put(CardUse { number_index, wallets: 1 })).await.unwrap();
    let row = queries::find::<Wallet>(world.app.queries.as_ref(), &wallet).await;
    engine.run(put(Wallet { cards: 2, ..row.unwrap().unwrap() })).await.unwrap();
}

/// Asks for another way; sensitive fields are sealed with our certificate.
async fn apply(world: &World, body: &Value) -> Answer {
    let refund_id = row(world).await.refund_id;
    let target = format!("{REFUNDS}/{refund_id}/apply-abnormal-refund");
    let bytes = body.to_string();
    let mut request = world.signed(&world.merchant, ("POST", &target), bytes.as_bytes());
    let serial = world.platform[0].0.parse().unwrap();
    request.headers_mut().insert("wechatpay-serial", serial);
    world.send(request).await
}

fn to_card(world: &World, number: &str, name: &str) -> Value {
    let sealed = |text: &str| oaep::encrypt(&world.platform[0].1, text).unwrap();
    json!({
        "out_refund_no": "R1", "type": "USER_BANK_CARD", "bank_type": "CMB_DEBIT",
        "bank_account": sealed(number), "real_name": sealed(name),
    })
}

#[tokio::test]
async fn a_refund_to_a_card_is_processing_until_its_bank_has_paid() {
    let world = refunding().await;
    let order = world.get(&world.by_number(NUMBER)).await.json();
    assert_eq!(
        (&order["trade_state"], &order["bank_type"]),
        (&json!("REFUND"), &json!("ICBC_DEBIT"))
    );
    let refund_id = row(&world).await.refund_id;
    let mut expected = json!({
        "refund_id": refund_id,
        "out_refund_no": "R1",
        "transaction_id": order["transaction_id"],
        "out_trade_no": NUMBER,
        "channel": "ORIGINAL",
        "user_received_account": "工商银行借记卡9015",
        "create_time": "2026-11-21T10:00:00+08:00",
        "status": "PROCESSING",
        "funds_account": "AVAILABLE",
        "amount": {
            "total": 1_000, "refund": 400, "payer_total": 1_000, "payer_refund": 400,
            "settlement_refund": 400, "settlement_total": 1_000, "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    });
    assert_eq!(shown(&world).await, expected);
    let again = world.post(REFUNDS, &world.refund(NUMBER, "R1", 400)).await;
    again.is(200, expected.clone());
    bank_says(&world, BankAnswer::Pending).await;
    assert_eq!(shown(&world).await, expected);
    world.advance(7_200).await;
    bank_says(&world, done("B1")).await;
    expected["status"] = json!("SUCCESS");
    expected["success_time"] = json!("2026-11-21T12:00:00+08:00");
    assert_eq!(shown(&world).await, expected);
    world.check_books().await;
}

#[tokio::test]
async fn an_abnormal_refund_goes_to_another_card_of_the_payer() {
    let world = refunding().await;
    bind_other(&world).await;
    let early = apply(&world, &to_card(&world, OTHER_NUMBER, "张三")).await;
    early.refuses(400, "INVALID_REQUEST", "the refund is not abnormal");
    refused_by_card(&world).await;
    let abnormal = shown(&world).await;
    assert_eq!((&abnormal["status"], abnormal.get("success_time")), (&json!("ABNORMAL"), None));
    let unknown = "the account is no debit card that the payer has bound in that name";
    for (number, name) in
        [("6214830000000025", "张三"), ("6214830000000012", "张三"), (OTHER_NUMBER, "李四")]
    {
        let answer = apply(&world, &to_card(&world, number, name)).await;
        answer.refuses(400, "INVALID_REQUEST", unknown);
    }
    let other = world.add_merchant("Book shop").await;
    let target = format!("{REFUNDS}/{}/apply-abnormal-refund", row(&world).await.refund_id);
    let body = json!({ "out_refund_no": "R1", "type": "MERCHANT_BANK_CARD" }).to_string();
    let answer = world.send(world.signed(&other, ("POST", &target), body.as_bytes())).await;
    answer.refuses(404, "RESOURCE_NOT_EXISTS", "object does not exist");
    let unsealed = world.post(&target, &to_card(&world, OTHER_NUMBER, "张三")).await;
    assert_eq!(unsealed.json()["code"], "PARAM_ERROR", "no key was named");
    for _ in 0..2 {
        let answer = apply(&world, &to_card(&world, OTHER_NUMBER, " 张 三 ")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let sent = answer.json();
        assert_eq!(
            (&sent["status"], &sent["channel"]),
            (&json!("PROCESSING"), &json!("OTHER_BANKCARD"))
        );
        assert_eq!(sent["user_received_account"], "招商银行借记卡9015");
    }
    bank_says(&world, done("B2")).await;
    assert_eq!(shown(&world).await["status"], "SUCCESS");
    world.check_books().await;
}

#[tokio::test]
async fn an_abnormal_refund_goes_back_to_the_merchant() {
    let world = refunding().await;
    refused_by_card(&world).await;
    let body = json!({ "out_refund_no": "R1", "type": "MERCHANT_BANK_CARD" });
    let sent = apply(&world, &body).await.json();
    assert_eq!((&sent["status"], &sent["channel"]), (&json!("SUCCESS"), &json!("OTHER_BALANCE")));
    assert_eq!(sent["user_received_account"], "商户基本账户");
    world.check_books().await;
}

#[tokio::test]
async fn a_closed_refund_leaves_its_amount_to_be_refunded_under_another_number() {
    let world = refunding().await;
    refused_by_card(&world).await;
    world.advance(7 * 86_400).await;
    let mchid = world.merchant.made.mchid.clone();
    world.app.engine.run(CloseRefund { mchid, out_refund_no: "R1".into() }).await.unwrap();
    assert_eq!(shown(&world).await["status"], "CLOSED");
    let order = world.get(&world.by_number(NUMBER)).await.json();
    assert_eq!(order["trade_state"], "REFUND", "it stays what it was from the first refund on");
    let whole = world.post(REFUNDS, &world.refund(NUMBER, "R2", 1_000)).await;
    assert_eq!((whole.status, &whole.json()["status"]), (200, &json!("PROCESSING")));
    world.check_books().await;
}

#[tokio::test]
async fn limits_of_payment_keep_cards_out() {
    let world = World::new().await;
    let order = limited(&world, "no_debit").await;
    let payment = CardPaymentId::from_bytes([8; 16]);
    let refused = world.app.engine.run(PayOrderByCard { order, card: PAYER.card, payment }).await;
    let not_taken = domain::order::PayOrderRefusal::CardNotTaken;
    assert_eq!(refused, Err(engine::Failed::Refused(not_taken)));
}

#[tokio::test]
async fn limits_of_payment_keep_the_balance_out() {
    let world = World::new().await;
    let order = limited(&world, "no_balance").await;
    let refused = world.app.engine.run(order.clone()).await;
    let not_taken = domain::order::PayOrderRefusal::BalanceNotTaken;
    assert_eq!(refused, Err(engine::Failed::Refused(not_taken)));
    assert_eq!(world.get(&world.by_number(NUMBER)).await.json()["trade_state"], "NOTPAY");
    let payment = CardPaymentId::from_bytes([8; 16]);
    world.app.engine.run(PayOrderByCard { order, card: PAYER.card, payment }).await.unwrap();
    world.check_books().await;
}

/// Pays an order placed with this limit of payment.
async fn limited(world: &World, limit: &str) -> PayOrder {
    let mut body = world.order(NUMBER);
    body["limit_pay"] = json!([limit]);
    let url = world.post("/v3/pay/transactions/native", &body).await.json();
    let url = url["code_url"].as_str().unwrap().to_owned();
    PayOrder {
        user: PAYER.user,
        session: None,
        wallet: PAYER.wallet,
        prepay_id: apiv3::create::parse_code_url(&url).unwrap().into(),
        amount: Amount::fen(1_000).unwrap(),
        password: PAYER.right(),
        factors: 1,
        openid_keys: OpenidKeys::of(&world.app.keys),
        transaction_id: transaction_id(world.app.business_now(), "0001"),
        once: Once::State,
    }
}
