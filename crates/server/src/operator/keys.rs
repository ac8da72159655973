//! What an operator does with the keys that merchants sign with, and with ours.

use super::perform::Operator;
use super::request::Answer;
use apiv3::key_name::Serial;
use domain::merchant::{KeyState, PlatformKeyKind, RevokeMerchantCertificate, RevokePlatformKey};
use http_api::SystemShell;
use http_api::merchant::{add_merchant_key, announce_platform_key, use_platform_key};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Display;

/// What is to be done with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "key", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum KeyRequest {
    /// Let a merchant sign with a further key.
    AddOfMerchant {
        /// The merchant.
        mchid: String,
        /// Its certificate or public key.
        pem: String,
    },
    /// End a key of a merchant.
    RevokeOfMerchant {
        /// The merchant.
        mchid: String,
        /// The key's serial number.
        serial: String,
    },
    /// Make a platform key that merchants can get to know.
    Announce {
        /// What it is given as.
        kind: PlatformKeyKind,
    },
    /// Sign with an announced platform key.
    Use {
        /// The key.
        id: String,
    },
    /// End a platform key that is not in use.
    Revoke {
        /// The key.
        id: String,
    },
}

impl Operator {
    /// Performs a request about keys.
    pub(super) async fn keys(&self, request: &KeyRequest) -> Answer {
        match request {
            KeyRequest::AddOfMerchant { mchid, pem } => {
                let added = add_merchant_key(&self.engine, mchid, pem).await;
                told(added, |serial| json!({ "mchid": mchid, "serial_no": serial }))
            }
            KeyRequest::RevokeOfMerchant { mchid, serial } => {
                // Every spelling of a number is the same number.
                let named = Serial::parse(serial).map(|serial| serial.to_string());
                let serial = named.unwrap_or_else(|| serial.clone());
                let revoked = json!({ "serial_no": serial, "state": KeyState::Revoked });
                let command = RevokeMerchantCertificate { mchid: mchid.clone(), serial };
                self.run(command, |()| revoked).await
            }
            KeyRequest::Announce { kind } => {
                let shell = SystemShell::default();
                let made = announce_platform_key(&self.engine, &self.keys, &shell, *kind).await;
                told(made, |id| json!({ "id": id, "state": KeyState::Announced }))
            }
            KeyRequest::Use { id } => {
                let used = use_platform_key(&self.engine, self.queries.as_ref(), id).await;
                told(used, |()| json!({ "id": id, "state": KeyState::Active }))
            }
            KeyRequest::Revoke { id } => {
                let command = RevokePlatformKey { id: id.clone() };
                self.run(command, |()| json!({ "id": id, "state": KeyState::Revoked })).await
            }
        }
    }
}

fn told<T, E: Display>(outcome: Result<T, E>, tell: impl FnOnce(T) -> Value) -> Answer {
    match outcome {
        Ok(done) => Answer::Done(tell(done)),
        Err(error) => Answer::Failed(error.to_string()),
    }
}
