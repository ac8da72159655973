//! `jiaozi verify`: the audit of a database, and the trial balance. It reads one state of the
//! database and changes nothing; a server may be running.

use crate::database::{self, Location};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::time::Duration;
use store::verify::{Finding, Report, verify};
use store::{Kind, Queries, Value};

/// How long one statement of the audit may take.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// What the books say, summed up by purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What the accounts are for, with the kind of their owners.
    pub account: String,
    /// Their currency.
    pub currency: String,
    /// How many accounts.
    pub accounts: i64,
    /// The sum of their balances in minor units, credit positive.
    pub balance: i64,
}

/// The result of an audit.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// Broken rules; empty when all is well.
    pub findings: Vec<Found>,
    /// How many rules were checked.
    pub rules: usize,
    /// Batches whose place in the hash chain was recomputed.
    pub batches: i64,
    /// Journals whose place in it was recomputed.
    pub journals: i64,
    /// The trial balance.
    pub trial_balance: Vec<Line>,
}

/// One broken rule.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The rule's short name.
    pub rule: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Which row breaks it.
    pub offender: String,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self { rule: finding.rule, says: finding.says, offender: finding.offender }
    }
}

impl Audit {
    /// Whether every rule holds.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Audits a database: the path of a file, or an address that begins with `postgres://`.
    pub async fn of(database: &str) -> Result<Self, Box<dyn std::error::Error>> {
        Self::of_location(&Location::named(database)?).await
    }

    /// Audits the database at a place.
    pub(crate) async fn of_location(
        location: &Location,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let readers = database::snapshot(location, TIME_LIMIT)?;
        let readers = readers.as_ref();
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let progress = |what: &'static str, done: u64, of: u64| {
            bar.set_message(what);
            bar.set_length(of.max(done));
            bar.set_position(done);
        };
        let Report { findings, rules, batches, journals, .. } = verify(readers, &progress).await?;
        bar.finish_and_clear();
        let trial_balance = trial_balance(readers).await?;
        let findings = findings.into_iter().map(Found::from).collect();
        Ok(Self { findings, rules, batches, journals, trial_balance })
    }

    /// Prints it for people.
    pub fn print(&self) {
        say!("trial balance");
        for Line { account, currency, accounts, balance } in &self.trial_balance {
            let (yuan, fen) = (balance / 100, (balance % 100).abs());
            let sign = if *balance < 0 && yuan == 0 { "-" } else { "" };
            let amount = format!("{sign}{yuan}.{fen:02}");
            say!("  {account:<30} {accounts:>6} accounts {amount:>18} {currency}");
        }
        let Self { rules, batches, journals, .. } = self;
        say!("checked {rules} rules, {batches} batches, {journals} journals");
        for Found { rule, says, offender } in &self.findings {
            say!("  BROKEN {rule}: {says}: {offender}");
        }
        say!("{}", if self.is_clean() { "all rules hold" } else { "THE BOOKS ARE NOT RIGHT" });
    }
}

async fn trial_balance(queries: &dyn Queries) -> Result<Vec<Line>, store::QueryError> {
    let sql = "SELECT p.owner_kind || '/' || p.purpose, a.currency, COUNT(*), \
               CAST(SUM(a.balance) AS BIGINT) FROM account a JOIN account_path p \
               ON p.book = a.book AND p.number = a.number WHERE a.book = 1 \
               GROUP BY p.owner_kind, p.purpose, a.currency ORDER BY 2, 1";
    let kinds = vec![Kind::Text, Kind::Text, Kind::Int, Kind::Int];
    let rows = queries.rows(sql.into(), Vec::new(), kinds).await?;
    let mut lines: Vec<Line> = rows
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [
                Value::Text(account),
                Value::Text(currency),
                Value::Int(accounts),
                Value::Int(balance),
            ] => Some(Line {
                account: account.clone(),
                currency: currency.clone(),
                accounts: *accounts,
                balance: *balance,
            }),
            _ => None,
        })
        .collect();
    let accounts = lines.iter().map(|line| line.accounts).sum();
    let balance = lines.iter().map(|line| line.balance).sum();
    lines.push(Line { account: "sum".into(), currency: "CNY".into(), accounts, balance });
    Ok(lines)
}
