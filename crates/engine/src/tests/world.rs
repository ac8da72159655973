//! A world to run commands in: rows in memory, a script of faults, rivals, and a clock moved by
//! hand.

use super::acts::{Act, No};
use crate::cache::Cache;
use crate::failed::Failed;
use crate::handle::Position;
use crate::metrics::Meter;
use crate::queue::Queue;
use crate::rider::{Ending, Pending, Rider, Setting, Step};
use crate::shell::{Limits, Shell};
use crate::writer::Writer;
use domain::Rules;
use domain::ledger::Batch;
use domain::record::RowKey;
use domain::tx::{Cursor, View};
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use store::faults::{Faulty, Script};
use store::memory::Memory;
use store::{Commit, Loaded, Store, Unavailable, Write};
use tokio::sync::{oneshot, watch};

pub(crate) type Answer = Result<i64, Failed<No>>;

/// 2026-11-21 in microseconds.
pub(crate) const START: i64 = 1_795_248_000_000_000;

/// A clock moved by hand. A pause moves it too, when `pauses` says so.
#[derive(Clone)]
pub(crate) struct Clock {
    pub(crate) now: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
    pauses: bool,
}

impl Clock {
    pub(crate) fn new(pauses: bool) -> Self {
        Self { now: Arc::new(AtomicI64::new(START)), drawn: Arc::default(), pauses }
    }

    pub(crate) fn step(&self, micros: i64) {
        self.now.fetch_add(micros, SeqCst);
    }
}

impl Shell for Clock {
    fn now(&self) -> i64 {
        self.now.load(SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, SeqCst) + 1;
        bytes[..8].copy_from_slice(&drawn.to_be_bytes());
    }

    fn pause(&self, time: Duration) {
        if self.pauses {
            self.step(time.as_micros() as i64);
        }
    }
}

/// A writer over a store, without a thread; its position is certain.
pub(crate) fn writer(store: impl Store + 'static, clock: &Clock, limits: Limits) -> Writer {
    let mut writer = raw_writer(store, clock, limits);
    assert!(writer.settle(None, &mut Vec::new(), &mut Vec::new()).is_some());
    writer
}

/// The same before it has tried anything.
pub(crate) fn raw_writer(store: impl Store + 'static, clock: &Clock, limits: Limits) -> Writer {
    Writer {
        store: Box::new(store),
        shell: Box::new(clock.clone()),
        limits,
        rules: Arc::new(RwLock::new(Arc::new(Rules::default()))),
        queue: Arc::new(Queue::new(limits)),
        cache: Cache::new(limits.cached_rows),
        has_rival: false,
        meter: Meter::default(),
        position: watch::channel(Position::default()).0,
    }
}

/// Runs commands as one batch and gives their answers.
pub(crate) fn play(writer: &mut Writer, acts: impl IntoIterator<Item = Act>) -> Vec<Answer> {
    let mut riders: Vec<Box<dyn Rider>> = Vec::new();
    let mut answers = Vec::new();
    for act in acts {
        let (pending, answer) = Pending::new(act);
        riders.push(Box::new(pending));
        answers.push(answer);
    }
    writer.run(riders);
    answers.into_iter().map(|mut answer| answer.try_recv().expect("every rider leaves")).collect()
}

/// The answer of a batch of one.
pub(crate) fn play_one(writer: &mut Writer, act: Act) -> Answer {
    play(writer, [act]).remove(0)
}

