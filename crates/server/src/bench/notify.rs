//! `jiaozi bench notify`: whether merchants are told as fast as this machine can sign. Payments go
//! on steadily at a part of what it could sign; then as fast as they can; then a few, while what
//! has piled up is delivered.

use super::child::Server;
use super::flags::{NotifyFlags, UnderTest};
use super::load::{Driven, Load, drive};
use super::pay::{Payments, audit, check};
use super::place::Place;
use super::process::Watched;
use super::seeding::Seeding;
use super::signing::{self, Rates};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Serialize;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// The part of the machine's signatures a second at which payments go on steadily.
const STEADY: f64 = 0.4;
/// The same while what piled up is delivered.
const DRAINING: f64 = 0.1;
/// The part that must be delivered at least; slower is given up.
const SLOWEST: f64 = 0.3;
/// When this part of what had piled up is left, it counts as delivered.
const REST: u64 = 50;
const SAMPLE: Duration = Duration::from_secs(1);

/// What is printed; docs/performance.md explains each figure.
#[derive(Debug, Serialize)]
struct NotifyReport {
    signatures_per_s: f64,
    steady_payments_per_s: f64,
    steady_p99_ms: f64,
    steady_backlog_max: u64,
    steady_backlog_growth_per_s: f64,
    peak_payments_per_s: f64,
    peak_backlog: u64,
    drained_per_s: f64,
    drained_to_signatures: f64,
    drain_payments_per_s: f64,
    drain_p99_ms: f64,
    is_drained: bool,
    told: u64,
}

/// Counts what is paid and what merchants were told.
#[derive(Clone, Default)]
struct Counts {
    paid: Arc<AtomicU64>,
    told: Arc<AtomicU64>,
}

impl Counts {
    fn backlog(&self) -> u64 {
        self.paid.load(Relaxed).saturating_sub(self.told.load(Relaxed))
    }
}

/// Runs it and prints what came of it.
pub(super) async fn run(flags: NotifyFlags) -> Result<(), Box<dyn Error>> {
    let NotifyFlags { world, load: how, peak_seconds, orders_per_second } = flags;
    let rates = signing::measure(signing::USUAL).await?;
    let counts = Counts::default();
    let url = listen(&counts).await?;
    let peak_orders = orders_per_second * peak_seconds;
    let steady_orders = (rates.sign * STEADY * (how.warmup + how.seconds) as f64) as u64 + 1_000;
    let drain_s = |backlog: u64| (backlog as f64 / (rates.sign * SLOWEST)).ceil() as u64 + 2;
    let drain_orders = (rates.sign * DRAINING * drain_s(peak_orders) as f64) as u64 + 1_000;

    let place = Place::of(world.data.as_deref(), &world.database)?;
    let mut seeding = Seeding::open(&place, world.seeded()).await?;
    let count = steady_orders + peak_orders + drain_orders;
    let first = seeding.place_orders(count, move |_| url.clone()).await?;
    let orders = seeding.orders();
    seeding.close().await;
    let server = Server::start(&place, UnderTest::Notifying).await?;
    let watched = Watched { wallet: server.process()?, database: None };
    let payments = |from: u64, count: u64| {
        let these = first + from..first + from + count;
        Payments::counting(orders, these, how.keys, Arc::clone(&counts.paid))
    };
    let load = |per_second: Option<f64>, warmup: u64, seconds: u64| {
        let (warmup, measured) = (Duration::from_secs(warmup), Duration::from_secs(seconds));
        Load { address: server.consumer, clients: how.clients, warmup, measured, per_second }
    };

    eprintln!("steady payments ...");
    let steady_load = load(Some(rates.sign * STEADY), how.warmup, how.seconds);
    let mut backlogs = Vec::new();
    let driving = drive(steady_load, payments(0, steady_orders), watched);
    let steady = beside(driving, || backlogs.push(counts.backlog())).await?;
    eprintln!("as many payments as there can be ...");
    let peak_load = load(None, 0, peak_seconds);
    let peak = drive(peak_load, payments(steady_orders, peak_orders), watched).await?;
    let peak_backlog = counts.backlog();
    eprintln!("delivering {peak_backlog} notifications ...");
    let drain_load = load(Some(rates.sign * DRAINING), 0, drain_s(peak_backlog));
    let these = payments(steady_orders + peak_orders, drain_orders);
    let mut draining = Draining::begin(&counts);
    let drain = beside(drive(drain_load, these, watched), || draining.look(&counts)).await?;
    server.end().await?;
    let signatures_per_s = Rates::mean(rates, signing::measure(signing::USUAL).await?).sign;

    let p99 = |driven: &Driven| driven.latencies.value_at_quantile(0.99) as f64 / 1e3;
    let drained_per_s = draining.per_second();
    let report = NotifyReport {
        signatures_per_s,
        steady_payments_per_s: steady.per_second(),
        steady_p99_ms: p99(&steady),
        steady_backlog_max: backlogs.iter().copied().max().unwrap_or(0),
        steady_backlog_growth_per_s: growth_per_s(&backlogs),
        peak_payments_per_s: peak.per_second(),
        peak_backlog,
        is_drained: draining.ended.is_some(),
        drained_per_s,
        drained_to_signatures: drained_per_s / signatures_per_s,
        drain_payments_per_s: drain.per_second(),
        drain_p99_ms: p99(&drain),
        told: counts.told.load(Relaxed),
    };
    report.print(world.json)?;
    audit(&place, world.audit || world.seeded().entries == 0).await?;
    check(&[&steady, &peak, &drain])
}

