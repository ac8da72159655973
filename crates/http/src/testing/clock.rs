//! Time that a test moves, and random bytes that are the same in every run.

use kernel::Timestamp;
use kernel::crypto::sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// 21 November 2026, 10:00 in the business zone.
const START: i64 = 1_795_226_400;

/// The surroundings of the edge and of the engine in one.
pub(super) struct TestClock {
    micros: AtomicI64,
    drawn_by_edge: AtomicU64,
    /// Counted apart, so that what the edge draws does not depend on when the engine's thread runs.
    drawn_by_engine: AtomicU64,
}

impl Default for TestClock {
    fn default() -> Self {
        let micros = AtomicI64::new(Timestamp::from_seconds(START).micros());
        Self { micros, drawn_by_edge: AtomicU64::new(0), drawn_by_engine: AtomicU64::new(1 << 63) }
    }
}

impl TestClock {
    pub(super) fn advance(&self, micros: i64) {
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

fn draw(drawn: &AtomicU64, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(32) {
        let number = drawn.fetch_add(1, Ordering::SeqCst);
        chunk.copy_from_slice(&sha256(&[&number.to_be_bytes()])[..chunk.len()]);
    }
}

impl crate::shell::Shell for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        draw(&self.drawn_by_edge, bytes);
    }
}

/// The engine's share of it.
pub(super) struct EngineShell(pub(super) Arc<TestClock>);

impl engine::Shell for EngineShell {
    fn now(&self) -> i64 {
        self.0.micros.load(Ordering::SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        draw(&self.0.drawn_by_engine, bytes);
    }

    fn pause(&self, _: Duration) {
        std::thread::yield_now();
    }
}
