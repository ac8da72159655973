//! The audit of a database: rules that stored rows must meet, each told with its offenders.
//!
//! It audits *as of a batch*, the newest when it starts, and holds no snapshot for longer than one
//! statement takes, so a server may go on. What is written once is read page by page up to that
//! batch ([`chunks`], [`ledger`]); account rows are compared with the sums of these entries, and
//! rows written meanwhile with the entries written meanwhile ([`accounts`]). Rules about rows that
//! change are statements that see one committed state each ([`invariants`], [`pages`]). Nothing is
//! ever repaired here.

mod accounts;
mod chunks;
mod finding;
pub mod invariants;
mod lanes;
mod ledger;
mod pages;
mod receipt;
mod rows;
mod usage;

pub use finding::{Finding, Head, OFFENDERS_MAX, Report};
pub use receipt::Receipt;

use crate::queries::{Queries, QueryError, find, select};
use chunks::Chunks;
use domain::ledger::Batch;
use finding::Findings;
use lanes::{Meter, both};
use ledger::Ledger;

/// Told how far the audit is: what it does, how many rows are done, about how many there are.
pub type Progress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);

/// What to audit.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The batch that an earlier audit ended at; 0 audits everything. Of what that audit has seen,
    /// only what is cheap is looked at again: an edit of old rows is found by a whole audit.
    pub since: i64,
    /// Heads that were published: the chain must still hold each of them. Without one, nothing
    /// tells that the newest batches were cut off.
    pub published: Vec<Head>,
}

/// A rule: its short name, and what it says.
pub type Rule = (&'static str, &'static str);

/// Every rule, in the order in which the documentation lists them.
pub fn rules() -> Vec<Rule> {
    let mut rules = ledger::RULES.to_vec();
    rules.extend(invariants::ALL.iter().map(|rule| (rule.rule, rule.says)));
    rules.extend(pages::ALL.iter().map(|rule| (rule.rule, rule.says)));
    rules.extend([invariants::V1, usage::RULE]);
    // A rule of several statements is one rule.
    let mut seen = std::collections::BTreeSet::new();
    rules.retain(|rule| seen.insert(rule.0));
    rules
}

/// Checks every rule on every row.
pub async fn verify(queries: &dyn Queries, progress: Progress<'_>) -> Result<Report, QueryError> {
    audit(queries, &Options::default(), progress).await
}

/// Checks every rule on the rows that the options name.
pub async fn audit(
    queries: &dyn Queries,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, QueryError> {
    let mut findings = Findings::default();
    for head in &options.published {
        let there = rows::readable(find::<Batch>(queries, &head.seq).await, &mut findings)?;
        if there.flatten().is_none_or(|batch| batch.hash != head.hash) {
            findings.add(ledger::H1, head.seq);
        }
    }
    let tip = newest(queries, &mut findings).await?;
    let from = start(queries, options.since, &mut findings).await?;
    let meter = Meter::new(progress);
    let ledger = audit_ledger(queries, &from, &tip, &meter);
    let others = audit_others(queries, from.seq, &tip, &meter);
    let (ledger, others) = both(ledger, others).await;
    let (ledger, others) = (ledger?, others?);
    findings.append(ledger.findings);
    findings.append(others);
    Ok(Report {
        rules: rules().len(),
        as_of: Head { seq: tip.seq, hash: tip.hash },
        since: from.seq,
        batches: tip.seq,
        journals: ledger.journals,
        rows: meter.rows(),
        untold: findings.untold(),
        findings: findings.into_told(),
    })
}

/// The newest batch, or the place before the first.
async fn newest(queries: &dyn Queries, findings: &mut Findings) -> Result<Batch, QueryError> {
    let rows = select::<Batch>(queries, "1 = 1 ORDER BY seq DESC LIMIT 1", Vec::new()).await;
    if let Some(rows) = rows::readable(rows, findings)? {
        return Ok(rows.into_iter().next().unwrap_or_else(Batch::origin));
    }
    // It was told that the newest cannot be read; the audit goes up to the one before.
    let condition = "seq < (SELECT MAX(b.seq) FROM batch b WHERE b.book = 1) \
                     ORDER BY seq DESC LIMIT 1";
    let rows = rows::readable(select::<Batch>(queries, condition, Vec::new()).await, findings)?;
    Ok(rows.and_then(|rows| rows.into_iter().next()).unwrap_or_else(Batch::origin))
}

/// The batch that the audit starts behind. One that is not there, or not as its hash says, makes
/// the audit a whole one.
async fn start(
    queries: &dyn Queries,
    since: i64,
    findings: &mut Findings,
) -> Result<Batch, QueryError> {
    if since <= 0 {
        return Ok(Batch::origin());
    }
    let batch = rows::readable(find::<Batch>(queries, &since).await, findings)?.flatten();
    match batch {
        Some(batch) if batch.computed_hash() == batch.hash => Ok(batch),
        _ => {
            findings.add(ledger::H1, since);
            Ok(Batch::origin())
        }
    }
}

/// Batches, journals, entries, facts and accounts.
async fn audit_ledger(
    queries: &dyn Queries,
    from: &Batch,
    to: &Batch,
    meter: &Meter<'_>,
) -> Result<Ledger, QueryError> {
    let mut ledger = Ledger::behind(from.clone());
    follow(&mut ledger, queries, to, meter).await?;
    ledger.check_account_rows(queries, to, meter).await?;
    if ledger.waits() {
        let tip = newest(queries, &mut ledger.findings).await?;
        follow(&mut ledger, queries, &tip, meter).await?;
    }
    ledger.end();
    Ok(ledger)
}

/// Takes the ledger from where it stands to a batch, reading ahead by one chunk.
async fn follow(
    ledger: &mut Ledger,
    queries: &dyn Queries,
    to: &Batch,
    meter: &Meter<'_>,
) -> Result<(), QueryError> {
    let mut chunks = Chunks::between(queries, ledger, to);
    let mut chunk = chunks.next().await?;
    let from = ledger.from.seq;
    while let Some(now) = chunk {
        meter.did("the hash chain matches its rows", now.rows());
        meter.expect_ledger(now.rows(), now.end() - from, to.seq - from);
        let (next, ()) = both(chunks.next(), async { ledger.check(now) }).await;
        chunk = next?;
    }
    Ok(())
}

/// Everything else.
async fn audit_others(
    queries: &dyn Queries,
    since: i64,
    tip: &Batch,
    meter: &Meter<'_>,
) -> Result<Findings, QueryError> {
    let mut findings = Findings::default();
    let pages = pages::Pages::of(queries, since, meter).await?;
    for invariant in invariants::ALL {
        meter.did(invariant.says, 0);
        let rule = (invariant.rule, invariant.says);
        invariants::check(queries, rule, invariant.sql, Vec::new(), &mut findings).await?;
    }
    invariants::check_versions(queries, &mut findings).await?;
    pages.check(queries, since, meter, &mut findings).await?;
    // What a cap counts goes back further than any batch that an audit starts from.
    if since == 0 {
        usage::check(queries, tip, &pages, meter, &mut findings).await?;
    }
    Ok(findings)
}
