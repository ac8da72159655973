//! First deliveries: what is told, to whom first, and what a restart or a lost lease does.

use crate::merchant::MerchantServer;
use crate::stage::{PERSON, Stage, USER, apiv3_key, fen};
use apiv3::notification::open;
use domain::Once;
use domain::merchant::{
    BindSubMerchant, EchoSecurity, Openid, OpenidKeys, SetWebhook, SubMerchantState, WebhookChange,
    WebhookKind,
};
use domain::notification::{HoldSlots, Retry, Slot};
use domain::order::{
    CardsTaken, CreateCombinedOrder, CreateOrder, PartAsked, Partner, PayOrder, ProfitSharing,
    TradeType,
};
use domain::payment_code::{Digits, ReverseOrder};
use domain::refund::{CreateRefund, OrderOfRefund, Refund};
use domain::testing::{self, APPID, MCHID};
use jiaozi_worker::Flaw;
use kernel::time::{MINUTE, SECOND};
use serde_json::Value;

const SUB: &str = "1900000002";
const LOCATOR: i64 = 1_234_567_890;

fn place(url: &str) -> CreateOrder {
    let attach = Some("shelf 7".into());
    CreateOrder { attach, notify_url: Some(url.into()), ..testing::order("T0001", fen(500)) }
}

fn pay() -> PayOrder {
    let transaction_id = "4200202611200000000000000001".into();
    PayOrder { transaction_id, once: Once::State, ..PERSON.pay(&place("")) }
}

fn refund(number: &str, minor: i64, notify_url: Option<&str>) -> CreateRefund {
    let order = testing::order("T0001", fen(500));
    let notify_url = notify_url.map(str::to_owned);
    CreateRefund { notify_url, ..testing::refund(&order, number, fen(minor)) }
}

/// The cursor of a merchant's slot.
async fn cursor(stage: &Stage, mchid: &str) -> (i64, i64) {
    let slot = stage.find::<Slot>(&domain::fact::slot_of(mchid)).await;
    slot.map_or((0, 0), |slot| (slot.cursor_batch, slot.cursor_place))
}

#[tokio::test]
async fn a_payment_and_a_refund_are_told_signed_and_sealed_and_a_refund_without_address_is_not() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    stage.add_person(10_000).await;
    stage.add_merchant(MCHID).await;
    let name = OpenidKeys::for_tests().newest(APPID, USER);
    let openid = Openid { openid: name.clone(), appid: APPID.into(), user: USER };
    stage
        .plant(move |tx| {
            tx.put(openid.clone());
            Ok(())
        })
        .await;
    let worker = stage.start_worker("one");
    stage.engine.run(place(&server.url)).await.unwrap();
    stage.engine.run(pay()).await.unwrap();
    let paid = server.next().await.open();
    assert_eq!(paid.event_type, "TRANSACTION.SUCCESS");
    let order: Value = serde_json::from_slice(&paid.resource).unwrap();
    assert_eq!(order["out_trade_no"], "T0001");
    assert_eq!(order["trade_state"], "SUCCESS");
    assert_eq!(order["amount"]["total"], 500);
    assert_eq!(order["payer"]["openid"], name);

    stage.engine.run(refund("R1", 100, None)).await.unwrap();
    stage.advance(MINUTE).await;
    stage.engine.run(refund("R2", 200, Some(&server.url))).await.unwrap();
    let refunded = server.next().await.open();
    assert_eq!(refunded.event_type, "REFUND.SUCCESS");
    assert_ne!(refunded.id, paid.id);
    let refund: Value = serde_json::from_slice(&refunded.resource).unwrap();
    assert_eq!(refund["out_refund_no"], "R2");
    let last = stage.all::<domain::fact::Fact>().await.pop().unwrap();
    let told = (last.batch, last.place);
    stage.until("the cursor rises", async || cursor(&stage, MCHID).await == told).await;
    assert!(server.is_quiet() && stage.retry().await.is_none());
    worker.stop().await;
    stage.check_ledger().await;
}

/// A payment by code that the merchant takes back at once.
async fn reversed(stage: &Stage) {
    stage.engine.run(PERSON.turn_on_codes(LOCATOR)).await.unwrap();
    let code = testing::code(LOCATOR, stage.now(), Digits::Hidden);
    let charge = testing::charge("T0002", fen(200), &code, stage.now());
    stage.engine.run(charge).await.unwrap();
    let reverse = ReverseOrder {
        mchid: MCHID.into(),
        sub_mchid: None,
        order: OrderOfRefund::OutTradeNo("T0002".into()),
        appid: None,
        sub_appid: None,
        reason: "reversed".into(),
        refund_id: "50T0002".into(),
        payout: testing::payout_of("T0002"),
    };
    stage.engine.run(reverse).await.unwrap();
    assert_eq!(stage.all::<Refund>().await.len(), 1, "its money is back");
}

