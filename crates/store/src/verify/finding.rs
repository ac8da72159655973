//! What an audit tells.

use super::Rule;
use domain::ledger::merkle::Hash;
use kernel::id::Hex;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

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

/// A batch and its hash: everything up to it, in 32 bytes. It is written `SEQ:HASH`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its place in the sequence; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Display for Head {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, Hex(&self.hash))
    }
}

/// What an audit found, and how much it looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Broken rules; empty when all is well. At most [`OFFENDERS_MAX`] offenders a rule.
    pub findings: Vec<Finding>,
    /// Offenders beyond these, where they were counted.
    pub untold: u64,
    /// How many rules were checked.
    pub rules: usize,
    /// The batch that the audit tells about, to be published or kept for the next audit.
    pub as_of: Head,
    /// The batch that it started behind, 0 for a whole audit.
    pub since: i64,
    /// The last batch looked at.
    pub batches: i64,
    /// Journals whose place in the chain was recomputed.
    pub journals: i64,
    /// Rows looked at, each time one was.
    pub rows: u64,
}

/// Offenders told of one rule.
pub const OFFENDERS_MAX: usize = 20;

/// Findings as they come, bounded for each rule.
#[derive(Debug, Default)]
pub(super) struct Findings {
    told: Vec<Finding>,
    counts: BTreeMap<&'static str, u64>,
}

impl Findings {
    pub(super) fn add(&mut self, (rule, says): Rule, offender: impl ToString) {
        let count = self.counts.entry(rule).or_default();
        *count += 1;
        if *count <= OFFENDERS_MAX as u64 {
            self.told.push(Finding { rule, says, offender: offender.to_string() });
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        for finding in other.told {
            self.add((finding.rule, finding.says), finding.offender);
        }
        for (rule, count) in other.counts {
            let beyond = count.saturating_sub(OFFENDERS_MAX as u64);
            *self.counts.entry(rule).or_default() += beyond;
        }
    }

    pub(super) fn untold(&self) -> u64 {
        self.counts.values().sum::<u64>() - self.told.len() as u64
    }

    pub(super) fn into_told(self) -> Vec<Finding> {
        self.told
    }
}
