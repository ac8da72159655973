//! The project's own rules about its text, checked by a program.
//!
//! The rules' figures, arrows and exceptions are data in `policy`; every other module here checks
//! one family of rules over a [`Tree`], so that each rule can be tried on a planted violation
//! without touching the disk. `tests/repository.rs` runs all of them over the real repository.

mod arrows;
mod links;
mod policy;
mod purity;
mod shape;
mod text;
mod tokens;
mod tree;

use std::collections::BTreeSet;
use std::fmt;

pub use tree::Tree;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the repository's root, with `/` between its parts.
    pub path: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Short name of the rule; `policy::EXCEPTIONS` uses the same names.
    pub rule: &'static str,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

/// Everything in `tree` that breaks a rule and is no listed exception, sorted by place.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    findings.extend(text::check(tree));
    findings.extend(links::check(tree));
    findings.extend(arrows::check_manifests(tree));
    let (sources, broken) = tokens::read_all(tree);
    findings.extend(broken);
    for source in &sources {
        findings.extend(shape::check(source));
        findings.extend(purity::check(source));
        findings.extend(arrows::check_source(source));
    }
    findings.into_iter().filter(|found| !policy::is_excepted(found.rule, &found.path)).collect()
}

/// The findings of one file alone: what the unit tests of the rules plant.
#[cfg(test)]
pub(crate) fn check_one(path: &str, text: &str) -> Vec<String> {
    check(&Tree::of([(path, text)])).iter().map(|found| format!("{found}")).collect()
}

/// The rules (by name) that one planted file breaks, each named once per finding.
#[cfg(test)]
pub(crate) fn rules_broken(path: &str, text: &str) -> Vec<&'static str> {
    check(&Tree::of([(path, text)])).iter().map(|found| found.rule).collect()
}