#[tokio::test]
async fn a_refund_without_address_is_told_where_its_merchant_wants_refunds_told() {
    let stage = Stage::new().await;
    let mut named = MerchantServer::answering(200).await;
    let mut providers = MerchantServer::answering(200).await;
    let mut subs = MerchantServer::answering(200).await;
    stage.add_person(10_000).await;
    for (mchid, url) in [(MCHID, &providers.url), (SUB, &subs.url)] {
        stage.add_merchant(mchid).await;
        let (kind, change) = (WebhookKind::Refund, WebhookChange::Put(url.clone()));
        stage.engine.run(SetWebhook { mchid: mchid.into(), kind, change }).await.unwrap();
    }
    let (sub_mchid, state) = (SUB.to_owned(), SubMerchantState::Active);
    let bind = BindSubMerchant { mchid: MCHID.into(), sub_mchid, state };
    stage.engine.run(bind).await.unwrap();
    let partner = Partner { sub_mchid: SUB.into(), sub_appid: None, sub_openid: None };
    let order = CreateOrder { partner: Some(partner), notify_url: None, ..place("") };
    stage.engine.run(order.clone()).await.unwrap();
    stage.engine.run(pay()).await.unwrap();
    reversed(&stage).await;
    stage.advance(MINUTE).await;
    let worker = stage.start_worker("one");
    stage.engine.run(testing::refund(&order, "R1", fen(100))).await.unwrap();
    let told = providers.next().await.open();
    assert_eq!(told.event_type, "REFUND.SUCCESS");
    let told: Value = serde_json::from_slice(&told.resource).unwrap();
    assert_eq!((&told["out_refund_no"], &told["sub_mchid"]), (&"R1".into(), &SUB.into()));
    stage.advance(MINUTE).await;
    let notify_url = Some(named.url.clone());
    let refund = CreateRefund { notify_url, ..testing::refund(&order, "R2", fen(100)) };
    stage.engine.run(refund).await.unwrap();
    assert_eq!(named.next().await.open().event_type, "REFUND.SUCCESS");
    worker.stop().await;
    assert!(named.is_quiet() && providers.is_quiet() && subs.is_quiet());
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_flaw_leaves_a_notification_as_it_was_but_for_its_signature() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    stage.add_person(10_000).await;
    stage.add_merchant(MCHID).await;
    let worker = stage.start_worker("one");
    stage.engine.run(place(&server.url)).await.unwrap();
    stage.engine.run(pay()).await.unwrap();
    let right = server.next().await;
    assert_eq!(right.open().event_type, "TRANSACTION.SUCCESS");
    let courier = worker.courier().unwrap();
    let fact = stage.all::<domain::fact::Fact>().await.pop().unwrap();
    let again = async |flaw| courier.send(fact.batch, fact.place, flaw).await;
    assert_eq!(again(Flaw::None).await, "acknowledged");
    assert_eq!(server.next().await.open().event_type, "TRANSACTION.SUCCESS");
    let careless = "acknowledged, but a merchant that checks signatures refuses it";
    assert_eq!(again(Flaw::Signature).await, careless);
    let probe = server.next().await;
    let (signature, other) =
        (&probe.headers["wechatpay-signature"], &right.headers["wechatpay-signature"]);
    assert!(signature.starts_with("WECHATPAY/SIGNTEST/") && !probe.is_signed(), "{signature}");
    assert_eq!(signature.len(), other.len());
    assert_eq!(open(&probe.body, &apiv3_key()).unwrap().event_type, "TRANSACTION.SUCCESS");
    server.now_answers(401);
    assert_eq!(again(Flaw::Body).await, "status 401");
    let damaged = server.next().await;
    assert!(!damaged.is_signed() && right.is_signed());
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_combined_payment_is_told_once_with_all_its_parts() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    stage.add_person(10_000).await;
    stage.add_merchant(MCHID).await;
    let part = |number: &str, minor: i64| PartAsked {
        mchid: MCHID.into(),
        partner: None,
        out_trade_no: number.into(),
        description: "Tea".into(),
        amount: fen(minor),
        attach: None,
        profit_sharing: ProfitSharing::No,
    };
    let combined = CreateCombinedOrder {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_trade_no: "C0001".into(),
        trade_type: TradeType::Native,
        notify_url: server.url.clone(),
        time_expire: None,
        openid: None,
        device_id: None,
        parts: vec![part("T0001", 200), part("T0002", 300)],
        cards_taken: CardsTaken::All,
        takes_balance: true,
        fingerprint: [1; 32],
        prepay_id: "wxT0001".into(),
    };
    let worker = stage.start_worker("one");
    stage.engine.run(combined).await.unwrap();
    stage.engine.run(pay()).await.unwrap();
    let paid = server.next().await.open();
    assert_eq!(paid.event_type, "TRANSACTION.SUCCESS");
    let order: Value = serde_json::from_slice(&paid.resource).unwrap();
    assert_eq!(order["combine_out_trade_no"], "C0001");
    assert_eq!(order["combine_transaction_id"], "4200202611200000000000000001");
    assert_eq!(order["sub_orders"][1]["transaction_id"], "4200202611200000000000000003");
    assert_eq!(order["sub_orders"][1]["amount"]["total_amount"], 300);
    let last = stage.all::<domain::fact::Fact>().await.pop().unwrap();
    let told = (last.batch, last.place);
    stage.until("the cursor rises", async || cursor(&stage, MCHID).await == told).await;
    assert!(server.is_quiet());
    worker.stop().await;
    stage.check_ledger().await;
}

