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

/// Whatever ends the thread, nobody is left waiting for it.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.stop();
        self.0.set_ready(false);
        drop(self.0.drain());
    }
}

/// Runs until the queue is stopped and empty.
pub(crate) fn drive(mut writer: Writer) {
    let _closing = Closing(Arc::clone(&writer.queue));
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
    let mut nobody = Vec::new();
    writer.dismiss(writer.queue.drain(), Ending::Busy(writer.limits.retry_after));
    writer.dismiss_waiting(&mut nobody);
    writer.meter.flush(0);
}
