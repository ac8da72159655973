//! Working days of the mainland, and the keys of the daily and yearly windows. A day is a civil
//! date in the business zone (UTC+8).
//!
//! The holidays of a year are announced late in the year before, so a year can be missing. That
//! never stops anything: what cannot be counted is not promised (`None`), and the place where the
//! data end is asked for with [`WorkingDays::last_day_from`].

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};
use kernel::Timestamp;
use kernel::time::{BUSINESS_OFFSET_HOURS, DAY, HOUR};

/// What one year differs in from "Monday to Friday".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// The year, for example 2026.
    pub year: i16,
    /// Public holidays, each from the first to the last day.
    pub holidays: Vec<(Date, Date)>,
    /// Saturdays and Sundays on which people work to make up for a holiday.
    pub make_up_days: Vec<Date>,
}

/// The calendar of working days: Monday to Friday without public holidays, plus make-up days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    years: Vec<Year>,
}

impl WorkingDays {
    /// A calendar that knows exactly these years.
    pub fn new(mut years: Vec<Year>) -> Self {
        years.sort_by_key(|year| year.year);
        Self { years }
    }

    /// The announced calendar of the mainland for the years known when this was written.
    pub fn mainland() -> Self {
        Self::new(vec![Year {
            year: 2026,
            holidays: vec![
                (date(2026, 1, 1), date(2026, 1, 3)),
                (date(2026, 2, 15), date(2026, 2, 23)),
                (date(2026, 4, 4), date(2026, 4, 6)),
                (date(2026, 5, 1), date(2026, 5, 5)),
                (date(2026, 6, 19), date(2026, 6, 21)),
                (date(2026, 9, 25), date(2026, 9, 27)),
                (date(2026, 10, 1), date(2026, 10, 7)),
            ],
            make_up_days: vec![
                date(2026, 1, 4),
                date(2026, 2, 14),
                date(2026, 2, 28),
                date(2026, 5, 9),
                date(2026, 9, 20),
                date(2026, 10, 10),
            ],
        }])
    }

    /// Whether people work on `day`; `None` when its year is missing.
    pub fn is_working_day(&self, day: Date) -> Option<bool> {
        let year = self.years.iter().find(|year| year.year == day.year())?;
        if year.make_up_days.contains(&day) {
            return Some(true);
        }
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_holiday = year.holidays.iter().any(|(first, last)| (*first..=*last).contains(&day));
        Some(!is_weekend && !is_holiday)
    }

    /// The working day that is `count` after `day`, which is not counted itself: the day on which
    /// a withdrawal requested on `day` is expected at the latest. `None` when the count runs into
    /// a missing year; the person is then told "1-3 working days".
    pub fn working_day_after(&self, day: Date, count: i64) -> Option<Date> {
        let mut current = day;
        let mut counted = 0;
        while counted < count {
            current = current.tomorrow().ok()?;
            if self.is_working_day(current)? {
                counted += 1;
            }
        }
        Some(current)
    }

    /// The last day, counted without a gap from `day` on, whose year is known; `None` when the
    /// year of `day` itself is missing. The year after it is the one to be added next.
    pub fn last_day_from(&self, day: Date) -> Option<Date> {
        let known = |number: i16| self.years.iter().any(|year| year.year == number);
        let mut last = known(day.year()).then(|| day.year())?;
        while known(last + 1) {
            last += 1;
        }
        Some(date(last, 12, 31))
    }

    /// Whether the data end within `days` days of `day`, or have ended: time to add a year.
    pub fn ends_within(&self, day: Date, days: i32) -> bool {
        match self.last_day_from(day) {
            Some(last) => day.checked_add(days.days()).is_ok_and(|limit| limit > last),
            None => true,
        }
    }
}

