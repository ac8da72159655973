//! What the server under test has counted of its own work.

use super::child::Server;
use super::postgres::Postgres;
use std::error::Error;

/// Totals since its start, or between two moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// Payments committed.
    pub(super) payments: f64,
    /// Batches that carried any.
    pub(super) payment_batches: f64,
    /// How often somebody waited for a log to be on the disk: on SQLite each batch does once, on
    /// PostgreSQL the server counts.
    pub(super) syncs: f64,
    /// Rows written.
    pub(super) rows: f64,
}

impl Counted {
    /// Asks the server, and that of its database.
    pub(super) async fn of(
        server: &Server,
        database: Option<&Postgres>,
    ) -> Result<Self, Box<dyn Error>> {
        let text = server.metrics().await?;
        let batches = sum(&text, "jiaozi_engine_commits_total", "");
        let syncs = match database {
            Some(database) => database.log_syncs().await?,
            None => batches,
        };
        Ok(Self {
            payments: sum(&text, "jiaozi_engine_commands_committed_total", "PayOrder"),
            payment_batches: sum(&text, "jiaozi_engine_commits_with_total", "PayOrder"),
            syncs,
            rows: sum(&text, "jiaozi_engine_rows_written_total", ""),
        })
    }

    /// What was added since then.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            payments: self.payments - before.payments,
            payment_batches: self.payment_batches - before.payment_batches,
            syncs: self.syncs - before.syncs,
            rows: self.rows - before.rows,
        }
    }
}

/// The sum of the figures of a name whose labels hold a text.
fn sum(metrics: &str, name: &str, label: &str) -> f64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let of_name = lines.filter(|rest| rest.starts_with([' ', '{']) && rest.contains(label));
    of_name.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
