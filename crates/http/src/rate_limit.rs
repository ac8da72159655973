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
    tokens: i64,
    /// In which time so many come.
    period_s: i64,
    burst: i64,
}

impl Rate {
    /// Lets `per_second` through on average and `burst` at once; both at least 1.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { burst: i64::from(burst.max(1)), ..Self::every(1, per_second) }
    }

    /// Lets `calls` through in a period, and as many at once; both at least 1.
    pub fn every(period_s: u32, calls: u32) -> Self {
        let calls = i64::from(calls.max(1));
        Self { tokens: calls, period_s: i64::from(period_s.max(1)), burst: calls }
    }

    /// One token, in the unit in which a bucket counts: as many come in a microsecond as tokens in
    /// a period.
    fn token(self) -> i64 {
        self.period_s * SECOND
    }

    /// The tokens of a full bucket.
    fn full(self) -> i64 {
        self.burst.saturating_mul(self.token())
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
    /// See [`Rate::token`]; below zero, tokens that it owes.
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
        self.with(key, rate, now, |bucket| {
            bucket.holds_one(rate)?;
            bucket.tokens -= rate.token();
            Ok(())
        })
    }

    /// Whether a key has a token, for who knows only later whether it takes one; `Err` with the
    /// seconds to wait when it has none.
    pub fn check<Q>(&self, key: &Q, rate: Rate, now: Timestamp) -> Result<(), u32>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.with(key, rate, now, |bucket| bucket.holds_one(rate))
    }

    /// Takes a token that was checked, even if another one took it meanwhile: then the key owes it,
    /// so that calls at the same moment are not let through for nothing, up to as many as a full
    /// bucket holds.
    pub fn charge<Q>(&self, key: &Q, rate: Rate, now: Timestamp)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.with(key, rate, now, |bucket| {
            let left = bucket.tokens.saturating_sub(rate.token());
            bucket.tokens = left.max(-rate.full());
        });
    }

    /// Works with the bucket of a key as it is now.
    fn with<Q, T>(
        &self,
        key: &Q,
        rate: Rate,
        now: Timestamp,
        work: impl FnOnce(&mut Bucket) -> T,
    ) -> T
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.young.len() >= self.generation {
            kept.old = std::mem::take(&mut kept.young);
        }
        let Generations { young, old } = &mut *kept;
        if !young.contains_key(key) {
            let fresh = Bucket { tokens: rate.full(), at: now };
            young.insert(key.to_owned(), old.remove(key).unwrap_or(fresh));
        }
        let bucket = young.get_mut(key).expect("it was put there");
        bucket.refill(rate, now);
        work(bucket)
    }
}

impl Bucket {
    fn refill(&mut self, rate: Rate, now: Timestamp) {
        // A clock that was set back refills nothing.
        let passed = now.since(self.at).max(0);
        let gained = passed.saturating_mul(rate.tokens);
        self.tokens = self.tokens.saturating_add(gained).min(rate.full());
        self.at = now;
    }

    /// `Err` with the seconds until it holds a token, if it holds none.
    fn holds_one(&self, rate: Rate) -> Result<(), u32> {
        let missing = rate.token().saturating_sub(self.tokens);
        if missing <= 0 {
            return Ok(());
        }
        let each_second = rate.tokens * SECOND;
        let wait_s = (missing - 1) / each_second + 1;
        Err(u32::try_from(wait_s).unwrap_or(u32::MAX))
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
    fn what_is_counted_afterwards_is_owed_and_the_wait_says_for_how_long() {
        let (buckets, rate) = (Buckets::<String>::default(), Rate::every(60, 6));
        assert_eq!(buckets.check("a", rate, START), Ok(()));
        for _ in 0..8 {
            buckets.charge("a", rate, START);
        }
        for _ in 0..99 {
            buckets.charge("c", rate, START);
        }
        assert_eq!(buckets.check("c", rate, START), Err(70), "a full bucket at most, and one");
        // Two are owed and one is needed: three at one in ten seconds.
        assert_eq!(buckets.check("a", rate, START), Err(30));
        assert_eq!(buckets.check("a", rate, START.plus(30 * SECOND - 1)), Err(1));
        assert_eq!(buckets.check("a", rate, START.plus(30 * SECOND)), Ok(()));
        assert_eq!(buckets.check("a", rate, START.plus(30 * SECOND)), Ok(()), "nothing was taken");
        assert_eq!(buckets.check("b", rate, START), Ok(()), "another one owes nothing");
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
