//! Thousands of faults under the real product, each followed by a restart and a look at everything.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use jiaozi_sim_disk::{
    ALWAYS, Case, Fault, Kind, Met, Named, Planted, Setup, Survivors, Violation, Which, World, run,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use store_sqlite::Synchronous;

/// For SQLite too: it calls the system's names, which this allocator takes over.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What many cycles came to.
#[derive(Default)]
struct Tally {
    cycles: usize,
    by_fault: BTreeMap<&'static str, usize>,
    struck: usize,
    happened_unheard: u64,
    found: Vec<(Case, Violation)>,
}

impl Tally {
    fn take(&mut self, case: &Case, outcome: Result<Met, Violation>) {
        self.cycles += 1;
        *self.by_fault.entry(case.fault.word()).or_default() += 1;
        match outcome {
            Ok(met) => {
                self.struck += usize::from(met.struck.is_some());
                self.happened_unheard += met.happened_unheard;
            }
            Err(violation) => self.found.push((*case, violation)),
        }
    }
}

/// Longer than any cycle takes; one that takes so long waits for something that never comes.
const STANDS_STILL: Duration = Duration::from_secs(120);
/// How often a long run says how far it is.
const SAY_EVERY: usize = 2_000;

/// Runs cases on all cores. A case and its engine take turns in waiting for each other, so there
/// are twice as many at work.
fn run_all(world: &World, cases: &[Case]) -> Tally {
    let tally = Mutex::new(Tally::default());
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..2 * cores {
            let (begin, begun) = mpsc::channel();
            let (tally, next) = (&tally, &next);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    begin.send(*case).unwrap();
                    let outcome = run(world, case);
                    let mut tally = tally.lock().unwrap();
                    tally.take(case, outcome);
                    if tally.cycles % SAY_EVERY == 0 {
                        println!("{} of {} cycles", tally.cycles, cases.len());
                    }
                }
            });
            scope.spawn(move || watch(&begun));
        }
    });
    tally.into_inner().unwrap()
}

/// Sees to it that a run which stands still ends, and names the cycle.
fn watch(begun: &mpsc::Receiver<Case>) {
    let mut present = None;
    loop {
        match begun.recv_timeout(STANDS_STILL) {
            Ok(case) => present = Some(case),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let seed = present.map(|case| case.to_string()).unwrap_or_default();
                let again = format!("a cycle stands still\n  again: make crash-disk SEED={seed}\n");
                // What a test prints is kept back, and lost when the process ends.
                let _ = std::io::stderr().write_all(again.as_bytes());
                std::process::exit(1);
            }
        }
    }
}

/// Power cuts at every `every`th operation of the scripts that are written down.
fn power_cuts(world: &World, every: u64, seeds: u64, setup: Setup) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in Named::ALL {
        let which = Which::Named(name);
        for at in (1..=world.reference(which).operations).filter(|at| at % every == 0) {
            for survivors in Survivors::ALL {
                let is_sure = matches!(survivors, Survivors::None | Survivors::All);
                for seed in 0..if is_sure { 1 } else { seeds } {
                    let case = Case::new(which, Fault::PowerCut { at }, survivors, seed);
                    cases.push(Case { setup, ..case });
                }
            }
        }
    }
    cases
}

/// Everything else that strikes, at every `every`th operation. An even seed ends with a power cut,
/// an odd one with a kill.
fn other_faults(world: &World, every: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in Named::ALL {
        let which = Which::Named(name);
        for at in (1..=world.reference(which).operations).filter(|at| at % every == 0) {
            let mut add = |fault, seed| {
                cases.push(Case::new(which, fault, Survivors::Random, seed));
            };
            add(Fault::Kill { at }, 0);
            add(Fault::WriteFails { at, times: 1 }, at);
            add(Fault::Full { at, times: if at % 2 == 0 { 1 } else { ALWAYS } }, at / 2);
            for times in [1, 2, 3, ALWAYS] {
                add(Fault::SyncFails { at, times }, 0);
                add(Fault::SyncFails { at, times }, 1);
            }
        }
    }
    cases
}

fn report(tally: &Tally, since: Instant) {
    let faults: Vec<String> =
        tally.by_fault.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let seconds = since.elapsed().as_secs_f64();
    println!(
        "disk test: {} cycles in {seconds:.1} s ({:.0} a second): {}; {} struck, {} steps happened \
         unheard, {} violations",
        tally.cycles,
        tally.cycles as f64 / seconds,
        faults.join(", "),
        tally.struck,
        tally.happened_unheard,
        tally.found.len(),
    );
}

