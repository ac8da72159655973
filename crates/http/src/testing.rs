//! What the tests of the edge are run in: the real router over a real engine and a SQLite file.

use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};

/// Keys that are the same in every run.
pub(crate) fn keys() -> KeyRing {
    let mut byte = 0;
    KeyRing::from_source(|_| {
        byte += 1;
        Versions::try_new(vec![(1, Key32::new([byte; 32]))])
    })
    .unwrap()
}
