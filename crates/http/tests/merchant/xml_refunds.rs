//! Refunds over the XML interface, and service providers who use it.

use crate::partner::provider;
use crate::tills::{Till, refusal};
use crate::world::BALANCE;
use apiv3::v2::SignType;
use domain::payment_code::Digits;

const MICROPAY: &str = "/pay/micropay";
const REFUND: &str = "/secapi/pay/refund";
const REFUND_QUERY: &str = "/pay/refundquery";

type Pair<'a> = (&'a str, &'a str);

/// A refund of an order of 10.00.
fn back<'a>(order: &'a str, number: &'a str, fen: &'a str) -> [Pair<'a>; 4] {
    [("out_trade_no", order), ("out_refund_no", number), ("total_fee", "1000"), ("refund_fee", fen)]
}

#[tokio::test]
async fn an_order_is_named_by_both_of_its_numbers_or_by_one() {
    let till = Till::new(SignType::Md5).await;
    let transaction_id = till.world.paid("T2026-0001").await;
    till.world.paid("T2026-0002").await;
    for (number, code) in [("T2026-0002", "INVALID_REQUEST"), ("T2026-0001", "")] {
        let ours = [("transaction_id", transaction_id.as_str())];
        let told = till.ask(REFUND, &[&back(number, "R1", "400")[..], &ours].concat()).await;
        assert_eq!(told.get("err_code").map_or("", |code| code), code, "{number}");
    }
    assert_eq!(till.world.payer_balance().await, BALANCE - 1_600);
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_asked_for_in_xml_goes_back_and_can_be_asked_for() {
    for kind in [SignType::Md5, SignType::HmacSha256] {
        let till = Till::new(kind).await;
        let transaction_id = till.world.paid("T2026-0001").await;
        let asked = back("T2026-0001", "R1", "400");
        let asked = [&asked[..], &[("refund_desc", "cold tea")]].concat();
        let first = till.ask(REFUND, &asked).await;
        for (name, text) in [
            ("result_code", "SUCCESS"),
            ("transaction_id", &transaction_id),
            ("out_trade_no", "T2026-0001"),
            ("out_refund_no", "R1"),
            ("refund_fee", "400"),
            ("cash_refund_fee", "400"),
            ("total_fee", "1000"),
            ("cash_fee", "1000"),
            ("fee_type", "CNY"),
        ] {
            assert_eq!(first[name], text, "{name}");
        }
        let again = till.ask(REFUND, &asked).await;
        assert_eq!(again["refund_id"], first["refund_id"], "the same refund");
        let by_payment = [
            ("transaction_id", transaction_id.as_str()),
            ("out_refund_no", "R1"),
            ("total_fee", "1000"),
            ("refund_fee", "400"),
            ("refund_account", "REFUND_SOURCE_RECHARGE_FUNDS"),
        ];
        let again = till.ask(REFUND, &by_payment).await;
        assert_eq!(again["refund_id"], first["refund_id"], "the sums and the order decide");
        let json = till.world.refund("T2026-0001", "R1", 400);
        let json = till.world.post("/v3/refund/domestic/refunds", &json).await;
        assert_eq!(json.json()["refund_id"], first["refund_id"], "also over JSON");
        assert_eq!(till.world.payer_balance().await, BALANCE - 600);
        till.world.wait(60);
        let by_payment = [
            ("transaction_id", transaction_id.as_str()),
            ("out_refund_no", "R2"),
            ("total_fee", "1000"),
            ("refund_fee", "600"),
        ];
        till.ask(REFUND, &by_payment).await;
        let all = till.ask(REFUND_QUERY, &[("out_trade_no", "T2026-0001")]).await;
        for (name, text) in [
            ("refund_count", "2"),
            ("total_refund_count", "2"),
            ("out_refund_no_0", "R1"),
            ("refund_id_0", &first["refund_id"]),
            ("refund_status_0", "SUCCESS"),
            ("refund_success_time_0", "2026-11-21 10:00:00"),
            ("refund_recv_accout_0", "支付用户零钱"),
            ("out_refund_no_1", "R2"),
            ("refund_fee_1", "600"),
        ] {
            assert_eq!(all[name], text, "{name}");
        }
        for one in [("refund_id", first["refund_id"].as_str()), ("out_refund_no", "R1")] {
            let found = till.ask(REFUND_QUERY, &[one]).await;
            assert_eq!((&*found["refund_count"], &*found["out_refund_no_0"]), ("1", "R1"));
        }
        let second = [("transaction_id", transaction_id.as_str()), ("offset", "1")];
        let second = till.ask(REFUND_QUERY, &second).await;
        assert_eq!((&*second["refund_count"], &*second["out_refund_no_0"]), ("1", "R2"));
        assert_eq!(till.world.payer_balance().await, BALANCE);
        till.world.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn refunds_that_cannot_be_have_their_codes() {
    let till = Till::new(SignType::Md5).await;
    till.world.place("T2026-0002").await;
    till.world.paid("T2026-0001").await;
    let ask = async |own: &[Pair<'_>]| refusal(&till.ask(REFUND, own).await).0.to_owned();
    assert_eq!(ask(&back("T2026-0404", "R1", "1")).await, "ORDERNOTEXIST");
    assert_eq!(ask(&back("T2026-0002", "R1", "1")).await, "ERROR", "not paid");
    assert_eq!(ask(&back("T2026-0001", "R1", "1001")).await, "ERROR", "too much");
    let other_total = [
        ("out_trade_no", "T2026-0001"),
        ("out_refund_no", "R1"),
        ("total_fee", "999"),
        ("refund_fee", "1"),
    ];
    assert_eq!(ask(&other_total).await, "REFUND_FEE_MISMATCH");
    let other_app = [&back("T2026-0001", "R1", "1")[..], &[("appid", "wx0000000000000000")]];
    assert_eq!(ask(&other_app.concat()).await, "ORDERNOTEXIST", "an order of another app");
    let told = [&back("T2026-0001", "R1", "1")[..], &[("notify_url", "https://10.0.0.1/")]];
    assert_eq!(ask(&told.concat()).await, "PARAM_ERROR");
    assert_eq!(ask(&[("out_trade_no", "T2026-0001")]).await, "PARAM_ERROR");
    till.ask(REFUND, &back("T2026-0001", "R1", "1")).await;
    assert_eq!(ask(&back("T2026-0001", "R1", "2")).await, "REFUND_FEE_MISMATCH", "another one");
    assert_eq!(ask(&back("T2026-0001", "R2", "1")).await, "FREQUENCY_LIMITED");
    let query = async |own: &[Pair<'_>]| refusal(&till.ask(REFUND_QUERY, own).await).0.to_owned();
    for nobody in [
        ("out_refund_no", "R404"),
        ("refund_id", "50404"),
        ("out_trade_no", "T2026-0002"),
        ("transaction_id", "4200404"),
    ] {
        assert_eq!(query(&[nobody]).await, "REFUNDNOTEXIST", "{nobody:?}");
    }
    let beyond = [("out_trade_no", "T2026-0001"), ("offset", "1")];
    assert_eq!(query(&beyond).await, "PARAM_ERROR");
    assert_eq!(query(&[]).await, "PARAM_ERROR");
    assert_eq!(till.world.payer_balance().await, BALANCE - 999);
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_service_provider_does_all_of_it_for_a_sub_merchant() {
    let (world, sub) = provider().await;
    let till = Till::of(world, SignType::HmacSha256).await;
    let (sub_mchid, sub_appid) = (sub.made.mchid.as_str(), sub.made.appid.as_str());
    let code = till.world.code(Digits::Hidden).await;
    let charge = [
        ("body", "noodles"),
        ("out_trade_no", "T1"),
        ("total_fee", "1000"),
        ("spbill_create_ip", "192.0.2.1"),
        ("auth_code", code.as_str()),
        ("sub_mch_id", sub_mchid),
        ("sub_appid", sub_appid),
    ];
    let paid = till.ask(MICROPAY, &charge).await;
    assert_eq!((&*paid["result_code"], &*paid["sub_mch_id"]), ("SUCCESS", sub_mchid), "{paid:?}");
    assert!(paid.contains_key("sub_openid") && paid["sub_appid"] == sub_appid);
    let asked = [("out_trade_no", "T1"), ("sub_mch_id", sub_mchid)];
    assert_eq!(till.ask("/pay/orderquery", &asked).await["trade_state"], "SUCCESS");
    assert_eq!(refusal(&till.ask("/pay/orderquery", &asked[..1]).await).0, "ORDERNOTEXIST");
    let refund = back("T1", "R1", "400");
    assert_eq!(refusal(&till.ask(REFUND, &refund).await).0, "ORDERNOTEXIST", "not its own");
    let refund = [&refund[..], &[("sub_mch_id", sub_mchid)]].concat();
    let made = till.ask(REFUND, &refund).await;
    assert_eq!((&*made["result_code"], &*made["refund_fee"]), ("SUCCESS", "400"), "{made:?}");
    let number = [("out_refund_no", "R1")];
    assert_eq!(refusal(&till.ask(REFUND_QUERY, &number).await).0, "REFUNDNOTEXIST");
    let number = [number[0], ("sub_mch_id", sub_mchid)];
    assert_eq!(till.ask(REFUND_QUERY, &number).await["refund_status_0"], "SUCCESS");
    // The payer takes another order, which is reversed.
    let code = till.world.code(Digits::Hidden).await;
    let mut charge = charge;
    (charge[1], charge[4]) = (("out_trade_no", "T2"), ("auth_code", code.as_str()));
    assert_eq!(till.ask(MICROPAY, &charge).await["result_code"], "SUCCESS");
    let reversal = [("out_trade_no", "T2"), ("sub_mch_id", sub_mchid)];
    let alone = till.ask("/secapi/pay/reverse", &reversal[..1]).await;
    assert_eq!((refusal(&alone).0, &*alone["recall"]), ("ORDERNOTEXIST", "N"));
    let reversed = till.ask("/secapi/pay/reverse", &reversal).await;
    assert_eq!((&*reversed["result_code"], &*reversed["recall"]), ("SUCCESS", "N"));
    let mut nobody = charge;
    (nobody[1], nobody[5]) = (("out_trade_no", "T3"), ("sub_mch_id", "1900000009"));
    assert_eq!(refusal(&till.ask(MICROPAY, &nobody).await).0, "NOAUTH");
    assert_eq!(till.world.payer_balance().await, BALANCE - 600);
    till.world.assert_books_are_right().await;
}