fn assert_sound(tally: &Tally) {
    for (case, violation) in tally.found.iter().take(20) {
        println!("{violation}\n  again: make crash-disk SEED={case}");
    }
    assert!(tally.found.is_empty(), "{} of {} cycles", tally.found.len(), tally.cycles);
}

fn kinds(tally: &Tally) -> Vec<Kind> {
    tally.found.iter().map(|(_, violation)| violation.kind).collect()
}

/// A sample, or with `JIAOZI_TEST_CYCLES` every operation and so many cycles in all.
fn cases(world: &World) -> Vec<Case> {
    let wanted = std::env::var("JIAOZI_TEST_CYCLES").map(|cycles| cycles.parse::<usize>().unwrap());
    let (every, every_other, seeds) = if wanted.is_ok() { (1, 1, 3) } else { (7, 31, 1) };
    let mut cases = power_cuts(world, every, seeds, Setup::default());
    cases.extend(other_faults(world, every_other));
    let missing = wanted.map_or(160, |wanted| wanted.saturating_sub(cases.len()));
    cases.extend((0..missing as u64).map(|seed| Case::by_chance(world, seed)));
    cases
}

#[test]
fn no_fault_of_a_disk_loses_or_doubles_anything() {
    let since = Instant::now();
    let world = World::new();
    if let Ok(seed) = std::env::var("JIAOZI_TEST_SEED") {
        let warnings = tracing_subscriber::filter::LevelFilter::WARN;
        tracing_subscriber::fmt().with_max_level(warnings).init();
        let case = Case::parse(&world, &seed).unwrap();
        println!("{case:?}");
        return println!("sound: {:?}", run(&world, &case).unwrap());
    }
    let tally = run_all(&world, &cases(&world));
    report(&tally, since);
    assert_sound(&tally);
    assert!(tally.happened_unheard > 0, "no commit was cut off from its answer");
}

#[test]
fn same_seed_meets_the_same() {
    let world = World::new();
    for seed in 0..24 {
        let case = Case::by_chance(&world, seed);
        if !case.setup.checkpoints_beside {
            let met = || format!("{:?}", run(&world, &case));
            assert_eq!(met(), met(), "{case}");
        }
    }
}

#[test]
fn weaker_syncing_loses_acknowledged_payments() {
    let world = World::new();
    let setup = Setup { synchronous: Synchronous::Normal, ..Setup::default() };
    let found = kinds(&run_all(&world, &power_cuts(&world, 13, 1, setup)));
    assert!(found.contains(&Kind::Lost), "{found:?}");
}

#[test]
fn no_syncing_at_all_damages_the_file() {
    let world = World::new();
    let setup = Setup { synchronous: Synchronous::Off, ..Setup::default() };
    let found = kinds(&run_all(&world, &power_cuts(&world, 13, 1, setup)));
    assert!(found.contains(&Kind::Lost) && found.contains(&Kind::Damaged), "{found:?}");
}

#[test]
fn answer_before_the_commit_is_found() {
    let world = World::new();
    let setup = Setup { planted: Planted::AnswersFirst, ..Setup::default() };
    let found = kinds(&run_all(&world, &power_cuts(&world, 29, 1, setup)));
    assert!(found.contains(&Kind::Lost), "{found:?}");
}

fn failing_syncs(world: &World, planted: Planted) -> Vec<Case> {
    let setup = Setup { planted, ..Setup::default() };
    let all = other_faults(world, 11).into_iter();
    let syncs = all.filter(|case| matches!(case.fault, Fault::SyncFails { .. }));
    syncs.map(|case| Case { setup, ..case }).collect()
}

#[test]
fn unknown_commit_that_is_called_done_is_found() {
    let world = World::new();
    let found = kinds(&run_all(&world, &failing_syncs(&world, Planted::TakesUnknownForDone)));
    assert!(found.contains(&Kind::Lost), "{found:?}");
}

#[test]
fn log_that_is_believed_after_failed_syncs_is_found() {
    let world = World::new();
    let found = kinds(&run_all(&world, &failing_syncs(&world, Planted::BelievesTheLog)));
    assert!(found.contains(&Kind::Lost), "{found:?}");
}
