//! Drives a server by many clients at once for a while, and times their requests.

use super::client::{Call, Client, NoAnswer};
use super::process::{Sample, Watched};
use axum::body::Bytes;
use hdrhistogram::Histogram;
use hyper::StatusCode;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The longest latency that is told apart, in microseconds.
const LATENCY_MAX: u64 = 120_000_000;

/// What clients send, and what they expect.
pub(super) trait Traffic: Send + Sync + 'static {
    /// The next request; `None` when there are no more.
    fn next(&self) -> Option<Call>;
    /// Why an answer is not the expected one.
    fn check(&self, status: StatusCode, body: &[u8]) -> Result<(), String>;
}

impl<T: Traffic> Traffic for Arc<T> {
    fn next(&self) -> Option<Call> {
        self.as_ref().next()
    }

    fn check(&self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        self.as_ref().check(status, body)
    }
}

/// How hard and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    /// Clients at once.
    pub(super) clients: usize,
    /// Not measured, at the beginning.
    pub(super) warmup: Duration,
    /// Measured.
    pub(super) measured: Duration,
    /// How many requests are due a second, sent or not; `None` for as many as there can be. The
    /// latency of one that is due counts from then on.
    pub(super) per_second: Option<f64>,
}

/// What came of it.
pub(super) struct Driven {
    /// Requests answered as expected within the measured time.
    pub(super) done: u64,
    /// The measured time.
    pub(super) elapsed: Duration,
    /// Their latencies in microseconds.
    pub(super) latencies: Histogram<u64>,
    /// What else came back, by what it was, in the whole time.
    pub(super) failures: BTreeMap<String, u64>,
    /// The longest time within the measured one in which nobody got an answer.
    pub(super) longest_silence: Duration,
    /// The server's use of the machine, before and after the measured time.
    pub(super) samples: [Sample; 2],
}

impl Driven {
    /// Requests answered a second.
    pub(super) fn per_second(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The latencies with those added that requests would have had which a client could not send
    /// because it waited: without that a stall of a second counts as one slow request.
    pub(super) fn corrected(&self, clients: usize) -> Histogram<u64> {
        let interval = clients as f64 / self.per_second().max(1e-9) * 1e6;
        self.latencies.clone_correct(interval as u64)
    }
}

/// What all clients of a run share.
struct Shared<T> {
    traffic: T,
    per_second: Option<f64>,
    /// How many requests were due.
    due: AtomicU64,
    start: Instant,
    begin: Instant,
    end: Instant,
    /// Microseconds after `start` at which the requests ran out.
    ran_out: AtomicU64,
    /// The same of the newest answer.
    newest: AtomicU64,
    silence: AtomicU64,
}

/// Latencies in microseconds, none yet.
pub(super) fn no_latencies() -> Histogram<u64> {
    Histogram::new_with_max(LATENCY_MAX, 3).expect("the bounds are in order")
}

/// What one thread's clients saw.
struct Seen {
    done: u64,
    latencies: Histogram<u64>,
    failures: BTreeMap<String, u64>,
}

impl Seen {
    fn none() -> Self {
        Self { done: 0, latencies: no_latencies(), failures: BTreeMap::new() }
    }

    fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.latencies.add(&other.latencies).expect("they have the same bounds");
        for (what, count) in &other.failures {
            *self.failures.entry(what.clone()).or_default() += count;
        }
    }
}

impl<T: Traffic> Shared<T> {
    fn since_start(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }

    /// One client until the end.
    async fn call(&self, mut client: Client) -> Seen {
        let mut seen = Seen::none();
        while Instant::now() < self.end {
            let Some(call) = self.traffic.next() else {
                self.ran_out.fetch_min(self.since_start(Instant::now()), Relaxed);
                break;
            };
            let sent = self.turn().await;
            let answer = client.send(call).await;
            let now = Instant::now();
            let outcome = match answer {
                Ok((status, body)) => self.traffic.check(status, &body),
                Err(error) => {
                    *seen.failures.entry(error.to_string()).or_default() += 1;
                    break;
                }
            };
            match outcome {
                Ok(()) if (self.begin..self.end).contains(&now) => {
                    seen.done += 1;
                    let micros = now.duration_since(sent).as_micros();
                    seen.latencies.saturating_record(micros as u64);
                    self.note_answer(now);
                }
                Ok(()) => {}
                Err(what) => *seen.failures.entry(what).or_default() += 1,
            }
        }
        seen
    }

