//! A process that pays as fast as it can, with an engine of its own; and how its parent drives it.

use domain::Rules;
use domain::ledger::OpenSystemAccounts;
use domain::order::CreateOrder;
use engine::{Engine, Failed, Limits, Stats};
use jiaozi_sim::payers::{MCHID, Payer, Payment, open_engine};
use kernel::Currency;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store_postgres::Options;

/// People who pay at the same time in one process.
pub(crate) const PEOPLE: u32 = 128;
/// Merchants that share the payments where they are uniform.
pub(crate) const MERCHANTS: u32 = 64;

const TELL_EVERY: Duration = Duration::from_millis(20);
const AGAIN: Duration = Duration::from_millis(5);

/// What a process is told to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    /// Which people it pays for: those of 0 and 1 are others.
    pub(crate) side: u32,
    /// Whether all payments go to one merchant.
    pub(crate) is_hot: bool,
    /// Payments are numbered from here, so that no two runs have the same.
    pub(crate) first: u32,
}

/// The merchant's number.
pub(crate) fn merchant(number: u32) -> String {
    if number == 0 { MCHID.to_owned() } else { format!("19100{number:05}") }
}

/// What the process is told by the variable that its parent sets.
pub(crate) fn role() -> Option<(String, Role)> {
    let told = std::env::var("JIAOZI_TEST_PAYER_PROCESS").ok()?;
    let mut words = told.split(' ');
    let url = words.next()?.to_owned();
    let mut number = || words.next()?.parse::<u32>().ok();
    let (side, hot, first) = (number()?, number()?, number()?);
    Some((url, Role { side, is_hot: hot == 1, first }))
}

/// Pays until standard input is closed; tells on standard output how much is paid, and at the end
/// how the engine fared.
pub(crate) fn pay(url: &str, role: Role) {
    // No two engines on a database draw the same.
    let seed = 1_000 + u64::from(2 * role.first + role.side);
    let engine = open_engine(url, seed, Options::default(), Limits::default());
    let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
    let system = engine.run_blocking(open).unwrap();
    engine.set_rules(Arc::new(Rules { system, ..Rules::default() }));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let (paid, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let over = Arc::clone(&is_over);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0; 1]);
        over.store(true, Relaxed);
    });
    let before = engine.stats();
    runtime.block_on(async {
        let mut people = tokio::task::JoinSet::new();
        for number in 0..PEOPLE {
            let payer = Payer(role.side * PEOPLE + number);
            let (engine, paid, is_over) = (engine.clone(), Arc::clone(&paid), Arc::clone(&is_over));
            people.spawn(live(engine, payer, role, paid, is_over));
        }
        while !is_over.load(Relaxed) {
            tokio::time::sleep(TELL_EVERY).await;
            tell(&format!("paid {}", paid.load(Relaxed)));
        }
        people.join_all().await;
        engine.shutdown().await;
    });
    let Stats { commits, conflicts, losing_run_max, unknowns, .. } = engine.stats();
    let commits = commits - before.commits;
    tell(&format!("paid {}", paid.load(Relaxed)));
    tell(&format!("fared {commits} {conflicts} {losing_run_max} {unknowns}"));
}

fn tell(line: &str) {
    let mut output = std::io::stdout().lock();
    // A parent that is gone has nothing more to learn.
    let _ = writeln!(output, "\n{line}").and_then(|()| output.flush());
}

async fn live(
    engine: Engine,
    payer: Payer,
    role: Role,
    paid: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
) {
    let merchant = if role.is_hot { 0 } else { payer.0 % MERCHANTS };
    for number in role.first.. {
        if is_over.load(Relaxed) {
            return;
        }
        let payment = Payment { payer, number };
        let order = || CreateOrder { mchid: self::merchant(merchant), ..payment.order() };
        until_done(|| engine.run(order())).await;
        let mut attempt = 0;
        until_done(|| {
            attempt += 1;
            engine.run(payment.pay(attempt))
        })
        .await;
        paid.fetch_add(1, Relaxed);
    }
}

/// Asks again until it is done; under the same key, so it has one effect.
async fn until_done<D, R: std::fmt::Debug, F: Future<Output = Result<D, Failed<R>>>>(
    mut ask: impl FnMut() -> F,
) {
    loop {
        match ask().await {
            Ok(_) => return,
            Err(Failed::Busy { .. } | Failed::Unknown | Failed::Stale) => {}
            Err(failed) => panic!("refused: {failed:?}"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// How an engine fared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fared {
    pub(crate) commits: u64,
    pub(crate) conflicts: u64,
    pub(crate) losing_run_max: u64,
    pub(crate) unknowns: u64,
}

/// A paying process as its parent sees it; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    told: Arc<Mutex<Vec<(Instant, u64)>>>,
    fared: std::thread::JoinHandle<Option<Fared>>,
}

impl Process {
    /// Starts one and waits until it has paid.
    pub(crate) fn start(url: &str, role: Role) -> Self {
        let told = format!("{url} {} {} {}", role.side, u32::from(role.is_hot), role.first);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_process_that_pays", "--nocapture"])
            .env("JIAOZI_TEST_PAYER_PROCESS", told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let fared = std::thread::spawn(move || listen(output, &heard));
        let process = Self { child, told, fared };
        let began = Instant::now();
        while process.paid() == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "the process does not pay");
            std::thread::sleep(TELL_EVERY);
        }
        process
    }

    /// How much it has paid.
    pub(crate) fn paid(&self) -> u64 {
        self.told.lock().unwrap().last().map_or(0, |(_, paid)| *paid)
    }

    /// The longest time without a payment since a moment.
    pub(crate) fn longest_gap(&self, since: Instant) -> Duration {
        let told = self.told.lock().unwrap();
        let (mut last, mut at, mut gap) = (None, since, Duration::ZERO);
        for (when, paid) in told.iter().filter(|(when, _)| *when >= since) {
            gap = gap.max(*when - at);
            if last != Some(*paid) {
                (last, at) = (Some(*paid), *when);
            }
        }
        gap.max(Instant::now() - at)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Lets it finish what it began; gives what it paid, and how it fared.
    pub(crate) fn finish(mut self) -> (u64, Fared) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success(), "a paying process failed");
        let told = Arc::clone(&self.told);
        let fared = std::mem::replace(&mut self.fared, std::thread::spawn(|| None));
        let fared = fared.join().unwrap().expect("it says how it fared");
        let paid = told.lock().unwrap().last().map_or(0, |(_, paid)| *paid);
        (paid, fared)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that ended already has nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(output: impl BufRead, told: &Mutex<Vec<(Instant, u64)>>) -> Option<Fared> {
    let mut fared = None;
    for line in output.lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        match (words.next(), words.map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()) {
            (Some("paid"), Ok(paid)) => told.lock().unwrap().push((Instant::now(), paid[0])),
            (Some("fared"), Ok(numbers)) => {
                let [commits, conflicts, losing_run_max, unknowns] = numbers[..] else { continue };
                fared = Some(Fared { commits, conflicts, losing_run_max, unknowns });
            }
            _ => {}
        }
    }
    fared
}
