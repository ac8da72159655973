//! What is kept of an answered request, so that the same key gets the same answer.
//!
//! Records live in two tables that take turns, so that old ones can be dropped whole: both are
//! looked up, only the current one is written.

use crate::record;
use kernel::Timestamp;

/// What a record says, whichever table it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Keyed hash of the request.
    pub fingerprint: [u8; 32],
    /// Empty when done, otherwise the refusal's catalogue code.
    pub code: String,
    /// The form of `outcome`.
    pub form: i64,
    /// The done value, or the refusal's parameters and field, as JSON.
    pub outcome: String,
    /// When it was answered.
    pub at: Timestamp,
}

macro_rules! turn_table {
    ($(#[$doc:meta])* $name:ident, $table:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The caller's key, first in the record's key, because clients send ordered ones.
            pub key: String,
            /// Whose key it is.
            pub owner: String,
            /// Keyed hash of the request.
            pub fingerprint: [u8; 32],
            /// Empty when done, otherwise the refusal's catalogue code.
            pub code: String,
            /// The form of `outcome`.
            pub form: i64,
            /// The done value, or the refusal's parameters and field, as JSON.
            pub outcome: String,
            /// When it was answered.
            pub at: Timestamp,
        }

        record!($name, $table, Removable, key: String, owner: String);

        impl $name {
            /// The record of an answer.
            pub fn new(key: String, owner: String, answered: Answered) -> Self {
                let Answered { fingerprint, code, form, outcome, at } = answered;
                Self { key, owner, fingerprint, code, form, outcome, at }
            }

            /// What it says.
            pub fn answered(self) -> Answered {
                let Self { fingerprint, code, form, outcome, at, .. } = self;
                Answered { fingerprint, code, form, outcome, at }
            }
        }
    };
}

turn_table!(
    /// A record written while the batch row's turn is 0.
    IdempotencyEven,
    "idempotency_even"
);
turn_table!(
    /// A record written while the batch row's turn is 1.
    IdempotencyOdd,
    "idempotency_odd"
);
