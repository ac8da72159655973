//! A call that is not answered with what was asked for.

use super::Face;
use apiv3::code::Code;
use apiv3::error::{ApiError, FieldError};
use domain::Command;
use engine::{Failed, Failure};
use store::QueryError;

/// How often a command is run again when a number drawn for it was taken.
const DRAWS: usize = 3;

/// An error of the protocol and what the listener must know about it.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) error: ApiError,
    /// Nobody known sent it, so the address has to answer for it.
    pub(super) stranger: bool,
    /// The merchant that sent it called too often.
    pub(super) over_rate: bool,
    /// When to come back, in seconds.
    pub(super) retry_after_s: Option<u64>,
}

impl Fault {
    /// A fault of a request that is not authenticated.
    pub(super) fn of_stranger(error: impl Into<ApiError>) -> Self {
        Self { stranger: true, ..Self::from(error.into()) }
    }

    /// A defect of ours; the reader is told to query, the log says where.
    pub(super) fn defect(what: &str) -> Self {
        tracing::error!(what, "defect");
        Code::SystemError.into()
    }

    /// A call above its merchant's rate. The answer spells it as the product does.
    pub(super) fn over_rate(wait_s: u32) -> Self {
        let retry_after_s = Some(wait_s.into());
        Self { over_rate: true, retry_after_s, ..Code::FrequencyLimited.into() }
    }

    /// Whether the call was served and what is wrong is in it.
    pub(super) fn is_callers(&self) -> bool {
        !self.over_rate && (400..500).contains(&self.error.code.status())
    }

    fn busy(retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s.max(1)), ..Code::ServiceUnavailable.into() }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self { error, stranger: false, over_rate: false, retry_after_s: None }
    }
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        ApiError::new(code).into()
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Failed(_) => {
                tracing::warn!(%error, "a read failed");
                Self::busy(1)
            }
            QueryError::Corrupt(_) => Self::defect(&error.to_string()),
        }
    }
}

/// Runs a command, made anew while a number in it was taken.
pub(super) async fn run<C>(face: &Face, make: impl Fn() -> C) -> Result<C::Done, Fault>
where
    C: Command,
    ApiError: From<C::Refusal>,
{
    attempt(face, make).await?.map_err(|refusal| ApiError::from(refusal).into())
}

/// The same for who says refusals in other words.
pub(super) async fn attempt<C: Command>(
    face: &Face,
    make: impl Fn() -> C,
) -> Result<Result<C::Done, C::Refusal>, Fault> {
    attempt_keyed(face, make, |_| None).await
}

/// The same for a command with a key: `read` tells which refusal it is that the same request met
/// before, of which only what callers are told is stored.
pub(super) async fn attempt_keyed<C: Command>(
    face: &Face,
    make: impl Fn() -> C,
    read: impl Fn(&Failure) -> Option<C::Refusal>,
) -> Result<Result<C::Done, C::Refusal>, Fault> {
    for _ in 0..DRAWS {
        match face.app.engine.run(make()).await {
            Ok(done) => return Ok(Ok(done)),
            Err(Failed::Stale) => {}
            Err(Failed::Refused(refusal)) => return Ok(Err(refusal)),
            Err(Failed::Unknown | Failed::Defect) => return Err(Code::SystemError.into()),
            // Nothing was tried, so the same call may simply come again.
            Err(Failed::Busy { retry_after }) => return Err(Fault::busy(retry_after.as_secs())),
            Err(Failed::Replayed(failure)) => {
                return read(&failure).map(Err).ok_or_else(|| Fault::defect("a stored refusal"));
            }
            Err(Failed::KeyConflict) => return Err(Fault::defect("a key of two requests")),
        }
    }
    Err(Fault::busy(1))
}
