//! Signatures of the XML interface: over all fields that are not empty, in order of their names,
//! with the shared key at the end.

use super::xml::Fields;
use aws_lc_rs::cipher::{AES_256, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::merchant::MerchantApiv2Key;
use kernel::crypto::{self, SealRandom, WrapKey, equal};
use md5::{Digest, Md5};
use std::fmt::Write as _;
use zeroize::Zeroizing;

use crate::aead::ApiV3Key;
use crate::sealed::SealedError;

pub(super) const SIGN: &str = "sign";

/// How a message is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignType {
    /// MD5 over the text and the key: what is meant when nothing is said.
    #[default]
    Md5,
    /// HMAC-SHA-256.
    HmacSha256,
}

impl SignType {
    /// Literal of `sign_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }

    /// What a message says about its signature; `None` for a way that is not known.
    #[must_use]
    pub fn of(fields: &Fields) -> Option<Self> {
        match fields.get("sign_type").map_or("", String::as_str) {
            "" => Some(Self::default()),
            said => [Self::Md5, Self::HmacSha256].into_iter().find(|kind| kind.as_str() == said),
        }
    }
}

/// A merchant's key of the XML interface: 32 printable ASCII characters. It never prints.
#[derive(Clone)]
pub struct ApiV2Key(ApiV3Key);

impl ApiV2Key {
    /// Reads a key; `None` unless it has exactly 32 printable ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        ApiV3Key::parse(text).map(Self)
    }

    /// A key of letters and digits made of random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(ApiV3Key::from_random(random))
    }

    /// The characters, to show them to the merchant once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        self.0.reveal()
    }

    /// Seals the key for its merchant's row.
    #[must_use]
    pub fn seal(&self, keys: &dyn WrapKey, mchid: &str, random: &SealRandom) -> Vec<u8> {
        crypto::seal(keys, &place(mchid), self.reveal().as_bytes(), random)
    }

    /// Opens a merchant's key.
    ///
    /// # Errors
    /// `Open` if it does not open, `Form` if it is no such key.
    pub fn open(keys: &dyn WrapKey, row: &MerchantApiv2Key) -> Result<Self, SealedError> {
        let plain = crypto::open(keys, &place(&row.mchid), &row.key)?;
        let text = std::str::from_utf8(&plain).map_err(|_| SealedError::Form)?;
        Self::parse(text).ok_or(SealedError::Form)
    }

    /// The signature over the fields, in upper-case hexadecimal digits.
    #[must_use]
    pub fn sign(&self, fields: &Fields, kind: SignType) -> String {
        let all = fields.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let signed = all.filter(|(name, text)| *name != SIGN && !text.is_empty());
        self.sign_text(text_of(signed).as_bytes(), kind)
    }

    /// The same over a text to which only the key is missing.
    pub(super) fn sign_text(&self, text: &[u8], kind: SignType) -> String {
        let key = self.reveal();
        self.digest(&Zeroizing::new([text, b"key=", key.as_bytes()].concat()), kind)
    }

    /// The same over a text that has all.
    pub(super) fn digest(&self, text: &[u8], kind: SignType) -> String {
        match kind {
            SignType::Md5 => hex::encode_upper(Md5::digest(text)),
            SignType::HmacSha256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.reveal().as_bytes());
                hex::encode_upper(hmac::sign(&key, text))
            }
        }
    }

    fn hiding(&self) -> Result<UnboundCipherKey, Unspecified> {
        let digest = Zeroizing::new(hex::encode(Md5::digest(self.reveal().as_bytes())));
        UnboundCipherKey::new(&AES_256, digest.as_bytes())
    }

    /// Encrypts a part of a notification the way the protocol has it: AES-256-ECB under the MD5 of
    /// the key, in lower-case hexadecimal digits. It hides, and proves nothing.
    pub(super) fn hide(&self, plain: &str) -> String {
        let key = self.hiding().and_then(PaddedBlockEncryptingKey::ecb_pkcs7);
        let mut buffer = plain.as_bytes().to_vec();
        key.and_then(|key| key.encrypt(&mut buffer))
            .expect("32 hexadecimal digits are a key, and any text fits the cipher");
        BASE64_STANDARD.encode(buffer)
    }

    /// Whether the message carries the right signature, in a time that tells nothing about it.
    #[must_use]
    pub fn verifies(&self, fields: &Fields, kind: SignType) -> bool {
        let given = fields.get(SIGN).map_or("", String::as_str);
        equal(self.sign(fields, kind).as_bytes(), given.to_ascii_uppercase().as_bytes())
    }
}

