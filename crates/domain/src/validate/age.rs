//! From which age a person may have a wallet of their own.

use super::resident_id::age;
use crate::catalogue::Code;
use crate::rules::Rules;
use jiff::civil::Date;

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

/// Checks the age on the business day `today`: old enough for a wallet, and for one without a
/// guardian.
///
/// # Errors
/// When the person is younger.
pub fn check(birth_date: Date, today: Date, rules: &Rules) -> Result<(), AgeError> {
    match i64::from(age(birth_date, today)) {
        years if years < rules.wallet_age => Err(AgeError::TooYoung),
        years if years < rules.own_consent_age => Err(AgeError::GuardianNeeded),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_birthday_counts_from_its_own_day() {
        let (today, mut rules) = (date(2026, 11, 21), Rules::default());
        for (born, expected) in [
            (date(2018, 11, 22), Err(AgeError::TooYoung)),
            (date(2018, 11, 21), Err(AgeError::GuardianNeeded)),
            (date(2010, 11, 22), Err(AgeError::GuardianNeeded)),
            (date(2010, 11, 21), Ok(())),
        ] {
            assert_eq!(check(born, today, &rules), expected, "{born}");
        }
        (rules.wallet_age, rules.own_consent_age) = (14, 18);
        assert_eq!(check(date(2012, 11, 22), today, &rules), Err(AgeError::TooYoung));
        assert_eq!(check(date(2010, 11, 21), today, &rules), Err(AgeError::GuardianNeeded));
        assert_eq!(check(date(2008, 11, 21), today, &rules), Ok(()));
        assert_eq!(AgeError::TooYoung.code().as_str(), "ID_AGE_TOO_YOUNG");
        assert_eq!(AgeError::GuardianNeeded.code().as_str(), "GUARDIAN_CONSENT_REQUIRED");
    }
}