#[tokio::test]
async fn a_merchant_hears_its_own_message_again() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    stage.add_merchant(MCHID).await;
    let worker = stage.start_worker("one");
    let echo = EchoSecurity {
        mchid: MCHID.into(),
        number: "1".into(),
        message: "hello".into(),
        notify_url: server.url.clone(),
    };
    stage.engine.run(echo).await.unwrap();
    let told = server.next().await.open();
    assert_eq!(told.event_type, "SECURITY_ECHO.SUCCESS");
    assert_eq!(told.resource, br#"{"echo_message":"hello"}"#);
    worker.stop().await;
}

#[tokio::test]
async fn one_dead_merchant_delays_nobody_else() {
    let stage = Stage::new().await;
    let dead = MerchantServer::answering(0).await;
    stage.add_paid("1900000009", &dead, 400).await;
    let mut others = Vec::new();
    for mchid in ["1900000001", "1900000002", "1900000003"] {
        let server = MerchantServer::answering(204).await;
        stage.add_paid(mchid, &server, 20).await;
        others.push(server);
    }
    let worker = stage.start_worker("one");
    for server in &mut others {
        for _ in 0..20 {
            server.next().await.open();
        }
    }
    // The dead one is owed everything: what found its queue full already waits to be tried again.
    let put_off = async || !stage.all::<Retry>().await.is_empty();
    stage.until("the rest is put off", put_off).await;
    assert!(stage.all::<Retry>().await.iter().all(|retry| retry.mchid == "1900000009"));
    drop(worker);
}

#[tokio::test]
async fn after_a_restart_what_was_not_acknowledged_is_told_again_under_the_same_id() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(0).await;
    stage.add_paid(MCHID, &server, 1).await;
    let first = stage.start_worker("one");
    let id = server.next().await.open().id;
    drop(first);
    server.now_answers(200);
    stage.advance(31 * SECOND).await;
    let second = stage.start_worker("two");
    assert_eq!(server.next().await.open().id, id);
    stage.until("the cursor rises", async || cursor(&stage, MCHID).await.1 == 1).await;
    second.stop().await;
    let third = stage.start_worker("three");
    stage.add_facts(MCHID, &server, 2..=2).await;
    assert_ne!(server.next().await.open().id, id, "what was acknowledged is not told again");
    third.stop().await;
}

#[tokio::test]
async fn a_fact_whose_lease_was_lost_is_told_by_the_next_holder_under_the_same_id() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(0).await;
    stage.add_paid(MCHID, &server, 1).await;
    let paused = stage.start_worker("paused");
    let id = server.next().await.open().id;
    // The first process holds still for longer than its lease; another takes its slots.
    stage.advance(31 * SECOND).await;
    let take = HoldSlots { holder: "other".into(), cursors: Vec::new(), release: false };
    assert_eq!(stage.engine.run(take).await.unwrap().len(), 64);
    server.now_answers(200);
    let other = stage.start_worker("other");
    assert_eq!(server.next().await.open().id, id);
    stage.until("the cursor rises", async || cursor(&stage, MCHID).await.1 == 1).await;
    other.stop().await;
    drop(paused);
}
