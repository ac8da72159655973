//! Bank cards: binding one with its issuer's consent, using it, and letting it go.
//!
//! No command and no row holds a card number, a security code or a bank's code in the clear: they
//! carry sealed bytes, keyed hashes and what may be shown.

mod bank_answer;
mod bank_limits;
mod bank_movement;
mod binding_fails;
mod binding_row;
#[cfg(test)]
mod binding_tests;
mod card_row;
mod confirm_binding;
mod expire_binding;
mod record_binding;
mod record_issuer_check;
mod record_token_revoked;
mod sealed;
mod start_binding;
#[cfg(test)]
pub(crate) mod testing;
mod unbind;
#[cfg(test)]
mod unbind_tests;

pub use bank_answer::{BankAnswer, BankDecline, BankOperation};
pub use bank_limits::{BankLimit, BankLimits};
pub use bank_movement::{BankMovement, MovementState};
pub use binding_fails::BindingFails;
pub use binding_row::{BindingState, CardBinding};
pub use card_row::{Card, CardBlocked, CardByNumber, CardState, CardUse};
pub use confirm_binding::{ConfirmCardBinding, ConfirmCardBindingRefusal};
pub use expire_binding::ExpireCardBinding;
pub use record_binding::{ConfirmationAnswer, RecordCardBinding};
pub use record_issuer_check::{IssuerAnswer, RecordIssuerCheck};
pub use record_token_revoked::{RecordTokenRevoked, RevocationAnswer};
pub use sealed::{CardSecrets, code_place, secrets_place, token_place};
pub use start_binding::{StartCardBinding, StartCardBindingRefusal};
pub use unbind::{UnbindCard, UnbindCardRefusal};

pub(crate) use bank_answer::{ask_again, close_job};
pub(crate) use bank_movement::{Report, Return, pay_out, suspend};
pub(crate) use card_row::find_own;
