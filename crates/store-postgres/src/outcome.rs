//! What an error of PostgreSQL says about a commit.

use std::error::Error as _;
use store::{Commit, Unavailable};
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// The outcome of a transaction in which the server refused a statement before COMMIT: it can only
/// be rolled back, so it is certain that nothing was written.
pub(crate) fn of_statement(error: &DbError) -> Commit {
    let code = error.code();
    if [SqlState::DIVISION_BY_ZERO, SqlState::UNIQUE_VIOLATION].contains(code) {
        // The guard counted other rows than were decided on, or a row is there that was decided to
        // be absent: the decision is stale, the values are not wrong.
        return Commit::Conflict;
    }
    let is_of_data = code.code().starts_with("22") || code.code().starts_with("23");
    // The last one is a key that is too long to be indexed.
    if is_of_data || *code == SqlState::PROGRAM_LIMIT_EXCEEDED {
        return Commit::Data(told(error));
    }
    Commit::Unavailable(told(error))
}

/// What a failed read is.
pub(crate) fn away(error: Error) -> Unavailable {
    Unavailable::Away(describe(&error))
}

/// The whole reason. The library's own text leaves out what the server said.
pub(crate) fn describe(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return told(error);
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Without the details, which repeat values.
fn told(error: &DbError) -> String {
    format!("{} ({})", error.message(), error.code().code())
}
