//! Secrets in requests: read once, never printed, wiped when they are dropped.

use crate::extract::RequestKey;
use crate::personal::password_tags;
use crate::problem::Problem;
use domain::catalogue::Code;
use domain::ids::WalletId;
use domain::wallet::PasswordTry;
use kernel::keys::KeyRing;
use kernel::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

/// How long a payment password is.
const DIGITS: usize = 6;

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
    /// `field` is the JSON Pointer of this value.
    ///
    /// # Errors
    /// `PAY_PASSWORD_FORMAT` for what cannot be anybody's: a program's mistake is not a guess, so
    /// it costs no try.
    pub fn as_payment_password(
        &self,
        keys: &KeyRing,
        key: &RequestKey,
        wallet: WalletId,
        field: &str,
    ) -> Result<PasswordTry, Problem> {
        let digits = self.expose();
        if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Problem::new(Code::PayPasswordFormat).at(field));
        }
        Ok(PasswordTry {
            tags: password_tags(keys, wallet, digits),
            last_try: key.secret_try(&wallet.to_string(), digits),
        })
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}
