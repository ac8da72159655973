//! Shapes that several resources share on the wire.

use crate::problem::Problem;
use domain::catalogue::Code;
use kernel::{Amount, Currency};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

/// Money in a request. Any number is read here, so that a fraction or an overflow gets the answer
/// about the amount, not one about JSON.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = MoneyInput)]
#[serde(deny_unknown_fields)]
pub struct MoneyBody {
    /// ISO 4217 code: `CNY`.
    pub currency: String,
    /// Minor units (fen), 1 to 99999999999.
    #[schema(value_type = i64, minimum = 1, maximum = 99_999_999_999_i64)]
    pub minor: Number,
}

impl MoneyBody {
    /// The amount; `field` is the JSON Pointer of this value.
    ///
    /// # Errors
    /// `AMOUNT_INVALID` for an amount that is no whole number within the bounds,
    /// `CURRENCY_NOT_SUPPORTED` for a currency that wallets do not hold.
    pub fn parse(&self, field: &str) -> Result<Amount, Problem> {
        let minor = self.minor(field)?;
        Amount::fen(minor).map_err(|_| amount_invalid(field))
    }

    /// The same for a sum that may be nothing, like a fee: 0 to 99999999999 fen.
    ///
    /// # Errors
    /// As [`MoneyBody::parse`].
    pub fn parse_from_zero(&self, field: &str) -> Result<i64, Problem> {
        let minor = self.minor(field)?;
        let is_in_range = (0..=Amount::MAX_MINOR).contains(&minor);
        if is_in_range { Ok(minor) } else { Err(amount_invalid(field)) }
    }

    fn minor(&self, field: &str) -> Result<i64, Problem> {
        if Currency::parse(&self.currency) != Some(Currency::Cny) {
            return Err(Problem::new(Code::CurrencyNotSupported).at(format!("{field}/currency")));
        }
        self.minor.as_i64().ok_or_else(|| amount_invalid(field))
    }
}

fn amount_invalid(field: &str) -> Problem {
    Problem::new(Code::AmountInvalid).at(format!("{field}/minor"))
}

/// Money in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Money)]
pub struct Money {
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Minor units (fen).
    pub minor: i64,
}

impl Money {
    /// So many fen.
    pub fn cny(minor: i64) -> Self {
        Self { currency: Currency::Cny.as_str(), minor }
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        Self { currency: amount.currency().as_str(), minor: amount.minor() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Amount, Code> {
        let body: MoneyBody = serde_json::from_str(text).unwrap();
        body.parse("/amount").map_err(|problem| problem.code())
    }

    #[test]
    fn only_whole_amounts_within_the_bounds_are_money() {
        let fen = |minor| Amount::try_new(minor, Currency::Cny).unwrap();
        assert_eq!(parse(r#"{"currency":"CNY","minor":1}"#), Ok(fen(1)));
        for minor in ["0", "-1", "1.5", "1e2", "100000000000", "9223372036854775808"] {
            let text = format!(r#"{{"currency":"CNY","minor":{minor}}}"#);
            assert_eq!(parse(&text), Err(Code::AmountInvalid), "{minor}");
        }
        for currency in ["XYZ", "HKD", "cny", ""] {
            let text = format!(r#"{{"currency":"{currency}","minor":1}}"#);
            assert_eq!(parse(&text), Err(Code::CurrencyNotSupported), "{currency}");
        }
    }

    #[test]
    fn a_fee_may_be_nothing() {
        let parse = |minor: &str| {
            let text = format!(r#"{{"currency":"CNY","minor":{minor}}}"#);
            let body: MoneyBody = serde_json::from_str(&text).unwrap();
            body.parse_from_zero("/fee").map_err(|problem| problem.code())
        };
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("99999999999"), Ok(99_999_999_999));
        for minor in ["-1", "0.5", "100000000000"] {
            assert_eq!(parse(minor), Err(Code::AmountInvalid), "{minor}");
        }
    }
}
