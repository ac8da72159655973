//! Bank card numbers (ISO/IEC 7812): length, Luhn digit, network, and the form of the security
//! code. Which bank a number belongs to is in [`super::bin_table`].

use super::normalise;
use crate::catalogue::Code;
use kernel::{ExposeSecret, SecretString};

/// A card number of 14 to 19 digits with a right Luhn digit. It is wiped from memory when dropped.
pub struct CardNumber(SecretString);
print_without_content!(CardNumber);

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNumberError {
    /// Not 14 to 19 digits.
    Length,
    /// The last digit does not fit the others.
    CheckDigit,
}

impl CardNumberError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        match self {
            Self::Length | Self::CheckDigit => Code::CardNumberInvalid,
        }
    }
}

impl CardNumber {
    /// Reads a number as typed.
    pub fn parse(text: &str) -> Result<Self, CardNumberError> {
        let digits = normalise::code(text);
        if !(14..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CardNumberError::Length);
        }
        if !passes_luhn(&digits) {
            return Err(CardNumberError::CheckDigit);
        }
        Ok(Self(digits.into()))
    }

    /// The digits. They go to the bank and into a keyed hash, never into a log or a table.
    pub fn digits(&self) -> &str {
        self.0.expose_secret()
    }

    /// The last four digits, which may be stored and shown.
    pub fn tail(&self) -> &str {
        let digits = self.digits();
        &digits[digits.len() - 4..]
    }

    /// The network by prefix and length, if the number has the form of one.
    pub fn network(&self) -> Option<Network> {
        Network::of(self.digits())
    }
}

/// The network that carries a card's payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// UnionPay.
    UnionPay,
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// JCB.
    Jcb,
    /// American Express.
    AmericanExpress,
    /// Diners Club.
    DinersClub,
    /// Discover.
    Discover,
    /// Maestro.
    Maestro,
}

impl Network {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnionPay => "UNIONPAY",
            Self::Visa => "VISA",
            Self::Mastercard => "MASTERCARD",
            Self::Jcb => "JCB",
            Self::AmericanExpress => "AMERICAN_EXPRESS",
            Self::DinersClub => "DINERS_CLUB",
            Self::Discover => "DISCOVER",
            Self::Maestro => "MAESTRO",
        }
    }

    /// Where two networks share a range, UnionPay comes first.
    pub(super) fn of(digits: &str) -> Option<Network> {
        let prefix = |length: usize| digits[..length].parse::<u32>().unwrap_or_default();
        let length = digits.len();
        let network = match (prefix(2), prefix(3), prefix(4)) {
            (62 | 81, ..) if length >= 16 => Network::UnionPay,
            (40..=49, ..) if matches!(length, 16 | 19) => Network::Visa,
            (51..=55, ..) | (.., 2221..=2720) if length == 16 => Network::Mastercard,
            (.., 3528..=3589) if length >= 16 => Network::Jcb,
            (34 | 37, ..) if length == 15 => Network::AmericanExpress,
            (36 | 38 | 39, ..) | (_, 300..=305, _) | (.., 3095) => Network::DinersClub,
            (65, ..) | (_, 644..=649, _) | (.., 6011) if length >= 16 => Network::Discover,
            (50 | 56..=69, ..) => Network::Maestro,
            _ => return None,
        };
        Some(network)
    }
}

/// The security code does not have the length its network uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityCodeError;

impl SecurityCodeError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        Code::CardCvvInvalid
    }
}

/// Checks the form of a security code: four digits for American Express, three otherwise.
pub fn check_security_code(text: &str, network: Network) -> Result<(), SecurityCodeError> {
    let length = if network == Network::AmericanExpress { 4 } else { 3 };
    let fits = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(()) } else { Err(SecurityCodeError) }
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, b)| match (place % 2, u32::from(b - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_numbers_name_their_network() {
        for (digits, network) in [
            ("4111111111111111", Network::Visa),
            ("4242424242424242", Network::Visa),
            ("4012888888881881", Network::Visa),
            ("5555555555554444", Network::Mastercard),
            ("5105105105105100", Network::Mastercard),
            ("2223003122003222", Network::Mastercard),
            ("378282246310005", Network::AmericanExpress),
            ("371449635398431", Network::AmericanExpress),
            ("3530111333300000", Network::Jcb),
            ("3566002020360505", Network::Jcb),
            ("6011111111111117", Network::Discover),
            ("30569309025904", Network::DinersClub),
            ("6200000000000005", Network::UnionPay),
            ("6205500000000000004", Network::UnionPay),
            ("6222020123456789015", Network::UnionPay),
        ] {
            let card = CardNumber::parse(digits).unwrap();
            assert_eq!((card.digits(), card.network()), (digits, Some(network)));
        }
    }

    #[test]
    fn spaces_and_full_width_digits_are_accepted() {
        let card = CardNumber::parse("６222 0201 2345 6789 015").unwrap();
        assert_eq!((card.digits(), card.tail()), ("6222020123456789015", "9015"));
    }

    #[test]
    fn wrong_numbers_are_refused() {
        for (text, error) in [
            ("4111111111111112", CardNumberError::CheckDigit),
            ("6222020123456789014", CardNumberError::CheckDigit),
            ("79927398713", CardNumberError::Length),
            ("62220201234567890150", CardNumberError::Length),
            ("622202012345678901a", CardNumberError::Length),
            ("", CardNumberError::Length),
        ] {
            assert_eq!(CardNumber::parse(text).unwrap_err(), error, "{text}");
            assert_eq!(error.code(), Code::CardNumberInvalid);
        }
    }

    #[test]
    fn security_codes_have_three_digits_or_four_on_american_express() {
        assert_eq!(check_security_code("123", Network::UnionPay), Ok(()));
        assert_eq!(check_security_code("1234", Network::AmericanExpress), Ok(()));
        assert_eq!(check_security_code("1234", Network::Visa), Err(SecurityCodeError));
        assert_eq!(check_security_code("12a", Network::Visa), Err(SecurityCodeError));
        assert_eq!(SecurityCodeError.code(), Code::CardCvvInvalid);
    }

    #[test]
    fn the_number_is_not_printed() {
        let card = CardNumber::parse("4111111111111111").unwrap();
        assert_eq!(format!("{card:?}"), "CardNumber(..)");
    }
}
