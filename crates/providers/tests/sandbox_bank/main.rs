//! The clients against a real sandbox bank in this process: every answer and every lie.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod bank;
mod carrier_and_authority;
mod stage;
