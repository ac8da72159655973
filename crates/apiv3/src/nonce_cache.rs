//! Nonces that were seen lately, so that a captured request cannot be sent again.
//!
//! The memory is one process's own: the business numbers of the protocol make a replay at
//! another process harmless, and after a restart the same holds.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use kernel::crypto::sha256;

use crate::authorization::WINDOW_S;

/// A set of (merchant, nonce) with an end to their time and a bound to their number.
#[derive(Debug)]
pub struct NonceCache {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    marks: HashSet<[u8; 16]>,
    order: VecDeque<(i64, [u8; 16])>,
}

impl NonceCache {
    /// A memory for at most `capacity` nonces (about 100 bytes each); beyond it the oldest is
    /// forgotten first. Only authenticated requests may be remembered, so that strangers cannot
    /// push out what merchants sent.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: Mutex::default() }
    }

    /// Remembers a nonce for twice the window; `false` if it was there already. `now_s` is the
    /// real clock in Unix seconds.
    #[must_use]
    pub fn remember(&self, mchid: &str, nonce: &str, now_s: i64) -> bool {
        let mut mark = [0; 16];
        mark.copy_from_slice(&sha256(&[mchid.as_bytes(), b"\n", nonce.as_bytes()])[..16]);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.order.front().is_some_and(|(until_s, _)| *until_s <= now_s) {
            seen.forget_oldest();
        }
        if !seen.marks.insert(mark) {
            return false;
        }
        if seen.order.len() >= self.capacity {
            seen.forget_oldest();
        }
        seen.order.push_back((now_s.saturating_add(2 * WINDOW_S + 1), mark));
        true
    }
}

impl Seen {
    fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.order.pop_front() {
            self.marks.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_new_once_within_twice_the_window() {
        let cache = NonceCache::new(100);
        assert!(cache.remember("1900000001", "a", 1000));
        assert!(!cache.remember("1900000001", "a", 1000));
        assert!(!cache.remember("1900000001", "a", 1600));
        assert!(cache.remember("1900000002", "a", 1600));
        assert!(cache.remember("1900000001", "a", 1601));
    }

    #[test]
    fn the_oldest_is_forgotten_when_it_is_full() {
        let cache = NonceCache::new(2);
        for nonce in ["a", "b", "c"] {
            assert!(cache.remember("1", nonce, 0));
        }
        assert!(!cache.remember("1", "c", 0));
        assert!(cache.remember("1", "a", 0));
    }

    #[test]
    fn of_many_threads_with_one_nonce_one_wins() {
        let cache = NonceCache::new(1000);
        let wins: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..100).filter(|n| cache.remember("1", &n.to_string(), 5)).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(wins, 100);
    }
}