/// Looks on regularly while something is done.
async fn beside<T>(doing: impl Future<Output = T>, mut look: impl FnMut()) -> T {
    let mut doing = std::pin::pin!(doing);
    let mut ticks = tokio::time::interval(SAMPLE);
    loop {
        tokio::select! {
            done = &mut doing => return done,
            _ = ticks.tick() => look(),
        }
    }
}

/// How much longer the backlog of the last third is than that of the first, for each second between
/// them.
fn growth_per_s(backlogs: &[u64]) -> f64 {
    let third = (backlogs.len() / 3).max(1);
    let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len().max(1) as f64;
    let first = mean(backlogs.get(..third).unwrap_or_default());
    let last = mean(&backlogs[backlogs.len().saturating_sub(third)..]);
    (last - first) / ((backlogs.len() - third.min(backlogs.len())).max(1) as f64)
}

/// From a peak until nearly all of it is delivered.
struct Draining {
    began: Instant,
    told_before: u64,
    rest: u64,
    newest: (Duration, u64),
    ended: Option<(Duration, u64)>,
}

impl Draining {
    fn begin(counts: &Counts) -> Self {
        let told_before = counts.told.load(Relaxed);
        let rest = counts.backlog() / REST;
        let newest = (Duration::ZERO, 0);
        Self { began: Instant::now(), told_before, rest, newest, ended: None }
    }

    fn look(&mut self, counts: &Counts) {
        self.newest = (self.began.elapsed(), counts.told.load(Relaxed) - self.told_before);
        if self.ended.is_none() && counts.backlog() <= self.rest {
            self.ended = Some(self.newest);
        }
    }

    fn per_second(&self) -> f64 {
        let (time, told) = self.ended.unwrap_or(self.newest);
        told as f64 / time.as_secs_f64().max(1e-3)
    }
}

impl NotifyReport {
    fn print(&self, json: bool) -> Result<(), Box<dyn Error>> {
        if json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let Self { signatures_per_s, steady_payments_per_s, steady_p99_ms, .. } = self;
        say!("signatures   {signatures_per_s:>9.0}/s");
        say!("steady       {steady_payments_per_s:>9.0}/s payments, p99 {steady_p99_ms:.1} ms");
        let (most, growth) = (self.steady_backlog_max, self.steady_backlog_growth_per_s);
        say!("             at most {most} not yet told, growing by {growth:.1}/s");
        let Self { peak_payments_per_s, peak_backlog, drained_per_s, .. } = self;
        say!("peak         {peak_payments_per_s:>9.0}/s payments, {peak_backlog} not yet told");
        let part = self.drained_to_signatures;
        say!("then         {drained_per_s:>9.0}/s told, {part:.2} of the signatures");
        let (payments, p99) = (self.drain_payments_per_s, self.drain_p99_ms);
        say!("             {payments:.0}/s payments meanwhile, p99 {p99:.1} ms");
        if !self.is_drained {
            say!("             it was not over when the time was");
        }
        Ok(())
    }
}

/// Where merchants are told; gives the address. Whoever tells is believed.
async fn listen(counts: &Counts) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let told = Arc::clone(&counts.told);
    let take = move || async move {
        told.fetch_add(1, Relaxed);
        StatusCode::NO_CONTENT
    };
    let router = Router::new().route("/paid", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/paid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_that_stays_does_not_grow() {
        assert_eq!(growth_per_s(&[]), 0.0);
        assert_eq!(growth_per_s(&[7; 60]), 0.0);
        let rising: Vec<u64> = (0..60).map(|second| second * 10).collect();
        assert!((growth_per_s(&rising) - 10.0).abs() < 1e-9);
    }
}
