//! When the system asks the program to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from now on; what it gives resolves at the first SIGTERM or SIGINT. Call it before
/// telling anybody that the program is ready: until then a signal ends the process at once.
pub(crate) fn end() -> impl Future<Output = ()> + Send + 'static {
    let handlers = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    async move {
        let (Some(mut terminate), Some(mut interrupt)) = handlers else {
            // Without handlers the system ends the process by itself.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

fn listen(kind: SignalKind) -> Option<Signal> {
    signal(kind).inspect_err(|error| tracing::error!(%error, "failed to listen for signals")).ok()
}
