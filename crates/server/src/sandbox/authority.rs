//! The certificate authority of one sandbox: made at its first start, kept in the data folder, and
//! trusted by nobody until a developer says so. It can certify nothing but the names of
//! [`NAMES`] and this machine, so that a stolen key opens nothing else.

use crate::key_file;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The hosts that SDKs of the protocol have built in.
pub(crate) const NAMES: [&str; 4] =
    ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "api.wechatpay.cn", "api2.wechatpay.cn"];

const LOCAL_NAME: &str = "localhost";
const LOCAL_ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Clocks of one machine and its containers may differ by less than this.
const BEFORE: Duration = Duration::from_secs(24 * 3_600);
const AUTHORITY_LASTS: Duration = Duration::from_secs(10 * 366 * 24 * 3_600);
/// The server's certificate is made anew at each start.
const SERVER_LASTS: Duration = Duration::from_secs(397 * 24 * 3_600);

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// A file cannot be read or written.
    #[error("failed to use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key file is not as it should be.
    #[error(transparent)]
    Key(#[from] key_file::KeyError),
    /// One of the two files is gone, or is another's.
    #[error("{0} and its key do not belong together: remove both, they are made anew")]
    Torn(PathBuf),
    /// The library cannot write a certificate.
    #[error("failed to make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The library cannot serve with it.
    #[error("failed to prepare TLS")]
    Tls(#[from] rustls::Error),
}

/// See the module.
pub(crate) struct Authority {
    /// Its own certificate, PEM.
    pub(crate) certificate: String,
    key: KeyPair,
}

/// Where the authority's certificate is kept.
pub(crate) fn certificate_file(folder: &Path) -> PathBuf {
    folder.join("sandbox-ca.pem")
}

impl Authority {
    /// The authority of a data folder, made if there is none.
    pub(crate) fn settle(folder: &Path) -> Result<Self, AuthorityError> {
        let path = certificate_file(folder);
        let key_path = folder.join("sandbox-ca-key.pem");
        let certificate = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(AuthorityError::File { path, source }),
        };
        match (certificate, key_file::read_secret(&key_path)?) {
            (Some(certificate), Some(key)) => {
                let key = KeyPair::from_pem(&key).map_err(|_| AuthorityError::Torn(path))?;
                Ok(Self { certificate, key })
            }
            // The key is written first: alone it is left from a start that did not end.
            (None, _) => {
                let made = Self::make()?;
                let key = made.key.serialize_pem();
                key_file::write_secret(&key_path, key.as_bytes())
                    .map_err(|source| AuthorityError::File { path: key_path, source })?;
                std::fs::write(&path, &made.certificate)
                    .map_err(|source| AuthorityError::File { path, source })?;
                Ok(made)
            }
            (Some(_), None) => Err(AuthorityError::Torn(path)),
        }
    }

    fn make() -> Result<Self, AuthorityError> {
        let key = KeyPair::generate()?;
        let certificate = authority().self_signed(&key)?.pem();
        Ok(Self { certificate, key })
    }

    /// How to serve TLS under all the names, with a key that lives only in this process. HTTP/1.1
    /// alone is offered: one SDK compares header names in Title-Case.
    pub(crate) fn server(&self) -> Result<Arc<ServerConfig>, AuthorityError> {
        let authority = authority();
        let issuer = Issuer::from_params(&authority, &self.key);
        let key = KeyPair::generate()?;
        let mut params = dated(SERVER_LASTS);
        params.distinguished_name = named(NAMES[0]);
        let names = NAMES.into_iter().chain([LOCAL_NAME]);
        for name in names {
            params.subject_alt_names.push(SanType::DnsName(name.try_into()?));
        }
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(LOCAL_ADDRESS)));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// What the authority's certificate says. Its issuer name and its uses, which are all that it lends
/// to what it certifies, are always the same.
fn authority() -> CertificateParams {
    let mut params = dated(AUTHORITY_LASTS);
    params.distinguished_name = named("Jiaozi sandbox CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let names = NAMES.into_iter().chain([LOCAL_NAME]);
    let address = CidrSubnet::V4(LOCAL_ADDRESS.octets(), [255; 4]);
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names
            .map(|name| GeneralSubtree::DnsName(name.to_owned()))
            .chain([GeneralSubtree::IpAddress(address)])
            .collect(),
        excluded_subtrees: Vec::new(),
    });
    params
}

fn dated(lasts: Duration) -> CertificateParams {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::default();
    params.not_before = epoch + now.saturating_sub(BEFORE);
    params.not_after = epoch + now + lasts;
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn authority_is_made_once_and_its_key_is_its_owners_alone() {
        let folder = store_sqlite::Temporary::empty().unwrap();
        let made = Authority::settle(folder.folder()).unwrap();
        let kept = Authority::settle(folder.folder()).unwrap();
        assert_eq!(made.certificate, kept.certificate);
        assert_eq!(made.key.serialize_der(), kept.key.serialize_der());
        let key = folder.folder().join("sandbox-ca-key.pem");
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(kept.server().is_ok());
        std::fs::remove_file(key).unwrap();
        assert!(matches!(Authority::settle(folder.folder()), Err(AuthorityError::Torn(_))));
    }
}
