//! The ledger: accounts, balanced postings, journals, and the batches that chain them.
//!
//! Double entry in integer minor units; credit is positive. There are no holds: money that waits
//! sits in an account of its own, so every state of the world is a set of balances whose sum is
//! zero.

mod account;
mod batch;
mod journal;
pub mod merkle;
mod posting;
mod system;

pub use account::{Account, AccountNumber, AccountPath, OwnerKind, Purpose, Sign};
pub use batch::{Batch, BatchId};
pub use journal::{Entry, Journal, JournalKind, Posted, Subject};
pub use posting::{Leg, Posting, Shortfall, Unbalanced};
pub use system::{OpenSystemAccounts, SystemAccounts};