impl std::fmt::Debug for ApiV2Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiV2Key(***)")
    }
}

/// Names with texts as they are signed, up to where the key comes.
pub(super) fn text_of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        write!(text, "{name}={value}&").expect("writing to a string cannot fail");
    }
    text
}

fn place(mchid: &str) -> Vec<u8> {
    format!("merchant_apiv2_key/key/{mchid}").into_bytes()
}

#[cfg(test)]
impl ApiV2Key {
    /// What [`ApiV2Key::hide`] made of a text; `None` if it is nothing of that kind.
    pub(super) fn reveal_hidden(&self, hidden: &str) -> Option<String> {
        use aws_lc_rs::cipher::{DecryptionContext, PaddedBlockDecryptingKey};
        let key = self.hiding().and_then(PaddedBlockDecryptingKey::ecb_pkcs7).ok()?;
        let mut buffer = BASE64_STANDARD.decode(hidden).ok()?;
        let plain = key.decrypt(&mut buffer, DecryptionContext::None).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;
    use kernel::crypto::Key32;
    use kernel::keys::Versions;

    const MD5: &str = "DA4C63BF37B9AB39611D1CDF2FBD294E";
    const HMAC: &str = "79C4A60516F591A7E70B9721B1C5DFD72EF47DACDD56AE393D1FB0DF4A0E7842";

    fn key() -> ApiV2Key {
        ApiV2Key::parse(&"k".repeat(32)).unwrap()
    }

    fn message() -> Fields {
        let pairs = [
            ("total_fee", "1"),
            ("mch_id", "1900000001"),
            ("nonce_str", "abc123"),
            ("body", "test"),
            ("attach", ""),
            ("appid", "wx0000000000000001"),
        ];
        pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    #[test]
    fn the_known_vectors_are_met() {
        assert_eq!(key().sign(&message(), SignType::Md5), MD5);
        assert_eq!(key().sign(&message(), SignType::HmacSha256), HMAC);
    }

    #[test]
    fn a_signature_holds_for_these_fields_this_way_and_this_key_only() {
        let mut signed = message();
        signed.insert("sign".into(), MD5.to_ascii_lowercase());
        assert!(key().verifies(&signed, SignType::Md5));
        assert!(!key().verifies(&signed, SignType::HmacSha256));
        assert!(!ApiV2Key::from_random(&[7; 32]).verifies(&signed, SignType::Md5));
        for (name, text) in [("total_fee", "2"), ("attach", "x"), ("extra", "1"), ("sign", "")] {
            let mut other = signed.clone();
            other.insert(name.into(), text.into());
            assert!(!key().verifies(&other, SignType::Md5), "{name}");
        }
    }

    #[test]
    fn the_way_is_the_one_that_the_message_names() {
        let of = |text: &str| {
            let mut fields = message();
            fields.insert("sign_type".into(), text.into());
            SignType::of(&fields)
        };
        assert_eq!(SignType::of(&message()), Some(SignType::Md5));
        assert_eq!((of(""), of("MD5")), (Some(SignType::Md5), Some(SignType::Md5)));
        assert_eq!((of("HMAC-SHA256"), of("NONE")), (Some(SignType::HmacSha256), None));
    }

    #[test]
    fn a_kept_key_opens_for_its_merchant_only_and_never_prints() {
        let ring = Versions::try_new(vec![(1, Key32::new([7; 32]))]).unwrap();
        let mut row = MerchantApiv2Key {
            mchid: "1900000001".into(),
            key: key().seal(&ring, "1900000001", &[3; 56]),
            set_at: Timestamp::default(),
        };
        assert_eq!(*ApiV2Key::open(&ring, &row).unwrap().reveal(), *key().reveal());
        row.mchid = "1900000002".into();
        assert!(ApiV2Key::open(&ring, &row).is_err());
        assert_eq!(format!("{:?}", key()), "ApiV2Key(***)");
        assert!(ApiV2Key::parse("short").is_none());
    }
}
