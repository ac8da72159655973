//! The six digits of a challenge: derived from it, never stored.

use super::otp::OtpPurpose;
use crate::ids::OtpId;
use kernel::ExposeSecret;
use kernel::SecretString;
use kernel::crypto::{Key32, equal, keyed_hash};
use kernel::keys::KeyRing;

/// The code of a challenge under one version of the key, with its leading zeros.
pub fn otp_code(key: &Key32, otp: OtpId, purpose: OtpPurpose) -> SecretString {
    let hash = keyed_hash(key, &[b"otp code", &otp.bytes(), purpose.as_str().as_bytes()]);
    let (head, _) = hash.split_first_chunk::<8>().expect("a hash has 32 bytes");
    SecretString::from(format!("{:06}", u64::from_be_bytes(*head) % 1_000_000))
}

/// What was entered, compared with what was derived. Holds no digit.
#[derive(Clone, PartialEq, Eq)]
pub struct OtpTry {
    pub(crate) is_right: bool,
    pub(crate) last_try: [u8; 32],
}

impl OtpTry {
    /// Compares what was entered with the code under every live version of the key, in a time that
    /// does not depend on what was entered.
    pub fn enter(keys: &KeyRing, otp: OtpId, purpose: OtpPurpose, entered: &str) -> Self {
        let is_right = keys.otp.all().fold(false, |right, (_, key)| {
            let code = otp_code(key, otp, purpose);
            right | equal(code.expose_secret().as_bytes(), entered.as_bytes())
        });
        let parts: [&[u8]; 3] = [b"otp try", &otp.bytes(), entered.as_bytes()];
        Self { is_right, last_try: keys.idempotency.hash(&parts) }
    }
}

impl std::fmt::Debug for OtpTry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OtpTry(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::keys::Versions;

    fn versions(tags: &[u8]) -> Option<Versions> {
        Versions::try_new(tags.iter().map(|tag| (*tag, Key32::new([*tag; 32]))).collect())
    }

    fn ring(otp_versions: &[u8]) -> KeyRing {
        let source = |purpose| versions(if purpose == "otp" { otp_versions } else { &[9] });
        KeyRing::from_source(source).unwrap()
    }

    #[test]
    fn a_code_has_six_digits_and_belongs_to_challenge_and_purpose() {
        let key = Key32::new([1; 32]);
        let code = |n, purpose| otp_code(&key, OtpId::from_bytes([n; 16]), purpose);
        for n in 0..=255 {
            let code = code(n, OtpPurpose::Register);
            let digits = code.expose_secret();
            assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()));
        }
        let text = |n, purpose| code(n, purpose).expose_secret().to_owned();
        assert_ne!(text(1, OtpPurpose::Register), text(2, OtpPurpose::Register));
        assert_ne!(text(1, OtpPurpose::Register), text(1, OtpPurpose::LogIn));
    }

    #[test]
    fn a_code_of_an_older_live_key_is_right_and_prints_nothing() {
        let (otp, purpose) = (OtpId::from_bytes([3; 16]), OtpPurpose::LogIn);
        let old = otp_code(&Key32::new([1; 32]), otp, purpose);
        let enter =
            |versions: &[u8], text: &str| OtpTry::enter(&ring(versions), otp, purpose, text);
        assert!(enter(&[1, 2], old.expose_secret()).is_right);
        assert!(!enter(&[2], old.expose_secret()).is_right);
        assert!(!enter(&[1, 2], "").is_right);
        assert_ne!(enter(&[1], "1").last_try, enter(&[1], "2").last_try);
        assert_eq!(format!("{:?}", enter(&[1], "123456")), "OtpTry(***)");
    }
}
