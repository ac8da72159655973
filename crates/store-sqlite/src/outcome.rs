//! What an error of SQLite says about a commit.

use rusqlite::{Error, ErrorCode, ffi};
use store::{Commit, Unavailable};

/// The outcome of a transaction in which a statement failed before COMMIT was tried: it is rolled
/// back, so it is certain that nothing was written.
pub(crate) fn of_statement(error: &Error) -> Commit {
    let Some(cause) = error.sqlite_error() else {
        return Commit::Unavailable(error.to_string());
    };
    match cause.code {
        ErrorCode::ConstraintViolation if is_taken_key(cause.extended_code) => Commit::Conflict,
        ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig => {
            Commit::Data(error.to_string())
        }
        _ => Commit::Unavailable(error.to_string()),
    }
}

/// A row is there that was decided to be absent: the decision is stale, the values are not wrong.
fn is_taken_key(extended_code: i32) -> bool {
    matches!(
        extended_code,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_ROWID
    )
}

/// What a failed read is.
pub(crate) fn away(error: Error) -> Unavailable {
    Unavailable::Away(error.to_string())
}
