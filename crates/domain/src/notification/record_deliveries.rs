//! What came of deliveries that failed, or that had failed before.

use super::{Retry, RetryState, wait_after};
use crate::catalogue::Code;
use crate::command::{Command, Never, Once, Refusal, Stop};
use crate::fact::{FactKind, slot_of};
use crate::tx::Tx;
use kernel::time::SECOND;

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// The batch of the fact.
    pub batch: i64,
    /// The place of the fact.
    pub place: i64,
    /// The merchant.
    pub mchid: String,
    /// What was told, which decides how often it is tried.
    pub kind: FactKind,
    /// Which attempt it was, from 1: an attempt told twice counts once.
    pub attempt: i64,
    /// `None` when it was acknowledged, otherwise how it failed.
    pub error: Option<String>,
}

/// See the module. At most 256 at a time.
#[derive(Clone, Debug)]
pub struct RecordDeliveries {
    /// The attempts.
    pub attempts: Vec<Attempted>,
}

impl Command for RecordDeliveries {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "delivery".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let keys = self.attempts.iter().map(|one| (one.batch, one.place));
        tx.want(keys.map(|key| crate::record::RowKey::of::<Retry>(&key)))?;
        for attempted in &self.attempts {
            let key = (attempted.batch, attempted.place);
            let before = tx.find::<Retry>(&key)?;
            let tried = before.as_ref().map_or(0, |retry| retry.attempts);
            let Some(error) = &attempted.error else {
                if before.is_some() {
                    tx.remove::<Retry>(&key);
                }
                continue;
            };
            if attempted.attempt <= tried {
                continue;
            }
            tx.put(failed(attempted, error, tx));
        }
        Ok(())
    }
}

fn failed(attempted: &Attempted, error: &str, tx: &Tx<'_>) -> Retry {
    let wait = wait_after(attempted.kind, attempted.attempt);
    Retry {
        batch: attempted.batch,
        place: attempted.place,
        mchid: attempted.mchid.clone(),
        slot: slot_of(&attempted.mchid),
        attempts: attempted.attempt,
        due_at: tx.now().plus(wait.unwrap_or(0).saturating_mul(SECOND)),
        state: if wait.is_some() { RetryState::Waiting } else { RetryState::Dead },
        last_error: error.to_owned(),
    }
}

/// An operator or developer has a given-up notification sent again.
#[derive(Clone, Debug)]
pub struct ResendNotification {
    /// The batch of the fact.
    pub batch: i64,
    /// The place of the fact.
    pub place: i64,
}

/// Why it is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendRefusal {
    /// No notification of that fact waits.
    NotFound,
}

impl Refusal for ResendRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
        }
    }
}

impl Command for ResendNotification {
    type Done = ();
    type Refusal = ResendRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ResendRefusal>> {
        let key = (self.batch, self.place);
        let mut retry = tx.find::<Retry>(&key)?.ok_or(ResendRefusal::NotFound)?;
        retry.state = RetryState::Waiting;
        retry.attempts = 0;
        retry.due_at = tx.now();
        tx.put(retry);
        Ok(())
    }
}
