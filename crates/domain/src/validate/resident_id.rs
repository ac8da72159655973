//! The 18-character resident identity number (GB 11643-1999), also used by the residence permits
//! for people from Hong Kong, Macao and Taiwan.

use super::normalise;
use crate::catalogue::Code;
use jiff::civil::Date;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";
const OLDEST_AGE: i16 = 130;

/// The sex a number states: the last digit before the check character is odd for men.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// A number that passed every check.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentId {
    number: String,
    birth_date: Date,
    sex: Sex,
}
print_without_content!(ResidentId);

/// What is wrong with a number. The checks run in this order; the first failure is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResidentIdError {
    /// Not 17 digits and a digit or `X`. Numbers of the first generation (15 digits) are refused.
    Format,
    /// The first two digits name no province.
    Area,
    /// The birth date does not exist, lies in the future or more than 130 years ago.
    BirthDate,
    /// The last character does not fit the others.
    CheckDigit,
}

impl ResidentIdError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        match self {
            Self::Format => Code::IdNumberFormatInvalid,
            Self::Area => Code::IdAreaInvalid,
            Self::BirthDate => Code::IdBirthdateInvalid,
            Self::CheckDigit => Code::IdCheckDigitInvalid,
        }
    }
}

impl ResidentId {
    /// Reads a number as typed. `today` is the civil date in the business zone.
    pub fn parse(text: &str, today: Date) -> Result<Self, ResidentIdError> {
        let number = normalise::code(text);
        let bytes = number.as_bytes();
        let well_formed = bytes.len() == 18
            && bytes[..17].iter().all(u8::is_ascii_digit)
            && (bytes[17].is_ascii_digit() || bytes[17] == b'X');
        if !well_formed {
            return Err(ResidentIdError::Format);
        }
        let area = digits(bytes, 0, 2);
        if !matches!(area, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
        {
            return Err(ResidentIdError::Area);
        }
        let birth_date = birth_date(bytes).ok_or(ResidentIdError::BirthDate)?;
        if birth_date > today || age(birth_date, today) > OLDEST_AGE {
            return Err(ResidentIdError::BirthDate);
        }
        if bytes[17] != check_character(bytes) {
            return Err(ResidentIdError::CheckDigit);
        }
        let sex = if digits(bytes, 16, 17) % 2 == 1 { Sex::Male } else { Sex::Female };
        Ok(Self { number, birth_date, sex })
    }

    /// The number with 18 characters, the last possibly a capital `X`.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The date of birth.
    pub fn birth_date(&self) -> Date {
        self.birth_date
    }

    /// The sex the number states.
    pub fn sex(&self) -> Sex {
        self.sex
    }
}

/// Completed years of life on `today`; 0 or less when the birth lies ahead.
pub fn age(birth_date: Date, today: Date) -> i16 {
    let had_birthday = (today.month(), today.day()) >= (birth_date.month(), birth_date.day());
    today.year() - birth_date.year() - if had_birthday { 0 } else { 1 }
}

fn digits(bytes: &[u8], from: usize, to: usize) -> i16 {
    bytes[from..to].iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
}

fn birth_date(bytes: &[u8]) -> Option<Date> {
    let (month, day) = (digits(bytes, 10, 12), digits(bytes, 12, 14));
    Date::new(digits(bytes, 6, 10), i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn check_character(bytes: &[u8]) -> u8 {
    let sum: u32 =
        bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECK_CHARACTERS[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn parse(text: &str) -> Result<ResidentId, ResidentIdError> {
        ResidentId::parse(text, date(2026, 11, 21))
    }

    #[test]
    fn good_numbers_state_birth_date_and_sex() {
        for (text, birth_date, sex) in [
            ("11010519491231002X", date(1949, 12, 31), Sex::Female),
            ("110101199003070011", date(1990, 3, 7), Sex::Male),
            ("11010119900307002X", date(1990, 3, 7), Sex::Female),
            ("440305199912310038", date(1999, 12, 31), Sex::Male),
            ("510104200002290046", date(2000, 2, 29), Sex::Female),
            ("810000199508080016", date(1995, 8, 8), Sex::Male),
            ("820000198808080023", date(1988, 8, 8), Sex::Female),
            ("830000197707070034", date(1977, 7, 7), Sex::Male),
        ] {
            let id = parse(text).unwrap();
            assert_eq!((id.as_str(), id.birth_date(), id.sex()), (text, birth_date, sex));
        }
    }

    #[test]
    fn a_small_x_is_stored_as_a_capital() {
        assert_eq!(parse("11010119900307002x").unwrap().as_str(), "11010119900307002X");
        assert_eq!(parse("110101 19900307 002Ｘ").unwrap().as_str(), "11010119900307002X");
    }

    #[test]
    fn the_first_failing_check_is_reported() {
        for (text, error, code) in [
            ("11010119900307001", ResidentIdError::Format, "ID_NUMBER_FORMAT_INVALID"),
            ("110101900307001", ResidentIdError::Format, "ID_NUMBER_FORMAT_INVALID"),
            ("X10101199003070011", ResidentIdError::Format, "ID_NUMBER_FORMAT_INVALID"),
            ("一10101199003070011", ResidentIdError::Format, "ID_NUMBER_FORMAT_INVALID"),
            ("990101199003070015", ResidentIdError::Area, "ID_AREA_INVALID"),
            ("110101201302290014", ResidentIdError::BirthDate, "ID_BIRTHDATE_INVALID"),
            ("440524188001010014", ResidentIdError::BirthDate, "ID_BIRTHDATE_INVALID"),
            ("110101202611220019", ResidentIdError::BirthDate, "ID_BIRTHDATE_INVALID"),
            ("110101199003070012", ResidentIdError::CheckDigit, "ID_CHECK_DIGIT_INVALID"),
            ("810000199508080017", ResidentIdError::CheckDigit, "ID_CHECK_DIGIT_INVALID"),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
            assert_eq!(error.code().as_str(), code);
        }
    }

    #[test]
    fn a_person_may_be_a_hundred_and_thirty_years_old() {
        let number = "440524188001010014";
        assert!(ResidentId::parse(number, date(2010, 12, 31)).is_ok());
        assert!(ResidentId::parse(number, date(2011, 1, 1)).is_err());
    }

    #[test]
    fn the_number_is_not_printed() {
        assert_eq!(format!("{:?}", parse("110101199003070011").unwrap()), "ResidentId(..)");
    }
}
