//! The surroundings of the worker: protocol time, random bytes, and waiting. The only file of this
//! crate that reads a clock or draws a random number.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use kernel::Timestamp;
use kernel::crypto::SealRandom;
use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use std::time::Instant;

/// Protocol time and randomness.
pub trait Shell: Send + Sync + 'static {
    /// The real clock, never moved by the sandbox.
    fn now(&self) -> Timestamp;

    /// Fills the bytes from a source that cannot be guessed.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(shell: &dyn Shell) -> [u8; N] {
    let mut bytes = [0; N];
    shell.fill(&mut bytes);
    bytes
}

/// What one sealing needs.
pub(crate) fn seal_random(shell: &dyn Shell) -> SealRandom {
    random(shell)
}

/// The bytes of a new public id: a UUIDv7, so that ids made later sort later.
pub(crate) fn id(shell: &dyn Shell) -> [u8; 16] {
    let millis = u64::try_from(shell.now().micros() / 1_000).unwrap_or_default();
    let random = random(shell);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes()
}

/// The clock and the random numbers of the operating system.
#[derive(Debug, Default)]
pub struct SystemShell {
    random: SystemRandom,
}

impl Shell for SystemShell {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A point on a clock that only runs forward, for waits and time limits.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Waits.
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits until a point, or for ever.
pub(crate) async fn pause_until(point: Option<Instant>) {
    match point {
        Some(point) => tokio::time::sleep_until(point.into()).await,
        None => std::future::pending().await,
    }
}

/// The outcome, unless it takes longer than `limit`.
pub(crate) async fn within<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    tokio::time::timeout(limit, work).await.ok()
}
