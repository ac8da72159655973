//! From which age a person may have a wallet of their own.

use super::resident_id::age;
use crate::catalogue::Code;
use jiff::civil::Date;

/// Below this age nobody has a wallet, in years.
const WALLET_AGE: i16 = 8;
/// From this age a wallet needs no consent of a guardian, in years.
const OWN_CONSENT_AGE: i16 = 16;

/// Why a person may not have a wallet of their own yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeError {
    /// Too young for any wallet.
    TooYoung,
    /// A guardian must agree, which cannot be recorded yet.
    GuardianNeeded,
}

impl AgeError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        match self {
            Self::TooYoung => Code::IdAgeTooYoung,
            Self::GuardianNeeded => Code::GuardianConsentRequired,
        }
    }
}

/// Checks the age on the business day `today`: 8 years, and 16 without a guardian.
///
/// # Errors
/// When the person is younger.
pub fn check(birth_date: Date, today: Date) -> Result<(), AgeError> {
    match age(birth_date, today) {
        years if years < WALLET_AGE => Err(AgeError::TooYoung),
        years if years < OWN_CONSENT_AGE => Err(AgeError::GuardianNeeded),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_birthday_counts_from_its_own_day() {
        let today = date(2026, 11, 21);
        for (born, expected) in [
            (date(2018, 11, 22), Err(AgeError::TooYoung)),
            (date(2018, 11, 21), Err(AgeError::GuardianNeeded)),
            (date(2010, 11, 22), Err(AgeError::GuardianNeeded)),
            (date(2010, 11, 21), Ok(())),
        ] {
            assert_eq!(check(born, today), expected, "{born}");
        }
        assert_eq!(AgeError::TooYoung.code().as_str(), "ID_AGE_TOO_YOUNG");
        assert_eq!(AgeError::GuardianNeeded.code().as_str(), "GUARDIAN_CONSENT_REQUIRED");
    }
}
