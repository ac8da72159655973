//! What the engine takes from its surroundings, and the bounds it keeps.

use std::time::Duration;

/// The clock, randomness and waiting, handed in so that every run can be repeated in a test.
pub trait Shell: Send + 'static {
    /// The real clock, in microseconds since 1970 UTC.
    fn now(&self) -> i64;
    /// Fills `bytes` with bytes that nobody else draws.
    fn random(&self, bytes: &mut [u8]);
    /// Waits before something is tried again.
    fn pause(&self, time: Duration);
}

/// The engine's bounds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Places in the queue; one owner gets at most a quarter of them.
    pub queue_places: usize,
    /// Most commands a batch takes.
    pub batch_commands: usize,
    /// A batch takes no further command once it has this many rows to write. Rows are bounded at
    /// the edge, so this bounds its bytes too.
    pub batch_rows: usize,
    /// About how many rows stay in memory between batches.
    pub cached_rows: usize,
    /// How long callers wait for the truth about a batch with an unknown outcome, and how long a
    /// batch is tried again while the database is away.
    pub settle_deadline: Duration,
    /// With so many commands a batch waits for no more: see
    /// [`Engine::linger_while`](crate::Engine::linger_while).
    pub linger_commands: usize,
    /// How long it waits for them at most.
    pub linger: Duration,
    /// What a caller is told to wait when nothing could be tried.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_places: 4_096,
            batch_commands: 512,
            batch_rows: 8_192,
            cached_rows: 200_000,
            settle_deadline: Duration::from_secs(8),
            linger_commands: 96,
            linger: Duration::from_millis(8),
            retry_after: Duration::from_secs(1),
        }
    }
}
