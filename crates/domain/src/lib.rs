//! All rules of the wallet: areas with their commands, states, refusals and postings, and what they
//! stand on (failure catalogue, validators, calendar, fees).
//!
//! Pure: no clock, no random numbers, no SQL, no wire type. A change is a [`Command`] with one
//! function over a [`Tx`]; everything else here serves it.

pub mod calendar;
pub mod card;
pub mod catalogue;
pub mod command;
pub mod complaint;
pub mod fact;
pub mod fee;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod job;
pub mod ledger;
pub mod merchant;
pub mod merchant_transfer;
pub mod notification;
pub mod order;
pub mod payment_code;
pub mod profit;
pub mod record;
pub mod refund;
pub mod rules;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod top_up;
pub mod transfer_batch;
pub mod tx;
pub mod user;
pub mod validate;
pub mod wallet;
pub mod withdrawal;

pub use command::{Command, Halt, Never, Once, Refusal, Stop, Timer};
pub use rules::Rules;
pub use tx::Tx;