/// One process and what can be done to it.
pub(crate) struct World {
    pub(crate) memory: Memory,
    pub(crate) script: Script,
    pub(crate) clock: Clock,
    pub(crate) calls: Arc<Mutex<VecDeque<Option<Event>>>>,
    pub(crate) writer: Writer,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), true)
    }

    pub(crate) fn with(limits: Limits, pauses: bool) -> Self {
        let (memory, script, clock) = (Memory::new(), Script::default(), Clock::new(pauses));
        let calls = Arc::default();
        let faulty = Faulty::new(memory.another(), script.clone());
        let store = Meddled { inner: faulty, calls: Arc::clone(&calls), is_excluding: false };
        let writer = writer(store, &clock, limits);
        Self { memory, script, clock, calls, writer }
    }

    /// A world in which these people have that money.
    pub(crate) fn rich(balances: &[(i64, i64)]) -> Self {
        let mut world = Self::new();
        let deposit = |(who, amount): &(i64, i64)| Act::Deposit { who: *who, amount: *amount };
        let answers = play(&mut world.writer, balances.iter().map(deposit));
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        world
    }

    pub(crate) fn play(&mut self, acts: impl IntoIterator<Item = Act>) -> Vec<Answer> {
        play(&mut self.writer, acts)
    }

    pub(crate) fn play_one(&mut self, act: Act) -> Answer {
        play_one(&mut self.writer, act)
    }

    /// Another process on the same rows.
    pub(crate) fn rival(&self) -> Writer {
        let clock = Clock { drawn: Arc::new(AtomicU64::new(1 << 32)), ..self.clock.clone() };
        writer(self.memory.another(), &clock, Limits::default())
    }

    /// Lets another process run `act` at the next call of the store that does not exclude it, after
    /// letting `calls` of them pass.
    pub(crate) fn rival_after(&self, calls: usize, act: Act) {
        let mut rival = self.rival();
        let mut events = self.calls.lock().unwrap();
        events.extend((0..calls).map(|_| None));
        events.push_back(Some(Box::new(move || {
            play_one(&mut rival, act).expect("the rival's command is done");
        })));
    }

    pub(crate) fn balance(&self, who: i64) -> i64 {
        let paths = super::audit::all::<domain::ledger::AccountPath>(&self.memory);
        let path = paths.iter().find(|path| path.owner == who.to_string()).unwrap();
        let accounts = super::audit::all::<domain::ledger::Account>(&self.memory);
        accounts.iter().find(|account| account.number == path.number).unwrap().balance
    }

    pub(crate) fn batches(&self) -> Vec<Batch> {
        super::audit::all::<Batch>(&self.memory)
    }
}

/// Something that another process does between two calls of the store.
pub(crate) type Event = Box<dyn FnOnce() + Send>;

/// A store during whose calls other processes work: just before reads and commits.
pub(crate) struct Meddled<S> {
    pub(crate) inner: S,
    pub(crate) calls: Arc<Mutex<VecDeque<Option<Event>>>>,
    pub(crate) is_excluding: bool,
}

impl<S> Meddled<S> {
    fn meddle(&mut self) {
        if self.is_excluding {
            return;
        }
        let event = self.calls.lock().unwrap().pop_front().flatten();
        if let Some(event) = event {
            event();
        }
    }
}

impl<S: Store> Store for Meddled<S> {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.meddle();
        self.inner.tip()
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        self.meddle();
        self.inner.load(keys)
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.meddle();
        self.inner.first(table, limit)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        self.meddle();
        self.inner.exclude_others()?;
        self.is_excluding = true;
        Ok(())
    }

    fn abandon(&mut self) {
        self.is_excluding = false;
        self.inner.abandon();
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        self.meddle();
        self.is_excluding = false;
        self.inner.commit(batch, writes)
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.is_excluding = false;
        self.meddle();
        self.inner.reconnect()
    }
}

/// What a command came to, and the batch at which it was decided last.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) seq: i64,
    pub(crate) act: Act,
    pub(crate) answer: Answer,
}

pub(crate) type Log = Arc<Mutex<Vec<Logged>>>;

/// A rider that is written down when it leaves.
pub(crate) struct Recorded {
    act: Act,
    pending: Pending<Act>,
    answer: oneshot::Receiver<Answer>,
    seq: i64,
    log: Log,
}

impl Recorded {
    pub(crate) fn rider(act: Act, log: &Log) -> Box<dyn Rider> {
        let (pending, answer) = Pending::new(act.clone());
        Box::new(Self { act, pending, answer, seq: 0, log: Arc::clone(log) })
    }
}

impl Rider for Recorded {
    fn name(&self) -> &'static str {
        self.pending.name()
    }

    fn owner(&self) -> &str {
        self.pending.owner()
    }

    fn record_keys(&self) -> &[RowKey] {
        self.pending.record_keys()
    }

    fn decide(
        &mut self,
        setting: &Setting<'_>,
        view: &dyn View,
        missing: &mut BTreeSet<RowKey>,
        cursor: Cursor,
    ) -> Step {
        self.seq = cursor.seq;
        self.pending.decide(setting, view, missing, cursor)
    }

    fn leave(self: Box<Self>, ending: Ending) -> &'static str {
        let Self { act, pending, mut answer, seq, log } = *self;
        let outcome = Box::new(pending).leave(ending);
        let answer = answer.try_recv().expect("leaving answers");
        log.lock().unwrap().push(Logged { seq, act, answer });
        outcome
    }
}
