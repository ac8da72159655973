//! Runs commands: takes everything that is waiting, loads the rows it needs, decides the commands
//! one after another in memory, commits all their changes as one batch, then answers.
//!
//! All batches of a book form one sequence, and a batch commits only directly after the batch its
//! rows were read at. So a decision is valid only if everything it read is still current, and a
//! batch equals its commands one at a time. An unknown outcome is settled by writing, never by
//! looking.
//!
//! Nothing here knows a business word: rows are (kind, key bytes), commands are `domain`'s trait.
//! The clock, random bytes and waiting are handed in through [`Shell`].

mod batch;
mod cache;
mod failed;
mod handle;
mod map;
mod metrics;
mod once;
mod queue;
mod rider;
mod settle;
mod shell;
mod thread;
mod turn;
mod writer;

#[cfg(test)]
mod tests;

pub use failed::{Failed, Failure};
pub use handle::{Engine, Position};
pub use metrics::Stats;
pub use shell::{Limits, Shell};
