//! The surroundings of an engine that works on real servers: the real clock, real waiting, and
//! random numbers that a seed brings back.

use engine::Shell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// See the module.
pub struct RealShell(AtomicU64);

impl RealShell {
    /// Two engines on one database must not have the same seed, nor an engine that comes later.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Shell for RealShell {
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let since = since.expect("the machine's clock is set");
        i64::try_from(since.as_micros()).expect("the year 294,000 is far away")
    }

    fn random(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(8) {
            let drawn = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
            let mixed = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let mixed = (mixed ^ (mixed >> 31)).to_be_bytes();
            piece.copy_from_slice(&mixed[..piece.len()]);
        }
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
