//! What is sealed about a card: how the issuer's part is packed, and the places that each secret is
//! sealed for. Who seals (the edge, the worker) and who opens (the worker) agree here.

use crate::ids::{CardBindingId, CardId};
use kernel::{ExposeSecret, SecretString};

/// What only the issuer may see, until it has answered. None of it holds a line break.
#[derive(Clone, Debug)]
pub struct CardSecrets {
    /// The whole number, digits only.
    pub number: SecretString,
    /// The phone that the bank knows, E.164.
    pub phone: SecretString,
    /// Month of expiry of a credit card, `MM/YY`.
    pub expiry: Option<SecretString>,
    /// The three or four digits on a credit card.
    pub security_code: Option<SecretString>,
}

impl CardSecrets {
    /// The text to seal, with the keys of card data, for [`secrets_place`].
    pub fn pack(&self) -> SecretString {
        let optional = |part: &Option<SecretString>| {
            part.as_ref().map_or_else(String::new, |part| part.expose_secret().to_owned())
        };
        let parts = [
            self.number.expose_secret().to_owned(),
            self.phone.expose_secret().to_owned(),
            optional(&self.expiry),
            optional(&self.security_code),
        ];
        parts.join("\n").into()
    }

    /// Reads what [`CardSecrets::pack`] made.
    pub fn unpack(text: &str) -> Option<Self> {
        let mut parts = text.split('\n');
        let mut next = || parts.next().map(str::to_owned);
        let (number, phone, expiry, security_code) = (next()?, next()?, next()?, next()?);
        let some = |part: String| (!part.is_empty()).then(|| SecretString::from(part));
        let packed = Self {
            number: some(number)?,
            phone: some(phone)?,
            expiry: some(expiry),
            security_code: some(security_code),
        };
        parts.next().is_none().then_some(packed)
    }
}

/// The place that a binding's [`CardSecrets`] are sealed for, with the keys of card data.
pub fn secrets_place(binding: CardBindingId) -> Vec<u8> {
    format!("card_binding/secrets/{binding}").into_bytes()
}

/// The place that the bank's code, as entered, is sealed for, with the keys of card data.
pub fn code_place(binding: CardBindingId) -> Vec<u8> {
    format!("card_binding/code/{binding}").into_bytes()
}

/// The place that a card's token is sealed for, with the keys of personal data.
pub fn token_place(card: CardId) -> Vec<u8> {
    format!("card/token/{card}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(expiry: Option<&str>) -> CardSecrets {
        CardSecrets {
            number: "6222020123456789015".to_owned().into(),
            phone: "+8613800138000".to_owned().into(),
            expiry: expiry.map(|text| text.to_owned().into()),
            security_code: None,
        }
    }

    #[test]
    fn what_is_packed_is_read_back_and_nothing_else() {
        let packed = secrets(Some("11/29")).pack();
        let read = CardSecrets::unpack(packed.expose_secret()).unwrap();
        assert_eq!(read.number.expose_secret(), "6222020123456789015");
        assert_eq!(read.expiry.unwrap().expose_secret(), "11/29");
        assert!(read.security_code.is_none());
        for broken in ["", "1\n2", "1\n2\n3", "\n2\n\n", "1\n2\n3\n4\n5"] {
            assert!(CardSecrets::unpack(broken).is_none(), "{broken:?}");
        }
        assert!(!format!("{:?}", secrets(None)).contains("6222"));
    }
}
