//! What a person types in to bind a card, checked as far as it can be without the bank.

use super::otp_challenges::parse_phone;
use crate::extract::Wire;
use crate::problem::Problem;
use crate::secret::Secret;
use domain::card::CardSecrets;
use domain::catalogue::Code;
use domain::validate::bin_table::{CardFacts, CardKind, lookup};
use domain::validate::card_number::{CardNumber, check_security_code};
use domain::validate::expiry::CardExpiry;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartCardBindingBody {
    /// The whole card number, 14 to 19 digits. Name and document are those of the wallet's owner.
    number: Secret,
    /// The phone that the bank has on file for the card.
    #[schema(example = "13800138000")]
    phone: String,
    /// The last month it is valid in, `MM/YY`. For credit cards only.
    #[schema(example = "11/29")]
    #[serde(default)]
    expiry: Option<String>,
    /// The three or four digits printed on it. For credit cards only.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    security_code: Option<Secret>,
}

impl Wire for StartCardBindingBody {
    // The number stays in the keyed fingerprint: the same key with another card is another request.
    const SECRETS: &'static [&'static str] = &["security_code"];
}

/// A card as a command takes it, with what goes to the issuer.
pub(super) struct EnteredCard {
    pub(super) number: CardNumber,
    pub(super) facts: CardFacts,
    pub(super) expiry_month: Option<i64>,
    pub(super) secrets: CardSecrets,
}

impl StartCardBindingBody {
    /// Reads the fields. `today` is the business date.
    pub(super) fn read(self, today: Date) -> Result<EnteredCard, Problem> {
        let (number, facts) = recognise(&self.number)?;
        let phone = parse_phone(&self.phone)?;
        match facts.kind {
            CardKind::Credit => {}
            CardKind::Debit | CardKind::SemiCredit => self.check_nothing_more()?,
        }
        let expiry = match (facts.kind, &self.expiry) {
            (CardKind::Credit, text) => {
                let text = text.as_deref().unwrap_or_default();
                let read = CardExpiry::parse(text, today);
                Some(read.map_err(|error| Problem::new(error.code()).at("/expiry"))?)
            }
            (CardKind::Debit | CardKind::SemiCredit, _) => None,
        };
        if facts.kind == CardKind::Credit {
            let code = self.security_code.as_ref().map(Secret::expose).unwrap_or_default();
            check_security_code(code, facts.network)
                .map_err(|error| Problem::new(error.code()).at("/security_code"))?;
        }
        let secrets = CardSecrets {
            number: number.digits().to_owned().into(),
            phone: phone.as_str().to_owned().into(),
            expiry: expiry.map(|expiry| expiry.printed().into()),
            security_code: self.security_code.map(|code| code.expose().to_owned().into()),
        };
        let month = |expiry: CardExpiry| i64::from(expiry.year()) * 100 + i64::from(expiry.month());
        Ok(EnteredCard { number, facts, expiry_month: expiry.map(month), secrets })
    }

    /// What is not needed is not taken.
    fn check_nothing_more(&self) -> Result<(), Problem> {
        if self.expiry.is_some() {
            return Err(Problem::invalid("/expiry"));
        }
        match self.security_code {
            Some(_) => Err(Problem::invalid("/security_code")),
            None => Ok(()),
        }
    }
}

/// Reads the field `/number` and finds its bank.
pub(super) fn recognise(number: &Secret) -> Result<(CardNumber, CardFacts), Problem> {
    let refused = |code: Code| Problem::new(code).at("/number");
    let number = CardNumber::parse(number.expose()).map_err(|error| refused(error.code()))?;
    let facts = lookup(&number).map_err(|error| refused(error.code()))?;
    Ok((number, facts))
}
