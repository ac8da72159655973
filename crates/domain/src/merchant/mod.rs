//! Merchants: their numbers, app ids, certificates, and the names people have under an app id.

mod add_appid;
mod add_merchant;
mod allow_profit_return;
mod choose_notification_key;
mod h5_domain;
mod issue_openid;
mod merchant_certificate;
mod openid_keys;
mod platform_key;
mod security_echo;
mod set_apiv2_key;
mod set_batch_approval;
mod set_public_key_only;
mod sub_merchant;
mod transfer_scenes;
mod webhook;

pub use add_appid::{AddAppid, AddAppidRefusal};
pub use add_merchant::{AddMerchant, AddMerchantRefusal, MerchantAdded};
pub use allow_profit_return::{AllowProfitReturn, AllowProfitReturnRefusal};
pub use choose_notification_key::{
    ChooseNotificationKey, ChooseNotificationKeyRefusal, KeyPace, NotificationKey,
};
pub use h5_domain::{MerchantH5Domain, RegisterH5Domain, RegisterH5DomainRefusal};
pub use issue_openid::{IssueOpenid, IssueOpenidRefusal};
pub use merchant_certificate::{
    AddMerchantCertificate, AddMerchantCertificateRefusal, RevokeMerchantCertificate,
    RevokeMerchantCertificateRefusal,
};
pub use openid_keys::OpenidKeys;
pub use platform_key::{KeepPlatformKey, PlatformKeyRefusal, RevokePlatformKey, UsePlatformKey};
pub use security_echo::{EchoSecurity, SecurityEcho};
pub use set_apiv2_key::{SetApiv2Key, SetApiv2KeyRefusal};
pub use set_batch_approval::{SetBatchApproval, SetBatchApprovalRefusal};
pub use set_public_key_only::{SetPublicKeyOnly, SetPublicKeyOnlyRefusal};
pub use sub_merchant::{BindSubMerchant, BindSubMerchantRefusal, SubMerchant, SubMerchantState};
pub use transfer_scenes::{
    GrantTransferScene, GrantTransferSceneRefusal, TRANSFER_SCENES, scenes_text,
};
pub use webhook::{MerchantWebhook, SetWebhook, SetWebhookRefusal, WebhookChange, WebhookKind};

use crate::ids::UserId;
use crate::ledger::AccountNumber;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// Where a merchant stands.
    MerchantState {
        /// In business.
        Active = "ACTIVE",
        /// Takes no payments; refunds and queries work.
        Suspended = "SUSPENDED",
    }
);

/// A merchant that takes payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Its number: ten digits.
    pub mchid: String,
    /// The name that payers see.
    pub name: String,
    /// Where it stands.
    pub state: MerchantState,
    /// Its fee, in hundredths of a percent of a payment.
    pub fee_bp: i64,
    /// The ledger account of what is owed to it.
    pub balance_account: AccountNumber,
    /// Its sealed APIv3 key.
    pub apiv3_key: Vec<u8>,
    /// Whether others may ask back what it got of their orders.
    pub allows_profit_return: bool,
    /// Whether it gets no certificates of ours and knows our bare public key alone.
    pub public_key_only: bool,
    /// The scenes for which it may send money to people, with commas between.
    pub transfer_scenes: String,
    /// Whether its batches of transfers wait until its staff approves them.
    pub approves_batches: bool,
    /// When it was added.
    pub added_at: Timestamp,
}

record!(Merchant, "merchant", Kept, mchid: String);

/// What a merchant signs with on the older XML interface, once it has a key for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantApiv2Key {
    /// The merchant.
    pub mchid: String,
    /// The sealed key: 32 characters.
    pub key: Vec<u8>,
    /// When it was set.
    pub set_at: Timestamp,
}

record!(MerchantApiv2Key, "merchant_apiv2_key", Kept, mchid: String);

/// An app id that a merchant may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantAppid {
    /// The merchant.
    pub mchid: String,
    /// The app id: `wx` and 16 hexadecimal digits.
    pub appid: String,
    /// When it was added.
    pub added_at: Timestamp,
}

record!(MerchantAppid, "merchant_appid", Kept, mchid: String, appid: String);

text_enum!(
    /// Where a certificate or key stands.
    KeyState {
        /// Given out and accepted, not used by us yet.
        Announced = "ANNOUNCED",
        /// In use.
        Active = "ACTIVE",
        /// Still accepted, no longer used by us.
        Retiring = "RETIRING",
        /// No longer accepted.
        Revoked = "REVOKED",
    }
);

/// The certificate a merchant signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantCertificate {
    /// The merchant.
    pub mchid: String,
    /// The certificate's serial number in upper-case hexadecimal digits.
    pub serial: String,
    /// The certificate, PEM.
    pub certificate: String,
    /// Where it stands.
    pub state: KeyState,
    /// When it was added.
    pub added_at: Timestamp,
}

record!(MerchantCertificate, "merchant_certificate", Kept, mchid: String, serial: String);

text_enum!(
    /// What a platform key is given to merchants as.
    PlatformKeyKind {
        /// A certificate that merchants download.
        Certificate = "CERTIFICATE",
        /// A bare public key that merchants copy.
        PublicKey = "PUBLIC_KEY",
    }
);

impl PlatformKeyKind {
    /// The other one of the two.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Certificate => Self::PublicKey,
            Self::PublicKey => Self::Certificate,
        }
    }
}

/// A key that we sign answers and notifications with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformKey {
    /// The certificate's serial number, or `PUB_KEY_ID_` and digits.
    pub id: String,
    /// What it is given as.
    pub kind: PlatformKeyKind,
    /// The certificate or public key, PEM.
    pub public: String,
    /// The sealed private key, PKCS#8.
    pub private: Vec<u8>,
    /// Where it stands.
    pub state: KeyState,
    /// From when it is used.
    pub not_before: Timestamp,
    /// Until when its certificate is valid; a bare key has no end and this means nothing.
    pub not_after: Timestamp,
}

impl PlatformKey {
    /// Until when it is used: a certificate's end, none for a bare key.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        (self.kind == PlatformKeyKind::Certificate).then_some(self.not_after)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.end().is_some_and(|end| now > end)
    }
}

record!(PlatformKey, "platform_key", Kept, id: String);

/// The name that a person has under an app id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openid {
    /// The name: 28 characters.
    pub openid: String,
    /// The app id.
    pub appid: String,
    /// The person.
    pub user: UserId,
}

record!(Openid, "openid", Kept, openid: String);
