//! When to look again: the engine committed something, business time moved, or a due time came.

use crate::shell::{self, Instant, Shell};
use engine::{Engine, Position};
use kernel::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Looks closer together than this are one look, however fast the engine commits.
const SPACING: Duration = Duration::from_millis(10);
/// The longest time without a look, in case something was missed.
const LONGEST: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Clone)]
pub(crate) struct Pulse {
    position: watch::Receiver<Position>,
    shell: Arc<dyn Shell>,
    looked: Instant,
}

impl Pulse {
    pub(crate) fn new(engine: &Engine, shell: Arc<dyn Shell>) -> Self {
        Self::watching(engine.position(), shell)
    }

    /// The pulse of whoever tells this position.
    pub(crate) fn watching(position: watch::Receiver<Position>, shell: Arc<dyn Shell>) -> Self {
        Self { position, shell, looked: shell::instant() }
    }

    /// Business time now, as a command that is run next will see it.
    pub(crate) fn now(&self) -> Timestamp {
        let position = *self.position.borrow();
        position.now.max(self.shell.now().plus(position.offset))
    }

    /// The last batch that is known to be durable.
    pub(crate) fn seq(&self) -> i64 {
        self.position.borrow().seq
    }

    /// Whatever is committed after this is called wakes the next [`Pulse::wait`].
    pub(crate) fn look(&mut self) {
        self.position.borrow_and_update();
        self.looked = shell::instant();
    }

    /// Waits until there may be something to do: a batch was committed, or `due` has come. Nothing
    /// is missed when the wait is broken off.
    pub(crate) async fn wait(&mut self, due: Option<Timestamp>) {
        shell::pause_until(Some(self.looked + SPACING)).await;
        let until_due = due.map_or(LONGEST, |due| {
            Duration::from_micros(u64::try_from(due.since(self.now())).unwrap_or(0))
        });
        let idle = until_due.min(LONGEST);
        if let Some(Err(_)) = shell::within(idle, self.position.changed()).await {
            // The engine ended; so will this process.
            shell::pause(LONGEST).await;
        }
    }
}
