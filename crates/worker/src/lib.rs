//! The worker: everything that happens without somebody waiting for it. It meets obligations by
//! calling providers, lets time do its work, and notifies merchants.
//!
//! Workers are reconcilers. Their only input is the database, every provider call carries our own
//! id, and doing a thing twice is harmless; so nothing is written before a call, and a process that
//! dies in the middle is simply followed by another. No rule lives here: what an answer means is
//! decided by the command that records it.

mod callback;
mod delivery;
mod due;
mod egress;
mod follow;
mod jobs;
mod orders;
mod pulse;
mod runner;
mod shell;
mod slots;
mod worker;

pub use callback::{BankCallbacks, CallbackFailed};
pub use delivery::courier::{Attempt, Content, Courier, Flaw, Witness};
pub use jobs::Providers;
pub use shell::{Shell, SystemShell};
pub use worker::{Config, Deps, Worker};
