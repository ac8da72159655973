//! How often one merchant may call: what is above its rate, and whom it does not concern.

use crate::sandbox::sandbox_with;
use crate::tills::{REVERSE, Till, refusal};
use crate::world::{Answer, World};
use apiv3::v2::SignType;
use domain::payment_code::Digits;
use jiaozi_http::merchant::{Family, MerchantLimiter};
use jiaozi_http::rate_limit::AddressLimiter;
use jiaozi_http::sandbox::{HeldBack, Signature};
use serde_json::json;
use std::sync::Arc;

const XML_REFUND: &str = "/secapi/pay/refund";
const NATIVE: &str = "/v3/pay/transactions/native";
const TOO_MANY: (&str, &str) = ("FREQUENCY_LIMITED", "频率超限");

/// Nothing is bounded but these families.
fn bounded(rates: &'static [(Family, u32)]) -> Arc<MerchantLimiter> {
    let rate = |family| rates.iter().find(|(bounded, _)| *bounded == family);
    Arc::new(MerchantLimiter::new(|family| rate(family).map_or(0, |(_, rate)| *rate)))
}

async fn place(world: &World, number: &str) -> Answer {
    world.post(NATIVE, &world.order(number)).await
}

#[track_caller]
fn is_held_back(answer: &Answer, code: &str) {
    answer.refuses(429, code, "too many requests");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_merchant_places_so_many_orders_a_second_and_others_are_not_affected() {
    let world = World::with(|app| app.limits.merchants = bounded(&[(Family::Orders, 2)])).await;
    let other = world.add_merchant("Book shop").await;
    let body = world.order("T2026-0001").to_string();
    for _ in 0..5 {
        let mut forged = world.signed(&other, ("POST", NATIVE), body.as_bytes());
        let header = forged.headers()["authorization"].to_str().unwrap();
        let header = header.replace(&other.made.mchid, &world.merchant.made.mchid);
        forged.headers_mut().insert("authorization", header.parse().unwrap());
        assert_eq!(world.send(forged).await.status, 401, "who did not sign uses nothing up");
    }
    assert_eq!(place(&world, "T2026-0001").await.status, 200);
    assert_eq!(place(&world, "T2026-0002").await.status, 200);
    is_held_back(&place(&world, "T2026-0003").await, "FREQUENCY_LIMITED");
    let combined = world.post("/v3/combine-transactions/native", &json!({})).await;
    is_held_back(&combined, "FREQUENCY_LIMITED");
    let mchid = &world.merchant.made.mchid;
    let state = |number: &str| format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}");
    assert_eq!(world.get(&state("T2026-0001")).await.status, 200, "another family");
    assert_eq!(world.get(&state("T2026-0003")).await.status, 404, "nothing was done");
    let mut order = world.order("T2026-0003");
    order["mchid"] = json!(other.made.mchid);
    order["appid"] = json!(other.made.appid);
    let signed = world.signed(&other, ("POST", NATIVE), order.to_string().as_bytes());
    assert_eq!(world.send(signed).await.status, 200, "another merchant");
    world.wait(1);
    assert_eq!(place(&world, "T2026-0003").await.status, 200);
    world.check_books().await;
}

#[tokio::test]
async fn profit_sharing_spells_it_its_own_way_and_one_signature_serves_a_second() {
    let rates = bounded(&[(Family::ProfitSharing, 1), (Family::Others, 1)]);
    let world = World::with(|app| app.limits.merchants = rates).await;
    let share = async || world.post("/v3/profitsharing/orders", &json!({})).await;
    assert_eq!(share().await.status, 400);
    let (one, two) = (share().await, share().await);
    is_held_back(&one, "RATELIMIT_EXCEED");
    let signature = "wechatpay-signature";
    assert_eq!(one.header(signature), two.header(signature));
    let target = "/v3/profitsharing/orders";
    let mut chinese = world.signed(&world.merchant, ("POST", target), b"{}");
    chinese.headers_mut().remove("accept-language");
    assert_eq!(world.send(chinese).await.json()["message"], TOO_MANY.1, "signed for itself");
    assert_eq!(world.get("/v3/nothing").await.status, 404);
    is_held_back(&world.get("/v3/certificates").await, "FREQUENCY_LIMITED");
}

#[tokio::test]
async fn a_till_is_told_in_xml_and_counts_to_the_same_rate() {
    let rates = bounded(&[(Family::CodePayments, 1), (Family::Closes, 1)]);
    let world = World::with(|app| app.limits.merchants = rates).await;
    let till = Till::of(world, SignType::Md5).await;
    let code = till.world.code(Digits::Hidden).await;
    let charged = till.world.post("/v3/pay/transactions/codepay", &json!({})).await;
    assert_eq!(charged.status, 400);
    assert_eq!(refusal(&till.micropay("T1", &code).await), TOO_MANY);
    let close = "/v3/pay/transactions/out-trade-no/T2026-0001/close";
    let mchid = &till.world.merchant.made.mchid;
    assert_eq!(till.world.post(close, &json!({ "mchid": mchid })).await.status, 404);
    let reversal = till.ask(REVERSE, &[("out_trade_no", "T1")]).await;
    assert_eq!((refusal(&reversal), reversal["recall"].as_str()), (TOO_MANY, "Y"));
    till.world.wait(1);
    assert_eq!(till.micropay("T1", &code).await["result_code"], "SUCCESS", "the code was not used");
    till.world.check_books().await;
}

