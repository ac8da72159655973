//! Top-ups: money from an own debit card to the balance. Nothing is posted before the bank has said
//! yes.

mod record_top_up;
mod start_top_up;
#[cfg(test)]
mod tests;
mod top_up_row;

pub use record_top_up::RecordTopUp;
pub use start_top_up::{StartTopUp, StartTopUpRefusal};
pub use top_up_row::{TopUp, TopUpState};
