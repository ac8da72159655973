//! Points in time: microseconds since 1970-01-01 UTC, and the business zone.

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A point in time in microseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// One second in the unit of [`Timestamp`].
pub const SECOND: i64 = 1_000_000;
/// One minute in the unit of [`Timestamp`].
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in the unit of [`Timestamp`].
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours in the unit of [`Timestamp`].
pub const DAY: i64 = 24 * HOUR;

/// Business days are those of Asia/Shanghai: UTC+8, no daylight saving.
pub const BUSINESS_OFFSET_HOURS: i8 = 8;

impl Timestamp {
    /// The last point in time that is used: the end of year 9998, so that it can always be printed.
    const LAST: i64 = 253_370_764_799 * SECOND;

    /// Takes microseconds since the epoch; clamps what lies outside 1970 to 9998.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < 0 {
            Self(0)
        } else if micros > Self::LAST {
            Self(Self::LAST)
        } else {
            Self(micros)
        }
    }

    /// Takes whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(SECOND))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// The time that many microseconds later (or earlier, when negative).
    pub const fn plus(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this time; negative when it lies behind.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The civil date in the business zone.
    pub fn business_date(self) -> jiff::civil::Date {
        self.zoned().date()
    }

    /// Date and time in the business zone down to the microsecond, 20 digits:
    /// `20261121180500123456`.
    pub fn business_digits(self) -> String {
        self.zoned().strftime("%Y%m%d%H%M%S%6f").to_string()
    }

    /// When a day begins in the business zone; `None` outside of what a timestamp holds.
    pub fn start_of_business_day(day: jiff::civil::Date) -> Option<Self> {
        let zone = TimeZone::fixed(Offset::constant(BUSINESS_OFFSET_HOURS));
        let start = day.to_zoned(zone).ok()?.timestamp().as_microsecond();
        (start >= 0).then(|| Self::from_micros(start))
    }

    /// RFC 3339 in the business zone with whole seconds: `2026-11-21T18:05:00+08:00`.
    pub fn rfc3339(self) -> String {
        self.zoned().strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
    }

    fn zoned(self) -> jiff::Zoned {
        let zone = TimeZone::fixed(Offset::constant(BUSINESS_OFFSET_HOURS));
        jiff::Timestamp::from_microsecond(self.0)
            .expect("a timestamp lies between 1970 and 9998")
            .to_zoned(zone)
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        (time.as_microsecond() >= 0).then(|| Self::from_micros(time.as_microsecond()))
    }
}

impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_day_turns_at_sixteen_utc() {
        let before = Timestamp::parse_rfc3339("2026-11-21T15:59:59Z").unwrap();
        assert_eq!(before.business_date().to_string(), "2026-11-21");
        assert_eq!(before.plus(SECOND).business_date().to_string(), "2026-11-22");
        assert_eq!(before.rfc3339(), "2026-11-21T23:59:59+08:00");
        assert_eq!(Timestamp::parse_rfc3339(&before.rfc3339()), Some(before));
        let after = before.plus(SECOND);
        assert_eq!(Timestamp::start_of_business_day(after.business_date()), Some(after));
    }
}
