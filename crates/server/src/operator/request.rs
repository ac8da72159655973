//! What is said over the socket: one JSON object in a line each way.

use super::complaints::ComplaintRequest;
use super::keys::KeyRequest;
use super::transfers::TransferRequest;
use domain::merchant::{PlatformKeyKind, SubMerchantState, WebhookKind};
use domain::wallet::{FreezeKind, OperatorFreeze};
use http_api::merchant::MerchantRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an operator wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Stop a wallet.
    Freeze {
        /// The wallet's id.
        wallet: String,
        /// Why it is in the operator's power.
        because: FreezeBecause,
        /// Why, in words.
        reason: String,
        /// Who says so.
        operator: String,
    },
    /// Lift a freeze.
    Unfreeze {
        /// The wallet's id.
        wallet: String,
        /// Which freeze.
        because: FreezeBecause,
        /// Who says so.
        operator: String,
    },
    /// Send a notification again that failed.
    Resend {
        /// The batch of its fact.
        batch: i64,
        /// The place of its fact.
        place: i64,
    },
    /// Choose which of our keys signs a merchant's notifications.
    NotifyWith {
        /// The merchant.
        mchid: String,
        /// The kind of key.
        key: SigningKey,
        /// Whether they go over to it gradually.
        #[serde(default)]
        gradually: bool,
    },
    /// Take our certificates from a merchant, or give them back.
    PublicKeyOnly {
        /// The merchant's number.
        mchid: String,
        /// Whether it gets none.
        public_key_only: bool,
    },
    /// Begin anew without data: a sandbox only.
    Reset,
    /// Name where a merchant is told of something; without an address, nowhere.
    Webhook {
        /// The merchant's number.
        mchid: String,
        /// What is told there.
        of: WebhookOf,
        /// The address.
        url: Option<String>,
    },
    /// Register a domain of a merchant's H5 pages, or take it away.
    H5Domain(H5DomainRequest),
    /// Let others ask back what a merchant got of their orders, or no more.
    ProfitReturn {
        /// The merchant's number.
        mchid: String,
        /// Whether they may.
        is_allowed: bool,
    },
    /// Add a merchant; the answer holds its keys.
    MerchantAdd(MerchantRequest),
    /// Give a merchant a further app id.
    AppidAdd {
        /// The merchant.
        mchid: String,
        /// The app id.
        appid: String,
    },
    /// Let a service provider place orders for a sub-merchant, or no more.
    SubMerchantBind {
        /// The service provider.
        mchid: String,
        /// The sub-merchant.
        sub_mchid: String,
        /// What is to be.
        state: SubMerchantState,
    },
    /// Something about transfers to people.
    Transfers(TransferRequest),
    /// Something about complaints.
    Complaints(ComplaintRequest),
    /// Something about keys that sign.
    Keys(KeyRequest),
    /// Give a merchant a new key for the XML interface; the answer holds it.
    MerchantApiv2Key {
        /// The merchant's number.
        mchid: String,
    },
}

/// A domain of a merchant's H5 pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct H5DomainRequest {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The domain.
    pub(crate) domain: String,
    /// Whether it is registered from now on.
    pub(crate) is_registered: bool,
}

/// What an operator names addresses for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WebhookOf {
    /// What it got by profit sharing, and gave back.
    ProfitSharing,
    /// What became of its refunds that name no address.
    Refunds,
}

impl From<WebhookOf> for WebhookKind {
    fn from(of: WebhookOf) -> Self {
        match of {
            WebhookOf::ProfitSharing => Self::ProfitSharing,
            WebhookOf::Refunds => Self::Refund,
        }
    }
}

/// The kinds of our keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SigningKey {
    /// The one in the certificate that merchants download.
    Certificate,
    /// The bare public key that merchants copy.
    PublicKey,
}

impl From<SigningKey> for PlatformKeyKind {
    fn from(key: SigningKey) -> Self {
        match key {
            SigningKey::Certificate => Self::Certificate,
            SigningKey::PublicKey => Self::PublicKey,
        }
    }
}

/// The freezes that are an operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FreezeBecause {
    /// The wallet is at risk, or is one.
    Risk,
    /// An authority ordered it.
    Judicial,
}

impl From<FreezeBecause> for OperatorFreeze {
    fn from(because: FreezeBecause) -> Self {
        match because {
            FreezeBecause::Risk => Self::Risk,
            FreezeBecause::Judicial => Self::Judicial,
        }
    }
}

impl From<FreezeBecause> for FreezeKind {
    fn from(because: FreezeBecause) -> Self {
        OperatorFreeze::from(because).kind()
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It is done; what there is to tell.
    Done(Value),
    /// It is not done, and why.
    Failed(String),
}

impl Answer {
    /// A failure as the catalogue has it.
    pub(crate) fn failed(failure: &engine::Failure) -> Self {
        let text = failure.code.text(domain::catalogue::Language::En, &failure.params);
        Self::Failed(format!("{}: {text}", failure.code))
    }
}
