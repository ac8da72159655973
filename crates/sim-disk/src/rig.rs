//! The product on a simulated disk: started as a server starts it, asked as clients ask it.

use crate::VFS;
use crate::act::{Act, Answer, Asked, Attempt};
use crate::clock::Clock;
use crate::device::Disk;
use crate::planted::{Planted, Wrong};
use domain::ledger::OpenSystemAccounts;
use domain::testing::Plant;
use domain::{Command, Rules, Tx};
use engine::{Engine, Limits};
use kernel::Currency;
use kernel::time::{DAY, SECOND};
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use store::Store;
use store_sqlite::{Options, Reach, SqliteStore, Synchronous, migrate_with};

/// How the product is set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Whether checkpoints go on beside the writer on a thread of their own, as in production. Then
    /// a run cannot be repeated exactly. Otherwise the writer makes them between two batches.
    pub checkpoints_beside: bool,
    /// Whether every start brings the schema up to date first, as servers do. It takes as long as
    /// the rest of a start.
    pub migrates: bool,
    /// How far a commit reaches.
    pub synchronous: Synchronous,
    /// What is wrong with the store.
    pub planted: Planted,
}

impl Setup {
    fn options(self) -> Options {
        // Few pages, so that a short script meets checkpoints and a log that starts anew.
        let checkpoint_pages = 40;
        let log_limit_pages = if self.checkpoints_beside { 120 } else { 1 };
        Options {
            checkpoint_pages,
            log_limit_pages,
            cache_kib: 4_096,
            synchronous: self.synchronous,
            reach: match self.planted {
                Planted::BelievesTheLog => Reach { write_again: |_| Ok(()), ..REACH },
                _ => REACH,
            },
            ..Options::default()
        }
    }
}

/// How the store reaches simulated disks.
pub(crate) const REACH: Reach = Reach { vfs: Some(VFS), write_again: crate::handle::write_again };

/// The name of the database on every disk.
pub(crate) fn database(disk: &Disk) -> PathBuf {
    disk.path().join("jiaozi.db")
}

/// A running engine over a disk.
pub(crate) struct Rig {
    engine: Engine,
    clock: Clock,
}

impl Rig {
    /// Starts as a server does: migrations, the store, the engine, the operator's accounts. An
    /// error says what did not work.
    pub(crate) fn start(disk: &Disk, clock: &Clock, setup: Setup) -> Result<Self, String> {
        let (path, options) = (database(disk), setup.options());
        if setup.migrates {
            migrate_with(&path, &options).map_err(|error| format!("migrate: {error:?}"))?;
        }
        let store =
            SqliteStore::open(&path, options).map_err(|error| format!("open: {error:?}"))?;
        let store: Box<dyn Store> = match setup.planted {
            Planted::Nothing => Box::new(store),
            planted => Box::new(Wrong::new(store, planted)),
        };
        clock.start();
        let limits = Limits { settle_deadline: Duration::from_millis(100), ..Limits::default() };
        let engine = Engine::start(store, clock.clone(), Arc::new(Rules::default()), limits)
            .map_err(|error| error.to_string())?;
        let rig = Self { engine, clock: clock.clone() };
        match rig.open_system_accounts() {
            Ok(()) => Ok(rig),
            Err(what) => {
                rig.stop();
                Err(what)
            }
        }
    }

    fn open_system_accounts(&self) -> Result<(), String> {
        let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
        if !self.is_ready() {
            return Err("the engine does not get ready".into());
        }
        let system = self.engine.run_blocking(open).map_err(|failed| format!("{failed:?}"))?;
        // A code outlives every cut of the power.
        let otp_ttl_s = 7 * DAY / SECOND;
        self.engine.set_rules(Arc::new(Rules { system, otp_ttl_s, ..Rules::default() }));
        Ok(())
    }

    /// Runs a command for setting up.
    pub(crate) fn must<C: Command>(&self, command: C) -> C::Done {
        let name = command.name();
        let answer = self.engine.run_blocking(command);
        answer.unwrap_or_else(|failed| panic!("{name} on a sound disk ended with {failed:?}"))
    }

    /// Waits until commands are taken; `false` when the engine stands still without.
    pub(crate) fn is_ready(&self) -> bool {
        loop {
            if self.engine.wait_ready_blocking(Duration::from_millis(1)) {
                return true;
            }
            if self.clock.is_stuck() {
                return self.engine.ready();
            }
        }
    }

    /// Asks for acts at once; the engine takes them as one batch.
    pub(crate) fn ask(&self, acts: &[(Act, Attempt)]) -> Vec<Answer> {
        let gate = Arc::new(Gate::default());
        let mut hold = ask_hold(&self.engine, &gate);
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        // Polling once puts a command into the queue.
        let held = poll_once(&mut hold, &waker).is_none()
            && gate.wait_entered(&self.clock, || poll_once(&mut hold, &waker).is_some());
        let mut asked: Vec<Asked> =
            acts.iter().map(|(act, attempt)| act.ask(&self.engine, *attempt)).collect();
        let mut answers: Vec<Option<Answer>> =
            asked.iter_mut().map(|asked| poll_once(asked, &waker)).collect();
        if held {
            gate.open();
        }
        for (answer, asked) in answers.iter_mut().zip(asked) {
            answer.get_or_insert_with(|| self.wait_for_answer(asked, &waker));
        }
        answers.into_iter().map(|answer| answer.unwrap_or(Answer::Unclear)).collect()
    }

    /// Waits for an answer. An engine that stands still in work of its own, as when tables take
    /// turns, goes on until it tells whoever waits behind that work.
    fn wait_for_answer(&self, mut asked: Asked, waker: &Waker) -> Answer {
        loop {
            // Looked at first: an answer that came before the standstill is no reason to go on.
            let is_stuck = self.clock.is_stuck();
            if let Some(answer) = poll_once(&mut asked, waker) {
                return answer;
            }
            if is_stuck {
                self.clock.resume();
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Ends the engine, whatever it is at, and returns when its thread is gone.
    pub(crate) fn stop(self) {
        self.clock.stop();
        wait_for(self.engine.shutdown());
    }
}

/// Keeps the engine inside a batch while others come to the queue.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Gate {
    /// Called by the engine: waits until the gate is opened.
    fn enter(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = true;
        self.changed.notify_all();
        while !state.1 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until the engine is inside; `false` when it stands still somewhere else, or sent away
    /// who was to keep it inside, as it does when tables take turns and that fails.
    fn wait_entered(&self, clock: &Clock, mut is_sent_away: impl FnMut() -> bool) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.0 {
            if clock.is_stuck() || is_sent_away() {
                state.1 = true;
                return false;
            }
            let moment = Duration::from_millis(1);
            let waited = self.changed.wait_timeout(state, moment);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn open(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.changed.notify_all();
    }
}

fn ask_hold(engine: &Engine, gate: &Arc<Gate>) -> Asked {
    let (engine, gate) = (engine.clone(), Arc::clone(gate));
    let hold = Plant(move |_: &mut Tx<'_>| {
        gate.enter();
        Ok(())
    });
    Box::pin(async move {
        let _ = engine.run(hold).await;
        Answer::Unclear
    })
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn poll_once(asked: &mut Asked, waker: &Waker) -> Option<Answer> {
    match asked.as_mut().poll(&mut Context::from_waker(waker)) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Waits for a future on this thread.
pub(crate) fn wait_for<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}
