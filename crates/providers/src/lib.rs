//! The outside world: banks, the SMS carrier, the identity authority.
//!
//! Each has a trait, a real client and a scripted fake, in a folder of its own. Nothing here knows
//! what a wallet is. Three rules hold for all of them: every call carries the caller's own id and
//! is safe to send again with it; whatever is not clearly a yes or a no is *unknown*; and that a
//! provider never saw a request is an answer of its own.

pub mod bank;
mod http;
pub mod identity;
mod request_id;
pub mod sms;

use std::future::Future;
use std::pin::Pin;

pub use http::{Connection, ConnectionError, SandboxClock};
pub use request_id::{RequestId, RequestIdError};

/// An answer on its way; boxed, so that a provider can stand behind `Arc<dyn _>`.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why an answer is unknown: the request may or may not have had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// No complete answer within the time limit.
    #[error("no answer in time")]
    TimedOut,
    /// The connection failed before, during or after the request.
    #[error("connection failed")]
    Connection,
    /// An HTTP status that carries no business answer.
    #[error("status {0}")]
    Status(u16),
    /// The answer is not what the protocol allows, or speaks of another request.
    #[error("unreadable answer")]
    Unreadable,
    /// The answer is longer than the cap.
    #[error("answer too large")]
    TooLarge,
}
