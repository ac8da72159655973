//! Wallets and what every movement of their money asks first: is the wallet open, is the payment
//! password right, do the identity's limits allow it.

mod attempts;
mod identity;
mod password;
mod usage;
mod wallet_row;

pub use attempts::{AttemptPurpose, Attempts, Lock};
pub use identity::{Channel, Identity, IdentityClass};
pub use password::{PasswordRefusal, PasswordTry, PaymentPassword, check_password, password_keys};
pub use usage::{LimitRefusal, Usage};
pub use wallet_row::{FreezeKind, Wallet, WalletBlocked, WalletState};
