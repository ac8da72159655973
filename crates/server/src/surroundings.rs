//! The engine's clock, randomness and waiting, from the operating system.

use http_api::{Shell as _, SystemShell};
use std::time::Duration;

/// See the module.
#[derive(Default)]
pub(crate) struct Surroundings(SystemShell);

impl engine::Shell for Surroundings {
    fn now(&self) -> i64 {
        self.0.now().micros()
    }

    fn random(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
