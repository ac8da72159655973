//! The surroundings of the edge: protocol time, random bytes and waiting. The only file of this
//! crate that reads a clock or draws a random number; everything else gets them handed in.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use kernel::Timestamp;
use kernel::crypto::SealRandom;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Where ids, tokens and protocol time come from.
pub trait Shell: Send + Sync + 'static {
    /// Protocol time: the real clock, never moved by the sandbox.
    fn now(&self) -> Timestamp;

    /// Fills the bytes from a source that cannot be guessed.
    fn fill(&self, bytes: &mut [u8]);

    /// The bytes of a new public id: a UUIDv7, so that ids made later sort later.
    fn id(&self) -> [u8; 16] {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(self.now().micros() / 1_000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes()
    }

    /// A secret of 256 bits, for a bearer token.
    fn token(&self) -> [u8; 32] {
        let mut token = [0; 32];
        self.fill(&mut token);
        token
    }

    /// What one sealing needs.
    fn seal_random(&self) -> SealRandom {
        let mut random = [0; 56];
        self.fill(&mut random);
        random
    }

    /// `count` random decimal digits, each as likely as the others.
    fn digits(&self, count: usize) -> String {
        let mut digits = String::with_capacity(count);
        let mut bytes = [0; 32];
        while digits.len() < count {
            self.fill(&mut bytes);
            // 250 is the largest multiple of ten in a byte; above it small digits would win.
            let fair = bytes.iter().filter(|byte| **byte < 250).map(|byte| byte % 10);
            digits.extend(fair.take(count - digits.len()).map(|digit| char::from(b'0' + digit)));
        }
        digits
    }
}

/// A point on a clock that only runs forward, so far from now.
pub(crate) fn in_time(limit: Duration) -> Instant {
    Instant::now() + limit
}

/// What `work` gives, unless the point comes first.
pub(crate) async fn until<T>(point: Instant, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(point, work).await.ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_as_many_as_asked_for() {
        let shell = SystemShell::default();
        for count in [0, 1, 16, 100] {
            let digits = shell.digits(count);
            assert_eq!(digits.len(), count);
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn ids_are_uuids_of_version_seven() {
        let id = SystemShell::default().id();
        assert_eq!((id[6] >> 4, id[8] >> 6), (7, 2));
    }
}
