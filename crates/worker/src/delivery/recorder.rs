//! Writes down what came of attempts, many in one command. Recording again is harmless, so it is
//! tried until it is certain.

use crate::shell;
use domain::notification::{Attempted, RecordDeliveries};
use engine::{Engine, Failed};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Most attempts a command records.
const AT_ONCE: usize = 256;
/// Attempts that wait to be recorded before senders wait too.
const PLACES: usize = 1_024;
/// Wait before a failed recording is tried again.
const AGAIN: Duration = Duration::from_millis(250);
/// Wait before an attempt is offered again that could not be recorded for a defect.
const AFTER_DEFECT: Duration = Duration::from_secs(30);

type Entry = (Attempted, oneshot::Sender<()>);

/// See the module.
#[derive(Clone)]
pub(crate) struct Recorder(mpsc::Sender<Entry>);

impl Recorder {
    /// Starts it; it ends when the last clone is gone and everything is recorded.
    pub(crate) fn start(engine: Engine) -> Self {
        let (sender, entries) = mpsc::channel(PLACES);
        tokio::spawn(write(engine, entries));
        Self(sender)
    }

    /// Returns when the attempt is recorded. If the process ends before, the fact is delivered
    /// again.
    pub(crate) async fn record(&self, attempted: Attempted) {
        loop {
            let (told, done) = oneshot::channel();
            if self.0.send((attempted.clone(), told)).await.is_err() || done.await.is_ok() {
                return;
            }
            shell::pause(AFTER_DEFECT).await;
        }
    }
}

async fn write(engine: Engine, mut entries: mpsc::Receiver<Entry>) {
    let mut waiting: Vec<Entry> = Vec::with_capacity(AT_ONCE);
    while entries.recv_many(&mut waiting, AT_ONCE).await > 0 {
        let all = waiting.iter().map(|(attempted, _)| attempted.clone()).collect();
        let together = is_recorded(&engine, all).await;
        for (attempted, told) in waiting.drain(..) {
            // One that is a defect must not keep the others from being recorded.
            if together || is_recorded(&engine, vec![attempted]).await {
                // Who no longer waits need not be told.
                let _ = told.send(());
            }
        }
    }
}

/// Records until it is certain; `false` when that is a defect, which is logged where it was found.
async fn is_recorded(engine: &Engine, attempts: Vec<Attempted>) -> bool {
    loop {
        match engine.run(RecordDeliveries { attempts: attempts.clone() }).await {
            Ok(()) => return true,
            Err(Failed::Defect) => return false,
            Err(failed) => tracing::debug!(?failed, "deliveries are not recorded yet"),
        }
        shell::pause(AGAIN).await;
    }
}
