//! The waiting commands: bounded, a quarter of the places per owner, taken from owners in turn. The
//! queue is also the gate: while the engine is not ready, nobody comes in. Where that costs nobody
//! much, a batch waits a few milliseconds for more commands.

use crate::rider::Rider;
use crate::shell::Limits;
use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What the engine's thread finds.
pub(crate) enum Taken {
    /// Everything that waits, up to the bound.
    Batch(Vec<Box<dyn Rider>>),
    /// Nothing came for a while.
    Idle,
    /// Nothing waits and nothing more will come.
    Stopped,
}

#[derive(Default)]
struct Waiting {
    lanes: HashMap<String, VecDeque<Box<dyn Rider>>>,
    turns: VecDeque<String>,
    alone: VecDeque<Box<dyn Rider>>,
    commands: usize,
    /// With so many commands whoever takes them is woken.
    wanted: usize,
    patience: Option<Patience>,
    ready: bool,
    stopping: bool,
}

/// Whether a batch may wait for more commands.
pub(crate) type Patience = Box<dyn Fn() -> bool + Send + Sync>;

/// See the module.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    limits: Limits,
    ready: watch::Sender<bool>,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        let (ready, _) = watch::channel(false);
        Self { waiting: Mutex::default(), came: Condvar::new(), limits, ready }
    }

    /// Sets when a batch may wait for more commands.
    pub(crate) fn linger_while(&self, patience: Patience) {
        self.lock().patience = Some(patience);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a command in, or gives it back: the gate is closed, or there is no place.
    pub(crate) fn push(&self, rider: Box<dyn Rider>) -> Result<(), Box<dyn Rider>> {
        let mut waiting = self.lock();
        let places = self.limits.queue_places.max(1);
        if !waiting.ready || waiting.stopping || waiting.commands >= places {
            return Err(rider);
        }
        let share = (places / 4).max(1);
        match waiting.lanes.get_mut(rider.owner()) {
            Some(lane) if lane.len() >= share => return Err(rider),
            Some(lane) => lane.push_back(rider),
            None => {
                let owner = rider.owner().to_owned();
                waiting.lanes.insert(owner.clone(), VecDeque::from([rider]));
                waiting.turns.push_back(owner);
            }
        }
        waiting.commands += 1;
        let is_enough = waiting.commands >= waiting.wanted;
        drop(waiting);
        if is_enough {
            self.came.notify_all();
        }
        Ok(())
    }

    /// Lets an operation of the engine in, which is a batch of its own and goes before whatever is
    /// not yet about to be taken.
    pub(crate) fn push_alone(&self, rider: Box<dyn Rider>) -> Result<(), Box<dyn Rider>> {
        let mut waiting = self.lock();
        if !waiting.ready || waiting.stopping {
            return Err(rider);
        }
        waiting.alone.push_back(rider);
        drop(waiting);
        self.came.notify_all();
        Ok(())
    }

    /// Waits for commands, at most `idle`, and takes up to `most` of them.
    pub(crate) fn take(&self, most: usize, idle: Duration) -> Taken {
        let mut waiting = self.lock();
        loop {
            if let Some(rider) = waiting.alone.pop_front() {
                return Taken::Batch(vec![rider]);
            }
            if waiting.commands > 0 {
                return Taken::Batch(self.linger(waiting, most).take(most));
            }
            if waiting.stopping {
                return Taken::Stopped;
            }
            let (again, timeout) =
                self.came.wait_timeout(waiting, idle).unwrap_or_else(PoisonError::into_inner);
            waiting = again;
            if timeout.timed_out() && waiting.is_empty() && !waiting.stopping {
                return Taken::Idle;
            }
        }
    }

    /// Waits for more commands if that is allowed just now.
    fn linger<'a>(
        &self,
        mut waiting: MutexGuard<'a, Waiting>,
        most: usize,
    ) -> MutexGuard<'a, Waiting> {
        let Limits { linger_commands, linger, queue_places, .. } = self.limits;
        let wanted = linger_commands.min(most).min(queue_places);
        let may_wait = |waiting: &Waiting| waiting.patience.as_ref().is_some_and(|may| may());
        if waiting.commands >= wanted || !may_wait(&waiting) {
            return waiting;
        }
        waiting.wanted = wanted;
        let is_short = |waiting: &mut Waiting| {
            waiting.commands < wanted && waiting.alone.is_empty() && !waiting.stopping
        };
        let ended = self.came.wait_timeout_while(waiting, linger, is_short);
        waiting = ended.unwrap_or_else(PoisonError::into_inner).0;
        waiting.wanted = 0;
        waiting
    }

    /// Takes up to `most` more of what has come meanwhile, without waiting.
    pub(crate) fn take_more(&self, most: usize) -> Vec<Box<dyn Rider>> {
        self.lock().take(most)
    }

    /// Takes everyone out, to be told that nothing was tried.
    pub(crate) fn drain(&self) -> Vec<Box<dyn Rider>> {
        let mut waiting = self.lock();
        let mut riders: Vec<Box<dyn Rider>> = waiting.alone.drain(..).collect();
        riders.extend(waiting.take(usize::MAX));
        riders
    }

    /// Opens or closes the gate.
    pub(crate) fn set_ready(&self, ready: bool) {
        self.lock().ready = ready;
        self.ready.send_replace(ready);
        self.came.notify_all();
    }

    /// Whether the gate is open.
    pub(crate) fn is_ready(&self) -> bool {
        let waiting = self.lock();
        waiting.ready && !waiting.stopping
    }

    /// Waits until the gate is open; `false` when it never will be.
    pub(crate) async fn opened(&self) -> bool {
        let mut ready = self.ready.subscribe();
        while !self.is_ready() {
            if self.is_stopping() || ready.changed().await.is_err() {
                return false;
            }
        }
        true
    }

    /// Waits on this thread until the gate is open; `false` when the time is over or it never will
    /// be.
    pub(crate) fn wait_ready(&self, time: Duration) -> bool {
        let waiting = self.lock();
        let (waiting, _) = self
            .came
            .wait_timeout_while(waiting, time, |waiting| !waiting.ready && !waiting.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.ready && !waiting.stopping
    }

    /// Closes the gate for good; what waits is still done.
    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.ready.send_replace(false);
        self.came.notify_all();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().commands
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.commands == 0 && self.alone.is_empty()
    }

    fn take(&mut self, most: usize) -> Vec<Box<dyn Rider>> {
        let mut riders = Vec::with_capacity(self.commands.min(most));
        while riders.len() < most {
            let Some(owner) = self.turns.pop_front() else { break };
            let lane = self.lanes.get_mut(&owner).expect("an owner with a turn has a lane");
            riders.extend(lane.pop_front());
            if lane.is_empty() {
                self.lanes.remove(&owner);
            } else {
                self.turns.push_back(owner);
            }
        }
        self.commands -= riders.len();
        riders
    }
}
