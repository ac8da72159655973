//! Delivery of merchants' notifications: facts are read in order, handed to bounded queues per
//! merchant, and sent by few senders. The normal case writes nothing but the cursor, now and then.
//!
//! A first delivery that fails becomes a row in `retry`, and so does what a merchant that fails
//! leaves no room for; so the reader always goes on. After a restart everything behind the cursor
//! is delivered again, under the same id.

pub(crate) mod courier;
mod lanes;
pub(crate) mod notice;
mod progress;
pub(crate) mod recorder;
pub(crate) mod retries;
pub(crate) mod sender;
#[cfg(test)]
mod testing;

use self::lanes::{Bounds, Lanes, Offered};
use self::progress::{Progress, place};
use self::sender::Sender;
use crate::due;
use crate::pulse::Pulse;
use crate::shell::{self, Instant};
use crate::slots::{Held, Slots};
use domain::fact::Fact;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use store::Queries;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

const BOUNDS: Bounds = Bounds { senders: 256, per_merchant: 8, waiting: 256 };
/// Facts read at once.
const PAGE: usize = 256;
/// Facts in memory before the reader waits.
const OPEN_MAX: usize = 8_192;
/// How long a full queue of a merchant that does not fail holds the reader up.
const PATIENCE: Duration = Duration::from_millis(500);
/// Wait after the facts could not be read.
const AGAIN: Duration = Duration::from_secs(1);
/// Longest wait for what is being sent when the process ends; the rest is sent after the restart.
const LAST: Duration = Duration::from_secs(7);

/// What a finished task was about.
enum Task {
    /// A first delivery by a sender.
    Sent(Fact),
    /// A fact put off without an attempt.
    PutOff(Fact),
}

/// See the module.
pub(crate) struct Delivery {
    queries: Arc<dyn Queries>,
    sender: Sender,
    slots: Slots,
    progress: Progress,
    lanes: Lanes,
    /// Read, but not in a queue yet.
    read: VecDeque<Fact>,
    /// Since when the first of `read` has found its queue full.
    blocked: Option<Instant>,
    tasks: JoinSet<bool>,
    about: HashMap<Id, Task>,
}

impl Delivery {
    pub(crate) fn new(queries: Arc<dyn Queries>, sender: Sender, slots: Slots) -> Self {
        Self {
            queries,
            sender,
            slots,
            progress: Progress::default(),
            lanes: Lanes::new(BOUNDS),
            read: VecDeque::new(),
            blocked: None,
            tasks: JoinSet::new(),
            about: HashMap::new(),
        }
    }

    /// Delivers until told to stop, then finishes what is being sent.
    pub(crate) async fn go(mut self, mut pulse: Pulse, mut stopping: watch::Receiver<bool>) {
        let mut held = self.slots.held();
        let mut slots = Held::default();
        let mut more = true;
        while !*stopping.borrow() {
            let now_held = Arc::clone(&held.borrow_and_update());
            if !Arc::ptr_eq(&slots, &now_held) {
                slots = now_held;
                self.hold(&slots);
            }
            self.distribute();
            self.start_senders();
            if more && self.read.is_empty() && self.progress.open() < OPEN_MAX {
                pulse.look();
                more = self.read_page(&slots, pulse.seq()).await;
                continue;
            }
            let patience = self.blocked.map(|since| since + PATIENCE);
            tokio::select! {
                _ = stopping.changed() => {}
                _ = held.changed() => more = true,
                () = pulse.wait(None), if !more => more = true,
                () = shell::pause_until(patience) => {}
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            }
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.ended(ended);
            }
            self.told();
        }
        let rest = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(ended);
                self.told();
            }
        };
        // What is not done by then is delivered again after the restart.
        let _ = shell::within(LAST, rest).await;
    }

    fn hold(&mut self, held: &Held) {
        self.progress.hold(held);
        self.lanes.keep(held);
        self.read.retain(|fact| held.contains_key(&fact.slot));
        self.slots.advance(self.progress.cursors());
    }

    /// Reads on; gives whether there may be more.
    async fn read_page(&mut self, held: &Held, up_to_batch: i64) -> bool {
        if held.is_empty() {
            return false;
        }
        let after = self.progress.reader();
        match due::facts(self.queries.as_ref(), held, after, up_to_batch, PAGE).await {
            Ok(page) => {
                let full = page.len() == PAGE;
                self.read.extend(self.progress.take(page));
                self.told();
                full
            }
            Err(error) => {
                tracing::warn!(%error, "facts cannot be read now");
                shell::pause(AGAIN).await;
                true
            }
        }
    }

    /// Puts what was read into the queues. A queue that is full because its merchant fails holds
    /// nothing up; any other full queue does so for a moment.
    fn distribute(&mut self) {
        while let Some(fact) = self.read.pop_front() {
            match self.lanes.offer(fact, shell::instant()) {
                Offered::Taken => self.blocked = None,
                Offered::Later(fact) => self.put_off(fact),
                Offered::Full(fact) => {
                    let since = *self.blocked.get_or_insert_with(shell::instant);
                    if since.elapsed() < PATIENCE {
                        self.read.push_front(fact);
                        return;
                    }
                    self.blocked = None;
                    for waiting in self.lanes.give_up(&fact.mchid) {
                        self.put_off(waiting);
                    }
                    self.put_off(fact);
                }
            }
        }
        self.blocked = None;
    }

    fn start_senders(&mut self) {
        while let Some(fact) = self.lanes.next(shell::instant()) {
            let (sender, told) = (self.sender.clone(), fact.clone());
            let task = self.tasks.spawn(async move { sender.first(&told).await });
            self.about.insert(task.id(), Task::Sent(fact));
        }
    }

    /// Has a fact tried later, without an attempt now.
    fn put_off(&mut self, fact: Fact) {
        let (sender, told) = (self.sender.clone(), fact.clone());
        let why = Some("put off, as other notifications failed or were not answered".to_owned());
        let task = self.tasks.spawn(async move {
            sender.record(&told, 1, why).await;
            false
        });
        self.about.insert(task.id(), Task::PutOff(fact));
    }

    fn ended(&mut self, ended: Result<(Id, bool), JoinError>) {
        let (id, acknowledged) = match ended {
            Ok((id, acknowledged)) => (id, Some(acknowledged)),
            Err(error) => {
                tracing::error!(%error, "a delivery panicked");
                (error.id(), None)
            }
        };
        match (self.about.remove(&id), acknowledged) {
            (None, _) => {}
            (Some(Task::PutOff(fact)), None) => self.put_off(fact),
            (Some(Task::PutOff(fact)), Some(_)) => self.dealt_with(&fact),
            (Some(Task::Sent(fact)), acknowledged) => {
                let acknowledged_now = acknowledged.unwrap_or(false);
                let now = shell::instant();
                for waiting in self.lanes.sent(&fact.mchid, acknowledged_now, now) {
                    self.put_off(waiting);
                }
                match acknowledged {
                    Some(_) => self.dealt_with(&fact),
                    None => self.put_off(fact),
                }
            }
        }
    }

    fn dealt_with(&mut self, fact: &Fact) {
        self.progress.dealt_with(fact.slot, place(fact));
    }

    fn told(&self) {
        self.slots.advance(self.progress.cursors());
        metrics::gauge!("jiaozi_notifications_open").set(self.progress.open() as f64);
        metrics::gauge!("jiaozi_notifications_sending").set(self.lanes.sending() as f64);
    }
}
