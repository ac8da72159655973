//! Used limits, recomputed from what people paid, topped up and withdrew: as of a batch, for every
//! identity whose limits no later batch has written.

use super::Rule;
use super::finding::Findings;
use super::lanes::Meter;
use super::pages::Pages;
use super::rows::numbers;
use crate::BOOK;
use crate::queries::{Queries, QueryError};
use crate::value::{Kind, Value};
use domain::calendar::{day_key, year_key};
use domain::ids::IdentityId;
use domain::ledger::Batch;
use kernel::Timestamp;
use std::collections::HashMap;

/// The rule of this module.
pub(super) const RULE: Rule = ("X1", "used limits are the sums of the movements they count");

const PAGE: i64 = 20_000;

type Id = [u8; 16];

/// What the stored row says less what was found, which must come to nothing.
#[derive(Default)]
struct Sums {
    day: i64,
    year: i64,
    paid_day: i128,
    topped_up_day: i128,
    withdrawn_day: i128,
    withdrawals_day: i128,
    paid_year: i128,
    paid_lifetime: i128,
    free_used: i128,
    /// Something of it was written behind the batch that is audited.
    has_moved: bool,
}

impl Sums {
    fn is_right(&self) -> bool {
        let days = [self.paid_day, self.topped_up_day, self.withdrawn_day, self.withdrawals_day];
        let rest = [self.paid_year, self.paid_lifetime, self.free_used];
        self.has_moved || (days == [0; 4] && rest == [0; 3])
    }
}

/// Compares every used limit with the movements of its identity up to a batch.
pub(super) async fn check(
    queries: &dyn Queries,
    tip: &Batch,
    pages: &Pages,
    meter: &Meter<'_>,
    findings: &mut Findings,
) -> Result<(), QueryError> {
    let mut sums = stored(queries, tip, meter).await?;
    let payers = payers(queries, meter).await?;
    count_payments(queries, tip, pages, meter, &payers, &mut sums).await?;
    count_top_ups(queries, tip, meter, &mut sums).await?;
    count_withdrawals(queries, tip, meter, &mut sums).await?;
    for (identity, _) in sums.into_iter().filter(|(_, sums)| !sums.is_right()) {
        findings.add(RULE, IdentityId::from_bytes(identity));
    }
    Ok(())
}

async fn stored(
    queries: &dyn Queries,
    tip: &Batch,
    meter: &Meter<'_>,
) -> Result<HashMap<Id, Sums>, QueryError> {
    let columns = "identity, version, day, year, paid_day, topped_up_day, withdrawn_day, \
                   withdrawals_day, paid_year, paid_lifetime, free_used";
    let mut sums = HashMap::new();
    let mut all = ById::new("usage", "identity", columns, 10);
    while let Some(rows) = all.next(queries).await? {
        meter.did(RULE.1, rows.len() as u64);
        for (identity, row) in rows {
            let [version, day, year, counted @ ..] = numbers::<10>(&row);
            let [paid_day, topped_up_day, withdrawn_day, withdrawals_day, rest @ ..] =
                counted.map(i128::from);
            let [paid_year, paid_lifetime, free_used] = rest;
            let has_moved = version > tip.seq;
            let stored = Sums {
                day,
                year,
                paid_day,
                topped_up_day,
                withdrawn_day,
                withdrawals_day,
                paid_year,
                paid_lifetime,
                free_used,
                has_moved,
            };
            sums.insert(identity, stored);
        }
    }
    Ok(sums)
}

/// The identity behind a balance account.
async fn payers(queries: &dyn Queries, meter: &Meter<'_>) -> Result<HashMap<i64, Id>, QueryError> {
    let mut payers = HashMap::new();
    let columns = "id, balance_account, identity";
    let mut all = ById::new("wallet", "id", columns, 1);
    all.kinds.push(Kind::Bytes);
    while let Some(rows) = all.next(queries).await? {
        meter.did(RULE.1, rows.len() as u64);
        for (_, row) in rows {
            if let [Value::Int(account), Value::Bytes(identity)] = row.as_slice()
                && let Ok(identity) = Id::try_from(identity.as_slice())
            {
                payers.insert(*account, identity);
            }
        }
    }
    Ok(payers)
}

