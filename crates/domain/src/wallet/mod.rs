//! Wallets and what every movement of their money asks first: is the wallet open, is the payment
//! password right, do the identity's limits allow it.

mod attempts;
mod freeze;
mod freeze_wallet;
mod identity;
mod limits_left;
mod open_wallet;
mod password;
mod reset_password;
mod set_password;
mod unfreeze_wallet;
mod usage;
mod wallet_row;

#[cfg(test)]
mod freeze_tests;
#[cfg(test)]
mod reset_tests;

pub use attempts::{AttemptPurpose, Attempts, Lock};
pub use freeze::Freeze;
pub use freeze_wallet::{FreezeWallet, FreezeWalletRefusal, FrozenBy, OperatorFreeze};
pub use identity::{
    Channel, DocumentKind, Identity, IdentityByDocument, IdentityClass, name_place, number_place,
};
pub use limits_left::LimitsLeft;
pub use open_wallet::{OpenWallet, WalletOpened};
pub use password::{PasswordRefusal, PasswordTry, PaymentPassword, check_password, password_keys};
pub use reset_password::{
    IdentityTry, PaymentPasswordReset, ResetPaymentPassword, ResetPaymentPasswordRefusal,
};
pub use set_password::{PaymentPasswordSet, SetPaymentPassword, SetPaymentPasswordRefusal};
pub use unfreeze_wallet::{FreezeLifted, LiftedBy, UnfreezeWallet, UnfreezeWalletRefusal};
pub(crate) use usage::use_limits;
pub use usage::{LimitRefusal, Usage};
pub use wallet_row::{FreezeKind, Wallet, WalletBlocked, WalletState};
