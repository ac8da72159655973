//! What the rest of the program holds of the engine.

use crate::cache::Cache;
use crate::failed::Failed;
use crate::metrics::{Meter, Stats, Totals};
use crate::queue::Queue;
use crate::rider::{Answer, MoveClock, Pending};
use crate::shell::{Limits, Shell};
use crate::thread::drive;
use crate::writer::{SharedRules, Writer};
use domain::{Command, Never, Rules};
use kernel::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::Store;
use tokio::sync::{oneshot, watch};

/// The last batch that this engine committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Its place in the sequence; 0 before the first.
    pub seq: i64,
    /// Its time.
    pub now: Timestamp,
    /// How far business time is ahead of the real clock, in microseconds.
    pub offset: i64,
}

struct Inner {
    queue: Arc<Queue>,
    rules: SharedRules,
    totals: Arc<Totals>,
    position: watch::Receiver<Position>,
    /// Tells nothing, until the engine's thread is gone.
    end: watch::Receiver<()>,
    retry_after: Duration,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.stop();
    }
}

/// Runs commands. Clones share one engine; when the last is dropped, the engine finishes what waits
/// and ends.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl Engine {
    /// Starts the engine's thread. It takes no command before it has committed a first batch: see
    /// [`Engine::wait_ready`]. Fails when the system gives no thread.
    pub fn start(
        store: Box<dyn Store>,
        shell: impl Shell,
        rules: Arc<Rules>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(limits));
        let rules: SharedRules = Arc::new(RwLock::new(rules));
        let meter = Meter::default();
        let totals = Arc::clone(&meter.totals);
        let (position, watched) = watch::channel(Position::default());
        let writer = Writer {
            store,
            shell: Box::new(shell),
            limits,
            rules: Arc::clone(&rules),
            queue: Arc::clone(&queue),
            cache: Cache::new(limits.cached_rows),
            has_rival: false,
            meter,
            position,
        };
        let (alive, end) = watch::channel(());
        let run = move || {
            let _alive = alive;
            drive(writer);
        };
        std::thread::Builder::new().name("engine".into()).spawn(run)?;
        let (position, retry_after) = (watched, limits.retry_after);
        Ok(Self(Arc::new(Inner { queue, rules, totals, position, end, retry_after })))
    }

    /// Runs a command and waits for its answer, which is durable. Dropping the future does not take
    /// the command back.
    pub async fn run<C: Command>(&self, command: C) -> Answer<C> {
        let answer = self.enter(command)?;
        answer.await.unwrap_or(Err(Failed::Unknown))
    }

    /// The same on a thread that may block. Panics inside an async task.
    pub fn run_blocking<C: Command>(&self, command: C) -> Answer<C> {
        let answer = self.enter(command)?;
        answer.blocking_recv().unwrap_or(Err(Failed::Unknown))
    }

    fn enter<C: Command>(
        &self,
        command: C,
    ) -> Result<oneshot::Receiver<Answer<C>>, Failed<C::Refusal>> {
        let (pending, answer) = Pending::new(command);
        match self.0.queue.push(Box::new(pending)) {
            Ok(()) => Ok(answer),
            Err(rider) => {
                let command = rider.name();
                metrics::counter!(
                    "jiaozi_engine_commands_total", "command" => command, "outcome" => "busy"
                )
                .increment(1);
                Err(Failed::Busy { retry_after: self.0.retry_after })
            }
        }
    }

    /// Moves business time forward by so many microseconds. A step that is not above zero moves
    /// nothing.
    pub async fn advance_clock(&self, micros: i64) -> Result<Position, Failed<Never>> {
        if micros > 0 {
            let (operation, answer) = MoveClock::new(micros);
            if self.0.queue.push_alone(Box::new(operation)).is_err() {
                return Err(Failed::Busy { retry_after: self.0.retry_after });
            }
            answer.await.unwrap_or(Err(Failed::Unknown))?;
        }
        Ok(*self.0.position.borrow())
    }

    /// Learns what other processes committed: when this returns, [`Engine::position`] is at or
    /// after every batch that was visible when it was called, and all of those are durable.
    pub async fn catch_up(&self) -> Result<Position, Failed<Never>> {
        let (operation, answer) = MoveClock::new(0);
        if self.0.queue.push_alone(Box::new(operation)).is_err() {
            return Err(Failed::Busy { retry_after: self.0.retry_after });
        }
        answer.await.unwrap_or(Err(Failed::Unknown))?;
        Ok(*self.0.position.borrow())
    }

    /// Lets batches wait for more commands, as [`Limits`] bounds it, whenever `is_allowed` says
    /// that those who are answered a little later lose nothing, because what they wait for next has
    /// long to do. Fewer and larger commits leave the machine more for that. Whoever waits for
    /// nothing else is answered later by up to [`Limits::linger`]. It is asked while the queue is
    /// locked. Before it is set, no batch waits.
    pub fn linger_while(&self, is_allowed: impl Fn() -> bool + Send + Sync + 'static) {
        self.0.queue.linger_while(Box::new(is_allowed));
    }

    /// Replaces the configuration, from the next batch on.
    pub fn set_rules(&self, rules: Arc<Rules>) {
        *self.0.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// The configuration in force.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether commands are taken.
    pub fn ready(&self) -> bool {
        self.0.queue.is_ready()
    }

    /// Waits until commands are taken; `false` when they never will be.
    pub async fn wait_ready(&self) -> bool {
        self.0.queue.opened().await
    }

    /// The same on a thread that may block, at most for `time`.
    pub fn wait_ready_blocking(&self, time: Duration) -> bool {
        self.0.queue.wait_ready(time)
    }

    /// Tells of every batch this engine commits, the last one at least.
    pub fn position(&self) -> watch::Receiver<Position> {
        self.0.position.clone()
    }

    /// Since when, by the real clock, the store has been at the commit that is under way, if one
    /// is. While it takes long, other work that keeps the machine busy had better step back.
    pub fn committing_since(&self) -> Option<Timestamp> {
        self.0.totals.committing_since()
    }

    /// Totals since the start.
    pub fn stats(&self) -> Stats {
        self.0.totals.snapshot()
    }

    /// Takes no further command, finishes those that wait, and returns when the store is closed.
    pub async fn shutdown(&self) {
        self.0.queue.stop();
        self.ended().await;
    }

    /// Returns when the engine's thread has ended, asked to or not: nothing runs commands any more.
    pub async fn ended(&self) {
        let mut end = self.0.end.clone();
        // It never changes: it ends.
        while end.changed().await.is_ok() {}
    }
}
