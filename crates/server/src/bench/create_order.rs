//! `jiaozi bench create-order`: orders placed by merchants over the merchant API, with requests
//! signed before they are sent, next to what signature, verification and an empty exchange cost.

use super::child::Server;
use super::client::Call;
use super::flags::{CreateOrderFlags, Seeded, UnderTest};
use super::load::{Driven, Load, Traffic, drive, no_latencies, what_went_wrong};
use super::pay::{Noop, audit, check};
use super::place::{Merchant, Place};
use super::process::Watched;
use super::seeding::Seeding;
use super::signing::{self, Rates};
use apiv3::authorization::{Authorization, RawRequest};
use apiv3::key_name::Serial;
use apiv3::keys::PrivateKey;
use axum::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use serde::Serialize;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const TARGET: &str = "/v3/pay/transactions/native";

/// In how many parts orders are placed. The machine is not steady, so what it can do is measured
/// between any two of them.
const ROUNDS: u32 = 5;
/// How long signing, verifying and the no-op route are measured each time.
const YARDSTICK: Duration = Duration::from_millis(700);
/// How long the no-op route is called before that.
const NOOP_WARMUP: Duration = Duration::from_millis(300);

/// What is printed; docs/performance.md explains each figure.
#[derive(Debug, Serialize)]
struct CreateReport {
    creates_per_s: f64,
    signatures_per_s: f64,
    verifications_per_s: f64,
    noop_per_s: f64,
    bound_per_s: f64,
    ratio_to_bound: f64,
    ratio_of_rounds: Vec<f64>,
    p50_ms: f64,
    p99_ms: f64,
    clients: usize,
    seconds: f64,
}

/// What the machine can do at one moment, a second.
#[derive(Clone, Copy)]
struct Yardstick {
    rates: Rates,
    noop: f64,
}

impl Yardstick {
    fn mean(of: &[Self]) -> Self {
        let count = of.len().max(1) as f64;
        let mean = |part: fn(&Self) -> f64| of.iter().map(part).sum::<f64>() / count;
        let rates =
            Rates { sign: mean(|one| one.rates.sign), verify: mean(|one| one.rates.verify) };
        Self { rates, noop: mean(|one| one.noop) }
    }

    /// How many orders a second there would be if each cost no more than these three.
    fn bound(&self) -> f64 {
        let each = 1.0 / self.rates.sign + 1.0 / self.rates.verify + 1.0 / self.noop.max(1e-9);
        1.0 / each
    }
}

/// Runs it and prints what came of it.
pub(super) async fn run(flags: CreateOrderFlags) -> Result<(), Box<dyn Error>> {
    let CreateOrderFlags { world, load: how } = flags;
    let place = Place::of(world.data.as_deref(), &world.database)?;
    let users = world.users.unwrap_or(1).max(1);
    let seeding = Seeding::open(&place, Seeded { users, ..world.seeded() }).await?;
    let manifest = seeding.close().await;
    let signing = signing::measure(YARDSTICK).await?.sign;

    let server = Server::start(&place, UnderTest::Quiet).await?;
    let watched = Watched { wallet: server.process()?, database: None };
    let round = [how.warmup, how.seconds].map(|all| Duration::from_secs(all) / ROUNDS);
    let load = |address, [warmup, measured]: [Duration; 2]| Load {
        address,
        clients: how.clients,
        warmup,
        measured,
        per_second: None,
    };
    let count = (signing * ((round[0] + round[1]) * ROUNDS).as_secs_f64()) as u64;
    eprintln!("signing {count} requests ...");
    let merchants = manifest.merchants;
    let signed = tokio::task::spawn_blocking(move || sign(&merchants, count)).await??;
    let calls = Arc::new(Creates { signed, next: AtomicUsize::new(0) });
    let (mut yardsticks, mut noops, mut created) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..=ROUNDS {
        let noop = drive(load(server.consumer, [NOOP_WARMUP, YARDSTICK]), Noop, watched).await?;
        let rates = signing::measure(YARDSTICK).await?;
        yardsticks.push(Yardstick { rates, noop: noop.per_second() });
        noops.push(noop);
        if number < ROUNDS {
            eprintln!("placing orders, {} of {ROUNDS} ...", number + 1);
            created.push(drive(load(server.merchant, round), Arc::clone(&calls), watched).await?);
        }
    }
    server.end().await?;

    let report = CreateReport::of(&yardsticks, &created, how.clients);
    report.print(world.json)?;
    audit(&place, world.audit || world.seeded().entries == 0).await?;
    check(&noops.iter().chain(&created).collect::<Vec<_>>())
}

