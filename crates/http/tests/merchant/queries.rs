//! Every variable of every query against its rule: each way to break it answers PARAM_ERROR and
//! names the variable.

use crate::world::World;
use serde_json::json;

/// A call whose other variables are good, the variable, and values that break its rule. An empty
/// value leaves it out.
type Row = (&'static str, &'static str, &'static [&'static str]);

const DAYS: &[&str] = &["", "2026-1-1", "20261101", "2026-02-30", "yesterday"];
const MERCHANT: &[&str] = &["", "1900000099"];
const BATCH: &str = "/v3/transfer/batches/out-batch-no/B1?";
const DETAILS: &str =
    "/v3/transfer/batches/out-batch-no/B1?need_query_detail=true&detail_status=ALL&";
const COMPLAINTS: &str = "/v3/merchant-service/complaints-v2?";

const ROWS: &[Row] = &[
    ("/v3/pay/transactions/out-trade-no/T2026-0001?", "mchid", MERCHANT),
    ("/v3/pay/transactions/id/4200000001?", "mchid", MERCHANT),
    ("/v3/bill/tradebill?", "bill_date", DAYS),
    ("/v3/bill/tradebill?bill_date=2026-11-20&", "bill_type", &["all", "OTHER"]),
    ("/v3/bill/tradebill?bill_date=2026-11-20&", "tar_type", &["gzip", "ZIP"]),
    (
        "/v3/bill/tradebill?bill_date=2026-11-20&",
        "sub_mchid",
        &["123456789012345678901234567890123"],
    ),
    ("/v3/bill/fundflowbill?", "bill_date", DAYS),
    ("/v3/bill/fundflowbill?bill_date=2026-11-20&", "account_type", &["OTHER"]),
    ("/v3/bill/fundflowbill?bill_date=2026-11-20&", "tar_type", &["ZIP"]),
    ("/v3/profitsharing/bills?", "bill_date", DAYS),
    ("/v3/profitsharing/bills?bill_date=2026-11-20&", "tar_type", &["ZIP"]),
    (
        "/v3/profitsharing/bills?bill_date=2026-11-20&",
        "sub_mchid",
        &["123456789012345678901234567890123"],
    ),
    (BATCH, "need_query_detail", &["", "yes", "1"]),
    ("/v3/transfer/batches/batch-id/1?need_query_detail=true&", "detail_status", &["", "OPEN"]),
    (DETAILS, "limit", &["19", "101", "-1", "x", "1.5"]),
    (DETAILS, "offset", &["-1", "1001", "x"]),
    ("/v3/profitsharing/orders/P1?", "transaction_id", &["", "a.b"]),
    ("/v3/profitsharing/return-orders/R1?", "out_order_no", &["", "a.b"]),
    ("/v3/merchant-service/complaints-v2?end_date=2026-11-20&", "begin_date", DAYS),
    ("/v3/merchant-service/complaints-v2?begin_date=2026-11-20&", "end_date", DAYS),
    ("/v3/merchant-service/complaints-v2?begin_date=2026-11-20&", "end_date", &["2026-11-19"]),
    ("/v3/merchant-service/complaints-v2?begin_date=2026-11-20&", "end_date", &["2027-01-20"]),
    (COMPLAINTS, "limit", &["0", "51", "-1", "x"]),
    (COMPLAINTS, "offset", &["-1", "x"]),
    ("/v3/merchant-service/complaints-v2/1/negotiation-historys?", "limit", &["0", "301", "x"]),
    ("/v3/merchant-service/complaints-v2/1/negotiation-historys?", "offset", &["-1", "x"]),
];

#[tokio::test]
async fn every_variable_that_breaks_its_rule_is_named() {
    let world = World::new().await;
    for &(call, name, values) in ROWS {
        for value in values {
            let target = match *value {
                "" => call.trim_end_matches(['?', '&']).to_owned(),
                value => format!("{call}{name}={value}"),
            };
            let answer = world.get(&target).await;
            let told = answer.json();
            let detail = &told["detail"];
            let found = (answer.status, &told["code"], &detail["field"], &detail["location"]);
            let expected = (400, &json!("PARAM_ERROR"), &json!(name), &json!("query"));
            assert_eq!(found, expected, "{target} {told}");
        }
    }
}

#[tokio::test]
async fn a_number_outside_its_range_is_told_the_bound_that_it_breaks() {
    let world = World::new().await;
    for (query, issue) in [
        ("limit=19", "must not be less than 20"),
        ("limit=101", "must not be more than 100"),
        ("offset=-1", "must not be less than 0"),
        ("limit=x", "must be of type integer"),
    ] {
        let answer = world.get(&format!("{DETAILS}{query}")).await;
        assert_eq!(answer.json()["detail"]["issue"], issue, "{query}");
    }
}
