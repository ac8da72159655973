//! How many requests without a session one address may send: a bucket of tokens per address, so
//! that guessing and flooding from one place do not reach the engine.

use kernel::Timestamp;
use kernel::time::SECOND;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Most addresses that are remembered; with more, full buckets are forgotten.
const ADDRESSES_MAX: usize = 65_536;

/// Buckets of tokens, one per address (of IPv6: per /64, which one party owns whole).
#[derive(Debug)]
pub struct AddressLimiter {
    per_second: i64,
    burst: i64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Millionths of a token.
    tokens: i64,
    at: Timestamp,
}

impl AddressLimiter {
    /// Lets `per_second` requests through on average and `burst` at once; both at least 1.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let (per_second, burst) = (i64::from(per_second.max(1)), i64::from(burst.max(1)));
        Self { per_second, burst, buckets: Mutex::default() }
    }

    /// Takes a token; `Err` with the seconds to wait when there is none. `now` is protocol time.
    pub fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), u32> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.burst * SECOND;
        if buckets.len() >= ADDRESSES_MAX {
            buckets.retain(|_, bucket| self.refilled(*bucket, now) < full);
        }
        let fresh = Bucket { tokens: full, at: now };
        let bucket = buckets.entry(network(address)).or_insert(fresh);
        bucket.tokens = self.refilled(*bucket, now);
        bucket.at = now;
        if bucket.tokens < SECOND {
            // At one token a second or more, the missing part of a token comes within a second.
            return Err(1);
        }
        bucket.tokens -= SECOND;
        Ok(())
    }

    fn refilled(&self, bucket: Bucket, now: Timestamp) -> i64 {
        // A clock that was set back refills nothing.
        let passed = now.since(bucket.at).max(0);
        let gained = passed.saturating_mul(self.per_second);
        bucket.tokens.saturating_add(gained).min(self.burst * SECOND)
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
}
