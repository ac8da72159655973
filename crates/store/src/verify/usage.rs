//! Used limits, recomputed from what people paid, topped up and withdrew.

use super::{Finding, OFFENDERS_MAX, Progress, Report};
use crate::queries::{Queries, QueryError, select};
use crate::table::Described;
use crate::value::Value;
use domain::calendar::{day_key, year_key};
use domain::ids::{IdentityId, WalletId};
use domain::order::Order;
use domain::top_up::TopUp;
use domain::wallet::{Usage, Wallet};
use domain::withdrawal::Withdrawal;
use std::collections::HashMap;

/// How many rules this module checks.
pub const RULES: usize = 1;

const PAGE: i64 = 2_000;
const SAYS: &str = "used limits are the sums of the movements they count";

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
    count_movements(queries, &stored, &mut recomputed).await?;
    for (identity, sums) in recomputed {
        let told = stored.remove(&identity).unwrap_or_else(|| Usage::none(identity));
        if (Usage { day: told.day, year: told.year, ..sums }) != told {
            found(report, identity);
        }
    }
    for (identity, told) in stored {
        if (Usage { day: told.day, year: told.year, ..Usage::none(identity) }) != told {
            found(report, identity);
        }
    }
    Ok(())
}

/// Adds top-ups and withdrawals that count.
async fn count_movements(
    queries: &dyn Queries,
    stored: &HashMap<IdentityId, Usage>,
    recomputed: &mut HashMap<IdentityId, Usage>,
) -> Result<(), QueryError> {
    let is_today = |identity: &IdentityId, day: i64| {
        stored.get(identity).is_some_and(|usage| usage.day == day)
    };
    for top_up in all::<TopUp>(queries, "id", |row| row.id.bytes()).await? {
        if top_up.is_counted && is_today(&top_up.identity, top_up.day) {
            let sums = recomputed.entry(top_up.identity);
            let sums = sums.or_insert_with(|| Usage::none(top_up.identity));
            sums.topped_up_day += top_up.amount.minor();
        }
    }
    for withdrawal in all::<Withdrawal>(queries, "id", |row| row.id.bytes()).await? {
        if !withdrawal.is_counted {
            continue;
        }
        let sums = recomputed.entry(withdrawal.identity);
        let sums = sums.or_insert_with(|| Usage::none(withdrawal.identity));
        sums.free_used += withdrawal.free_minor;
        if is_today(&withdrawal.identity, withdrawal.day) {
            sums.withdrawn_day += withdrawal.amount.minor();
            sums.withdrawals_day += 1;
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
    let wallets = all::<Wallet>(queries, "id", |wallet| wallet.id.bytes()).await?;
    Ok(wallets.iter().filter_map(|wallet| Some((wallet.id, wallet.identity?))).collect())
}

async fn usages(queries: &dyn Queries) -> Result<HashMap<IdentityId, Usage>, QueryError> {
    let rows = all::<Usage>(queries, "identity", |usage| usage.identity.bytes()).await?;
    Ok(rows.into_iter().map(|usage| (usage.identity, usage)).collect())
}

/// Every row of a table whose key is one id, page by page.
async fn all<R: Described>(
    queries: &dyn Queries,
    column: &str,
    id: impl Fn(&R) -> [u8; 16],
) -> Result<Vec<R>, QueryError> {
    let condition = format!("{column} > $1 ORDER BY {column} LIMIT $2");
    let (mut rows, mut after) = (Vec::new(), [0; 16]);
    loop {
        let parameters = vec![Value::Bytes(after.to_vec()), Value::Int(PAGE)];
        let page = select::<R>(queries, &condition, parameters).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = id(last);
        rows.extend(page);
    }
}
