//! Two processes at full load on one PostgreSQL database: as fast together as one alone, fair, and
//! neither held up for long by one that dies or stands still. The figures are printed; the bounds
//! are wide, because the machines that run this are busy and unlike each other.

#![expect(clippy::unwrap_used, reason = "a test that fails to unwrap has failed")]

mod payer_process;

use domain::merchant::AddMerchant;
use engine::Limits;
use jiaozi_sim::payers::{Books, found_town, open_engine};
use payer_process::{Fared, MERCHANTS, PEOPLE, Process, Role, merchant, pay, role};
use std::time::{Duration, Instant};
use store_postgres::{Options, Temporary};

const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);
/// What each person has, in fen: the most that one top-up may be is more.
const MONEY: i64 = 100_000;
/// Together at least so much of one alone. The goal is 0.8 on a machine that does nothing else; it
/// is the printed figure that tells, this bound only finds what is broken.
const TOGETHER: f64 = 0.5;
/// Of all payments, each process makes at least so many.
const SHARE: f64 = 0.4;
/// For so long at most one process delays the other.
const DELAY: Duration = Duration::from_secs(5);
/// A process stands still for longer than its transaction may.
const STANDSTILL: Duration = Duration::from_secs(6);

/// A town with the people and merchants of both sides; gives the address of its database.
fn town() -> (Temporary, String) {
    let database = Temporary::new().unwrap();
    let url = database.url().revealed();
    let engine = open_engine(&url, 1, Options::default(), Limits::default());
    found_town(&engine, 2 * PEOPLE, MONEY);
    for number in 1..MERCHANTS {
        let add = AddMerchant {
            mchid: merchant(number),
            name: format!("Shop {number}"),
            serial: format!("{number:02}"),
            ..domain::testing::merchant()
        };
        engine.run_blocking(add).unwrap();
    }
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(engine.shutdown());
    (database, url)
}

/// Payments a second of each process, measured at the same time.
fn measure(processes: &[Process]) -> Vec<f64> {
    std::thread::sleep(WARM_UP);
    let (began, before) = (Instant::now(), counts(processes));
    std::thread::sleep(MEASURED);
    let (seconds, after) = (began.elapsed().as_secs_f64(), counts(processes));
    after.iter().zip(before).map(|(after, before)| (after - before) as f64 / seconds).collect()
}

fn counts(processes: &[Process]) -> Vec<u64> {
    processes.iter().map(Process::paid).collect()
}

fn finish(processes: Vec<Process>) -> u64 {
    let mut all = 0;
    for process in processes {
        let (paid, fared) = process.finish();
        let Fared { commits, conflicts, losing_run_max, unknowns } = fared;
        println!(
            "    {paid} paid, {commits} commits, {conflicts} lost attempts, {unknowns} unknown"
        );
        assert!(losing_run_max <= 1, "{losing_run_max} lost attempts in a row");
        all += paid;
    }
    all
}

/// One process alone, two together, one alone again: the machine may change meanwhile.
fn compare(url: &str, is_hot: bool, first: u32) -> u64 {
    let start =
        |side, run: u32| Process::start(url, Role { side, is_hot, first: first + run * 100_000 });
    let mut all = 0;
    let mut alone = |run: u32| {
        let process = vec![start(0, run)];
        let rate = measure(&process)[0];
        all += finish(process);
        rate
    };
    let before = alone(0);
    let after = alone(1);
    let processes = vec![start(0, 2), start(1, 2)];
    let rates = measure(&processes);
    all += finish(processes);
    let (alone, together) = (f64::midpoint(before, after), rates[0] + rates[1]);
    let share = rates[0].min(rates[1]) / together;
    let shape = if is_hot { "hot" } else { "uniform" };
    println!(
        "{shape}: one {alone:.0}/s, two {together:.0}/s: ratio {:.2}, smaller share {share:.2}",
        together / alone
    );
    assert!(together >= TOGETHER * alone, "two processes are slower than one");
    assert!(share >= SHARE, "one process starves");
    all
}

#[test]
fn two_processes_are_as_fast_as_one_and_fair() {
    let (_database, url) = town();
    let mut paid = compare(&url, false, 0);
    paid += compare(&url, true, 300_000);
    let stored = Books::open(&url).audit();
    assert_eq!(stored as u64, paid, "what was answered is what is stored");
}

#[test]
fn a_process_that_dies_or_stands_still_delays_the_other_only_for_a_moment() {
    let (_database, url) = town();
    let start = |side, first| Process::start(&url, Role { side, is_hot: true, first });
    let survivor = start(0, 0);
    let mut longest = [Duration::ZERO; 2];
    let mut answered = 0;
    for run in 0..3 {
        let victim = start(1, run * 100_000);
        std::thread::sleep(WARM_UP);
        let killed = Instant::now();
        victim.signal("-KILL");
        std::thread::sleep(WARM_UP);
        longest[0] = longest[0].max(survivor.longest_gap(killed));
        answered += victim.paid();
    }
    let sleeper = start(1, 300_000);
    for _ in 0..3 {
        std::thread::sleep(WARM_UP);
        let paused = Instant::now();
        sleeper.signal("-STOP");
        std::thread::sleep(STANDSTILL);
        longest[1] = longest[1].max(survivor.longest_gap(paused));
        let (before, woken) = (sleeper.paid(), Instant::now());
        sleeper.signal("-CONT");
        while sleeper.paid() == before {
            assert!(woken.elapsed() < Duration::from_secs(30), "it does not go on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let [killing, pausing] = longest;
    println!("longest delay after a kill {killing:?}, after a pause {pausing:?}");
    answered += finish(vec![survivor, sleeper]);
    assert!(killing <= DELAY, "a dead process delays the other");
    assert!(pausing <= DELAY, "a paused process delays the other");
    let stored = Books::open(&url).audit() as u64;
    assert!(stored >= answered, "{stored} stored of {answered} answered");
}

/// The other side of the tests above, which start it as a process and tell it what to do.
#[test]
fn a_process_that_pays() {
    if let Some((url, role)) = role() {
        pay(&url, role);
    }
}
