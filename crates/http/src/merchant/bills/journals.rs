//! Which journals moved a merchant's money on a day, in their order.
//!
//! Batches tell which journals a day has. An account's entries are a chain from the newest back, so
//! the day's part of it is walked by key; where the account moves often, the walk begins at the
//! next entry after the day instead of at the newest.

use crate::merchant::fault::Fault;
use domain::ledger::{Account, AccountNumber, Batch};
use jiff::civil::Date;
use kernel::Timestamp;
use store::queries::{Kind, Value, find, select};
use store::{BOOK, Queries};

/// Entries of a chain walked in one statement.
const WALK: i64 = 2_000;
/// Journals after the day that are looked through for the next entry.
const NEAR: i64 = 20_000;

/// The journals of a business day: after the first number, up to the second.
pub(super) async fn of_day(queries: &dyn Queries, day: Date) -> Result<(i64, i64), Fault> {
    let start = Timestamp::start_of_business_day(day);
    let end = day.tomorrow().ok().and_then(Timestamp::start_of_business_day);
    let (Some(start), Some(end)) = (start, end) else { return Ok((0, 0)) };
    Ok((last_before(queries, start).await?, last_before(queries, end).await?))
}

/// The last journal of the batches before a time. Batches are numbered without a gap and their
/// times never fall, so the place is found by halving.
async fn last_before(queries: &dyn Queries, time: Timestamp) -> Result<i64, Fault> {
    let newest = select::<Batch>(queries, "1 = 1 ORDER BY seq DESC LIMIT 1", Vec::new()).await?;
    let Some(newest) = newest.into_iter().next() else { return Ok(0) };
    if newest.now < time {
        return Ok(newest.last_journal);
    }
    let (mut before, mut last, mut after) = (0, 0, newest.seq);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        let batch = find::<Batch>(queries, &middle).await?;
        let batch = batch.ok_or_else(|| Fault::defect("a batch is missing"))?;
        if batch.now < time {
            (before, last) = (middle, batch.last_journal);
        } else {
            after = middle;
        }
    }
    Ok(last)
}

/// The journals of an account among those after `from` up to `to`, the oldest first.
pub(super) async fn of_account(
    queries: &dyn Queries,
    account: AccountNumber,
    (from, to): (i64, i64),
) -> Result<Vec<i64>, Fault> {
    let mut journal = entry_up_to(queries, account, to).await?;
    let mut found = Vec::new();
    let sql = format!(
        "WITH RECURSIVE walk(journal, previous, place) AS ( \
         SELECT journal, previous, 1 FROM entry WHERE book = {BOOK} AND journal = $1 \
         AND account = $2 UNION ALL SELECT e.journal, e.previous, w.place + 1 FROM walk w \
         JOIN entry e ON e.book = {BOOK} AND e.journal = w.previous AND e.account = $2 \
         WHERE w.previous > $3 AND w.place < {WALK}) SELECT journal, previous FROM walk \
         ORDER BY journal DESC"
    );
    while journal > from {
        let parameters = [journal, account, from].map(Value::Int).to_vec();
        let rows = queries.rows(sql.clone(), parameters, vec![Kind::Int, Kind::Int]).await?;
        if rows.is_empty() {
            return Err(Fault::defect("an account's last entry is missing"));
        }
        for row in rows {
            let [Value::Int(number), Value::Int(previous)] = row.as_slice() else {
                return Err(Fault::defect("an entry's numbers are none"));
            };
            if *number <= to {
                found.push(*number);
            }
            journal = *previous;
        }
    }
    found.reverse();
    Ok(found)
}

/// The account's entry to begin with: the one before the next after `to`, if that is near,
/// otherwise the newest.
async fn entry_up_to(queries: &dyn Queries, account: AccountNumber, to: i64) -> Result<i64, Fault> {
    let row = find::<Account>(queries, &account).await?;
    let newest = row.map_or(0, |row| row.last_entry);
    if newest <= to {
        return Ok(newest);
    }
    let sql = format!(
        "SELECT previous FROM entry WHERE book = {BOOK} AND journal > $1 AND journal <= $2 \
         AND account = $3 ORDER BY journal LIMIT 1"
    );
    let parameters = [to, to.saturating_add(NEAR), account].map(Value::Int).to_vec();
    let near = queries.rows(sql, parameters, vec![Kind::Int]).await?;
    match near.first().map(Vec::as_slice) {
        Some([Value::Int(previous)]) => Ok(*previous),
        _ => Ok(newest),
    }
}
