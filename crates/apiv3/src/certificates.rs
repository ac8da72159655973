//! `GET /v3/certificates`: the platform's certificates, sealed with the merchant's APIv3 key.

use kernel::time::Timestamp;
use serde::Serialize;

use crate::aead::{ALGORITHM, AeadNonce, ApiV3Key};
use crate::certificate::Certificate;
use crate::error::ApiError;
use crate::issue::Issue;
use crate::request::Query;

/// Associated data of a sealed certificate.
pub const ASSOCIATED_DATA: &str = "certificate";

/// Checks the query string: only RSA certificates exist.
///
/// # Errors
/// PARAM_ERROR for another `algorithm_type`.
pub fn check_query(raw: Option<&str>) -> Result<(), ApiError> {
    let kind = Query::new(raw).find("algorithm_type")?;
    match kind.as_deref() {
        None | Some("" | "RSA" | "ALL") => Ok(()),
        Some(other) => {
            let issue = Issue::NotOneOf(&["RSA", "ALL"]);
            Err(Query::fault("algorithm_type", Some(other), issue).into())
        }
    }
}

/// The bytes of the answer. The answer must be signed with one of these certificates, and each
/// needs a nonce of its own.
#[must_use]
pub fn answer<'a>(
    certificates: impl IntoIterator<Item = (&'a Certificate, AeadNonce)>,
    key: &ApiV3Key,
) -> Vec<u8> {
    let seal = |(certificate, nonce): (&'a Certificate, AeadNonce)| WireCertificate {
        serial_no: certificate.serial.as_str(),
        effective_time: Timestamp::from_seconds(certificate.not_before_s).rfc3339(),
        expire_time: Timestamp::from_seconds(certificate.not_after_s).rfc3339(),
        encrypt_certificate: WireSealed {
            algorithm: ALGORITHM,
            nonce: nonce.to_text(),
            associated_data: ASSOCIATED_DATA,
            ciphertext: key.seal(&nonce, ASSOCIATED_DATA, certificate.pem.as_bytes()),
        },
    };
    let wire = WireList { data: certificates.into_iter().map(seal).collect() };
    serde_json::to_vec(&wire).expect("a list of strings is JSON")
}

#[derive(Serialize)]
struct WireList<'a> {
    data: Vec<WireCertificate<'a>>,
}

#[derive(Serialize)]
struct WireCertificate<'a> {
    serial_no: &'a str,
    effective_time: String,
    expire_time: String,
    encrypt_certificate: WireSealed,
}

#[derive(Serialize)]
struct WireSealed {
    algorithm: &'static str,
    nonce: String,
    associated_data: &'static str,
    ciphertext: String,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing;

    #[test]
    fn a_merchant_opens_the_list_with_its_key() {
        let certificate = testing::platform_certificate();
        let key = ApiV3Key::from_random(&[3; 32]);
        let nonce = AeadNonce::from_random([5; 12]);
        let bytes = answer([(&certificate, nonce.clone())], &key);
        let wire: Value = serde_json::from_slice(&bytes).unwrap();
        let item = &wire["data"][0];
        assert_eq!(item["serial_no"], certificate.serial.as_str());
        assert_eq!(item["effective_time"], "2023-11-15T06:13:20+08:00");
        let sealed = &item["encrypt_certificate"];
        assert_eq!(sealed["algorithm"], "AEAD_AES_256_GCM");
        assert_eq!(sealed["nonce"], nonce.to_text());
        let aad = sealed["associated_data"].as_str().unwrap();
        let pem = key.open(&nonce, aad, sealed["ciphertext"].as_str().unwrap()).unwrap();
        let read = Certificate::parse(std::str::from_utf8(&pem).unwrap()).unwrap();
        assert_eq!(read.serial, certificate.serial);
    }

    #[test]
    fn only_rsa_certificates_exist() {
        for good in [None, Some(""), Some("algorithm_type=RSA"), Some("algorithm_type=ALL")] {
            assert_eq!(check_query(good), Ok(()));
        }
        let error = check_query(Some("algorithm_type=SM2")).unwrap_err();
        assert_eq!(error.field_error().unwrap().field, "algorithm_type");
    }
}
