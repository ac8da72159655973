//! What RSA-2048 costs on this machine, on all cores, by the code that the wallet signs with.

use apiv3::keys::{PrivateKey, PublicKey};
use std::error::Error;
use std::time::{Duration, Instant};

/// How long each is measured where it is measured once.
pub(super) const USUAL: Duration = Duration::from_secs(2);

/// As long as what is signed usually is.
const TEXT: [u8; 400] = [b'a'; 400];

/// Signatures and verifications a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) sign: f64,
    pub(super) verify: f64,
}

impl Rates {
    /// What was measured before something and after it, taken together.
    pub(super) fn mean(before: Self, after: Self) -> Self {
        let mean = |before: f64, after: f64| (before + after) / 2.0;
        Self { sign: mean(before.sign, after.sign), verify: mean(before.verify, after.verify) }
    }
}

/// Measures both with a new key, each for so long.
pub(super) async fn measure(each: Duration) -> Result<Rates, Box<dyn Error>> {
    let key = PrivateKey::generate()?;
    Ok(tokio::task::spawn_blocking(move || measure_with(&key, each)).await?)
}

fn measure_with(key: &PrivateKey, each: Duration) -> Rates {
    let (signature, public) = (key.sign(&[&TEXT]), key.public_key());
    let sign = per_second(each, || drop(key.sign(&[&TEXT])));
    let verify = per_second(each, || assert_right(&public, &signature));
    Rates { sign, verify }
}

fn assert_right(key: &PublicKey, signature: &[u8]) {
    assert!(key.verifies(&[&TEXT], signature), "a right signature is right");
}

fn per_second(each: Duration, one: impl Fn() + Sync) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let count = || {
        let mut count = 0_u64;
        while began.elapsed() < each {
            one();
            count += 1;
        }
        count
    };
    let total: u64 = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        running.into_iter().map(|thread| thread.join().expect("nothing panics there")).sum()
    });
    total as f64 / began.elapsed().as_secs_f64()
}
