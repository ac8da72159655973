//! What a payment costs the engine and its store, without HTTP: 256 people at a time pay one
//! merchant, each with a session, a password, limits, a posting and a fact.
#![expect(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use engine::{Engine, Limits};
use jiaozi_sim::payers::{Payer, Payment, each_done, found_town, start_engine};
use mimalloc::MiMalloc;
use std::time::{Duration, Instant};
use store::Store;
use store::memory::Memory;
use store_sqlite::{Options, SqliteStore, Temporary};

/// How many people pay once each in one iteration.
const PEOPLE: u32 = 2_048;
/// What everybody has, in fen.
const MONEY: i64 = 1_000_000;

/// The product's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Group<'c> = BenchmarkGroup<'c, WallTime>;

/// A town, and what it has paid so far.
struct Town<O> {
    open: O,
    /// Where orders are placed.
    engine: Engine,
    number: u32,
}

impl<O: Fn() -> Box<dyn Store>> Town<O> {
    fn new(open: O) -> Self {
        let engine = start_engine(open(), 0, Limits::default());
        found_town(&engine, PEOPLE, MONEY);
        Self { open, engine, number: 0 }
    }

    /// Everybody pays so often, to an engine that has just started; gives the time of that alone.
    fn pay(&mut self, times: u64) -> Duration {
        let (first, after) = (self.number, self.number + u32::try_from(times).unwrap());
        let everybody = |number| (0..PEOPLE).map(move |who| Payment { payer: Payer(who), number });
        let payments: Vec<Payment> = (first..after).flat_map(everybody).collect();
        each_done(&self.engine, payments.iter().map(|payment| payment.order()));
        self.number = after;
        let seed = u64::from(after) << 32;
        let engine = start_engine((self.open)(), seed, Limits::default());
        engine.set_rules(self.engine.rules());
        let began = Instant::now();
        each_done(&engine, payments.iter().map(|payment| payment.pay_in_session()));
        began.elapsed()
    }
}

/// Measures one store; the town is founded only if it is asked for.
fn measure(group: &mut Group<'_>, name: &str, open: impl Fn() -> Box<dyn Store>) {
    let mut town = None;
    group.bench_function(name, |bencher| {
        let town = town.get_or_insert_with(|| Town::new(&open));
        bencher.iter_custom(|times| town.pay(times));
    });
}

fn payments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pay");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.throughput(Throughput::Elements(PEOPLE.into()));
    let memory = Memory::new();
    measure(&mut group, "memory", || Box::new(memory.another()));
    let database = Temporary::new().unwrap();
    measure(&mut group, "sqlite", || {
        Box::new(SqliteStore::open(database.path(), Options::default()).unwrap())
    });
    group.finish();
}

criterion_group!(benches, payments);
criterion_main!(benches);
