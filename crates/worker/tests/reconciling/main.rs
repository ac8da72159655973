//! The worker against a real engine and database, scripted providers, and merchants on local ports.
//! Business time moves through the engine; nothing waits for real time to pass but to give up.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

mod cards;
mod delivery;
mod merchant;
mod money;
mod payouts;
mod people;
mod schedule;
mod stage;
mod till;
mod timers;
