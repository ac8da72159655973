//! The signature that responses and notifications carry, over the exact bytes that are sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::key_name::KeyName;
use crate::keys::{PrivateKey, PublicKey};

/// The only signature scheme spoken; also the scheme of `Authorization`.
pub const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// Names the platform key, in requests and responses.
pub const SERIAL_HEADER: &str = "Wechatpay-Serial";
/// Carries the nonce of a signed message.
pub const NONCE_HEADER: &str = "Wechatpay-Nonce";
/// Carries the Unix seconds of a signed message.
pub const TIMESTAMP_HEADER: &str = "Wechatpay-Timestamp";
/// Carries the base64 signature.
pub const SIGNATURE_HEADER: &str = "Wechatpay-Signature";
/// Carries [`SCHEME`].
pub const SIGNATURE_TYPE_HEADER: &str = "Wechatpay-Signature-Type";

/// A key of the platform with the name under which clients know it.
#[derive(Debug)]
pub struct PlatformKey {
    /// Serial of its certificate, or its public key id.
    pub name: KeyName,
    /// The pair.
    pub key: PrivateKey,
}

impl PlatformKey {
    /// Signs `body`, the exact bytes of a response or notification (empty for 204).
    #[must_use]
    pub fn sign(&self, body: &[u8], nonce: String, timestamp_s: i64) -> SignedHeaders {
        let prefix = format!("{timestamp_s}\n{nonce}\n");
        let signature = self.key.sign(&[prefix.as_bytes(), body, b"\n"]);
        SignedHeaders {
            nonce,
            timestamp: timestamp_s.to_string(),
            serial: self.name.to_string(),
            signature: BASE64_STANDARD.encode(signature),
        }
    }
}

/// The five headers of a signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// 32 letters and digits.
    pub nonce: String,
    /// Unix seconds.
    pub timestamp: String,
    /// Name of the signing key.
    pub serial: String,
    /// Base64.
    pub signature: String,
}

impl SignedHeaders {
    /// Header names, spelled as one client demands them, with their values.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            (NONCE_HEADER, &self.nonce),
            (TIMESTAMP_HEADER, &self.timestamp),
            (SERIAL_HEADER, &self.serial),
            (SIGNATURE_HEADER, &self.signature),
            (SIGNATURE_TYPE_HEADER, SCHEME),
        ]
    }

    /// What a merchant checks on receipt: that `key` signed this body under these headers.
    #[must_use]
    pub fn verifies(&self, key: &PublicKey, body: &[u8]) -> bool {
        let prefix = format!("{}\n{}\n", self.timestamp, self.nonce);
        BASE64_STANDARD
            .decode(&self.signature)
            .is_ok_and(|signature| key.verifies(&[prefix.as_bytes(), body, b"\n"], &signature))
    }
}

/// A nonce of 32 hex digits made of random bytes.
#[must_use]
pub fn nonce(random: [u8; 16]) -> String {
    hex::encode_upper(random)
}

/// Value of the header `Request-ID`: an id in upper-case hex and the numeric result code, 0 for
/// success. One client fails without this header.
#[must_use]
pub fn request_id(random: [u8; 20], result_number: u32) -> String {
    format!("{}-{result_number}", hex::encode_upper(random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_name::PublicKeyId;
    use crate::testing;

    fn signed(body: &[u8]) -> SignedHeaders {
        let key = PrivateKey::from_pem(&testing::platform_key().to_pem()).unwrap();
        let name = KeyName::PublicKey(PublicKeyId::from_number(1));
        PlatformKey { name, key }.sign(body, nonce([0xab; 16]), 1_700_000_000)
    }

    #[test]
    fn the_signed_message_has_three_lines() {
        let headers = signed(b"{}");
        let message = b"1700000000\nABABABABABABABABABABABABABABABAB\n{}\n";
        let raw = BASE64_STANDARD.decode(&headers.signature).unwrap();
        assert!(testing::platform_key().public_key().verifies(&[message], &raw));
    }

    #[test]
    fn any_change_of_body_or_headers_breaks_the_signature() {
        let key = testing::platform_key().public_key();
        let headers = signed(b"{\"a\":1}");
        assert!(headers.verifies(&key, b"{\"a\":1}"));
        assert!(!headers.verifies(&key, b"{\"a\":2}"));
        assert!(!headers.verifies(&key, b""));
        assert!(!headers.verifies(&testing::merchant_key().public_key(), b"{\"a\":1}"));
        let late = SignedHeaders { timestamp: "1700000001".into(), ..headers.clone() };
        assert!(!late.verifies(&key, b"{\"a\":1}"));
        let other = SignedHeaders { nonce: nonce([1; 16]), ..headers };
        assert!(!other.verifies(&key, b"{\"a\":1}"));
    }

    #[test]
    fn an_empty_body_is_signed_too() {
        assert!(signed(b"").verifies(&testing::platform_key().public_key(), b""));
        let headers = signed(b"");
        let names = headers.pairs().map(|(name, _)| name);
        assert!(names.contains(&"Wechatpay-Signature-Type"));
        assert_eq!(request_id([1; 20], 0), format!("{}-0", "01".repeat(20)));
    }
}
