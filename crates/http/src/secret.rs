//! Secrets in requests: read once, never printed, wiped when they are dropped.

use crate::extract::RequestKey;
use crate::personal::password_tags;
use domain::ids::WalletId;
use domain::wallet::PasswordTry;
use kernel::keys::KeyRing;
use kernel::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

/// A text that only its owner may know: a payment password, a one-time password, card data.
#[derive(Deserialize, ToSchema)]
#[serde(from = "String")]
#[schema(value_type = String, format = Password)]
pub struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Takes it as a payment password that was entered for a wallet: nothing of the digits goes on.
    pub fn as_payment_password(
        &self,
        keys: &KeyRing,
        key: &RequestKey,
        wallet: WalletId,
    ) -> PasswordTry {
        PasswordTry {
            tags: password_tags(keys, wallet, self.expose()),
            last_try: key.secret_try(&wallet.to_string(), self.expose()),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}
