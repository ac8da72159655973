//! `jiaozi verify`: the audit of a database, and the trial balance. It tells about the newest batch
//! of the moment it starts, and changes nothing in the database; servers may go on meanwhile.

use crate::cli::VerifyFlags;
use crate::database::{self, Location};
use crate::verified::Verified;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::error::Error;
use std::time::{Duration, Instant};
use store::verify::{Finding, Head, Options, Report, audit};
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

/// The batch that an audit tells about: who keeps both can tell later whether it is still there.
#[derive(Clone, Debug, Serialize)]
pub struct AsOf {
    /// Its place in the sequence; 0 before the first.
    pub seq: i64,
    /// Its hash in hexadecimal digits.
    pub hash: String,
}

/// The result of an audit.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// Broken rules; empty when all is well.
    pub findings: Vec<Found>,
    /// Broken rules beyond those, where a rule is broken very often.
    pub untold: u64,
    /// How many rules were checked.
    pub rules: usize,
    /// The newest batch when the audit started.
    pub as_of: AsOf,
    /// The batch that it started behind; 0 when it audited everything.
    pub since: i64,
    /// The last batch whose place in the hash chain was recomputed.
    pub batches: i64,
    /// Journals whose place in it was recomputed.
    pub journals: i64,
    /// Rows read, each time one was.
    pub rows: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
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
    pub async fn of(database: &str) -> Result<Self, Box<dyn Error>> {
        Self::of_location(&Location::named(database)?).await
    }

    /// Audits the database at a place.
    pub(crate) async fn of_location(location: &Location) -> Result<Self, Box<dyn Error>> {
        Self::part(location, &Options::default()).await
    }

    /// Audits what the options name.
    async fn part(location: &Location, options: &Options) -> Result<Self, Box<dyn Error>> {
        let readers = database::for_audit(location, TIME_LIMIT)?;
        let readers = readers.as_ref();
        let begun = Instant::now();
        let bar = ProgressBar::new(0);
        let template =
            "{bar:24} {percent:>3} % {human_pos} rows, {per_sec}, {eta} left: {wide_msg}";
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let progress = |what: &'static str, done: u64, of: u64| {
            bar.set_message(what);
            bar.set_length(of);
            bar.set_position(done);
        };
        let report = audit(readers, options, &progress).await;
        bar.finish_and_clear();
        let Report { findings, untold, rules, as_of, since, batches, journals, rows } = report?;
        let mut findings: Vec<Found> = findings.into_iter().map(Found::from).collect();
        let trial_balance = trial_balance(readers).await.unwrap_or_else(|error| {
            let offender = error.to_string();
            findings.push(Found { rule: "T1", says: "balances can be added up", offender });
            Vec::new()
        });
        let as_of = AsOf { seq: as_of.seq, hash: hex::encode(as_of.hash) };
        let seconds = begun.elapsed().as_secs_f64();
        Ok(Self {
            findings,
            untold,
            rules,
            as_of,
            since,
            batches,
            journals,
            rows,
            seconds,
            trial_balance,
        })
    }

    /// Prints it for people.
    pub fn print(&self) {
        say!("trial balance");
        for Line { account, currency, accounts, balance } in &self.trial_balance {
            let amount = kernel::money::yuan(*balance);
            say!("  {account:<30} {accounts:>6} accounts {amount:>18} {currency}");
        }
        let Self { rules, journals, rows, seconds, since, .. } = self;
        let AsOf { seq, hash } = &self.as_of;
        let from = if *since > 0 { format!(" behind batch {since}") } else { String::new() };
        say!("checked {rules} rules, {journals} journals{from}, {rows} rows in {seconds:.1} s");
        say!("as of {seq}:{hash}");
        for Found { rule, says, offender } in &self.findings {
            say!("  BROKEN {rule}: {says}: {offender}");
        }
        if self.untold > 0 {
            say!("  and {} more", self.untold);
        }
        say!("{}", if self.is_clean() { "all rules hold" } else { "THE BOOKS ARE NOT RIGHT" });
    }
}

/// `jiaozi verify`.
pub(crate) async fn run(flags: &VerifyFlags) -> Result<(), Box<dyn Error>> {
    let config = flags.config.load()?;
    let mut options =
        Options { since: flags.since.unwrap_or(0), published: flags.expect_head.clone() };
    let verified = Verified::beside(&config);
    if flags.incremental
        && let Some(head) = verified.head()?
    {
        options.since = head.seq;
        options.published.push(head);
    }
    let audit = Audit::part(&config.location, &options).await?;
    if flags.json {
        say!("{}", serde_json::to_string_pretty(&audit)?);
    } else {
        audit.print();
    }
    if !audit.is_clean() {
        return Err("the audit found broken rules".into());
    }
    if flags.incremental {
        verified.keep(&audit.as_of)?;
    }
    Ok(())
}

/// A head as it is printed: `SEQ:HASH`.
pub(crate) fn parse_head(text: &str) -> Result<Head, String> {
    let parts = text.split_once(':').and_then(|(seq, hash)| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).ok()?;
        Some(Head { seq: seq.parse().ok().filter(|seq| *seq > 0)?, hash: bytes })
    });
    parts.ok_or_else(|| "a batch number, a colon and 64 hexadecimal digits".to_owned())
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
