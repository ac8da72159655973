//! Phone numbers: accepted as people type them, stored in the international form (E.164).

use super::{masking, normalise};
use crate::catalogue::Code;

const MAINLAND: &str = "+86";

/// A phone number in the international form, for example `+8613800138000`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);
print_without_content!(PhoneNumber);

/// The number has the form of no phone that can receive a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneError;

impl PhoneError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        Code::OtpPhoneInvalid
    }
}

/// A region whose numbers have a known form.
struct Region {
    calling_code: &'static str,
    digits: std::ops::RangeInclusive<usize>,
    /// What the national part can begin with; empty for anything.
    first: &'static str,
    /// Whether people write a 0 before the national part, which is dropped.
    drops_zero: bool,
}

const fn region(
    calling_code: &'static str,
    digits: std::ops::RangeInclusive<usize>,
    first: &'static str,
    drops_zero: bool,
) -> Region {
    Region { calling_code, digits, first, drops_zero }
}

const REGIONS: [Region; 9] = [
    region("+852", 8..=8, "456789", false),
    region("+853", 8..=8, "6", false),
    region("+886", 9..=9, "9", true),
    region("+1", 10..=10, "", false),
    region("+65", 8..=8, "89", false),
    region("+81", 10..=10, "", true),
    region("+44", 10..=10, "7", true),
    region("+82", 9..=10, "", true),
    region("+60", 9..=10, "", true),
];

impl PhoneNumber {
    /// Reads a number as typed: a mainland mobile number with or without `+86`, or any other
    /// number with `+` and its calling code.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let typed = normalise::code(text);
        let Some(digits) = typed.strip_prefix('+') else {
            return Self::mainland(&typed);
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.starts_with('0') {
            return Err(PhoneError);
        }
        if let Some(national) = typed.strip_prefix(MAINLAND) {
            return Self::mainland(national);
        }
        for region in &REGIONS {
            if let Some(national) = typed.strip_prefix(region.calling_code) {
                return region.number(national);
            }
        }
        if (7..=15).contains(&digits.len()) { Ok(Self(typed)) } else { Err(PhoneError) }
    }

    fn mainland(national: &str) -> Result<Self, PhoneError> {
        let bytes = national.as_bytes();
        let is_mobile = bytes.len() == 11
            && bytes.iter().all(u8::is_ascii_digit)
            && bytes[0] == b'1'
            && bytes[1] >= b'3';
        if is_mobile { Ok(Self(format!("{MAINLAND}{national}"))) } else { Err(PhoneError) }
    }

    /// The international form with `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits as people of the region know them: without `+86` on the mainland, and
    /// without `+` elsewhere.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix(MAINLAND).unwrap_or(&self.0[1..])
    }

    /// The form that may be shown: `138****8000`, `+852****67`.
    pub fn masked(&self) -> String {
        masking::phone(&self.0)
    }
}

impl Region {
    fn number(&self, typed: &str) -> Result<PhoneNumber, PhoneError> {
        let national = match typed.strip_prefix('0') {
            Some(rest) if self.drops_zero => rest,
            _ => typed,
        };
        let fits = self.digits.contains(&national.len())
            && (self.first.is_empty() || national.starts_with(|c| self.first.contains(c)));
        if fits {
            Ok(PhoneNumber(format!("{}{national}", self.calling_code)))
        } else {
            Err(PhoneError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stored_in_the_international_form() {
        for (typed, stored) in [
            ("13800138000", "+8613800138000"),
            ("+8613800138000", "+8613800138000"),
            ("+86 138-0013-8000", "+8613800138000"),
            ("１３８00138000", "+8613800138000"),
            ("19912345678", "+8619912345678"),
            ("+85291234567", "+85291234567"),
            ("+85366123456", "+85366123456"),
            ("+886912345678", "+886912345678"),
            ("+886 0912345678", "+886912345678"),
            ("+14155550123", "+14155550123"),
            ("+81 090 1234 5678", "+819012345678"),
            ("+447911123456", "+447911123456"),
            ("+6591234567", "+6591234567"),
            ("+821012345678", "+821012345678"),
            ("+60123456789", "+60123456789"),
            ("+4915112345678", "+4915112345678"),
        ] {
            assert_eq!(PhoneNumber::parse(typed).map(|p| p.0), Ok(stored.to_owned()), "{typed}");
        }
    }

    #[test]
    fn numbers_of_no_phone_are_refused() {
        for typed in [
            "12345678901",
            "1380013800",
            "+0123456789",
            "+8521234567",
            "14440123456789",
            "1440123456789",
            "+85231234567",
            "+861380013800",
            "+1415555012",
            "+49123",
            "+4912345678901234",
            "+49151a2345678",
            "8613800138000",
            "",
            "+",
        ] {
            assert_eq!(PhoneNumber::parse(typed), Err(PhoneError), "{typed}");
        }
        assert_eq!(PhoneError.code(), Code::OtpPhoneInvalid);
    }

    #[test]
    fn a_stored_number_reads_back_as_itself() {
        let phone = PhoneNumber::parse("+886 0912345678").unwrap();
        assert_eq!(PhoneNumber::parse(phone.as_str()), Ok(phone));
    }

    #[test]
    fn only_the_ends_are_shown() {
        assert_eq!(PhoneNumber::parse("13800138000").unwrap().masked(), "138****8000");
        assert_eq!(PhoneNumber::parse("+85291234567").unwrap().masked(), "+852****67");
        assert_eq!(format!("{:?}", PhoneNumber::parse("13800138000").unwrap()), "PhoneNumber(..)");
    }
}
