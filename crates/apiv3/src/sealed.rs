//! Secrets of the protocol as rows keep them: sealed, each bound to the place it belongs to. What
//! writes and what reads them agree here.

use domain::merchant::{Merchant, PlatformKey as Row};
use kernel::crypto::{self, OpenError, SealRandom, WrapKey};

use crate::aead::ApiV3Key;
use crate::key_name::KeyName;
use crate::keys::{KeyError, PrivateKey};
use crate::sign::PlatformKey;

/// Why a kept secret could not be used. No variant carries key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// It does not open under the keys that are loaded.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was sealed is no RSA key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What was sealed, or the row's id, has another form.
    #[error("not what was sealed here")]
    Form,
}

/// Seals a merchant's APIv3 key for its row.
#[must_use]
pub fn seal_apiv3_key(
    keys: &dyn WrapKey,
    mchid: &str,
    key: &ApiV3Key,
    random: &SealRandom,
) -> Vec<u8> {
    crypto::seal(keys, &apiv3_key_place(mchid), key.reveal().as_bytes(), random)
}

/// Opens a merchant's APIv3 key.
///
/// # Errors
/// `Open` if it does not open, `Form` if it is no such key.
pub fn open_apiv3_key(keys: &dyn WrapKey, merchant: &Merchant) -> Result<ApiV3Key, SealedError> {
    let place = apiv3_key_place(&merchant.mchid);
    let plain = crypto::open(keys, &place, &merchant.apiv3_key)?;
    let text = std::str::from_utf8(&plain).map_err(|_| SealedError::Form)?;
    ApiV3Key::parse(text).ok_or(SealedError::Form)
}

/// Seals the private half of a platform key for the row that will have this id.
#[must_use]
pub fn seal_platform_key(
    keys: &dyn WrapKey,
    id: &KeyName,
    key: &PrivateKey,
    random: &SealRandom,
) -> Vec<u8> {
    crypto::seal(keys, &platform_key_place(id.as_str()), key.pkcs8_der(), random)
}

/// Opens a platform key, to sign with it.
///
/// # Errors
/// `Open` if it does not open, `Key` if it is no RSA key, `Form` if its id is no name of a key.
pub fn open_platform_key(keys: &dyn WrapKey, row: &Row) -> Result<PlatformKey, SealedError> {
    let name = KeyName::parse(&row.id).ok_or(SealedError::Form)?;
    let der = crypto::open(keys, &platform_key_place(&row.id), &row.private)?;
    Ok(PlatformKey { name, key: PrivateKey::from_pkcs8_der(&der)? })
}

fn apiv3_key_place(mchid: &str) -> Vec<u8> {
    format!("merchant/apiv3_key/{mchid}").into_bytes()
}

fn platform_key_place(id: &str) -> Vec<u8> {
    format!("platform_key/private/{id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use domain::merchant::{KeyState, MerchantState, PlatformKeyKind};
    use kernel::Timestamp;
    use kernel::crypto::Key32;
    use kernel::keys::Versions;

    use super::*;
    use crate::key_name::PublicKeyId;
    use crate::testing;

    fn ring() -> Versions {
        Versions::try_new(vec![(1, Key32::new([7; 32]))]).unwrap()
    }

    #[test]
    fn a_platform_key_opens_only_in_its_own_row() {
        let name = KeyName::PublicKey(PublicKeyId::from_number(1));
        let key = testing::platform_key();
        let mut row = Row {
            id: name.to_string(),
            kind: PlatformKeyKind::PublicKey,
            public: String::new(),
            private: seal_platform_key(&ring(), &name, key, &[3; 56]),
            state: KeyState::Active,
            not_before: Timestamp::default(),
            not_after: Timestamp::default(),
        };
        let opened = open_platform_key(&ring(), &row).unwrap();
        assert_eq!(opened.name, name);
        assert_eq!(*opened.key.to_pem(), *key.to_pem());
        row.id = PublicKeyId::from_number(2).to_string();
        let error = open_platform_key(&ring(), &row).unwrap_err();
        assert_eq!(error, SealedError::Open(OpenError::Broken));
    }

    #[test]
    fn an_apiv3_key_opens_only_for_its_merchant() {
        let key = ApiV3Key::from_random(&[9; 32]);
        let mut merchant = Merchant {
            mchid: "1900000001".into(),
            name: "茶馆".into(),
            state: MerchantState::Active,
            fee_bp: 0,
            balance_account: 1,
            apiv3_key: seal_apiv3_key(&ring(), "1900000001", &key, &[3; 56]),
            allows_profit_return: false,
            public_key_only: false,
            transfer_scenes: String::new(),
            approves_batches: false,
            added_at: Timestamp::default(),
        };
        assert_eq!(*open_apiv3_key(&ring(), &merchant).unwrap().reveal(), *key.reveal());
        merchant.mchid = "1900000002".into();
        assert!(open_apiv3_key(&ring(), &merchant).is_err());
    }
}
