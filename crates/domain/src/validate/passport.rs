//! Passport numbers that are typed; the machine-readable zone is read in [`super::mrz`].

use super::normalise;
use crate::catalogue::Code;

/// Who issued a passport, as far as the form of its number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassportKind {
    /// The mainland of China.
    Mainland,
    /// Hong Kong.
    HongKong,
    /// Macao.
    Macao,
    /// Any other place.
    Other,
}

/// A passport number of the form its issuer uses.
#[derive(Clone, PartialEq, Eq)]
pub struct PassportNumber(String);
print_without_content!(PassportNumber);

/// The number does not have the form of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassportNumberError;

impl PassportNumberError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        Code::IdNumberFormatInvalid
    }
}

impl PassportNumber {
    /// Reads a number as typed: 5 to 20 letters and digits, narrower where the form is known.
    pub fn parse(text: &str, kind: PassportKind) -> Result<Self, PassportNumberError> {
        let number = normalise::code(text);
        let bytes = number.as_bytes();
        let digits_from = |from: usize| bytes[from..].iter().all(u8::is_ascii_digit);
        let letters_and_digits = bytes.iter().all(u8::is_ascii_alphanumeric);
        let fits = letters_and_digits
            && match (kind, bytes) {
                (PassportKind::Other, _) => (5..=20).contains(&bytes.len()),
                (_, bytes) if bytes.len() != 9 => false,
                (PassportKind::Mainland, [b'G', ..]) => digits_from(1),
                (PassportKind::Mainland, [b'E', second, ..]) => {
                    !matches!(second, b'I' | b'O') && digits_from(2)
                }
                (PassportKind::HongKong, [b'H' | b'K', ..]) => digits_from(1),
                (PassportKind::Macao, [b'M', b'A'..=b'C', ..]) => digits_from(2),
                _ => false,
            };
        if fits { Ok(Self(number)) } else { Err(PassportNumberError) }
    }

    /// The number in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_form_of_their_issuer() {
        for (text, kind, fits) in [
            ("E12345678", PassportKind::Mainland, true),
            ("EA1234567", PassportKind::Mainland, true),
            ("G12345678", PassportKind::Mainland, true),
            ("e1234 5678", PassportKind::Mainland, true),
            ("EI1234567", PassportKind::Mainland, false),
            ("EO1234567", PassportKind::Mainland, false),
            ("GA1234567", PassportKind::Mainland, false),
            ("E1234567", PassportKind::Mainland, false),
            ("K12345678", PassportKind::HongKong, true),
            ("H12345678", PassportKind::HongKong, true),
            ("E12345678", PassportKind::HongKong, false),
            ("MA1234567", PassportKind::Macao, true),
            ("MD1234567", PassportKind::Macao, false),
            ("L898902C3", PassportKind::Other, true),
            ("1234", PassportKind::Other, false),
            ("123456789012345678901", PassportKind::Other, false),
            ("C01X00T4<", PassportKind::Other, false),
        ] {
            assert_eq!(PassportNumber::parse(text, kind).is_ok(), fits, "{text} {kind:?}");
        }
        assert_eq!(PassportNumberError.code(), Code::IdNumberFormatInvalid);
    }
}
