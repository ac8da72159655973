//! The engine's surroundings when every run must be repeatable: time moves only when told, random
//! bytes are counted, and waiting costs nothing.

use engine::Shell;
use kernel::time::DAY;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// 2026-11-21 in microseconds.
const START: i64 = 1_795_248_000_000_000;
/// Microseconds from one step of a script to the next.
const STEP: i64 = 200_000_000;
/// Microseconds from one start of the product to the next within a step: more than an engine waits
/// in vain, so that time does not depend on how long it did.
const START_AGAIN: i64 = 600_000_000;
/// After so many pauses in a row the engine stands still until somebody acts: a run must not depend
/// on how often it tries in vain.
const PAUSES_MAX: u32 = 5;

#[derive(Debug, Default)]
struct Time {
    now: i64,
    drawn: u64,
    pauses: u32,
    is_stopping: bool,
    step: i64,
    starts: i64,
    days: i64,
}

impl Time {
    fn by_script(&self) -> i64 {
        START + self.step * STEP + self.starts * START_AGAIN + self.days * DAY
    }
}

/// See the module. Clones are one clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<(Mutex<Time>, Condvar)>);

impl Clock {
    /// A clock before its first step.
    pub fn new() -> Self {
        let clock = Self::default();
        clock.lock().now = START;
        clock
    }

    fn lock(&self) -> MutexGuard<'_, Time> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of a step of the script before which so many days went by, unless it is later
    /// already. An engine that stands still tries again.
    pub(crate) fn step(&self, step: usize, days: i64) {
        let mut time = self.lock();
        (time.step, time.days) = (step as i64 + 1, days);
        time.now = time.now.max(time.by_script());
        drop(time);
        self.resume();
    }

    /// The time at which the product is started, or started again.
    pub(crate) fn start(&self) {
        let mut time = self.lock();
        time.starts += 1;
        time.now = time.by_script();
        (time.pauses, time.is_stopping) = (0, false);
    }

    /// Lets an engine that stands still try again.
    pub(crate) fn resume(&self) {
        self.lock().pauses = 0;
        self.0.1.notify_all();
    }

    /// Lets an engine that is to end do so without waiting.
    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
        self.0.1.notify_all();
    }

    /// Whether an engine stands still.
    pub(crate) fn is_stuck(&self) -> bool {
        self.lock().pauses > PAUSES_MAX
    }
}

impl Shell for Clock {
    fn now(&self) -> i64 {
        self.lock().now
    }

    fn random(&self, bytes: &mut [u8]) {
        let mut time = self.lock();
        time.drawn += 1;
        bytes.fill(0);
        bytes[..8].copy_from_slice(&time.drawn.to_be_bytes());
    }

    fn pause(&self, length: Duration) {
        let mut time = self.lock();
        time.now += length.as_micros() as i64;
        time.pauses += 1;
        while time.pauses > PAUSES_MAX && !time.is_stopping {
            time = self.0.1.wait(time).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Longer than any machine takes to wake a thread.
    const EVER: Duration = Duration::from_secs(60);

    /// An engine that pauses until it stands still, and then tells when it goes on.
    fn stand_still(clock: &Clock) -> mpsc::Receiver<()> {
        let (tell, told) = mpsc::channel();
        let engine = clock.clone();
        std::thread::spawn(move || {
            (0..=PAUSES_MAX).for_each(|_| engine.pause(Duration::from_millis(1)));
            tell.send(())
        });
        while !clock.is_stuck() {
            std::thread::yield_now();
        }
        told
    }

    #[test]
    fn engine_that_stands_still_goes_on_whoever_acts() {
        let acts: [fn(&Clock); 3] = [Clock::resume, Clock::stop, |clock| clock.step(1, 0)];
        for act in acts {
            let clock = Clock::new();
            let told = stand_still(&clock);
            act(&clock);
            told.recv_timeout(EVER).unwrap();
        }
    }
}
