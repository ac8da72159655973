//! RSA keys of merchants and of the platform, parsed once and used many times.
//!
//! Key generation and OAEP padding draw their random bytes inside the cryptographic library,
//! which offers no way to hand them in; everything else here is a pure function of its input.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{digest, error};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use x509_parser::pem::parse_x509_pem;
use zeroize::{Zeroize, Zeroizing};

/// Larger moduli cost a server too much for a key that a stranger chose.
const MODULUS_BITS_MAX: usize = 4096;
const MODULUS_BITS_MIN: usize = 2048;

/// Why a key or certificate was not accepted. No variant carries key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not one PEM block with the expected label.
    #[error("not a PEM block of the expected kind")]
    Pem,
    /// The block does not hold an RSA key in the expected encoding.
    #[error("not an RSA key")]
    Encoding,
    /// The modulus is outside 2048 to 4096 bits.
    #[error("RSA modulus must have 2048 to 4096 bits")]
    Size,
    /// The block does not hold an X.509 certificate.
    #[error("not an X.509 certificate")]
    Certificate,
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Library,
}

impl From<error::Unspecified> for KeyError {
    fn from(_: error::Unspecified) -> Self {
        Self::Library
    }
}

/// SHA-256 of `parts` joined, without copying them together.
fn sha256(parts: &[&[u8]]) -> digest::Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

/// The public half of an RSA key: verifies signatures and encrypts sensitive fields.
pub struct PublicKey {
    verifying: ParsedPublicKey,
    encrypting: OaepPublicEncryptingKey,
    spki_der: Vec<u8>,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// `Encoding` if it is no RSA key, `Size` if the modulus is too small or too large.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let encrypting = PublicEncryptingKey::from_der(der).map_err(|_| KeyError::Encoding)?;
        if !(MODULUS_BITS_MIN..=MODULUS_BITS_MAX).contains(&encrypting.key_size_bits()) {
            return Err(KeyError::Size);
        }
        let verifying = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
            .map_err(|_| KeyError::Encoding)?;
        let spki: PublicKeyX509Der<'_> = verifying.as_der()?;
        let spki_der = spki.as_ref().to_vec();
        Ok(Self { verifying, encrypting: OaepPublicEncryptingKey::new(encrypting)?, spki_der })
    }

    /// Reads a PEM block `PUBLIC KEY`.
    ///
    /// # Errors
    /// `Pem` for another block, else as [`PublicKey::from_spki_der`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::from_spki_der(&read_pem(pem, "PUBLIC KEY")?)
    }

    /// The key as a PEM block `PUBLIC KEY`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        write_pem("PUBLIC KEY", &self.spki_der)
    }

    /// The key as DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki_der
    }

    /// Whether `signature` is the RSASSA-PKCS1-v1_5 SHA-256 signature of `parts` joined.
    #[must_use]
    pub fn verifies(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        self.verifying.verify_digest_sig(&sha256(parts), signature).is_ok()
    }

    /// RSA-OAEP with SHA-1; `None` if `plain` is longer than the modulus allows.
    pub(crate) fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; self.encrypting.ciphertext_size()];
        let written = self.encrypting.encrypt(&OAEP_SHA1_MGF1SHA1, plain, &mut out, None).ok()?;
        let length = written.len();
        out.truncate(length);
        Some(out)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = hex::encode(&sha256(&[&self.spki_der]).as_ref()[..8]);
        write!(f, "PublicKey({id})")
    }
}

/// An RSA key pair: signs and decrypts. It never prints its private half.
pub struct PrivateKey {
    signing: RsaKeyPair,
    decrypting: OaepPrivateDecryptingKey,
    pkcs8_der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Draws a new 2048-bit pair, the size that clients of the protocol expect. Takes up to a
    /// second, so not for a request path.
    ///
    /// # Errors
    /// `Library` if the cryptographic library fails.
    pub fn generate() -> Result<Self, KeyError> {
        let drawn = PrivateDecryptingKey::generate(KeySize::Rsa2048)?;
        let der: Pkcs8V1Der<'_> = drawn.as_der()?;
        Self::from_pkcs8_der(der.as_ref())
    }

