//! Withdrawals: money from the balance to an own debit card. It waits in a transit account until
//! the bank has paid it out or sent it back.

mod quote;
mod record_withdrawal;
mod start_withdrawal;
#[cfg(test)]
mod tests;
mod withdrawal_row;

pub use quote::{Quote, quote, quote_all};
pub use record_withdrawal::RecordWithdrawal;
pub use start_withdrawal::{StartWithdrawal, StartWithdrawalRefusal, WithdrawalStarted};
pub use withdrawal_row::{Withdrawal, WithdrawalState};
