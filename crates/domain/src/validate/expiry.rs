//! The expiry date of a card, `MM/YY`: the card is valid through the last day of that month.

use super::normalise;
use crate::catalogue::Code;
use jiff::civil::Date;

const YEARS_AHEAD_MAX: i16 = 20;

/// The last month in which a card is valid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardExpiry {
    year: i16,
    month: i8,
}
print_without_content!(CardExpiry);

/// What is wrong with an expiry date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryError {
    /// Not `MM/YY`, no month of the year, or more than 20 years ahead.
    Invalid,
    /// The month is over.
    Expired,
}

impl ExpiryError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        match self {
            Self::Invalid => Code::CardExpiryInvalid,
            Self::Expired => Code::CardExpired,
        }
    }
}

impl CardExpiry {
    /// Reads `MM/YY`; the year is one of the present century. `today` is the civil date in the
    /// business zone.
    pub fn parse(text: &str, today: Date) -> Result<Self, ExpiryError> {
        let text = normalise::code(text);
        let bytes = text.as_bytes();
        let [m1, m2, b'/', y1, y2] = bytes else {
            return Err(ExpiryError::Invalid);
        };
        if ![m1, m2, y1, y2].into_iter().all(u8::is_ascii_digit) {
            return Err(ExpiryError::Invalid);
        }
        let two = |tens: &u8, ones: &u8| (tens - b'0') * 10 + (ones - b'0');
        let month = two(m1, m2).cast_signed();
        let year = today.year() / 100 * 100 + i16::from(two(y1, y2));
        let furthest = (today.year() + YEARS_AHEAD_MAX, today.month());
        if !(1..=12).contains(&month) || (year, month) > furthest {
            return Err(ExpiryError::Invalid);
        }
        if (year, month) < (today.year(), today.month()) {
            return Err(ExpiryError::Expired);
        }
        Ok(Self { year, month })
    }

    /// The year, in full.
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.month
    }

    /// The date as printed on the card: `MM/YY`.
    pub fn printed(self) -> String {
        format!("{:02}/{:02}", self.month, self.year % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn parse(text: &str) -> Result<String, ExpiryError> {
        CardExpiry::parse(text, date(2026, 11, 30)).map(CardExpiry::printed)
    }

    #[test]
    fn a_card_is_valid_through_the_last_day_of_its_month() {
        assert_eq!(parse("11/26"), Ok("11/26".to_owned()));
        assert_eq!(parse("10/26"), Err(ExpiryError::Expired));
        assert_eq!(parse("12/25"), Err(ExpiryError::Expired));
        assert_eq!(ExpiryError::Expired.code(), Code::CardExpired);
    }

    #[test]
    fn a_card_is_valid_for_at_most_twenty_years() {
        assert_eq!(parse("11/46"), Ok("11/46".to_owned()));
        assert_eq!(parse("12/46"), Err(ExpiryError::Invalid));
        assert_eq!(parse("01/99"), Err(ExpiryError::Invalid));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["13/28", "00/28", "1/28", "0128", "01/2028", "", "ab/cd", "月/28"] {
            assert_eq!(parse(text), Err(ExpiryError::Invalid), "{text}");
        }
        assert_eq!(parse("０1 / ２8"), Ok("01/28".to_owned()));
        assert_eq!(ExpiryError::Invalid.code(), Code::CardExpiryInvalid);
    }
}