    /// Reads unencrypted PKCS#8.
    ///
    /// # Errors
    /// `Encoding` if it is no RSA key, `Size` if the modulus is too small or too large.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let signing = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::Encoding)?;
        let bits = signing.public_modulus_len() * 8;
        if !(MODULUS_BITS_MIN..=MODULUS_BITS_MAX).contains(&bits) {
            return Err(KeyError::Size);
        }
        let decrypting = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError::Encoding)?;
        let pkcs8_der = Zeroizing::new(der.to_vec());
        Ok(Self { signing, decrypting: OaepPrivateDecryptingKey::new(decrypting)?, pkcs8_der })
    }

    /// Reads a PEM block `PRIVATE KEY` (PKCS#8).
    ///
    /// # Errors
    /// `Pem` for another block, else as [`PrivateKey::from_pkcs8_der`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let mut der = read_pem(pem, "PRIVATE KEY")?;
        let key = Self::from_pkcs8_der(&der);
        der.zeroize();
        key
    }

    /// The pair as a PEM block `PRIVATE KEY` (PKCS#8).
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(write_pem("PRIVATE KEY", &self.pkcs8_der))
    }

    /// The pair as DER PKCS#8.
    pub(crate) fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8_der
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let spki: PublicKeyX509Der<'_> =
            self.signing.public_key().as_der().expect("a loaded key has a public half");
        PublicKey::from_spki_der(spki.as_ref()).expect("its encoding was just written")
    }

    /// The public half as DER RSAPublicKey, the form inside a certificate.
    pub(crate) fn rsa_public_key_der(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }

    /// RSASSA-PKCS1-v1_5 SHA-256 over `parts` joined.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut signature = vec![0; self.signing.public_modulus_len()];
        self.signing
            .sign_digest(&RSA_PKCS1_SHA256, &sha256(parts), &mut signature)
            .expect("a validated RSA key signs any digest");
        signature
    }

    /// RSA-OAEP with SHA-1; `None` if it does not decrypt.
    pub(crate) fn decrypt(&self, cipher: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut out = Zeroizing::new(vec![0; self.decrypting.min_output_size()]);
        let length =
            self.decrypting.decrypt(&OAEP_SHA1_MGF1SHA1, cipher, &mut out, None).ok()?.len();
        out.truncate(length);
        Some(out)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// The bytes of the only PEM block in `pem`, which must have this label.
pub(crate) fn read_pem(pem: &str, label: &str) -> Result<Vec<u8>, KeyError> {
    let (rest, mut block) = parse_x509_pem(pem.as_bytes()).map_err(|_| KeyError::Pem)?;
    if block.label != label || !rest.trim_ascii().is_empty() {
        block.contents.zeroize();
        return Err(KeyError::Pem);
    }
    Ok(block.contents)
}

/// One PEM block with lines of 64 characters.
pub(crate) fn write_pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(BASE64_STANDARD.encode(der));
    let mut pem = String::with_capacity(text.len() * 66 / 64 + 64);
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn private_key_survives_pem_and_never_prints() {
        let key = testing::merchant_key();
        let again = PrivateKey::from_pem(&key.to_pem()).unwrap();
        let signature = again.sign(&[b"text"]);
        assert!(key.public_key().verifies(&[b"te", b"xt"], &signature));
        assert!(!key.public_key().verifies(&[b"texu"], &signature));
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
        assert!(key.to_pem().lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn public_key_survives_pem() {
        let key = testing::merchant_key();
        let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
        assert_eq!(public.spki_der(), key.public_key().spki_der());
        assert!(public.verifies(&[b"x"], &key.sign(&[b"x"])));
    }

    #[test]
    fn a_generated_key_has_2048_bits_and_differs_from_the_next() {
        let key = PrivateKey::generate().unwrap();
        assert_eq!(key.sign(&[b""]).len(), 256);
        assert_ne!(key.public_key().spki_der(), testing::merchant_key().public_key().spki_der());
    }

    #[test]
    fn other_blocks_are_refused() {
        let private = testing::merchant_key().to_pem();
        assert_eq!(PublicKey::from_pem(&private).unwrap_err(), KeyError::Pem);
        assert_eq!(PrivateKey::from_pem("junk").unwrap_err(), KeyError::Pem);
        let two = format!("{}{}", private.as_str(), private.as_str());
        assert_eq!(PrivateKey::from_pem(&two).unwrap_err(), KeyError::Pem);
        let wrong = write_pem("PUBLIC KEY", b"not a key");
        assert_eq!(PublicKey::from_pem(&wrong).unwrap_err(), KeyError::Encoding);
    }

    #[test]
    fn a_signature_made_by_another_program_verifies() {
        let public = PublicKey::from_pem(testing::FOREIGN_PUBLIC_PEM).unwrap();
        let signature = BASE64_STANDARD.decode(testing::FOREIGN_SIGNATURE).unwrap();
        assert!(public.verifies(&[testing::FOREIGN_MESSAGE.as_bytes()], &signature));
    }
}
