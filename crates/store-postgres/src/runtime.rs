//! Waiting for asynchronous work in code that is not, also when that code is called from
//! asynchronous code.

use std::future::Future;
use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that works only while someone waits in [`Own::wait`].
pub(crate) struct Own(Option<Runtime>);

impl Own {
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        Self(Some(runtime.expect("the system gives what a runtime needs")))
    }

    /// Runs this to its end.
    pub fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        let runtime = self.0.as_ref().expect("the runtime ends with its owner");
        if Handle::try_current().is_err() {
            return runtime.block_on(work);
        }
        // A thread that belongs to a runtime must not wait in another one.
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| runtime.block_on(work));
            waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Allowed inside asynchronous code, unlike dropping it.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs this to its end on a runtime made for it.
pub(crate) fn once<T: Send>(work: impl Future<Output = T> + Send) -> T {
    Own::new().wait(work)
}
