//! Movements of money that a bank reported, each once. A bank may report one twice, late, under
//! another reference, or take it back; what nobody asked for waits in suspense for an officer.

use crate::command::Halt;
use crate::ledger::{AccountNumber, JournalKind, Posting, Subject};
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::{Amount, Timestamp};

text_enum!(
    /// What became of a reported movement.
    MovementState {
        /// The money moved.
        Done = "DONE",
        /// It went back where it came from.
        Returned = "RETURNED",
    }
);

/// One movement of money at a bank. The reference is the bank's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankMovement {
    /// The top-up, withdrawal, card payment or payout of a refund it belongs to, as in journals.
    pub subject: String,
    /// The bank's reference.
    pub bank_ref: String,
    /// What became of it.
    pub state: MovementState,
    /// How much moved.
    pub amount: Amount,
    /// The journal that carried it, 0 when none did.
    pub journal: i64,
    /// When it was reported first.
    pub reported_at: Timestamp,
}

record!(BankMovement, "bank_movement", Kept, subject: String, bank_ref: String);

/// What a bank reports about one reference of one subject.
pub(crate) struct Report<'a> {
    pub subject: &'a Subject,
    pub bank_ref: &'a str,
    pub amount: Amount,
}

/// What a report of a return means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Return {
    /// It was known.
    Known,
    /// The movement was never heard of, so it never counted.
    Unheard,
    /// The movement counted; a journal carried it if the number is above 0.
    Undoes {
        /// The journal.
        journal: i64,
    },
}

impl Report<'_> {
    /// Whether a report that the money moved says something new.
    pub fn is_new(&self, tx: &mut Tx<'_>) -> Result<bool, Halt> {
        Ok(tx.find::<BankMovement>(&self.key())?.is_none())
    }

    /// Keeps a movement and the journal that carried it.
    pub fn keep_done(&self, tx: &mut Tx<'_>, journal: i64) {
        let reported_at = tx.now();
        self.keep(tx, MovementState::Done, journal, reported_at);
    }

    /// Keeps a return and says what it means.
    pub fn keep_returned(&self, tx: &mut Tx<'_>) -> Result<Return, Halt> {
        Ok(match tx.find::<BankMovement>(&self.key())? {
            None => {
                let reported_at = tx.now();
                self.keep(tx, MovementState::Returned, 0, reported_at);
                Return::Unheard
            }
            Some(known) => match known.state {
                MovementState::Returned => Return::Known,
                MovementState::Done => {
                    self.keep(tx, MovementState::Returned, known.journal, known.reported_at);
                    Return::Undoes { journal: known.journal }
                }
            },
        })
    }

    fn keep(&self, tx: &mut Tx<'_>, state: MovementState, journal: i64, reported_at: Timestamp) {
        let (subject, bank_ref) = self.key();
        tx.put(BankMovement {
            subject,
            bank_ref,
            state,
            amount: self.amount,
            journal,
            reported_at,
        });
    }

    /// The key of its row.
    pub fn key(&self) -> (String, String) {
        (self.subject.as_str().to_owned(), self.bank_ref.to_owned())
    }
}

/// Moves `minor` (either sign, in the subject's currency) from the bank's account to suspense and
/// gives the journal. 0: our account at the bank does not hold what the bank claims to have paid
/// out; then nothing is posted, and the kept movement without a journal shows it.
pub(crate) fn suspend(
    tx: &mut Tx<'_>,
    subject: &Subject,
    amount: Amount,
    minor: i64,
) -> Result<i64, Halt> {
    let system = tx.rules().system;
    let legs = [(system.bank, -minor), (system.suspense, minor)];
    let kind = JournalKind::Suspense;
    let posting = Posting::balanced(kind, subject.clone(), amount.currency(), legs)?;
    Ok(tx.post(posting)?.unwrap_or(0))
}

/// The bank has paid out what waited: posts `legs` against our account at the bank. If that does
/// not hold the amount (after the bank paid something out twice), suspense answers for it. Gives
/// the journal, and what suspense answers for in fen.
pub(crate) fn pay_out(
    tx: &mut Tx<'_>,
    kind: JournalKind,
    subject: &Subject,
    amount: Amount,
    legs: &[(AccountNumber, i64)],
) -> Result<(i64, i64), Halt> {
    let system = tx.rules().system;
    for (payer, suspended) in [(system.bank, 0), (system.suspense, amount.minor())] {
        let legs = legs.iter().copied().chain([(payer, amount.minor())]);
        let posting = Posting::balanced(kind, subject.clone(), amount.currency(), legs)?;
        match tx.post(posting)? {
            Ok(journal) => return Ok((journal, suspended)),
            Err(short) if short.account == system.bank => {}
            Err(short) => {
                let what = format!("account {} is short for {}", short.account, subject.as_str());
                return Err(Halt::Defect(what));
            }
        }
    }
    Err(Halt::Defect(format!("{} cannot be settled", subject.as_str())))
}
