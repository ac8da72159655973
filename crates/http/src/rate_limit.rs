//! How many calls of one kind are let through: buckets of tokens by key, and the buckets of
//! addresses, so that guessing and flooding from one place do not reach the engine.

use kernel::Timestamp;
use kernel::time::SECOND;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Most buckets of a generation.
const GENERATION: usize = 32_768;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    per_second: i64,
    burst: i64,
}

impl Rate {
    /// Lets `per_second` through on average and `burst` at once; both at least 1.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: i64::from(per_second.max(1)), burst: i64::from(burst.max(1)) }
    }

    /// The tokens of a full bucket, in millionths.
    fn full(self) -> i64 {
        self.burst * SECOND
    }
}

/// Buckets of tokens, one per key, in two generations: when the young one is full it becomes the
/// old one, and who did not ask since is forgotten. So their number is bounded whoever asks, and a
/// bucket that is in use stays.
#[derive(Debug)]
pub struct Buckets<K> {
    generation: usize,
    kept: Mutex<Generations<K>>,
}

#[derive(Debug)]
struct Generations<K> {
    young: HashMap<K, Bucket>,
    old: HashMap<K, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Millionths of a token.
    tokens: i64,
    at: Timestamp,
}

impl<K: Eq + Hash> Default for Buckets<K> {
    fn default() -> Self {
        Self::bounded(GENERATION)
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn bounded(generation: usize) -> Self {
        let kept = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { generation, kept: Mutex::new(kept) }
    }

    /// Takes a token of a key; `Err` with the seconds to wait when there is none. `now` is protocol
    /// time. A key asks at the same rate each time, and is copied only for a bucket of its own.
    pub fn take<Q>(&self, key: &Q, rate: Rate, now: Timestamp) -> Result<(), u32>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.young.len() >= self.generation {
            kept.old = std::mem::take(&mut kept.young);
        }
        let Generations { young, old } = &mut *kept;
        if let Some(bucket) = young.get_mut(key) {
            return bucket.take(rate, now);
        }
        let fresh = Bucket { tokens: rate.full(), at: now };
        let bucket = old.remove(key).unwrap_or(fresh);
        young.entry(key.to_owned()).or_insert(bucket).take(rate, now)
    }
}

impl Bucket {
    fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), u32> {
        self.refill(rate, now);
        if self.tokens < SECOND {
            // At one token a second or more, the missing part of a token comes within a second.
            return Err(1);
        }
        self.tokens -= SECOND;
        Ok(())
    }

    fn refill(&mut self, rate: Rate, now: Timestamp) {
        // A clock that was set back refills nothing.
        let passed = now.since(self.at).max(0);
        let gained = passed.saturating_mul(rate.per_second);
        self.tokens = self.tokens.saturating_add(gained).min(rate.full());
        self.at = now;
    }
}

/// How many requests without a session one address may send (of IPv6: one /64, which one party
/// owns whole).
#[derive(Debug)]
pub struct AddressLimiter {
    rate: Rate,
    buckets: Buckets<IpAddr>,
}

impl AddressLimiter {
    /// Lets `per_second` requests through on average and `burst` at once; both at least 1.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { rate: Rate::new(per_second, burst), buckets: Buckets::default() }
    }

    /// Takes a token; `Err` with the seconds to wait when there is none. `now` is protocol time.
    pub fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), u32> {
        self.buckets.take(&network(address), self.rate, now)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_is_let_through_and_then_so_many_a_second() {
        let limiter = AddressLimiter::new(2, 3);
        for _ in 0..3 {
            assert_eq!(limiter.take(ip("192.0.2.1"), START), Ok(()));
        }
        assert_eq!(limiter.take(ip("192.0.2.1"), START), Err(1));
        assert_eq!(limiter.take(ip("192.0.2.2"), START), Ok(()), "another address");
        let later = START.plus(SECOND / 2);
        assert_eq!(limiter.take(ip("192.0.2.1"), later), Ok(()));
        assert_eq!(limiter.take(ip("192.0.2.1"), later), Err(1));
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_bucket() {
        let limiter = AddressLimiter::new(1, 1);
        assert_eq!(limiter.take(ip("2001:db8::1"), START), Ok(()));
        assert_eq!(limiter.take(ip("2001:db8::ffff"), START), Err(1));
        assert_eq!(limiter.take(ip("::ffff:192.0.2.1"), START), Ok(()));
        assert_eq!(limiter.take(ip("192.0.2.1"), START), Err(1));
    }

    #[test]
    fn clock_set_back_refills_nothing() {
        let limiter = AddressLimiter::new(1, 1);
        assert_eq!(limiter.take(ip("192.0.2.1"), START), Ok(()));
        assert_eq!(limiter.take(ip("192.0.2.1"), START.plus(-60 * SECOND)), Err(1));
    }

    #[test]
    fn a_bucket_holds_no_more_than_its_burst_however_long_nobody_asks() {
        let (buckets, rate) = (Buckets::<String>::default(), Rate::new(33, 2));
        assert_eq!(buckets.take("a", rate, START), Ok(()));
        let year = START.plus(365 * 24 * 3_600 * SECOND);
        let taken = [(); 3].map(|()| buckets.take("a", rate, year));
        assert_eq!(taken, [Ok(()), Ok(()), Err(1)]);
    }

    #[test]
    fn who_keeps_asking_stays_counted_and_the_number_of_buckets_is_bounded() {
        let (buckets, rate) = (Buckets::bounded(4), Rate::new(1, 1));
        assert_eq!(buckets.take(&0, rate, START), Ok(()));
        for stranger in 1..100 {
            assert_eq!(buckets.take(&stranger, rate, START), Ok(()));
            assert_eq!(buckets.take(&0, rate, START), Err(1), "after {stranger} others");
            let kept = buckets.kept.lock().unwrap();
            assert!(kept.young.len() <= 4 && kept.old.len() <= 4);
        }
    }
}
