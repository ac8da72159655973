//! AEAD_AES_256_GCM with a merchant's APIv3 key, for certificates and notifications.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// Name of the algorithm on the wire.
pub const ALGORITHM: &str = "AEAD_AES_256_GCM";

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A merchant's APIv3 key: 32 printable ASCII characters, used as bytes. It never prints.
#[derive(Clone)]
pub struct ApiV3Key(Zeroizing<[u8; 32]>);

impl ApiV3Key {
    /// Reads a key; `None` unless it has exactly 32 printable ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_graphic).then(|| Self(Zeroizing::new(bytes)))
    }

    /// A key of letters and digits made of random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(Zeroizing::new(random.map(letter)))
    }

    /// The characters, to show them to the merchant once or to seal them.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.iter().copied().map(char::from).collect())
    }

    /// Encrypts `plain`; base64 of the ciphertext and its 16-byte tag. A nonce must be used
    /// once only with a key.
    #[must_use]
    pub fn seal(&self, nonce: &AeadNonce, associated_data: &str, plain: &[u8]) -> String {
        let mut buffer = plain.to_vec();
        self.cipher()
            .seal_in_place_append_tag(nonce.to_nonce(), Aad::from(associated_data), &mut buffer)
            .expect("a text of our own size fits the cipher");
        BASE64_STANDARD.encode(buffer)
    }

    /// Decrypts what [`ApiV3Key::seal`] made; `None` if anything does not match.
    #[must_use]
    pub fn open(&self, nonce: &AeadNonce, associated_data: &str, sealed: &str) -> Option<Vec<u8>> {
        let mut buffer = BASE64_STANDARD.decode(sealed).ok()?;
        let plain = self
            .cipher()
            .open_in_place(nonce.to_nonce(), Aad::from(associated_data), &mut buffer)
            .ok()?;
        let length = plain.len();
        buffer.truncate(length);
        Some(buffer)
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.0[..]).expect("the key has 32 bytes");
        LessSafeKey::new(key)
    }
}

impl fmt::Debug for ApiV3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiV3Key(..)")
    }
}

/// The 12 characters of an AEAD nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AeadNonce([u8; 12]);

impl AeadNonce {
    /// Reads 12 printable ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 12] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_graphic).then_some(Self(bytes))
    }

    /// Letters and digits made of random bytes (71 bits).
    #[must_use]
    pub fn from_random(random: [u8; 12]) -> Self {
        Self(random.map(letter))
    }

    /// The characters as they stand in `nonce`.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }

    fn to_nonce(&self) -> Nonce {
        Nonce::assume_unique_for_key(self.0)
    }
}

fn letter(random: u8) -> u8 {
    LETTERS[usize::from(random) % LETTERS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = br#"{"out_trade_no":"T202601010001","trade_state":"SUCCESS"}"#;
    const SEALED: &str = "tEOrR62HxUcIaMLKZ2Q+DxUQ2PVSFyl8/560EgOhfYh7oI6UVtqy2PZ24iUTLBmiyf6g4UYBi\
        DvVgOrZcURWZy8kTkqlVfK+";

    fn key() -> ApiV3Key {
        ApiV3Key::parse("wallet-demo-apiv3-key-32-bytes!!").unwrap()
    }

    #[test]
    fn the_published_vector_is_met_both_ways() {
        let nonce = AeadNonce::parse("n0nce12bytes").unwrap();
        assert_eq!(key().seal(&nonce, "transaction", PLAIN), SEALED);
        assert_eq!(key().open(&nonce, "transaction", SEALED).unwrap(), PLAIN);
    }

    #[test]
    fn nothing_opens_after_a_change() {
        let nonce = AeadNonce::parse("n0nce12bytes").unwrap();
        let other = AeadNonce::parse("n0nce12bytez").unwrap();
        assert_eq!(key().open(&nonce, "refund", SEALED), None);
        assert_eq!(key().open(&other, "transaction", SEALED), None);
        assert_eq!(key().open(&nonce, "transaction", ""), None);
        let raw = BASE64_STANDARD.decode(SEALED).unwrap();
        for at in 0..raw.len() {
            let mut changed = raw.clone();
            changed[at] ^= 1;
            let text = BASE64_STANDARD.encode(changed);
            assert_eq!(key().open(&nonce, "transaction", &text), None, "byte {at}");
        }
    }

    #[test]
    fn keys_have_32_printable_characters_and_never_print() {
        assert!(ApiV3Key::parse("short").is_none());
        assert!(ApiV3Key::parse(&"\n".repeat(32)).is_none());
        assert_eq!(format!("{:?}", key()), "ApiV3Key(..)");
        let drawn = ApiV3Key::from_random(&[255; 32]).reveal();
        assert!(ApiV3Key::parse(&drawn).is_some());
        assert_eq!(AeadNonce::from_random([1; 12]).to_text(), "111111111111");
    }
}
