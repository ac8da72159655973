//! What the engine promises, tried on the store in memory with faults, rivals and a hand-moved
//! clock.

mod acts;
mod audit;
mod bounds;
mod conflicts;
mod equivalence;
mod handle;
mod once;
mod unknown;
mod world;
