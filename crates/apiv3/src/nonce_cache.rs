//! Nonces that were seen lately, so that one nonce stands for one request.
//!
//! The very same request may come again: a client that reached us on one address and heard nothing
//! sends it to the next one as it is. The business numbers of the protocol make that harmless where
//! money moves, as they do at another process and after a restart, because the memory is one
//! process's own.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use kernel::crypto::sha256;

use crate::authorization::WINDOW_S;

/// What (merchant, nonce) was signed, with an end to their time and a bound to their number.
#[derive(Debug)]
pub struct NonceCache {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    marks: HashMap<[u8; 16], [u8; 16]>,
    order: VecDeque<(i64, [u8; 16])>,
}

impl NonceCache {
    /// A memory for at most `capacity` nonces (about 120 bytes each); beyond it the oldest is
    /// forgotten first. Only authenticated requests may be remembered, so that strangers cannot
    /// push out what merchants sent.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: Mutex::default() }
    }

    /// Remembers a request for twice the window; `false` if its nonce was there with another
    /// signature. `now_s` is the real clock in Unix seconds.
    #[must_use]
    pub fn remember(&self, mchid: &str, nonce: &str, signature: &[u8], now_s: i64) -> bool {
        let mark = digest(&[mchid.as_bytes(), b"\n", nonce.as_bytes()]);
        let signature = digest(&[signature]);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.order.front().is_some_and(|(until_s, _)| *until_s <= now_s) {
            seen.forget_oldest();
        }
        if let Some(known) = seen.marks.get(&mark) {
            return *known == signature;
        }
        seen.marks.insert(mark, signature);
        if seen.order.len() >= self.capacity {
            seen.forget_oldest();
        }
        seen.order.push_back((now_s.saturating_add(2 * WINDOW_S + 1), mark));
        true
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&sha256(parts)[..16]);
    digest
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
    fn a_nonce_stands_for_one_request_within_twice_the_window() {
        let cache = NonceCache::new(100);
        let remember = |signature, now_s| cache.remember("1900000001", "a", signature, now_s);
        assert!(remember(b"one", 1000));
        assert!(!remember(b"other", 1000));
        assert!(remember(b"one", 1001), "the very same request");
        assert!(!remember(b"other", 1600), "a repeat does not change what is remembered");
        assert!(cache.remember("1900000002", "a", b"other", 1600));
        assert!(remember(b"other", 1601));
        assert!(!remember(b"one", 1601));
    }

    #[test]
    fn the_oldest_is_forgotten_when_it_is_full() {
        let cache = NonceCache::new(2);
        for nonce in ["a", "b", "c"] {
            assert!(cache.remember("1", nonce, b"one", 0));
        }
        assert!(!cache.remember("1", "c", b"other", 0));
        assert!(cache.remember("1", "a", b"other", 0));
    }

    #[test]
    fn of_many_threads_with_one_nonce_one_wins() {
        let cache = &NonceCache::new(1000);
        let wins: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|thread| {
                    let is_first = move |n: &i32| cache.remember("1", &n.to_string(), &[thread], 5);
                    scope.spawn(move || (0..100).filter(is_first).count())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(wins, 100);
    }
}