    /// Waits until the next request is due, and gives when that was.
    async fn turn(&self) -> Instant {
        let Some(per_second) = self.per_second else { return Instant::now() };
        let before = self.due.fetch_add(1, Relaxed);
        let due = self.start + Duration::from_secs_f64(before as f64 / per_second.max(1e-3));
        tokio::time::sleep_until(due.into()).await;
        due
    }

    fn note_answer(&self, now: Instant) {
        let at = self.since_start(now);
        let before = self.newest.fetch_max(at, Relaxed);
        self.silence.fetch_max(at.saturating_sub(before), Relaxed);
    }
}

/// Lets so many clients call from as many threads as the machine has cores, once all of them are
/// connected; the use of the machine by the `watched` is sampled.
pub(super) async fn drive<T: Traffic>(
    load: Load,
    traffic: T,
    watched: Watched,
) -> Result<Driven, Box<dyn Error>> {
    let threads = std::thread::available_parallelism()?.get().min(load.clients.max(1));
    let (connected, mut all_connected) = mpsc::channel(threads);
    let (go, gone) = watch::channel(None);
    let mut running = JoinSet::new();
    for thread in 0..threads {
        let clients = (load.clients + threads - 1 - thread) / threads;
        let (connected, gone) = (connected.clone(), gone.clone());
        running.spawn_blocking(move || call_from_thread(load.address, clients, connected, gone));
    }
    drop(connected);
    for _ in 0..threads {
        if all_connected.recv().await.is_none() {
            break;
        }
    }
    let start = Instant::now();
    let begin = start + load.warmup;
    let end = begin + load.measured;
    let shared = Arc::new(Shared {
        traffic,
        per_second: load.per_second,
        due: AtomicU64::new(0),
        start,
        begin,
        end,
        ran_out: AtomicU64::new(u64::MAX),
        newest: AtomicU64::new(load.warmup.as_micros() as u64),
        silence: AtomicU64::new(0),
    });
    go.send_replace(Some(Arc::clone(&shared)));
    tokio::time::sleep_until(begin.into()).await;
    let before = Sample::of(watched)?;
    let mut seen = Seen::none();
    let mut after = None;
    let at_end = tokio::time::sleep_until(end.into());
    tokio::pin!(at_end);
    loop {
        tokio::select! {
            () = &mut at_end, if after.is_none() => after = Some(Sample::of(watched)?),
            ended = running.join_next() => match ended {
                Some(ended) => seen.add(&ended??),
                None => break,
            }
        }
    }
    let after = match after {
        Some(after) => after,
        None => Sample::of(watched)?,
    };
    let ran_out = start + Duration::from_micros(shared.ran_out.load(Relaxed).min(u64::MAX >> 20));
    Ok(Driven {
        done: seen.done,
        elapsed: ran_out.min(end).saturating_duration_since(begin),
        latencies: seen.latencies,
        failures: seen.failures,
        longest_silence: Duration::from_micros(shared.silence.load(Relaxed)),
        samples: [before, after],
    })
}

/// Connects its clients one after another, tells, and lets them call once it is told to.
fn call_from_thread<T: Traffic>(
    address: SocketAddr,
    clients: usize,
    connected: mpsc::Sender<()>,
    mut gone: watch::Receiver<Option<Arc<Shared<T>>>>,
) -> Result<Seen, NoAnswer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut ready = Vec::with_capacity(clients);
        for _ in 0..clients {
            ready.push(Client::connect(address).await?);
        }
        // Who drives waits for this, and is there as long as its threads are.
        let _ = connected.send(()).await;
        // So that it hears when another thread could not connect.
        drop(connected);
        let mut seen = Seen::none();
        let Ok(shared) = gone.wait_for(Option::is_some).await.map(|shared| shared.clone()) else {
            return Ok(seen);
        };
        let mut calling = JoinSet::new();
        for client in ready {
            let shared = shared.clone();
            calling.spawn(async move {
                match shared {
                    Some(shared) => shared.call(client).await,
                    None => Seen::none(),
                }
            });
        }
        while let Some(ended) = calling.join_next().await {
            seen.add(&ended.expect("no client panics"));
        }
        Ok(seen)
    })
}

/// The code of a problem document, for counting what went wrong.
pub(super) fn what_went_wrong(status: StatusCode, body: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let code = problem.as_ref().and_then(|problem| problem["code"].as_str());
    format!("{} {}", status.as_u16(), code.unwrap_or("without a code"))
}

/// The bytes of a body that is made once.
pub(super) fn fixed(body: &'static str) -> Bytes {
    Bytes::from_static(body.as_bytes())
}
