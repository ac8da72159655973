//! Names of keys on the wire: serial numbers of certificates and ids of platform public keys.

use std::fmt;

const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";
const SERIAL_DIGITS_MAX: usize = 64;
const PUBLIC_KEY_DIGITS_MAX: usize = 32;

/// Serial number of a certificate: upper-case hex without leading zeros, so that every spelling
/// of one number compares equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(String);

impl Serial {
    /// Reads 1 to 64 hex digits of either case; zero is no serial number.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > SERIAL_DIGITS_MAX || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let digits = text.trim_start_matches('0');
        (!digits.is_empty()).then(|| Self(digits.to_ascii_uppercase()))
    }

    /// The canonical digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Id of a platform public key: `PUB_KEY_ID_` and 1 to 32 decimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKeyId(String);

impl PublicKeyId {
    /// Reads an id; exact case, because clients compare it as text.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PUBLIC_KEY_PREFIX)?;
        let fits = (1..=PUBLIC_KEY_DIGITS_MAX).contains(&digits.len());
        (fits && digits.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// The id that carries this number.
    #[must_use]
    pub fn from_number(number: u128) -> Self {
        Self(format!("{PUBLIC_KEY_PREFIX}{:032}", number % 10_u128.pow(32)))
    }

    /// The id as clients send it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A platform key as `Wechatpay-Serial` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyName {
    /// The key of a platform certificate.
    Certificate(Serial),
    /// A platform public key without certificate.
    PublicKey(PublicKeyId),
}

impl KeyName {
    /// Reads a name of either kind. An empty header value is no name; the caller treats it like
    /// an absent header, as one SDK sends it so.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with(PUBLIC_KEY_PREFIX) {
            return PublicKeyId::parse(text).map(Self::PublicKey);
        }
        Serial::parse(text).map(Self::Certificate)
    }

    /// The name as it stands in headers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Certificate(serial) => serial.as_str(),
            Self::PublicKey(id) => id.as_str(),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_serial_is_one_serial() {
        assert_eq!(Serial::parse("00ab12"), Serial::parse("AB12"));
        assert_eq!(Serial::parse("ab12").unwrap().as_str(), "AB12");
        for bad in ["", "0", "0x12", "12 ", "GG", &"1".repeat(65)] {
            assert_eq!(Serial::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn public_key_ids_are_told_from_serials() {
        let name = KeyName::parse("PUB_KEY_ID_0114232134912410000000000000").unwrap();
        assert!(matches!(name, KeyName::PublicKey(_)));
        assert_eq!(name.to_string(), "PUB_KEY_ID_0114232134912410000000000000");
        assert!(matches!(KeyName::parse("5157F09EFDC096DE"), Some(KeyName::Certificate(_))));
        for bad in ["", "PUB_KEY_ID_", "PUB_KEY_ID_12a", "pub_key_id_12"] {
            assert_eq!(KeyName::parse(bad), None, "{bad}");
        }
        assert!(PublicKeyId::parse(PublicKeyId::from_number(7).as_str()).is_some());
    }
}
