//! What is written once, read in order of batches: a chunk is some whole batches with all that they
//! wrote to the ledger.

use super::lanes::both;
use super::ledger::{Ledger, State};
use super::rows::{Rows, numbers, read};
use crate::BOOK;
use crate::queries::{Queries, QueryError};
use crate::value::{Kind, Value};
use domain::fact::FactKind;
use domain::ledger::{AccountPath, Batch, Entry, Journal, Purpose};
use kernel::Currency;
use std::collections::VecDeque;

/// Batches read at once.
const BATCHES: i64 = 1_000;
/// A chunk ends with the batch that brings it to so many journals or opened accounts.
const JOURNALS: i64 = 4_096;
/// No chunk spans more numbers, whatever a batch row says.
const SPAN_MAX: i64 = 100_000;

/// What a fact says about a journal.
pub(super) struct Told {
    pub(super) batch: i64,
    pub(super) place: i64,
    pub(super) kind: Option<FactKind>,
    pub(super) journal: i64,
}

/// Some batches with what they wrote, each in order of key.
pub(super) struct Chunk {
    pub(super) batches: Vec<Batch>,
    pub(super) journals: Vec<Journal>,
    pub(super) entries: Vec<Entry>,
    pub(super) opened: Vec<(AccountPath, i64)>,
    pub(super) told: Vec<Told>,
    /// What accounts held before the first batch of an audit that does not start at the beginning.
    pub(super) earlier: Vec<(i64, State)>,
    pub(super) unreadable: Vec<String>,
}

impl Chunk {
    pub(super) fn rows(&self) -> u64 {
        let ledger = self.batches.len() + self.journals.len() + self.entries.len();
        (ledger + self.opened.len() + self.told.len()) as u64
    }

    /// The batch it ends with.
    pub(super) fn end(&self) -> i64 {
        self.batches.last().map_or(0, |batch| batch.seq)
    }
}

/// Reads one chunk after the other.
pub(super) struct Chunks<'a> {
    queries: &'a dyn Queries,
    /// Where the audit started.
    from: Batch,
    before: Batch,
    to: i64,
    waiting: VecDeque<Batch>,
    read_to: i64,
    unreadable: Vec<String>,
}

impl<'a> Chunks<'a> {
    /// From where the ledger stands to a batch, that one included.
    pub(super) fn between(queries: &'a dyn Queries, ledger: &Ledger, to: &Batch) -> Self {
        Self {
            queries,
            from: ledger.from.clone(),
            before: ledger.before.clone(),
            to: to.seq,
            waiting: VecDeque::new(),
            read_to: ledger.before.seq,
            unreadable: Vec::new(),
        }
    }

    /// The next chunk; `None` behind the last.
    pub(super) async fn next(&mut self) -> Result<Option<Chunk>, QueryError> {
        let (mut batches, mut end) = (Vec::new(), self.before.clone());
        let start = self.before.clone();
        while end.last_journal.saturating_sub(start.last_journal) < JOURNALS
            && end.last_account.saturating_sub(start.last_account) < JOURNALS
            && (batches.len() as i64) < BATCHES
        {
            if self.waiting.is_empty() {
                self.refill().await?;
            }
            let Some(batch) = self.waiting.pop_front() else { break };
            end.last_journal = end.last_journal.max(batch.last_journal);
            end.last_account = end.last_account.max(batch.last_account);
            batches.push(batch);
        }
        let Some(last) = batches.last().cloned() else { return Ok(None) };
        let chunk = self.chunk(&start, &end, batches).await?;
        self.before = last;
        Ok(Some(chunk))
    }

    async fn refill(&mut self) -> Result<(), QueryError> {
        while self.waiting.is_empty() && self.read_to < self.to {
            let range = vec![int(self.read_to), int(self.to), int(BATCHES)];
            let condition = "seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
            let Rows { rows, unreadable } = read::<Batch>(self.queries, condition, range).await?;
            // Unreadable rows still count as read; a page of nothing else leaves a gap that is
            // told.
            let all = rows.len() as i64 + unreadable.len() as i64;
            let last = rows.last().map_or(self.read_to + all.max(1), |(batch, _)| batch.seq);
            self.read_to = if all < BATCHES { self.to } else { last };
            self.unreadable.extend(unreadable);
            self.waiting.extend(rows.into_iter().map(|(batch, _)| batch));
        }
        Ok(())
    }