impl CreateReport {
    /// `yardsticks` were measured before, between and after the rounds.
    fn of(yardsticks: &[Yardstick], created: &[Driven], clients: usize) -> Self {
        let bounds = yardsticks.windows(2).map(|around| Yardstick::mean(around).bound());
        let ratios: Vec<f64> =
            created.iter().zip(bounds).map(|(round, bound)| round.per_second() / bound).collect();
        let seconds: f64 = created.iter().map(|round| round.elapsed.as_secs_f64()).sum();
        let done: u64 = created.iter().map(|round| round.done).sum();
        let mut latencies = no_latencies();
        for round in created {
            latencies.add(round.corrected(clients)).expect("they have the same bounds");
        }
        let Yardstick { rates, noop } = Yardstick::mean(yardsticks);
        Self {
            creates_per_s: done as f64 / seconds.max(1e-9),
            signatures_per_s: rates.sign,
            verifications_per_s: rates.verify,
            noop_per_s: noop,
            bound_per_s: Yardstick { rates, noop }.bound(),
            ratio_to_bound: median(&ratios),
            ratio_of_rounds: ratios,
            p50_ms: latencies.value_at_quantile(0.5) as f64 / 1e3,
            p99_ms: latencies.value_at_quantile(0.99) as f64 / 1e3,
            clients,
            seconds,
        }
    }

    fn print(&self, json: bool) -> Result<(), Box<dyn Error>> {
        if json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let rounds: Vec<_> = self.ratio_of_rounds.iter().map(|one| format!("{one:.2}")).collect();
        say!("orders placed      {:>9.0}/s by {} clients", self.creates_per_s, self.clients);
        say!("signatures         {:>9.0}/s", self.signatures_per_s);
        say!("verifications      {:>9.0}/s", self.verifications_per_s);
        say!("no-op route        {:>9.0}/s", self.noop_per_s);
        say!("of these three     {:>9.0}/s", self.bound_per_s);
        say!("reached of that    {:>9.2}, by round {}", self.ratio_to_bound, rounds.join(" "));
        say!("latency            p50 {:.1} ms, p99 {:.1} ms", self.p50_ms, self.p99_ms);
        Ok(())
    }
}

/// The one in the middle, which a moment's stall of the machine does not move.
fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// A request, signed.
struct Signed {
    authorization: String,
    body: Bytes,
}

fn sign(merchants: &[Merchant], count: u64) -> Result<Vec<Signed>, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signers: Vec<Signer> = merchants.iter().map(Signer::of).collect::<Result<_, _>>()?;
    let (signers, run) = (&signers, since.as_millis() as u64);
    let part = |thread: u64| {
        let mine = (0..count).filter(move |number| number % threads == thread);
        mine.map(|number| {
            let signer = &signers[(number % signers.len() as u64) as usize];
            signer.sign(run, number, since.as_secs() as i64)
        })
        .collect::<Vec<_>>()
    };
    Ok(std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("nothing panics")).collect()
    }))
}

struct Signer<'a> {
    merchant: &'a Merchant,
    serial: Serial,
    key: PrivateKey,
}

impl<'a> Signer<'a> {
    fn of(merchant: &'a Merchant) -> Result<Self, String> {
        let key = PrivateKey::from_pem(&merchant.private_key).map_err(|error| error.to_string())?;
        let serial = Serial::parse(&merchant.serial_no).ok_or("a serial number is wrong")?;
        Ok(Self { merchant, serial, key })
    }

    fn sign(&self, run: u64, number: u64, now: i64) -> Signed {
        let Merchant { mchid, appid, .. } = self.merchant;
        let body = serde_json::json!({
            "appid": appid,
            "mchid": mchid,
            "description": "Tea",
            "out_trade_no": format!("C{run:013}{number:010}"),
            "notify_url": "https://shop.example.com/paid",
            "amount": { "total": 1, "currency": "CNY" },
        })
        .to_string();
        let request = RawRequest { method: "POST", target: TARGET, body: body.as_bytes() };
        let nonce = format!("{run:016x}{number:016x}");
        let caller = (mchid.as_str(), &self.serial);
        let authorization = Authorization::sign(&self.key, caller, (&nonce, now), &request);
        Signed { authorization, body: body.into() }
    }
}

/// Requests signed beforehand, each sent once.
struct Creates {
    signed: Vec<Signed>,
    next: AtomicUsize,
}

impl Traffic for Creates {
    fn next(&self) -> Option<Call> {
        let Signed { authorization, body } = self.signed.get(self.next.fetch_add(1, Relaxed))?;
        let call = Request::post(TARGET)
            .header(HOST, "bench")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "jiaozi-bench")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, authorization)
            .body(body.clone().into());
        Some(call.expect("every part is plain text"))
    }

    fn check(&self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        let code = b"\"code_url\"";
        let is_there = body.windows(code.len()).any(|part| part == code);
        if status == StatusCode::OK && is_there {
            Ok(())
        } else {
            Err(what_went_wrong(status, body))
        }
    }
}
