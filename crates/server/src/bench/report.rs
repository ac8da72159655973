//! What a measurement gave, for people and for programs.

use super::counted::Counted;
use super::flags::{ClientKeys, LoadFlags, Seeded, WorldFlags};
use super::load::Driven;
use super::rivals::{Rivals, Transfers};
use serde::Serialize;
use std::error::Error;

/// The widest bar, in characters.
const BAR: f64 = 40.0;

/// What `bench pay` measured.
pub(super) struct Figures<'a> {
    pub(super) paid: &'a Driven,
    /// Answers of the no-op route a second.
    pub(super) noop: f64,
    pub(super) counted: Counted,
    /// Of one client: the time of a commit of one row on the same store.
    pub(super) bare_commit_ms: Option<f64>,
    pub(super) rivals: Option<Rivals>,
}

/// What `bench pay` prints; docs/performance.md explains each figure.
#[derive(Debug, Serialize)]
pub(super) struct PayReport {
    version: &'static str,
    database: String,
    cores: usize,
    seeded: Seeded,
    keys: ClientKeys,
    clients: usize,
    seconds: f64,
    payments: u64,
    payments_per_s: f64,
    noop_per_s: f64,
    ratio_to_noop: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pgbench_tps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pg_transfer_tps: Option<Transfers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    single_client_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bare_commit_ms: Option<f64>,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
    longest_silence_ms: f64,
    cpu_us_per_payment: f64,
    bytes_per_payment: f64,
    fsyncs_per_payment: f64,
    rows_per_payment: f64,
    payments_per_commit: f64,
    rss_mb: f64,
    failures: u64,
}

impl PayReport {
    /// Puts the figures together.
    pub(super) fn of(world: &WorldFlags, how: &LoadFlags, figures: &Figures<'_>) -> Self {
        let Figures { paid, noop, counted, bare_commit_ms, rivals } = figures;
        let corrected = paid.corrected(how.clients);
        let millis = |quantile| corrected.value_at_quantile(quantile) as f64 / 1e3;
        let [before, after] = &paid.samples;
        let each = |sum: f64| sum / (paid.done as f64).max(1.0);
        let per_payment = |sum: f64| sum / counted.payments.max(1.0);
        let payments_per_s = paid.per_second();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            database: kind(&world.database).to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            seeded: world.seeded(),
            keys: how.keys,
            clients: how.clients,
            seconds: paid.elapsed.as_secs_f64(),
            payments: paid.done,
            payments_per_s,
            noop_per_s: *noop,
            ratio_to_noop: payments_per_s / noop.max(1e-9),
            pgbench_tps: rivals.map(|rivals| rivals.pgbench_tps),
            pg_transfer_tps: rivals.map(|rivals| rivals.transfers),
            single_client_ms: bare_commit_ms.map(|_| paid.latencies.mean() / 1e3),
            bare_commit_ms: *bare_commit_ms,
            p50_ms: millis(0.5),
            p99_ms: millis(0.99),
            p999_ms: millis(0.999),
            max_ms: paid.latencies.max() as f64 / 1e3,
            longest_silence_ms: paid.longest_silence.as_secs_f64() * 1e3,
            cpu_us_per_payment: each((after.cpu - before.cpu).as_secs_f64() * 1e6),
            bytes_per_payment: each((after.written - before.written) as f64),
            fsyncs_per_payment: per_payment(counted.syncs),
            rows_per_payment: per_payment(counted.rows),
            payments_per_commit: counted.payments / counted.payment_batches.max(1.0),
            rss_mb: after.memory as f64 / 1e6,
            failures: paid.failures.values().sum(),
        }
    }

    /// Prints it.
    pub(super) fn print(&self, json: bool) -> Result<(), Box<dyn Error>> {
        if json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let Self { database, clients, seconds, payments, .. } = self;
        say!("{payments} payments in {seconds:.1} s by {clients} clients on {database}");
        let transfers = self.pg_transfer_tps;
        let bars = [
            ("no-op route", Some(self.noop_per_s)),
            ("payments", Some(self.payments_per_s)),
            ("pgbench", self.pgbench_tps),
            ("plain transfer", transfers.map(|transfers| transfers.uniform)),
            ("  to one row", transfers.map(|transfers| transfers.hot)),
        ];
        let bars = bars.into_iter().filter_map(|(what, figure)| Some((what, figure?)));
        let most = bars.clone().map(|(_, figure)| figure).fold(1.0, f64::max);
        for (what, figure) in bars {
            let bar = "#".repeat((figure / most * BAR) as usize);
            say!("  {what:<14} {figure:>9.0}/s {bar}");
        }
        say!("  ratio          {:>9.2}", self.ratio_to_noop);
        if let (Some(single), Some(bare)) = (self.single_client_ms, self.bare_commit_ms) {
            say!("  alone          {single:.2} ms, a bare commit {bare:.2} ms");
        }
        let Self { p50_ms, p99_ms, p999_ms, max_ms, longest_silence_ms, .. } = self;
        say!(
            "  latency        p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, p99.9 {p999_ms:.1} ms, \
              longest {max_ms:.1} ms"
        );
        say!("  longest time without any answer {longest_silence_ms:.1} ms");
        let Self { cpu_us_per_payment, bytes_per_payment, fsyncs_per_payment, .. } = self;
        say!(
            "  a payment      {cpu_us_per_payment:.1} us CPU, {bytes_per_payment:.0} bytes, \
              {fsyncs_per_payment:.4} fsyncs, {:.1} rows",
            self.rows_per_payment
        );
        say!("  a commit       {:.1} payments", self.payments_per_commit);
        say!("  memory         {:.0} MB at most", self.rss_mb);
        Ok(())
    }
}

/// The kind of database; an address may hold a password.
fn kind(database: &str) -> &'static str {
    if database.starts_with("postgres") { "postgres" } else { "sqlite" }
}
