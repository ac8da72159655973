//! Sensitive fields: RSA-OAEP with SHA-1 and an empty label, base64 on the wire.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::keys::{PrivateKey, PublicKey};

/// Encrypts a field for the holder of `key`. `None` if the text is longer than the modulus
/// carries (214 bytes for 2048 bits).
#[must_use]
pub fn encrypt(key: &PublicKey, text: &str) -> Option<String> {
    key.encrypt(text.as_bytes()).map(|cipher| BASE64_STANDARD.encode(cipher))
}

/// Decrypts a field. `None` for anything that is not base64 of a ciphertext of ours holding
/// UTF-8; the reason stays unsaid so that the answer is no oracle.
#[must_use]
pub fn decrypt(key: &PrivateKey, field: &str) -> Option<Zeroizing<String>> {
    let cipher = BASE64_STANDARD.decode(field).ok()?;
    let plain = key.decrypt(&cipher)?;
    std::str::from_utf8(&plain).ok().map(|text| Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_field_is_read_by_its_receiver_only() {
        let field = encrypt(&testing::platform_key().public_key(), "张三").unwrap();
        assert_eq!(decrypt(testing::platform_key(), &field).unwrap().as_str(), "张三");
        assert!(decrypt(testing::merchant_key(), &field).is_none());
        assert!(decrypt(testing::platform_key(), "not base64!").is_none());
    }

    #[test]
    fn at_most_214_bytes_fit_into_2048_bits() {
        let key = testing::platform_key().public_key();
        assert!(encrypt(&key, &"a".repeat(214)).is_some());
        assert!(encrypt(&key, &"a".repeat(215)).is_none());
    }
}
