//! Money: whole minor units, checked arithmetic, and no mixing of currencies.

use std::fmt;

/// A currency a wallet can hold.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Renminbi, in fen.
    Cny,
    /// Hong Kong dollar, in cents.
    Hkd,
}

impl Currency {
    /// The ISO 4217 code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cny => "CNY",
            Self::Hkd => "HKD",
        }
    }

    /// Reads the ISO 4217 code.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cny, Self::Hkd].into_iter().find(|currency| currency.as_str() == text)
    }
}

/// What can be wrong with a sum of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below one minor unit or above [`Amount::MAX_MINOR`].
    #[error("amount out of range")]
    OutOfRange,
    /// Two currencies in one sum.
    #[error("currencies differ")]
    CurrenciesDiffer,
}

/// A sum of money above zero: 1 to 99,999,999,999 minor units of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "RawAmount", into = "RawAmount")]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

impl Amount {
    /// The largest amount, in minor units.
    pub const MAX_MINOR: i64 = 99_999_999_999;

    /// Takes minor units (fen); refuses zero, negative and too large numbers.
    pub const fn try_new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor < 1 || minor > Self::MAX_MINOR {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// Minor units of renminbi.
    pub const fn fen(minor: i64) -> Result<Self, MoneyError> {
        Self::try_new(minor, Currency::Cny)
    }

    /// Minor units, from 1.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum, if it is in range and of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrenciesDiffer);
        }
        // Both are at most 99,999,999,999, so the sum fits.
        Self::try_new(self.minor + other.minor, self.currency)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency.as_str(), self.minor)
    }
}

/// A sum in fen as yuan with two decimals: -5 is `-0.05`.
#[must_use]
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let (yuan, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    format!("{sign}{yuan}.{rest:02}")
}

#[derive(serde::Serialize, serde::Deserialize)]
struct RawAmount {
    currency: Currency,
    minor: i64,
}

impl TryFrom<RawAmount> for Amount {
    type Error = MoneyError;

    fn try_from(raw: RawAmount) -> Result<Self, MoneyError> {
        Self::try_new(raw.minor, raw.currency)
    }
}

impl From<Amount> for RawAmount {
    fn from(amount: Amount) -> Self {
        Self { currency: amount.currency, minor: amount.minor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_above_zero_and_bounded() {
        for bad in [0, -1, Amount::MAX_MINOR + 1, i64::MIN, i64::MAX] {
            assert_eq!(Amount::fen(bad), Err(MoneyError::OutOfRange), "{bad}");
        }
        assert_eq!(Amount::fen(Amount::MAX_MINOR).unwrap().minor(), Amount::MAX_MINOR);
    }

    #[test]
    fn yuan_have_two_decimals_and_keep_their_sign() {
        let texts = [0, 5, -5, 100, -1_234, i64::MIN].map(yuan);
        assert_eq!(texts, ["0.00", "0.05", "-0.05", "1.00", "-12.34", "-92233720368547758.08"]);
    }

    #[test]
    fn different_currencies_do_not_add() {
        let yuan = Amount::fen(1).unwrap();
        let dollar = Amount::try_new(1, Currency::Hkd).unwrap();
        assert_eq!(yuan.checked_add(dollar), Err(MoneyError::CurrenciesDiffer));
        assert_eq!(yuan.checked_add(yuan), Amount::fen(2));
    }
}
