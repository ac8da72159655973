//! The vocabulary everything else is written in: ids, money, time, and sealing.
//!
//! Pure: nothing here reads a clock, draws a random number, or knows a file. Keys, times and random
//! bytes are handed in.

pub mod crypto;
pub mod id;
pub mod keys;
pub mod money;
pub mod time;

pub use id::ParseIdError;
pub use money::{Amount, Currency, MoneyError};
pub use secrecy::{ExposeSecret, SecretString};
pub use time::Timestamp;