async fn count_payments(
    queries: &dyn Queries,
    tip: &Batch,
    pages: &Pages,
    meter: &Meter<'_>,
    payers: &HashMap<i64, Id>,
    sums: &mut HashMap<Id, Sums>,
) -> Result<(), QueryError> {
    let (condition, pages) = pages.table("order").pages(0);
    let sql = format!(
        "SELECT x.payer_account, x.amount, x.paid_at FROM \"order\" x WHERE {condition} \
         AND x.journal > 0 AND x.journal <= {}",
        tip.last_journal
    );
    let mut keys = DayKeys::default();
    for (_, page) in pages {
        let rows = queries.rows(sql.clone(), page, vec![Kind::Int; 3]).await?;
        meter.did(RULE.1, rows.len() as u64);
        for row in rows {
            let [account, amount, paid_at] = numbers(&row);
            let Some(identity) = payers.get(&account) else { continue };
            let (day, year) = keys.of(paid_at);
            let amount = i128::from(amount);
            let sums = sums.entry(*identity).or_default();
            sums.paid_lifetime -= amount;
            sums.paid_year -= if year == sums.year { amount } else { 0 };
            sums.paid_day -= if day == sums.day { amount } else { 0 };
        }
    }
    Ok(())
}

async fn count_top_ups(
    queries: &dyn Queries,
    tip: &Batch,
    meter: &Meter<'_>,
    sums: &mut HashMap<Id, Sums>,
) -> Result<(), QueryError> {
    let columns = "id, version, day, amount, is_counted, identity";
    let mut all = ById::new("top_up", "id", columns, 4);
    all.kinds.push(Kind::Bytes);
    while let Some(rows) = all.next(queries).await? {
        meter.did(RULE.1, rows.len() as u64);
        for (_, row) in rows {
            let Some(identity) = identity_of(&row) else { continue };
            let [version, day, amount, is_counted] = numbers(&row);
            let sums = sums.entry(identity).or_default();
            sums.has_moved |= version > tip.seq;
            if is_counted == 1 && day == sums.day {
                sums.topped_up_day -= i128::from(amount);
            }
        }
    }
    Ok(())
}

async fn count_withdrawals(
    queries: &dyn Queries,
    tip: &Batch,
    meter: &Meter<'_>,
    sums: &mut HashMap<Id, Sums>,
) -> Result<(), QueryError> {
    let columns = "id, version, day, amount, free_minor, is_counted, identity";
    let mut all = ById::new("withdrawal", "id", columns, 5);
    all.kinds.push(Kind::Bytes);
    while let Some(rows) = all.next(queries).await? {
        meter.did(RULE.1, rows.len() as u64);
        for (_, row) in rows {
            let Some(identity) = identity_of(&row) else { continue };
            let [version, day, amount, free, is_counted] = numbers(&row);
            let sums = sums.entry(identity).or_default();
            sums.has_moved |= version > tip.seq;
            if is_counted != 1 {
                continue;
            }
            sums.free_used -= i128::from(free);
            if day == sums.day {
                sums.withdrawn_day -= i128::from(amount);
                sums.withdrawals_day -= 1;
            }
        }
    }
    Ok(())
}

fn identity_of(row: &[Value]) -> Option<Id> {
    match row.last() {
        Some(Value::Bytes(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    }
}

/// The rows of a table whose key is one id, page by page.
struct ById {
    sql: String,
    kinds: Vec<Kind>,
    after: Option<Vec<u8>>,
}

impl ById {
    /// The columns are the id, then so many numbers, then whatever the caller adds a kind for.
    fn new(table: &str, key: &str, columns: &str, numbers: usize) -> Self {
        let sql = format!(
            "SELECT {columns} FROM {table} WHERE book = {BOOK} AND {key} > $1 \
             ORDER BY {key} LIMIT {PAGE}"
        );
        let mut kinds = vec![Kind::Bytes];
        kinds.resize(1 + numbers, Kind::Int);
        Self { sql, kinds, after: Some(Vec::new()) }
    }

    /// A page of ids with the other columns.
    async fn next(
        &mut self,
        queries: &dyn Queries,
    ) -> Result<Option<Vec<(Id, Vec<Value>)>>, QueryError> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let parameters = vec![Value::Bytes(after)];
        let rows = queries.rows(self.sql.clone(), parameters, self.kinds.clone()).await?;
        if rows.len() as i64 == PAGE
            && let Some(Value::Bytes(last)) = rows.last().and_then(|row| row.first())
        {
            self.after = Some(last.clone());
        }
        let split = |mut row: Vec<Value>| match row.remove(0) {
            Value::Bytes(id) => Some((Id::try_from(id).ok()?, row)),
            _ => None,
        };
        Ok(Some(rows.into_iter().filter_map(split).collect()))
    }
}

/// Business days of times, which mostly come in order.
#[derive(Default)]
struct DayKeys {
    known: HashMap<i64, (i64, i64)>,
}

impl DayKeys {
    /// The day and the year that a time falls on.
    fn of(&mut self, micros: i64) -> (i64, i64) {
        // No business zone differs from UTC by a part of a quarter of an hour.
        let quarter = micros.div_euclid(900_000_000);
        *self.known.entry(quarter).or_insert_with(|| {
            let date = Timestamp::from_micros(micros).business_date();
            (day_key(date), year_key(date))
        })
    }
}
