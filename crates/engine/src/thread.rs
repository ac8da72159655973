//! The engine's own thread: the only place that drives the store.

use crate::queue::{Queue, Taken};
use crate::rider::Ending;
use crate::writer::Writer;
use std::sync::Arc;
use std::time::Duration;

/// How long nothing must come before old records are looked at.
const IDLE: Duration = Duration::from_millis(500);
/// At least so often, in microseconds, old records are looked at although commands keep coming.
const TURN_EVERY: i64 = 100_000;

/// Whatever ends the thread, nobody is left waiting for it. Commands of a running batch are dropped
/// with it, which tells their callers that the outcome is unknown; those in the queue were not
/// tried.
struct Closing {
    queue: Arc<Queue>,
    retry_after: Duration,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.queue.stop();
        self.queue.set_ready(false);
        for rider in self.queue.drain() {
            rider.leave(Ending::Busy(self.retry_after));
        }
    }
}

/// Runs until the queue is stopped and empty.
pub(crate) fn drive(mut writer: Writer) {
    let retry_after = writer.limits.retry_after;
    let _closing = Closing { queue: Arc::clone(&writer.queue), retry_after };
    writer.settle(None, &mut Vec::new(), &mut Vec::new());
    let mut looked_at = writer.shell.now();
    let mut is_more = false;
    loop {
        let idle = if is_more { Duration::ZERO } else { IDLE };
        let is_idle = match writer.queue.take(writer.limits.batch_commands, idle) {
            Taken::Batch(riders) => {
                writer.run(riders);
                false
            }
            Taken::Idle => true,
            Taken::Stopped => break,
        };
        let now = writer.shell.now();
        if is_idle || now.saturating_sub(looked_at) >= TURN_EVERY {
            looked_at = now;
            is_more = writer.turn();
        }
    }
}
