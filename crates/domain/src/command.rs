//! What a change to the wallet is: a command with one pure function, and the ways it can end.

use crate::catalogue::{Code, Params};
use crate::record::RowKey;
use crate::tx::Tx;
use std::fmt::Debug;

/// One change to the wallet.
pub trait Command: Send + 'static {
    /// Ids and a few numbers that the answer is made of. It is kept for repeats, so its fields are
    /// versioned like an interface: add, never rename.
    type Done: Clone
        + Debug
        + PartialEq
        + Send
        + serde::Serialize
        + serde::de::DeserializeOwned
        + 'static;
    /// The closed list of what this command refuses.
    type Refusal: Refusal;

    /// How repeating this command is made harmless.
    fn once(&self) -> Once;

    /// Decides who may ask at all. It comes before an answer that is kept under the caller's key is
    /// given again, and what it refuses is never kept. Pure, like [`Command::decide`].
    fn admit(&self, _tx: &mut Tx<'_>) -> Result<(), Stop<Self::Refusal>> {
        Ok(())
    }

    /// Decides. Pure: may run many times for one request, and only the last run counts.
    fn decide(&self, tx: &mut Tx<'_>) -> Result<Self::Done, Stop<Self::Refusal>>;

    /// A short name for metrics and logs.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>().rsplit("::").next().unwrap_or("command")
    }

    /// Whose share of the queue this command takes: a user, a merchant, a worker.
    fn owner(&self) -> String;
}

/// A command that only time brings about: a worker runs it when something is due, perhaps early,
/// late or again, and the rows themselves decide whether it is time. It refuses nothing.
pub trait Timer: Send + 'static {
    /// Does what is due, if it is.
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt>;
}

impl<T: Timer> Command for T {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "timer".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        Ok(self.come_due(tx)?)
    }
}

/// One refusal of one command. A refusal without an entry in the catalogue does not compile.
pub trait Refusal: Clone + Debug + PartialEq + Send + 'static {
    /// The catalogue's entry.
    fn code(&self) -> Code;

    /// What the texts of the entry need to be filled.
    fn params(&self) -> Params {
        Params::default()
    }

    /// The field of the request at fault, as a JSON Pointer.
    fn field(&self) -> Option<&'static str> {
        None
    }

    /// Whether it says that a secret was wrong. Such a refusal is not kept under its idempotency
    /// key: the right secret may follow. Its mark counts the try.
    fn is_about_secret(&self) -> bool {
        false
    }
}

/// The refusal of a command that refuses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Refusal for Never {
    fn code(&self) -> Code {
        match *self {}
    }
}

/// How a command happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Once {
    /// The caller's key: the outcome is kept and given again; other content under the key is
    /// refused.
    Key {
        /// Whose key it is (a user's or operator's id, a merchant's number).
        owner: String,
        /// The key, 16 to 64 characters.
        key: String,
        /// Keyed hash of the request without secrets and without ids made for it.
        fingerprint: [u8; 32],
    },
    /// A business number makes it happen once; `decide` knows the rule of re-entry.
    Business,
    /// The present state makes a repeat harmless.
    State,
}

/// Why `decide` left early.
#[derive(Debug, PartialEq)]
pub enum Stop<R> {
    /// A row is not loaded yet; it is noted, loaded, and the command decided again.
    Missing,
    /// A key that the edge resolved beforehand no longer holds; the edge resolves it again.
    Stale,
    /// Stored rows contradict each other, or our code is wrong: nothing is written.
    Defect(String),
    /// The command says no.
    Refused(R),
}

/// Why reading or posting could not be done now.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// Rows are not loaded yet.
    Missing,
    /// What the edge resolved no longer holds.
    Stale,
    /// Stored rows contradict each other, or our code is wrong.
    Defect(String),
}

impl Halt {
    /// A row that must exist does not.
    pub fn absent(key: &RowKey) -> Self {
        Self::Defect(format!("row {key:?} must exist"))
    }
}

impl<R> Stop<R> {
    /// The same for a command whose refusals include these.
    pub(crate) fn map<S>(self, as_own: impl FnOnce(R) -> S) -> Stop<S> {
        match self {
            Self::Missing => Stop::Missing,
            Self::Stale => Stop::Stale,
            Self::Defect(what) => Stop::Defect(what),
            Self::Refused(refusal) => Stop::Refused(as_own(refusal)),
        }
    }
}

impl<R> From<Halt> for Stop<R> {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Missing => Self::Missing,
            Halt::Stale => Self::Stale,
            Halt::Defect(what) => Self::Defect(what),
        }
    }
}

impl<R: Refusal> From<R> for Stop<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}