/// The key of a daily window: `20261121`.
pub fn day_key(day: Date) -> i64 {
    year_key(day) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// When the business day of `now` began.
pub fn day_from(now: Timestamp) -> Timestamp {
    let offset = i64::from(BUSINESS_OFFSET_HOURS) * HOUR;
    let local = now.micros() + offset;
    Timestamp::from_micros(local - local.rem_euclid(DAY) - offset)
}

/// The key of a yearly window: `2026`.
pub fn year_key(day: Date) -> i64 {
    i64::from(day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn working_days_of(month: i8) -> usize {
        let calendar = WorkingDays::mainland();
        let first = date(2026, month, 1);
        (0..i64::from(first.days_in_month()))
            .filter(|day| calendar.is_working_day(first.saturating_add(day.days())) == Some(true))
            .count()
    }

    #[test]
    fn holidays_and_weekends_are_no_working_days_and_make_up_days_are() {
        let calendar = WorkingDays::mainland();
        for (day, works) in [
            (date(2026, 1, 1), false),
            (date(2026, 1, 4), true),
            (date(2026, 1, 5), true),
            (date(2026, 1, 10), false),
            (date(2026, 2, 14), true),
            (date(2026, 2, 16), false),
            (date(2026, 2, 23), false),
            (date(2026, 2, 24), true),
            (date(2026, 2, 28), true),
            (date(2026, 9, 20), true),
            (date(2026, 10, 7), false),
            (date(2026, 10, 8), true),
            (date(2026, 10, 10), true),
            (date(2026, 10, 11), false),
        ] {
            assert_eq!(calendar.is_working_day(day), Some(works), "{day}");
        }
        assert_eq!(calendar.is_working_day(date(2027, 1, 4)), None);
    }

    #[test]
    fn every_make_up_day_is_on_a_weekend_outside_the_holidays() {
        for year in WorkingDays::mainland().years {
            for day in &year.make_up_days {
                assert!(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday), "{day}");
                let in_holiday = |(first, last): &(Date, Date)| (*first..=*last).contains(day);
                assert!(!year.holidays.iter().any(in_holiday), "{day}");
            }
            assert!(year.holidays.iter().all(|(first, last)| first <= last));
        }
    }

    #[test]
    fn the_months_of_2026_have_the_announced_number_of_working_days() {
        let months: Vec<usize> = (1..=12).map(working_days_of).collect();
        assert_eq!(months, [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]);
    }

    #[test]
    fn the_third_working_day_skips_weekends_and_holidays() {
        let calendar = WorkingDays::mainland();
        for (asked, arrives) in [
            (date(2026, 11, 18), date(2026, 11, 23)),
            (date(2026, 11, 21), date(2026, 11, 25)),
            (date(2026, 2, 13), date(2026, 2, 25)),
            (date(2026, 9, 30), date(2026, 10, 10)),
            (date(2026, 12, 28), date(2026, 12, 31)),
        ] {
            assert_eq!(calendar.working_day_after(asked, 3), Some(arrives), "{asked}");
        }
    }

    #[test]
    fn a_year_without_data_promises_no_day() {
        let calendar = WorkingDays::mainland();
        assert_eq!(calendar.working_day_after(date(2026, 12, 29), 3), None);
        assert_eq!(calendar.working_day_after(date(2030, 6, 1), 3), None);
    }

    #[test]
    fn the_end_of_the_data_is_known_in_advance() {
        let calendar = WorkingDays::mainland();
        assert_eq!(calendar.last_day_from(date(2026, 3, 1)), Some(date(2026, 12, 31)));
        assert_eq!(calendar.last_day_from(date(2027, 1, 1)), None);
        assert!(!calendar.ends_within(date(2026, 11, 1), 60));
        assert!(calendar.ends_within(date(2026, 11, 2), 60));
        assert!(calendar.ends_within(date(2027, 1, 1), 60));
    }

    #[test]
    fn window_keys_are_readable_numbers() {
        assert_eq!(day_key(date(2026, 11, 2)), 20_261_102);
        assert_eq!(year_key(date(2026, 11, 2)), 2026);
    }
}
