//! What a payer says about a complaint in one go: with pictures of its own, and so often a day.

use super::Said;
use super::shown_picture::{Shower, are_own};
use super::usage::{ComplaintUsage, wait_until};
use crate::catalogue::{Code, Params};
use crate::command::{Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;
use kernel::Timestamp;

/// Why a payer may not say it, in order of the checks. Commands whose payer says something include
/// these, as their last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayerWordsRefusal {
    /// The payer has uploaded no such picture.
    ImageUnknown,
    /// The payer has said too much about complaints today.
    TooMany {
        /// From when on more is taken.
        until: Timestamp,
    },
}

impl Refusal for PayerWordsRefusal {
    fn code(&self) -> Code {
        match self {
            Self::ImageUnknown => Code::ObjectNotFound,
            Self::TooMany { .. } => Code::RateLimited,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::ImageUnknown => Params::default(),
            Self::TooMany { until } => wait_until(*until),
        }
    }
}

/// The words, checked and counted.
pub(super) fn say(
    tx: &mut Tx<'_>,
    user: UserId,
    words: &str,
    images: &[String],
) -> Result<Said, Stop<PayerWordsRefusal>> {
    if !are_own(tx, Shower::Payer(user), images)? {
        return Err(PayerWordsRefusal::ImageUnknown.into());
    }
    match ComplaintUsage::count_word(tx, user)? {
        Some(until) => Err(PayerWordsRefusal::TooMany { until }.into()),
        None => Ok(Said::words(words, images)),
    }
}
