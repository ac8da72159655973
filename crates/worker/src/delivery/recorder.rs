//! Writes down what came of attempts, many in one command. Recording again is harmless, so it is
//! tried until it is certain.

use crate::shell;
use domain::notification::{Attempted, RecordDeliveries};
use engine::Engine;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Most attempts a command records.
const AT_ONCE: usize = 256;
/// Attempts that wait to be recorded before senders wait too.
const PLACES: usize = 1_024;
/// Wait before a failed recording is tried again.
const AGAIN: Duration = Duration::from_millis(250);

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

    /// Returns when the attempt is recorded.
    pub(crate) async fn record(&self, attempted: Attempted) {
        let (told, done) = oneshot::channel();
        if self.0.send((attempted, told)).await.is_ok() {
            // It fails only when the process ends; then the fact is delivered again.
            let _ = done.await;
        }
    }
}

async fn write(engine: Engine, mut entries: mpsc::Receiver<Entry>) {
    let mut waiting: Vec<Entry> = Vec::with_capacity(AT_ONCE);
    while entries.recv_many(&mut waiting, AT_ONCE).await > 0 {
        let attempts: Vec<Attempted> =
            waiting.iter().map(|(attempted, _)| attempted.clone()).collect();
        while let Err(failed) = engine.run(RecordDeliveries { attempts: attempts.clone() }).await {
            tracing::debug!(?failed, "deliveries are not recorded yet");
            shell::pause(AGAIN).await;
        }
        for (_, told) in waiting.drain(..) {
            // Who no longer waits need not be told.
            let _ = told.send(());
        }
    }
}
