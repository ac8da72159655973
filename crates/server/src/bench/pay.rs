//! `jiaozi bench pay`: payments through the public API, one a request, between two measurements of
//! a route that only parses and answers.

use super::bare;
use super::child::Server;
use super::client::Call;
use super::counted::Counted;
use super::dice::spread;
use super::flags::{ClientKeys, PayFlags, UnderTest};
use super::load::{Driven, Load, Traffic, drive, fixed, what_went_wrong};
use super::noop;
use super::orders::{NOWHERE, Orders};
use super::people::PASSWORD;
use super::place::Place;
use super::postgres::Postgres;
use super::process::Watched;
use super::report::{Figures, PayReport};
use super::rivals::{Bench, Rivals};
use super::seeding::Seeding;
use axum::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use std::error::Error;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Runs it and prints what came of it.
pub(super) async fn run(flags: PayFlags) -> Result<(), Box<dyn Error>> {
    let PayFlags { world, load: how, orders_per_second, pgbench_scale } = flags;
    let place = Place::of(world.data.as_deref(), &world.database)?;
    let postgres = place.address()?.map(Postgres::of).transpose()?;
    let mut seeding = Seeding::open(&place, world.seeded()).await?;
    let count = orders_per_second * (how.warmup + how.seconds);
    let first = seeding.place_orders(count, |_| NOWHERE.into()).await?;
    let orders = seeding.orders();
    seeding.close().await;

    let server = Server::start(&place, UnderTest::Quiet).await?;
    let database = match &postgres {
        Some(postgres) => postgres.main_process().await,
        None => None,
    };
    let watched = Watched { wallet: server.process()?, database };
    let seconds = Duration::from_secs;
    let load = |warmup, measured| {
        let (warmup, measured) = (seconds(warmup), seconds(measured));
        let address = server.consumer;
        Load { address, clients: how.clients, warmup, measured, per_second: None }
    };
    let noop_load = load(how.warmup.min(1), how.seconds.div_ceil(2));
    eprintln!("no-op route ...");
    let noop_before = drive(noop_load, Noop, watched).await?;
    eprintln!("payments ...");
    let payments = Payments::new(orders, first..first + count, how.keys);
    let before = Counted::of(&server, postgres.as_ref()).await?;
    let paid = drive(load(how.warmup, how.seconds), payments, watched).await?;
    let counted = Counted::of(&server, postgres.as_ref()).await?.since(&before);
    eprintln!("no-op route ...");
    let noop_after = drive(noop_load, Noop, watched).await?;
    server.end().await?;

    let bare_commit_ms = match how.clients {
        1 => Some(bare::commit_ms(&place, postgres.as_ref(), how.seconds).await?),
        _ => None,
    };
    let rivals = match &postgres {
        Some(postgres) if pgbench_scale > 0 => {
            Some(compare(&place, postgres, pgbench_scale, how.seconds).await?)
        }
        _ => None,
    };
    let noop = (noop_before.per_second() + noop_after.per_second()) / 2.0;
    let figures = Figures { paid: &paid, noop, counted, bare_commit_ms, rivals };
    let report = PayReport::of(&world, &how, &figures);
    report.print(world.json)?;
    audit(&place, world.audit || world.seeded().entries == 0).await?;
    check(&[&noop_before, &paid, &noop_after])
}

async fn compare(
    place: &Place,
    server: &Postgres,
    scale: u32,
    seconds: u64,
) -> Result<Rivals, Box<dyn Error>> {
    eprintln!("pgbench and plain transfers ...");
    let bench = Bench::start(server, place.data(), seconds).await?;
    let rivals = bench.rivals(scale).await;
    bench.end().await?;
    rivals
}

/// Audits what the run left, if that is wanted.
pub(super) async fn audit(place: &Place, is_wanted: bool) -> Result<(), Box<dyn Error>> {
    if !is_wanted {
        return Ok(());
    }
    let audit = crate::audit::Audit::of_location(&place.seeding()?.location).await?;
    match audit.findings.first() {
        None => Ok(()),
        Some(found) => Err(format!("the books are not right: {found:?}").into()),
    }
}

/// Every measurement must have answers, and all of them the expected ones.
pub(super) fn check(driven: &[&Driven]) -> Result<(), Box<dyn Error>> {
    let failures: Vec<String> = driven
        .iter()
        .flat_map(|driven| &driven.failures)
        .map(|(what, count)| format!("{count} x {what}"))
        .collect();
    if driven.iter().any(|driven| driven.done == 0) {
        return Err(format!("a measurement has no answer in it: {failures:?}").into());
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join(", ").into()) }
}

/// Payments of orders that wait, each once.
pub(super) struct Payments {
    orders: Orders,
    next: AtomicU64,
    end: u64,
    keys: ClientKeys,
    /// Makes the keys of this run differ from those of any other.
    run: u64,
    /// How many succeeded.
    paid: Arc<AtomicU64>,
}

impl Payments {
    pub(super) fn new(orders: Orders, these: Range<u64>, keys: ClientKeys) -> Self {
        Self::counting(orders, these, keys, Arc::default())
    }

    /// Payments of these orders, counted where others see it.
    pub(super) fn counting(
        orders: Orders,
        these: Range<u64>,
        keys: ClientKeys,
        paid: Arc<AtomicU64>,
    ) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = since.as_millis() as u64;
        Self { orders, next: AtomicU64::new(these.start), end: these.end, keys, run, paid }
    }

    fn key(&self, order: u64) -> String {
        let tail = spread(order ^ self.run);
        match self.keys {
            ClientKeys::TimeOrdered => format!("{:012x}{order:012x}{tail:016x}", self.run),
            ClientKeys::Random => format!("{tail:016x}{:016x}", spread(tail)),
        }
    }
}

impl Traffic for Payments {
    fn next(&self) -> Option<Call> {
        let order = self.next.fetch_add(1, Relaxed);
        if order >= self.end {
            return None;
        }
        let body = format!(
            "{{\"order_ref\":\"{}\",\"amount\":{{\"currency\":\"CNY\",\"minor\":1}},\
             \"payment_password\":\"{PASSWORD}\"}}",
            self.orders.reference(order)
        );
        let payer = self.orders.payer(order);
        let call = Request::post("/v1/orders/pay")
            .header(HOST, "bench")
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", self.key(order))
            .header(AUTHORIZATION, self.orders.dice.authorization(payer))
            .body(Bytes::from(body).into());
        Some(call.expect("every part is plain text"))
    }

    fn check(&self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        check_success(status, body)?;
        self.paid.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// The no-op route, with a body and headers of a payment's length.
pub(super) struct Noop;

impl Traffic for Noop {
    fn next(&self) -> Option<Call> {
        let body = fixed(
            "{\"order_ref\":\"wx20261121000000012340123456789abcdef0123\",\
             \"amount\":{\"currency\":\"CNY\",\"minor\":1},\"payment_password\":\"739204\"}",
        );
        let call = Request::post(noop::PATH)
            .header(HOST, "bench")
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", "0123456789abcdef0123456789abcdef01234567")
            .header(AUTHORIZATION, "Bearer 0123456789012345678901234567890123456789012")
            .body(body.into());
        Some(call.expect("every part is plain text"))
    }

    fn check(&self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        check_success(status, body)
    }
}

fn check_success(status: StatusCode, body: &[u8]) -> Result<(), String> {
    let success = b"\"state\":\"SUCCESS\"";
    if status == StatusCode::OK && body.windows(success.len()).any(|part| part == success) {
        return Ok(());
    }
    Err(what_went_wrong(status, body))
}