    async fn chunk(
        &mut self,
        start: &Batch,
        end: &Batch,
        batches: Vec<Batch>,
    ) -> Result<Chunk, QueryError> {
        let queries = self.queries;
        let range =
            |from: i64, to: i64| vec![int(from), int(to.min(from.saturating_add(SPAN_MAX)))];
        let numbers = range(start.last_journal, end.last_journal);
        let accounts = range(start.last_account, end.last_account);
        let by_number = "number > $1 AND number <= $2 ORDER BY number";
        let by_journal = "journal > $1 AND journal <= $2 ORDER BY journal, account";
        let last = batches.last().map_or(start.seq, |batch| batch.seq);
        let ledger = both(
            read::<Journal>(queries, by_number, numbers.clone()),
            read::<Entry>(queries, by_journal, numbers.clone()),
        );
        let rest = both(
            read::<AccountPath>(queries, by_number, accounts),
            told(queries, vec![int(start.seq), int(last)]),
        );
        let ((journals, entries), (opened, told)) = both(ledger, rest).await;
        let (journals, entries, opened) = (journals?, entries?, opened?);
        let mut unreadable = std::mem::take(&mut self.unreadable);
        unreadable.extend(journals.unreadable);
        unreadable.extend(entries.unreadable);
        unreadable.extend(opened.unreadable);
        let earlier = if self.from.seq == 0 {
            Vec::new()
        } else {
            earlier(queries, numbers, self.from.last_journal).await?
        };
        Ok(Chunk {
            batches,
            journals: journals.rows.into_iter().map(|(row, _)| row).collect(),
            entries: entries.rows.into_iter().map(|(row, _)| row).collect(),
            opened: opened.rows,
            told: told?,
            earlier,
            unreadable,
        })
    }
}

fn int(value: i64) -> Value {
    Value::Int(value)
}

async fn told(queries: &dyn Queries, range: Vec<Value>) -> Result<Vec<Told>, QueryError> {
    let sql = format!(
        "SELECT batch, place, journal, kind FROM fact WHERE book = {BOOK} \
         AND batch > $1 AND batch <= $2 ORDER BY batch, place"
    );
    let kinds = vec![Kind::Int, Kind::Int, Kind::Int, Kind::Text];
    let rows = queries.rows(sql, range, kinds).await?;
    let told = |row: Vec<Value>| {
        let [batch, place, journal] = numbers(&row);
        let kind = match row.get(3) {
            Some(Value::Text(kind)) => FactKind::parse(kind),
            _ => None,
        };
        Told { batch, place, kind, journal }
    };
    Ok(rows.into_iter().map(told).collect())
}

/// What the accounts of these journals held at the end of `before`, the last journal that is not
/// audited: what the entry says that their first entry since then continues.
async fn earlier(
    queries: &dyn Queries,
    mut journals: Vec<Value>,
    before: i64,
) -> Result<Vec<(i64, State)>, QueryError> {
    let sql = format!(
        "SELECT e.account, e.previous, COALESCE(x.number, 0), COALESCE(x.balance, 0), \
         p.currency, p.purpose FROM entry e \
         LEFT JOIN entry x ON x.book = e.book AND x.journal = e.previous AND x.account = e.account \
         JOIN account_path p ON p.book = e.book AND p.number = e.account \
         WHERE e.book = {BOOK} AND e.journal > $1 AND e.journal <= $2 AND e.previous <= $3 \
         ORDER BY e.journal"
    );
    journals.push(int(before));
    let kinds = vec![Kind::Int, Kind::Int, Kind::Int, Kind::Int, Kind::Text, Kind::Text];
    let rows = queries.rows(sql, journals, kinds).await?;
    let state = |row: Vec<Value>| {
        let [account, last_entry, entries, balance] = numbers(&row);
        let [_, _, _, _, Value::Text(currency), Value::Text(purpose)] = row.as_slice() else {
            return None;
        };
        let (currency, purpose) = (Currency::parse(currency)?, Purpose::parse(purpose)?);
        let balance = i128::from(balance);
        let sign = purpose.sign();
        Some((account, State { currency, sign, balance, entries, last_entry, version: 0 }))
    };
    Ok(rows.into_iter().filter_map(state).collect())
}
