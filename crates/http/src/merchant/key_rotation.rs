//! Changing keys without a gap: further keys of a merchant, and platform keys that merchants get to
//! know before they are used.

use super::platform_keys::{PlatformKeyError, draw_key, new_row, rows};
use crate::shell::Shell;
use apiv3::certificate::Certificate;
use apiv3::keys::KeyError;
use domain::merchant::{
    AddMerchantCertificate, KeepPlatformKey, KeyState, PlatformKeyKind, UsePlatformKey,
};
use engine::{Engine, Failed, Failure};
use kernel::keys::KeyRing;
use store::{Queries, QueryError};

/// Why a key stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// What was given is no RSA certificate or public key.
    #[error("neither a certificate nor a public key (PEM, RSA of 2048 to 4096 bits): {0}")]
    NoKey(#[from] KeyError),
    /// The present keys could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// It was refused, or nobody knows whether it was done.
    #[error("{}", .0.code)]
    Failed(Failure),
}

/// Lets a merchant sign with a further certificate or bare public key; gives the serial number
/// that it has to name. The keys that it has go on until they are revoked.
///
/// # Errors
/// As the variants of [`RotateError`] say.
pub async fn add_merchant_key(
    engine: &Engine,
    mchid: &str,
    pem: &str,
) -> Result<String, RotateError> {
    let key = Certificate::parse_or_key(pem)?;
    let serial = key.serial.to_string();
    let command = AddMerchantCertificate {
        mchid: mchid.to_owned(),
        serial: serial.clone(),
        certificate: key.pem,
    };
    engine.run(command).await.map_err(|failed| RotateError::Failed(failed.failure()))?;
    Ok(serial)
}

/// Makes a platform key that merchants can get to know and name, and that signs nothing by itself
/// yet; gives its id.
///
/// # Errors
/// When no key can be made or kept.
pub async fn announce_platform_key(
    engine: &Engine,
    keys: &KeyRing,
    shell: &dyn Shell,
    kind: PlatformKeyKind,
) -> Result<String, PlatformKeyError> {
    let pair = draw_key().await?;
    let key = new_row((kind, KeyState::Announced), &pair, keys, shell)?;
    let id = key.id.clone();
    engine.run(KeepPlatformKey { key }).await.map_err(|failed| {
        PlatformKeyError::NotKept(match failed {
            Failed::Refused(never) => match never {},
            other => format!("{other:?}"),
        })
    })?;
    Ok(id)
}

/// From now on signs with an announced key. Those that it replaces are accepted on, and named ones
/// still sign.
///
/// # Errors
/// As the variants of [`RotateError`] say.
pub async fn use_platform_key(
    engine: &Engine,
    queries: &dyn Queries,
    id: &str,
) -> Result<(), RotateError> {
    let rows = rows(queries).await?;
    let in_use = rows.into_iter().filter(|row| row.state == KeyState::Active && row.id != id);
    let command =
        UsePlatformKey { id: id.to_owned(), replaces: in_use.map(|row| row.id).collect() };
    engine.run(command).await.map_err(|failed| RotateError::Failed(failed.failure()))
}
