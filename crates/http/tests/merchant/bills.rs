//! Bills of a day: what they hold, that they agree with the ledger, and when they are there.

use crate::world::{Answer, Party, World};
use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use domain::ledger::{AccountPath, Entry, OwnerKind, Purpose};
use domain::merchant::{AddAppid, BindSubMerchant, SubMerchantState};
use domain::payment_code::Digits;
use flate2::read::GzDecoder;
use kernel::Currency;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;
use std::net::SocketAddr;
use store::queries::{self, find};
use tower::ServiceExt;

const DAY: i64 = 86_400;

/// Asks for a bill and gives the answer.
async fn ask(world: &World, target: &str) -> Answer {
    world.get(target).await
}

/// Downloads a file without looking for a signature.
async fn download(world: &World, url: &str) -> (u16, String, Vec<u8>) {
    download_as(world, &world.merchant, url).await
}

async fn download_as(world: &World, party: &Party, url: &str) -> (u16, String, Vec<u8>) {
    let target = url.strip_prefix("https://localhost").unwrap();
    let mut request = world.signed(party, ("GET", target), b"");
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    let response = world.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    assert!(parts.status != 200 || parts.headers.get("wechatpay-signature").is_none());
    let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
    (parts.status.as_u16(), kind, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

fn sha1(bytes: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    kernel::id::Hex(hash.as_ref()).to_string()
}

/// A file that was offered, downloaded and checked against its hash.
pub(crate) async fn file(world: &World, target: &str) -> String {
    file_of(world, &world.merchant, target).await
}

/// The same for a merchant.
pub(crate) async fn file_of(world: &World, party: &Party, target: &str) -> String {
    let offer = world.send(world.signed(party, ("GET", target), b"")).await;
    assert_eq!(offer.status, 200, "{offer:?}");
    let offer = offer.json();
    let url = offer["download_url"].as_str().unwrap();
    let (status, kind, bytes) = download_as(world, party, url).await;
    assert_eq!((status, kind.as_str()), (200, "text/plain; charset=utf-8"));
    assert_eq!((&offer["hash_type"], &offer["hash_value"]), (&json!("SHA1"), &json!(sha1(&bytes))));
    String::from_utf8(bytes).unwrap()
}

/// The cells of the lines of data, and those of the summary.
pub(crate) fn cells(file: &str) -> (Vec<Vec<String>>, Vec<String>) {
    let lines: Vec<&str> = file.trim_end().split("\r\n").collect();
    let read = |line: &&str| {
        let line = line.strip_prefix('`').unwrap();
        line.split(",`").map(str::to_owned).collect::<Vec<String>>()
    };
    let (rows, summary) = lines.split_at(lines.len() - 2);
    (rows[1..].iter().map(read).collect(), read(&summary[1]))
}

pub(crate) fn fen(yuan: &str) -> i64 {
    yuan.replace('.', "").parse().unwrap()
}

async fn account(world: &World, purpose: Purpose) -> Option<i64> {
    let key = (OwnerKind::Merchant, world.merchant.made.mchid.clone(), purpose, Currency::Cny);
    find::<AccountPath>(world.app.queries.as_ref(), &key).await.unwrap().map(|path| path.number)
}

/// What the ledger says moved on an account, journals after `from` on.
async fn moved(world: &World, purpose: Purpose, from: i64) -> i64 {
    let Some(account) = account(world, purpose).await else { return 0 };
    let parameters = [account, from].map(queries::Value::Int).to_vec();
    let entries = queries::select::<Entry>(
        world.app.queries.as_ref(),
        "account = $1 AND journal > $2",
        parameters,
    );
    entries.await.unwrap().iter().map(|entry| entry.amount).sum()
}

/// Three payments, of which one waits for sharing, and two refunds, on the first day.
async fn day_of_business() -> World {
    let world = World::with_fee(60).await;
    world.paid("T2026-0001").await;
    world.paid("T2026-0002").await;
    let mut order = world.order("T2026-0003");
    order["settle_info"] = json!({"profit_sharing": true});
    let placed = world.post("/v3/pay/transactions/native", &order).await.json();
    let url = placed["code_url"].as_str().unwrap();
    world.pay(apiv3::create::parse_code_url(url).unwrap()).await;
    world.advance(60).await;
    for (order, number, fen) in [("T2026-0001", "R1", 400), ("T2026-0003", "R3", 1_000)] {
        let body: Value = world.refund(order, number, fen);
        assert_eq!(world.post("/v3/refund/domestic/refunds", &body).await.status, 200);
    }
    world
}

#[tokio::test]
async fn a_trade_bill_adds_up_to_what_the_ledger_moved() {
    let world = day_of_business().await;
    world.advance(DAY).await;
    world.paid("T2026-0009").await;
    let bill = file(&world, "/v3/bill/tradebill?bill_date=2026-11-21").await;
    let (rows, summary) = cells(&bill);
    let numbers: Vec<(&str, &str)> =
        rows.iter().map(|row| (row[6].as_str(), row[9].as_str())).collect();
    assert_eq!(
        numbers,
        [
            ("T2026-0001", "SUCCESS"),
            ("T2026-0002", "SUCCESS"),
            ("T2026-0003", "SUCCESS"),
            ("T2026-0001", "REFUND"),
            ("T2026-0003", "REFUND"),
        ]
    );
    assert!(rows.iter().all(|row| row.len() == 27 && row[23] == "0.60%"), "{rows:?}");
    assert_eq!(summary, ["5", "30.00", "14.00", "0.00", "0.10", "30.00", "14.00"]);
    let net = rows.iter().map(|row| fen(&row[12]) - fen(&row[16]) - fen(&row[22])).sum::<i64>();
    let later = 994; // The payment of the second day.
    let ledger =
        moved(&world, Purpose::Balance, 0).await + moved(&world, Purpose::Unsettled, 0).await;
    assert_eq!(net, ledger - later);
    let (paid, _) =
        cells(&file(&world, "/v3/bill/tradebill?bill_date=2026-11-21&bill_type=SUCCESS").await);
    assert!(paid.len() == 3 && paid.iter().all(|row| row.len() == 20));
    let (back, _) =
        cells(&file(&world, "/v3/bill/tradebill?bill_date=2026-11-21&bill_type=REFUND").await);
    assert!(back.len() == 2 && back.iter().all(|row| row.len() == 29));
}

#[tokio::test]
async fn a_fund_flow_bill_follows_the_balance_line_by_line() {
    let world = day_of_business().await;
    world.advance(DAY).await;
    let bill = file(&world, "/v3/bill/fundflowbill?bill_date=2026-11-21").await;
    let (rows, summary) = cells(&bill);
    let mut balance = 0;
    for row in &rows {
        balance += if row[5] == "收入" { fen(&row[6]) } else { -fen(&row[6]) };
        assert_eq!(fen(&row[7]), balance, "{row:?}");
    }
    assert_eq!(balance, moved(&world, Purpose::Balance, 0).await);
    let kinds: Vec<&str> = rows.iter().map(|row| row[4].as_str()).collect();
    let fee = "扣除交易手续费";
    assert_eq!(kinds, ["交易", fee, "交易", fee, "退款"]);
    assert_eq!(rows[4][9], "退款总金额4.00元;含手续费0.02元");
    assert_eq!(summary, ["5", "2", "20.00", "3", "4.10"]);
}

#[tokio::test]
async fn payments_by_code_and_a_reversal_are_in_both_bills() {
    let world = World::with_fee(60).await;
    world.turn_on_codes().await;
    for number in ["T2026-0001", "T2026-0002"] {
        let code = world.code(Digits::Hidden).await;
        assert_eq!(world.charge(number, &code).await.status, 200);
    }
    world.wait(15);
    assert_eq!(world.reverse("T2026-0001").await.status, 200);
    world.advance(DAY).await;
    let (rows, summary) = cells(&file(&world, "/v3/bill/tradebill?bill_date=2026-11-21").await);
    let told: Vec<_> = rows.iter().map(|row| (&*row[6], &*row[8], &*row[9])).collect();
    assert_eq!(
        told,
        [
            ("T2026-0001", "MICROPAY", "SUCCESS"),
            ("T2026-0002", "MICROPAY", "SUCCESS"),
            ("T2026-0001", "MICROPAY", "REVOKED"),
        ]
    );
    assert_eq!(summary, ["3", "20.00", "10.00", "0.00", "0.06", "20.00", "10.00"]);
    let net = rows.iter().map(|row| fen(&row[12]) - fen(&row[16]) - fen(&row[22])).sum::<i64>();
    assert_eq!(net, moved(&world, Purpose::Balance, 0).await);
    let (rows, _) = cells(&file(&world, "/v3/bill/fundflowbill?bill_date=2026-11-21").await);
    let kinds: Vec<_> = rows.iter().map(|row| (&*row[4], &*row[7])).collect();
    let fee = "扣除交易手续费";
    assert_eq!(
        kinds,
        [("交易", "10.00"), (fee, "9.94"), ("交易", "19.94"), (fee, "19.88"), ("退款", "9.94")]
    );
    world.assert_books_are_right().await;
}

/// One payment: two orders of the merchant, of which one is for sharing, one of another merchant,
/// and one that the other placed for it; and that one's refund.
async fn day_of_combining() -> World {
    let world = World::with_fee(60).await;
    let other = world.add_merchant("Noodle shop").await;
    let (mchid, appid) = (world.merchant.made.mchid.clone(), world.merchant.made.appid.clone());
    let provider = other.made.mchid.clone();
    let share = AddAppid { mchid: provider.clone(), appid: appid.clone() };
    world.app.engine.run(share).await.unwrap();
    let (sub_mchid, state) = (mchid.clone(), SubMerchantState::Active);
    let bind = BindSubMerchant { mchid: provider.clone(), sub_mchid, state };
    world.app.engine.run(bind).await.unwrap();
    let part = |mchid: &str, number: &str, fen: i64| {
        json!({
            "mchid": mchid, "out_trade_no": number, "description": "茶", "attach": "7",
            "amount": { "total_amount": fen, "currency": "CNY" },
        })
    };
    let mut shared = part(&mchid, "T2026-0002", 200);
    shared["settle_info"] = json!({ "profit_sharing": true });
    let mut served = part(&provider, "T2026-0004", 300);
    served["sub_mchid"] = json!(mchid);
    let body = json!({
        "combine_appid": appid, "combine_mchid": mchid, "combine_out_trade_no": "C2026-0001",
        "notify_url": "https://tea.example.com/notify",
        "sub_orders": [
            part(&mchid, "T2026-0001", 400), shared, part(&provider, "T2026-0003", 100), served,
        ],
    });
    let placed = world.post("/v3/combine-transactions/native", &body).await.json();
    let url = placed["code_url"].as_str().unwrap();
    world.pay(apiv3::create::parse_code_url(url).unwrap()).await;
    world.advance(60).await;
    let refund = json!({
        "sub_mchid": mchid, "out_trade_no": "T2026-0004", "out_refund_no": "R4",
        "amount": { "refund": 300, "total": 300, "currency": "CNY" },
    })
    .to_string();
    let target = ("POST", "/v3/refund/domestic/refunds");
    let refunded = world.send(world.signed(&other, target, refund.as_bytes())).await;
    assert_eq!(refunded.status, 200, "{refunded:?}");
    world.advance(DAY).await;
    world
}

#[tokio::test]
async fn parts_of_a_combined_payment_are_lines_in_the_bill_of_who_was_paid() {
    let world = day_of_combining().await;
    let (rows, _) = cells(&file(&world, "/v3/bill/tradebill?bill_date=2026-11-21").await);
    let own = world.merchant.made.mchid.as_str();
    let named: Vec<(&str, &str, bool)> =
        rows.iter().map(|row| (row[6].as_str(), row[9].as_str(), row[3] == own)).collect();
    assert_eq!(
        named,
        [
            ("T2026-0001", "SUCCESS", false),
            ("T2026-0002", "SUCCESS", false),
            ("T2026-0004", "SUCCESS", true),
            ("T2026-0004", "REFUND", true),
        ]
    );
    let provider = rows[3][2].clone();
    let net = rows.iter().map(|row| fen(&row[12]) - fen(&row[16]) - fen(&row[22])).sum::<i64>();
    let balance = moved(&world, Purpose::Balance, 0).await;
    assert_eq!(net, balance + moved(&world, Purpose::Unsettled, 0).await);
    let (rows, _) = cells(&file(&world, "/v3/bill/fundflowbill?bill_date=2026-11-21").await);
    let mut running = 0;
    for row in &rows {
        running += if row[5] == "收入" { fen(&row[6]) } else { -fen(&row[6]) };
        assert_eq!(fen(&row[7]), running, "{row:?}");
    }
    assert_eq!(running, balance);
    let numbers: BTreeSet<&str> = rows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!((rows.len(), numbers.len()), (5, 5), "{rows:?}");
    assert_eq!((&*rows[4][10], &rows[4][8]), ("R4", &format!("{provider}API")), "who asked");
    world.check_books().await;
}

#[tokio::test]
async fn a_provider_reads_of_all_whom_it_serves_and_of_nobody_else() {
    let world = World::with_fee(60).await;
    let mchid = world.merchant.made.mchid.clone();
    let (first, second) = (world.add_merchant("Noodles").await, world.add_merchant("Buns").await);
    let rival = world.add_merchant("Rival").await;
    let bind = async |provider: &Party, sub: &Party, state| {
        let (mchid, sub_mchid) = (provider.made.mchid.clone(), sub.made.mchid.clone());
        world.app.engine.run(BindSubMerchant { mchid, sub_mchid, state }).await.unwrap();
    };
    let order = async |asks: &Party, pays: &Party, number: &str| {
        let mut body = json!({
            "sp_appid": asks.made.appid, "sp_mchid": asks.made.mchid, "description": "茶",
            "sub_mchid": pays.made.mchid, "out_trade_no": number,
            "notify_url": "https://tea.example.com/notify", "amount": { "total": 1_000 },
        });
        body["settle_info"] = json!({ "profit_sharing": number.ends_with('2') });
        let target = ("POST", "/v3/pay/partner/transactions/native");
        let body = body.to_string();
        let placed = world.send(world.signed(asks, target, body.as_bytes())).await.json();
        let url = placed["code_url"].as_str().unwrap().to_owned();
        world.pay(apiv3::create::parse_code_url(&url).unwrap()).await;
    };
    for (provider, sub) in [(&world.merchant, &first), (&world.merchant, &second)] {
        bind(provider, sub, SubMerchantState::Active).await;
    }
    bind(&rival, &first, SubMerchantState::Active).await;
    bind(&rival, &world.merchant, SubMerchantState::Active).await;
    order(&world.merchant, &first, "T2026-0001").await;
    order(&world.merchant, &second, "T2026-0002").await;
    order(&rival, &first, "T2026-0003").await;
    order(&rival, &world.merchant, "T2026-0004").await;
    world.paid("T2026-0005").await;
    let mut refund = world.refund("T2026-0002", "R2", 400);
    refund["sub_mchid"] = json!(second.made.mchid);
    world.advance(60).await;
    assert_eq!(world.post("/v3/refund/domestic/refunds", &refund).await.status, 200);
    bind(&world.merchant, &first, SubMerchantState::Ended).await;
    world.advance(DAY).await;
    let (rows, summary) = cells(&file(&world, "/v3/bill/tradebill?bill_date=2026-11-21").await);
    let told: Vec<_> = rows.iter().map(|row| (&*row[6], &*row[2], &*row[3], &*row[9])).collect();
    let (own, rival) = (mchid.as_str(), rival.made.mchid.as_str());
    let (first, second) = (first.made.mchid.as_str(), second.made.mchid.as_str());
    assert_eq!(
        told,
        [
            ("T2026-0001", own, first, "SUCCESS"),
            ("T2026-0002", own, second, "SUCCESS"),
            ("T2026-0004", rival, own, "SUCCESS"),
            ("T2026-0005", own, "0", "SUCCESS"),
            ("T2026-0002", own, second, "REFUND"),
        ]
    );
    assert_eq!((&*summary[0], &*summary[1], &*summary[2]), ("5", "40.00", "4.00"));
    let (rows, _) = cells(&file(&world, "/v3/bill/fundflowbill?bill_date=2026-11-21").await);
    assert_eq!(rows.len(), 4, "its own balance only: {rows:?}");
    let about = |sub: &str| format!("/v3/bill/tradebill?bill_date=2026-11-21&sub_mchid={sub}");
    let (rows, _) = cells(&file(&world, &about(first)).await);
    let told: Vec<_> = rows.iter().map(|row| (&*row[6], &*row[2], &*row[3])).collect();
    assert_eq!(told, [("T2026-0001", own, first)], "also after the end of the relation");
    for stranger in [rival, own] {
        let refused = ask(&world, &about(stranger)).await;
        refused.refuses(403, "NO_AUTH", "merchant lacks this permission");
    }
    world.check_books().await;
}

#[tokio::test]
async fn a_packed_bill_holds_the_same_bytes() {
    let world = day_of_business().await;
    world.advance(DAY).await;
    let target = "/v3/bill/tradebill?bill_date=2026-11-21";
    let plain = file(&world, target).await;
    let offer = ask(&world, &format!("{target}&tar_type=GZIP")).await.json();
    let url = offer["download_url"].as_str().unwrap();
    assert!(url.ends_with("&tartype=gzip"), "{url}");
    let (status, kind, bytes) = download(&world, url).await;
    assert_eq!((status, kind.as_str()), (200, "application/x-gzip"));
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(String::from_utf8(unpacked.clone()).unwrap(), plain);
    assert_eq!(offer["hash_value"], sha1(&unpacked), "the hash is that of the unpacked file");
}

#[tokio::test]
async fn a_bill_is_there_from_nine_on_for_three_months() {
    let world = day_of_business().await;
    let target = "/v3/bill/tradebill?bill_date=2026-11-21";
    ask(&world, target).await.refuses(400, "INVALID_REQUEST", "there is no bill of that day");
    world.advance(14 * 3_600).await;
    ask(&world, target).await.refuses(400, "STATEMENT_CREATING", "the bill is being made");
    world.advance(9 * 3_600).await;
    assert_eq!(ask(&world, target).await.status, 200);
    let empty = ask(&world, "/v3/bill/tradebill?bill_date=2026-11-20").await;
    empty.refuses(400, "NO_STATEMENT_EXIST", "there is no bill of that day");
    for special in ["bill_type=RECHARGE_REFUND", "bill_type=ALL_SPECIAL"] {
        let answer = ask(&world, &format!("{target}&{special}")).await;
        answer.refuses(400, "NO_STATEMENT_EXIST", "there is no bill of that day");
    }
    let fees = ask(&world, "/v3/bill/fundflowbill?bill_date=2026-11-21&account_type=FEES").await;
    fees.refuses(400, "NO_STATEMENT_EXIST", "there is no bill of that day");
    world.advance(93 * DAY).await;
    ask(&world, target).await.refuses(400, "INVALID_REQUEST", "there is no bill of that day");
    let shape = ask(&world, "/v3/bill/tradebill?bill_date=20261121").await;
    assert_eq!((shape.status, &shape.json()["code"]), (400, &json!("PARAM_ERROR")));
}

#[tokio::test]
async fn a_download_is_for_the_merchant_that_asked_and_for_five_minutes() {
    let world = day_of_business().await;
    world.advance(DAY).await;
    let offer = ask(&world, "/v3/bill/tradebill?bill_date=2026-11-21").await.json();
    let url = offer["download_url"].as_str().unwrap();
    let target = url.strip_prefix("https://localhost").unwrap();
    let other = world.add_merchant("Book shop").await;
    let foreign = world.send(world.signed(&other, ("GET", target), b"")).await;
    foreign.refuses(403, "NO_AUTH", "merchant lacks this permission");
    let unsigned = world.send(world.bare("GET", target, b"")).await;
    assert_eq!(unsigned.status, 401);
    world.wait(301);
    let late = world.get(target).await;
    late.refuses(400, "INVALID_REQUEST", "the download address is wrong or too old");
    let forged = world.get("/v3/billdownload/file?token=AAAA").await;
    forged.refuses(400, "INVALID_REQUEST", "the download address is wrong or too old");
}

#[tokio::test]
async fn an_old_day_is_found_among_many_later_movements() {
    let world = day_of_business().await;
    let first = "/v3/bill/fundflowbill?bill_date=2026-11-21";
    world.advance(DAY).await;
    let before = file(&world, first).await;
    for day in 0..3 {
        for number in 0..4 {
            world.paid(&format!("T2026-1{day}{number}")).await;
        }
        world.advance(DAY).await;
    }
    assert_eq!(file(&world, first).await, before, "a day that is over does not change");
    let (rows, _) = cells(&file(&world, "/v3/bill/fundflowbill?bill_date=2026-11-23").await);
    assert_eq!(rows.len(), 8);
}
