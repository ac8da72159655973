//! Public ids: a UUIDv7, written as a prefix, `_`, and 26 characters of Crockford base32.
//!
//! An id is never derived from a phone number, a document or a card, and never serves as a secret.

use std::fmt;

/// The text is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the expected kind")]
pub struct ParseIdError;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes 128 bits as 26 characters, most significant first.
pub fn encode(bytes: [u8; 16]) -> String {
    let mut rest = u128::from_be_bytes(bytes);
    let mut text = [0u8; 26];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// Reads 26 characters back; only the lower-case form that [`encode`] writes is accepted.
pub fn decode(text: &str) -> Result<[u8; 16], ParseIdError> {
    if text.len() != 26 {
        return Err(ParseIdError);
    }
    let mut value: u128 = 0;
    for (place, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|known| *known == byte).ok_or(ParseIdError)?;
        if place == 0 && digit > 7 {
            return Err(ParseIdError);
        }
        value = (value << 5) | digit as u128;
    }
    Ok(value.to_be_bytes())
}

/// Declares one kind of public id with its prefix.
#[macro_export]
macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What its text form starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Takes 16 bytes, as a UUIDv7 has them.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            pub const fn bytes(self) -> [u8; 16] {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}_{}", $prefix, $crate::id::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let (prefix, rest) = text.split_once('_').ok_or($crate::ParseIdError)?;
                if prefix != $prefix {
                    return Err($crate::ParseIdError);
                }
                $crate::id::decode(rest).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Bytes as lower-case hex, for logs and messages.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    public_id!(
        /// For the tests.
        ThingId,
        "thg"
    );

    #[test]
    fn an_id_reads_back_what_it_writes() {
        for bytes in [[0; 16], [0xff; 16], [7; 16]] {
            let id = ThingId::from_bytes(bytes);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!((id.bytes(), ThingId::PREFIX), (bytes, "thg"));
        }
    }

    #[test]
    fn another_prefix_length_or_alphabet_is_refused() {
        let good = ThingId::from_bytes([7; 16]).to_string();
        for bad in [&good.replace("thg", "oth"), &good[..29], "thg_", "", &good.replace('_', "-")] {
            assert_eq!(bad.parse::<ThingId>(), Err(ParseIdError), "{bad}");
        }
        assert!(decode("80000000000000000000000000").is_err(), "more than 128 bits");
        assert!(decode("u0000000000000000000000000").is_err(), "u is not in the alphabet");
    }
}
