//! `jiaozi bench silent-merchants`: whether merchants that never answer delay the notifications of
//! the others. The same payments go on twice, first with everybody answering.

use super::child::Server;
use super::client::Call;
use super::flags::{SilentFlags, UnderTest};
use super::load::{Driven, Load, Traffic, drive, no_latencies};
use super::pay::{Payments, audit, check};
use super::place::Place;
use super::process::Watched;
use super::seeding::Seeding;
use super::signing;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// The part of the machine's signatures a second at which payments go on.
const STEADY: f64 = 0.2;
/// How long after the last payment is waited for what is still to be told.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// What is printed; docs/performance.md explains each figure.
#[derive(Debug, Serialize)]
struct SilentReport {
    merchants: u64,
    silent: u64,
    payments_per_s: f64,
    p99_ms_without: f64,
    p99_ms_with: f64,
    ratio: f64,
    /// Notifications that did not come in time to merchants that answer.
    missing: u64,
}

/// When orders were paid and when their merchants were told, by reference.
#[derive(Default)]
struct Times {
    paid: HashMap<String, Instant>,
    told: HashMap<String, Instant>,
}

#[derive(Clone, Default)]
struct Deliveries(Arc<Mutex<Times>>);

impl Deliveries {
    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The p99 of these orders in milliseconds, and how many of them are missing, once all are
    /// there or nobody waits for them any more.
    async fn settled(&self, these: &HashSet<String>) -> (f64, u64) {
        let until = Instant::now() + PATIENCE;
        loop {
            let (taken, missing) = self.measured(these);
            if missing == 0 || Instant::now() >= until {
                return (taken.value_at_quantile(0.99) as f64 / 1e3, missing);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn measured(&self, these: &HashSet<String>) -> (Histogram<u64>, u64) {
        let times = self.times();
        let mut taken = no_latencies();
        let mut missing = 0;
        for (reference, paid) in times.paid.iter().filter(|(paid, _)| these.contains(*paid)) {
            let Some(told) = times.told.get(reference) else {
                missing += 1;
                continue;
            };
            let micros = told.saturating_duration_since(*paid).as_micros();
            taken.saturating_record(micros as u64);
        }
        (taken, missing)
    }
}

/// Payments whose time is written down.
struct Timed {
    payments: Payments,
    deliveries: Deliveries,
}

impl Traffic for Timed {
    fn next(&self) -> Option<Call> {
        self.payments.next()
    }

    fn check(&self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        let now = Instant::now();
        self.payments.check(status, body)?;
        let answer: serde_json::Value =
            serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let reference = answer["order_ref"].as_str().ok_or("an answer without its order")?;
        self.deliveries.times().paid.insert(reference.to_owned(), now);
        Ok(())
    }
}

/// Runs it and prints what came of it.
pub(super) async fn run(flags: SilentFlags) -> Result<(), Box<dyn Error>> {
    let SilentFlags { world, load: how, silent } = flags;
    let seeded = world.seeded();
    if silent >= seeded.merchants {
        return Err("somebody must answer".into());
    }
    let rates = signing::measure(signing::USUAL).await?;
    let per_second = rates.sign * STEADY;
    let count = (per_second * (how.warmup + how.seconds) as f64) as u64 + 1_000;
    let deliveries = Deliveries::default();
    let address = listen(&deliveries).await?;

    let place = Place::of(world.data.as_deref(), &world.database)?;
    let mut seeding = Seeding::open(&place, seeded).await?;
    let orders = seeding.orders();
    let told = move |order| format!("{address}/told/{}", orders.reference(order));
    let is_silent = move |order| (orders.merchant(order) as u64) < silent;
    let answered = {
        let told = told.clone();
        seeding.place_orders(count, told).await?
    };
    let with_silent = move |order| match is_silent(order) {
        true => told(order).replace("/told/", "/silent/"),
        false => told(order),
    };
    let silenced = seeding.place_orders(count, with_silent).await?;
    seeding.close().await;
    let server = Server::start(&place, UnderTest::Notifying).await?;
    let watched = Watched { wallet: server.process()?, database: None };
    let load = Load {
        address: server.consumer,
        clients: how.clients,
        warmup: Duration::from_secs(how.warmup),
        measured: Duration::from_secs(how.seconds),
        per_second: Some(per_second),
    };
    let phase = async |first: u64| -> Result<(Driven, f64, u64), Box<dyn Error>> {
        let payments = Payments::new(orders, first..first + count, how.keys);
        let traffic = Timed { payments, deliveries: deliveries.clone() };
        let driven = drive(load, traffic, watched).await?;
        let loud = (first..first + count).filter(|order| !is_silent(*order));
        let (p99_ms, missing) =
            deliveries.settled(&loud.map(|order| orders.reference(order)).collect()).await;
        Ok((driven, p99_ms, missing))
    };
    eprintln!("everybody answers ...");
    let (all, p99_ms_without, missing_without) = phase(answered).await?;
    eprintln!("{silent} of {} never answer ...", seeded.merchants);
    let (some, p99_ms_with, missing_with) = phase(silenced).await?;
    server.end().await?;
    let report = SilentReport {
        merchants: seeded.merchants,
        silent,
        payments_per_s: some.per_second(),
        p99_ms_without,
        p99_ms_with,
        ratio: p99_ms_with / p99_ms_without.max(1e-3),
        missing: missing_without + missing_with,
    };
    report.print(world.json)?;
    audit(&place, world.audit || seeded.entries == 0).await?;
    check(&[&all, &some])
}

impl SilentReport {
    fn print(&self, json: bool) -> Result<(), Box<dyn Error>> {
        if json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let Self { merchants, silent, payments_per_s, p99_ms_without, p99_ms_with, .. } = self;
        say!("payments          {payments_per_s:>9.0}/s to {merchants} merchants");
        say!("told, p99         {p99_ms_without:>9.1} ms when all answer");
        say!("                  {p99_ms_with:>9.1} ms when {silent} never do");
        say!("                  {:>9.2} times as long", self.ratio);
        if self.missing > 0 {
            say!("                  {:>9} were not told in time", self.missing);
        }
        Ok(())
    }
}

/// Merchants: some take what they are told, others take the connection and say nothing.
async fn listen(deliveries: &Deliveries) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let take = |State(deliveries): State<Deliveries>, Path(reference): Path<String>| async move {
        let now = Instant::now();
        deliveries.times().told.entry(reference).or_insert(now);
        StatusCode::NO_CONTENT
    };
    let say_nothing = || async { pending::<StatusCode>().await };
    let router = Router::new()
        .route("/told/{reference}", post(take))
        .route("/silent/{reference}", post(say_nothing))
        .with_state(deliveries.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}
