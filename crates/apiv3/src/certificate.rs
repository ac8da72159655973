//! X.509 certificates of merchants and of the platform: made self-signed, read, and named by
//! their serial number.

use std::time::Duration;

use kernel::crypto::sha256;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyUsagePurpose, PKCS_RSA_SHA256, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::key_name::Serial;
use crate::keys::{KeyError, PrivateKey, PublicKey, read_pem, write_pem};

/// What a new certificate shall say. Times are Unix seconds, not before 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCertificate<'a> {
    /// Common name: the merchant number, or the platform's name.
    pub common_name: &'a str,
    /// Organisation that operates the wallet.
    pub organization: &'a str,
    /// 20 random bytes for the serial number.
    pub serial_random: [u8; 20],
    /// First second of validity.
    pub not_before_s: u64,
    /// Last second of validity.
    pub not_after_s: u64,
}

/// A certificate that was read: its text and what the protocol needs of it.
#[derive(Debug)]
pub struct Certificate {
    /// The PEM block.
    pub pem: String,
    /// Its own serial number.
    pub serial: Serial,
    /// Common name of the subject, if it has one.
    pub common_name: Option<String>,
    /// The key that it certifies.
    pub public_key: PublicKey,
    /// First second of validity, Unix time.
    pub not_before_s: i64,
    /// Last second of validity, Unix time.
    pub not_after_s: i64,
}

impl Certificate {
    /// Reads one PEM block `CERTIFICATE`. Who issued it is not checked: merchants are known by
    /// the certificate they registered.
    ///
    /// # Errors
    /// `Pem` or `Certificate` if it is none, `Encoding` or `Size` if its key is no RSA key of
    /// 2048 to 4096 bits.
    pub fn parse(pem: &str) -> Result<Self, KeyError> {
        Self::from_der(&read_pem(pem, "CERTIFICATE")?)
    }

    /// Reads what a merchant registers to sign with: a certificate, or a bare public key (one PEM
    /// block `PUBLIC KEY`), which never ends and gets a serial number made of its own bytes.
    ///
    /// # Errors
    /// As [`Certificate::parse`] does.
    pub fn parse_or_key(pem: &str) -> Result<Self, KeyError> {
        let certificate = Self::parse(pem);
        if !matches!(certificate, Err(KeyError::Pem)) {
            return certificate;
        }
        let public_key = PublicKey::from_pem(pem)?;
        let hash = sha256(&[b"merchant key", public_key.spki_der()]);
        let mut serial = [0; 20];
        serial.copy_from_slice(&hash[..20]);
        serial[0] = serial[0] & 0x3f | 0x40;
        Ok(Self {
            pem: public_key.to_pem(),
            serial: Serial::parse(&hex::encode(serial)).ok_or(KeyError::Certificate)?,
            common_name: None,
            public_key,
            not_before_s: i64::MIN,
            not_after_s: i64::MAX,
        })
    }

    /// Makes a certificate for `key`, signed by itself. Its serial number has 40 hex digits
    /// with a first digit of 4 to 7, so every program writes it the same way.
    ///
    /// # Errors
    /// `Library` if the certificate cannot be written.
    pub fn self_signed(key: &PrivateKey, new: &NewCertificate<'_>) -> Result<Self, KeyError> {
        let mut serial = new.serial_random;
        serial[0] = serial[0] & 0x3f | 0x40;
        let epoch = date_time_ymd(1970, 1, 1);
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = epoch + Duration::from_secs(new.not_before_s);
        params.not_after = epoch + Duration::from_secs(new.not_after_s);
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, new.common_name);
        params.distinguished_name.push(DnType::OrganizationName, new.organization);
        params.distinguished_name.push(DnType::CountryName, "CN");
        let written = params.self_signed(&CertificateKey(key)).map_err(|_| KeyError::Library)?;
        Self::from_der(written.der())
    }

    /// Whether `now_s` (Unix seconds) lies within its validity.
    #[must_use]
    pub fn is_valid_at(&self, now_s: i64) -> bool {
        (self.not_before_s..=self.not_after_s).contains(&now_s)
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, read) = X509Certificate::from_der(der).map_err(|_| KeyError::Certificate)?;
        if !rest.is_empty() {
            return Err(KeyError::Certificate);
        }
        let serial = Serial::parse(&hex::encode(read.raw_serial()));
        let common_name = read.subject().iter_common_name().next();
        Ok(Self {
            pem: write_pem("CERTIFICATE", der),
            serial: serial.ok_or(KeyError::Certificate)?,
            common_name: common_name.and_then(|name| name.as_str().ok()).map(str::to_owned),
            public_key: PublicKey::from_spki_der(read.public_key().raw)?,
            not_before_s: read.validity().not_before.timestamp(),
            not_after_s: read.validity().not_after.timestamp(),
        })
    }
}

/// Lets the certificate writer sign with our key without seeing its private half.
struct CertificateKey<'a>(&'a PrivateKey);

impl PublicKeyData for CertificateKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.rsa_public_key_der()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for CertificateKey<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign(&[message]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn made(serial_random: [u8; 20]) -> Certificate {
        let new = NewCertificate {
            common_name: "1900000001",
            organization: "Jiaozi",
            serial_random,
            not_before_s: 1_700_000_000,
            not_after_s: 1_857_680_000,
        };
        Certificate::self_signed(testing::merchant_key(), &new).unwrap()
    }

    #[test]
    fn a_made_certificate_is_read_back() {
        let made = made([7; 20]);
        let read = Certificate::parse(&made.pem).unwrap();
        assert_eq!(read.serial.as_str(), format!("47{}", "07".repeat(19)));
        assert_eq!(read.common_name.as_deref(), Some("1900000001"));
        assert_eq!((read.not_before_s, read.not_after_s), (1_700_000_000, 1_857_680_000));
        assert!(read.is_valid_at(1_700_000_000) && !read.is_valid_at(1_857_680_001));
        assert!(read.public_key.verifies(&[b"m"], &testing::merchant_key().sign(&[b"m"])));
    }

    #[test]
    fn serials_always_have_forty_digits() {
        for random in [[0; 20], [0xff; 20], [0x80; 20]] {
            assert_eq!(made(random).serial.as_str().len(), 40);
        }
    }

    #[test]
    fn a_bare_key_has_a_serial_number_of_its_own_and_no_end() {
        let pem = testing::merchant_key().public_key().to_pem();
        let key = Certificate::parse_or_key(&pem).unwrap();
        assert_eq!((key.serial.as_str().len(), &key.pem), (40, &pem));
        assert!(key.is_valid_at(0) && key.is_valid_at(i64::MAX));
        assert_eq!(Certificate::parse_or_key(&pem).unwrap().serial, key.serial);
        let other = testing::platform_key().public_key().to_pem();
        assert_ne!(Certificate::parse_or_key(&other).unwrap().serial, key.serial);
        let certificate = made([7; 20]);
        assert_eq!(Certificate::parse_or_key(&certificate.pem).unwrap().serial, certificate.serial);
        assert!(Certificate::parse_or_key("PEM").is_err());
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let key = testing::merchant_key().public_key().to_pem();
        assert_eq!(Certificate::parse(&key).unwrap_err(), KeyError::Pem);
        let junk = write_pem("CERTIFICATE", b"junk");
        assert_eq!(Certificate::parse(&junk).unwrap_err(), KeyError::Certificate);
    }
}
