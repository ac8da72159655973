//! The audit of a database: rules that stored rows must meet, each told with its offenders.
//!
//! Rules that SQL can say are portable statements ([`invariants`]); what needs hashing or calendars
//! is recomputed from rows ([`chain`], [`usage`]). Nothing is ever repaired here.

pub mod chain;
pub mod invariants;
mod receipt;
pub mod usage;

pub use receipt::Receipt;

use crate::queries::{Queries, QueryError};
use crate::value::{Kind, Value};

/// One broken rule with one of its offenders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's short name.
    pub rule: &'static str,
    /// What the rule says.
    pub says: &'static str,
    /// Which row breaks it: ids and numbers, no personal data.
    pub offender: String,
}

/// What an audit found, and how much it looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Broken rules; empty when all is well. At most [`OFFENDERS_MAX`] offenders a rule.
    pub findings: Vec<Finding>,
    /// How many rules were checked.
    pub rules: usize,
    /// The last batch looked at.
    pub batches: i64,
    /// Journals whose place in the chain was recomputed.
    pub journals: i64,
}

/// Offenders told of one rule.
pub const OFFENDERS_MAX: usize = 20;

/// Told how far the audit is: what it does, how much of how much is done.
pub type Progress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);

/// Checks every rule.
pub async fn verify(queries: &dyn Queries, progress: Progress<'_>) -> Result<Report, QueryError> {
    let mut report = Report::default();
    let total = invariants::ALL.len() as u64;
    for (place, invariant) in invariants::ALL.iter().enumerate() {
        progress(invariant.says, place as u64, total);
        let sql =
            format!("SELECT offender FROM ({}) AS found LIMIT {OFFENDERS_MAX}", invariant.sql);
        let rows = queries.rows(sql, Vec::new(), vec![Kind::Text]).await?;
        report.findings.extend(rows.into_iter().map(|row| Finding {
            rule: invariant.rule,
            says: invariant.says,
            offender: text(row),
        }));
    }
    report.rules = invariants::ALL.len() + usage::RULES + chain::RULES;
    usage::check(queries, &mut report, progress).await?;
    chain::check(queries, &mut report, progress).await?;
    Ok(report)
}

fn text(row: Vec<Value>) -> String {
    match row.into_iter().next() {
        Some(Value::Text(text)) => text,
        other => format!("{other:?}"),
    }
}