const REFUNDS: &str = "/v3/refund/domestic/refunds";

#[tokio::test]
async fn a_merchant_whose_refunds_fail_waits_and_who_does_it_right_does_not() {
    let rates = bounded(&[(Family::FailedRefunds, 2)]);
    let till = Till::of(World::with(|app| app.limits.merchants = rates).await, SignType::Md5).await;
    let world = &till.world;
    world.paid("T2026-0001").await;
    let back =
        async |refund: &str| world.post(REFUNDS, &world.refund("T2026-0001", refund, 400)).await;
    for _ in 0..3 {
        assert_eq!(back("R1").await.status, 200, "what succeeds takes nothing");
    }
    back("R2").await.refuses(429, "FREQUENCY_LIMITED", "too many requests");
    assert_eq!(world.post(REFUNDS, &json!({})).await.status, 400, "a field is wrong");
    is_held_back(&back("R1").await, "FREQUENCY_LIMITED");
    let in_xml = [
        ("out_trade_no", "T2026-0001"),
        ("out_refund_no", "R1"),
        ("total_fee", "1000"),
        ("refund_fee", "400"),
    ];
    assert_eq!(refusal(&till.ask(XML_REFUND, &in_xml).await), TOO_MANY, "the same over XML");
    world.wait(1);
    for _ in 0..2 {
        let unknown = [&in_xml[1..], &[("out_trade_no", "T2026-0404")]].concat();
        assert_eq!(refusal(&till.ask(XML_REFUND, &unknown).await).0, "ORDERNOTEXIST");
    }
    is_held_back(&back("R1").await, "FREQUENCY_LIMITED");
    world.wait(1);
    world.advance(60).await;
    assert_eq!(back("R2").await.status, 200, "nothing was done when it was held back");
    world.check_books().await;
}

#[tokio::test]
async fn refunds_of_old_orders_have_a_rate_of_their_own() {
    let rates = bounded(&[(Family::OldRefunds, 1)]);
    let till = Till::of(World::with(|app| app.limits.merchants = rates).await, SignType::Md5).await;
    let world = &till.world;
    world.paid("T2026-0001").await;
    let old = world.paid("T2026-0002").await;
    world.advance(30 * 86_400 + 1).await;
    world.paid("T2026-0003").await;
    let back = async |order: &str, refund: &str| {
        world.post(REFUNDS, &world.refund(order, refund, 400)).await
    };
    for _ in 0..2 {
        assert_eq!(back("T2026-0003", "R3").await.status, 200, "not old");
    }
    assert_eq!(back("T2026-0001", "R1").await.status, 200);
    let mut second = world.refund("T2026-0002", "R2", 400);
    second["transaction_id"] = json!(old);
    let held_back = world.post(REFUNDS, &second).await;
    held_back.refuses(429, "FREQUENCY_LIMITED", "too many requests");
    assert_eq!(held_back.header("retry-after"), "60");
    let in_xml = [
        ("transaction_id", old.as_str()),
        ("out_refund_no", "R2"),
        ("total_fee", "1000"),
        ("refund_fee", "400"),
    ];
    assert_eq!(refusal(&till.ask(XML_REFUND, &in_xml).await), TOO_MANY);
    assert_eq!(back("T2026-0003", "R3").await.status, 200, "not old");
    assert_eq!(back("T2026-0404", "R4").await.status, 404, "there is none");
    world.wait(60);
    assert_eq!(world.post(REFUNDS, &second).await.status, 200, "nothing was done before");
    world.check_books().await;
}

#[tokio::test]
async fn the_inspector_tells_who_called_too_often_and_what_the_signature_was() {
    let world = sandbox_with(|app| {
        app.limits.merchants = bounded(&[(Family::Orders, 1)]);
        app.limits.anonymous = Some(Arc::new(AddressLimiter::new(1, 1)));
    })
    .await;
    let inspector = world.app.inspector.clone().unwrap();
    let body = world.order("T2026-0001").to_string();
    let seen = async |request| {
        let status = world.send(request).await.status;
        let call = &inspector.calls()[0];
        (status, call.signature, call.held_back)
    };
    let sign = || world.signed(&world.merchant, ("POST", NATIVE), body.as_bytes());
    assert_eq!(seen(sign()).await, (200, Signature::Right, None));
    assert_eq!(seen(sign()).await, (429, Signature::Right, Some(HeldBack::Merchant)));
    let unsigned = || world.bare("POST", NATIVE, body.as_bytes());
    assert_eq!(seen(unsigned()).await, (401, Signature::Missing, None));
    let held_back = Some(HeldBack::Address);
    assert_eq!(seen(unsigned()).await, (429, Signature::Missing, held_back));
    let mut nameless = sign();
    nameless.headers_mut().remove("user-agent");
    assert_eq!(seen(nameless).await, (429, Signature::NotChecked, held_back));
    let mut wrong = sign();
    *wrong.uri_mut() = "/v3/pay/transactions/app".parse().unwrap();
    assert_eq!(seen(wrong).await, (429, Signature::Wrong, held_back));
}
