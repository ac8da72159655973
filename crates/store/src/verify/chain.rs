//! The hash chain, recomputed: every batch's root from its journals and opened accounts, every
//! batch's hash, and its link to the batch before.

use super::{Finding, OFFENDERS_MAX, Progress, Report};
use crate::queries::{Queries, QueryError, select};
use crate::value::Value;
use domain::ledger::{AccountPath, Batch, Entry, Journal, Posted, merkle};
use std::collections::BTreeMap;

/// How many rules this module checks.
pub const RULES: usize = 2;

const PAGE: i64 = 500;

/// Recomputes the chain from the first batch to the last.
pub async fn check(
    queries: &dyn Queries,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<(), QueryError> {
    let newest = select::<Batch>(queries, "1 = 1 ORDER BY seq DESC LIMIT 1", Vec::new()).await?;
    let last = newest.first().map_or(0, |batch| batch.seq);
    let mut before = Batch::origin();
    while before.seq < last {
        progress("the hash chain matches its rows", before.seq as u64, last as u64);
        let range = vec![Value::Int(before.seq), Value::Int(before.seq + PAGE)];
        let batches =
            select::<Batch>(queries, "seq > $1 AND seq <= $2 ORDER BY seq", range).await?;
        let Some(end) = batches.last().cloned() else {
            break; // A gap longer than a page; the rule on batch numbers tells it.
        };
        let rows = Rows::between(queries, &before, &end).await?;
        for batch in batches {
            report.journals += rows.check(&before, &batch, report);
            report.batches = batch.seq;
            before = batch;
        }
    }
    Ok(())
}

/// What a page of batches wrote.
struct Rows {
    journals: BTreeMap<i64, Posted>,
    opened: BTreeMap<i64, AccountPath>,
}

impl Rows {
    async fn between(
        queries: &dyn Queries,
        before: &Batch,
        end: &Batch,
    ) -> Result<Self, QueryError> {
        let range = |from: i64, to: i64| vec![Value::Int(from), Value::Int(to)];
        let numbers = range(before.last_journal, end.last_journal);
        let condition = "number > $1 AND number <= $2 ORDER BY number";
        let heads = select::<Journal>(queries, condition, numbers.clone()).await?;
        let condition = "journal > $1 AND journal <= $2 ORDER BY journal, account";
        let entries = select::<Entry>(queries, condition, numbers).await?;
        let mut journals: BTreeMap<i64, Posted> = heads
            .into_iter()
            .map(|journal| (journal.number, Posted { journal, entries: Vec::new() }))
            .collect();
        for entry in entries {
            if let Some(posted) = journals.get_mut(&entry.journal) {
                posted.entries.push(entry);
            }
        }
        let numbers = range(before.last_account, end.last_account);
        let condition = "number > $1 AND number <= $2 ORDER BY number";
        let opened = select::<AccountPath>(queries, condition, numbers).await?;
        let opened = opened.into_iter().map(|path| (path.number, path)).collect();
        Ok(Self { journals, opened })
    }

    /// Checks one batch against the one before and gives how many journals it has.
    fn check(&self, before: &Batch, batch: &Batch, report: &mut Report) -> i64 {
        let range = before.last_journal + 1..batch.last_journal.max(before.last_journal) + 1;
        let journals: Vec<Posted> = self.journals.range(range).map(|(_, p)| p.clone()).collect();
        let range = before.last_account + 1..batch.last_account.max(before.last_account) + 1;
        let opened: Vec<AccountPath> = self.opened.range(range).map(|(_, p)| p.clone()).collect();
        let root = merkle::root(&Batch::leaves(&journals, &opened));
        let mut found = |rule, says| {
            if report.findings.iter().filter(|finding| finding.rule == rule).count() < OFFENDERS_MAX
            {
                report.findings.push(Finding { rule, says, offender: batch.seq.to_string() });
            }
        };
        if root != batch.root {
            found("C1", "a batch's root is the root of its journals and opened accounts");
        }
        if batch.computed_hash() != batch.hash || batch.previous != before.hash {
            found("C2", "a batch's hash covers the batch and links it to the one before");
        }
        journals.len() as i64
    }
}
