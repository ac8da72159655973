//! Which journals moved a merchant's money on a day, in their order.
//!
//! Batches tell which journals a day has. An account's entries are a chain from the newest back, so
//! the day's part of it is walked by key; where the account moves often, the walk begins at the
//! next entry after the day instead of at the newest.

use crate::merchant::fault::Fault;
use domain::ledger::{Account, AccountNumber, Batch, Entry};
use jiff::civil::Date;
use kernel::Timestamp;
use store::Queries;
use store::queries::{Value, entries_back, find, select};

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
    while journal > from {
        let walked = entries_back(queries, account, journal, from, WALK).await?;
        let Some([_, previous]) = walked.last() else {
            return Err(Fault::defect("an account's last entry is missing"));
        };
        journal = *previous;
        found.extend(walked.iter().map(|[number, _]| *number).filter(|number| *number <= to));
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
    let near = select::<Entry>(
        queries,
        "account = $1 AND journal > $2 AND journal <= $3 ORDER BY journal LIMIT 1",
        [account, to, to.saturating_add(NEAR)].map(Value::Int).to_vec(),
    );
    Ok(near.await?.first().map_or(newest, |entry| entry.previous))
}
