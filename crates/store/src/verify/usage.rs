//! Used limits, recomputed from what people paid.

use super::{Finding, OFFENDERS_MAX, Progress, Report};
use crate::queries::{Queries, QueryError, select};
use crate::value::Value;
use domain::calendar::{day_key, year_key};
use domain::ids::{IdentityId, WalletId};
use domain::order::Order;
use domain::wallet::{Usage, Wallet};
use std::collections::HashMap;

/// How many rules this module checks.
pub const RULES: usize = 1;

const PAGE: i64 = 2_000;
const SAYS: &str = "used limits are the sums of the payments they count";

/// Compares every used limit with the payments of its identity.
pub async fn check(
    queries: &dyn Queries,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<(), QueryError> {
    let identities = identities(queries).await?;
    let mut stored = usages(queries).await?;
    let mut recomputed: HashMap<IdentityId, Usage> = HashMap::new();
    let mut after = (String::new(), String::new());
    let mut done = 0;
    loop {
        progress(SAYS, done, done);
        let orders = page(queries, &after).await?;
        let Some(last) = orders.last() else { break };
        after = (last.mchid.clone(), last.out_trade_no.clone());
        done += orders.len() as u64;
        for order in &orders {
            let Some(identity) = order.payer.and_then(|wallet| identities.get(&wallet)) else {
                continue;
            };
            let stored = stored.get(identity);
            let sums = recomputed.entry(*identity).or_insert_with(|| Usage::none(*identity));
            count(order, stored, sums);
        }
    }
    for (identity, sums) in recomputed {
        let told = stored.remove(&identity).unwrap_or_else(|| Usage::none(identity));
        let paid = |usage: &Usage| (usage.paid_day, usage.paid_year, usage.paid_lifetime);
        if paid(&told) != paid(&sums) {
            found(report, identity);
        }
    }
    for (identity, told) in stored {
        if told.paid_lifetime != 0 || told.paid_year != 0 || told.paid_day != 0 {
            found(report, identity);
        }
    }
    Ok(())
}

/// Adds a payment to the sums whose day and year the stored row names.
fn count(order: &Order, stored: Option<&Usage>, sums: &mut Usage) {
    let (Some(paid_at), Some(stored)) = (order.paid_at, stored) else {
        sums.paid_lifetime += order.amount.minor();
        return;
    };
    let date = paid_at.business_date();
    sums.paid_lifetime += order.amount.minor();
    if year_key(date) == stored.year {
        sums.paid_year += order.amount.minor();
    }
    if day_key(date) == stored.day {
        sums.paid_day += order.amount.minor();
    }
}

fn found(report: &mut Report, identity: IdentityId) {
    if report.findings.iter().filter(|finding| finding.rule == "X1").count() < OFFENDERS_MAX {
        report.findings.push(Finding { rule: "X1", says: SAYS, offender: identity.to_string() });
    }
}

async fn page(queries: &dyn Queries, after: &(String, String)) -> Result<Vec<Order>, QueryError> {
    let condition = "(mchid > $1 OR (mchid = $1 AND out_trade_no > $2)) \
                     ORDER BY mchid, out_trade_no LIMIT $3";
    let (mchid, number) = after.clone();
    select(queries, condition, vec![Value::Text(mchid), Value::Text(number), Value::Int(PAGE)])
        .await
}

async fn identities(queries: &dyn Queries) -> Result<HashMap<WalletId, IdentityId>, QueryError> {
    let mut found = HashMap::new();
    let mut after = [0; 16];
    loop {
        let wallets: Vec<Wallet> = select(
            queries,
            "id > $1 ORDER BY id LIMIT $2",
            vec![Value::Bytes(after.to_vec()), Value::Int(PAGE)],
        )
        .await?;
        let Some(last) = wallets.last() else { return Ok(found) };
        after = last.id.bytes();
        found.extend(wallets.iter().filter_map(|wallet| Some((wallet.id, wallet.identity?))));
    }
}

async fn usages(queries: &dyn Queries) -> Result<HashMap<IdentityId, Usage>, QueryError> {
    let mut found = HashMap::new();
    let mut after = [0; 16];
    loop {
        let rows: Vec<Usage> = select(
            queries,
            "identity > $1 ORDER BY identity LIMIT $2",
            vec![Value::Bytes(after.to_vec()), Value::Int(PAGE)],
        )
        .await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.identity.bytes();
        found.extend(rows.into_iter().map(|usage| (usage.identity, usage)));
    }
}
