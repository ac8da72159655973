//! How a command can end other than done, and what of it a caller is told.

use domain::Refusal;
use domain::catalogue::{Code, Params};
use std::borrow::Cow;
use std::time::Duration;

/// What is told to a caller: an entry of the catalogue with what fills its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The catalogue's entry.
    pub code: Code,
    /// What its texts are filled with.
    pub params: Params,
    /// The field of the request at fault, as a JSON Pointer.
    pub field: Option<Cow<'static, str>>,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, params: Params::default(), field: None }
    }
}

impl Failure {
    /// What a refusal tells.
    pub fn of(refusal: &impl Refusal) -> Self {
        let field = refusal.field().map(Cow::Borrowed);
        Self { code: refusal.code(), params: refusal.params(), field }
    }
}

/// A command that was not done.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed<R> {
    /// The command said no.
    Refused(R),
    /// The command said no when the same request came before, under the same key.
    Replayed(Failure),
    /// The key was used for another request.
    KeyConflict,
    /// A key that the edge resolved beforehand no longer holds: resolve again, bounded.
    Stale,
    /// Nobody knows whether it happened.
    Unknown,
    /// Nothing was tried: the queue is full, or the engine is not ready.
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
    /// Our own fault; it is logged where it happened.
    Defect,
}

impl<R: Refusal> Failed<R> {
    /// What the caller is told.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Refused(refusal) => Failure::of(refusal),
            Self::Replayed(failure) => failure.clone(),
            Self::KeyConflict => Code::IdempotencyConflict.into(),
            Self::Stale | Self::Busy { .. } => Code::SystemBusy.into(),
            Self::Unknown => Code::ResultUnknown.into(),
            Self::Defect => Code::SystemError.into(),
        }
    }
}

impl<R> Failed<R> {
    /// A short word for metrics.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Replayed(_) => "replayed",
            Self::KeyConflict => "key_conflict",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Busy { .. } => "busy",
            Self::Defect => "defect",
        }
    }
}
