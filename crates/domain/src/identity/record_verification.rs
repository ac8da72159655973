//! The identity authority answered, or did not.

use super::verification::{RejectReason, Verification, VerificationState};
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ids::{IdentityId, VerificationId};
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{AttemptPurpose, Attempts, Channel, Identity, IdentityByDocument, Wallet};
use kernel::time::{DAY, SECOND};

/// What the authority said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityAnswer {
    /// Name and number belong together.
    Match {
        /// Whether the phone is the person's too.
        phone: bool,
    },
    /// They do not.
    Mismatch,
    /// The document is no longer valid.
    Expired,
    /// It is still looking, down, or not clear; it is asked again.
    Unavailable,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct RecordVerification {
    /// The verification.
    pub verification: VerificationId,
    /// What the authority said.
    pub answer: AuthorityAnswer,
    /// A new id, drawn by the worker, for a person who is not known yet.
    pub identity: IdentityId,
}

impl Command for RecordVerification {
    type Done = VerificationState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<VerificationState, Stop<Never>> {
        let job_key = (JobKind::CheckIdentity, self.verification.to_string());
        tx.want([RowKey::of::<Verification>(&self.verification), RowKey::of::<Job>(&job_key)])?;
        let verification = tx.get::<Verification>(&self.verification)?;
        let Some(job) = tx.find::<Job>(&job_key)? else {
            return Ok(verification.state);
        };
        let reason = match self.answer {
            AuthorityAnswer::Match { phone } => self.accept(tx, &verification, phone)?,
            AuthorityAnswer::Mismatch => Some(RejectReason::InfoMismatch),
            AuthorityAnswer::Expired => Some(RejectReason::DocumentExpired),
            AuthorityAnswer::Unavailable => {
                let wait = retry_after(tx, job.attempts);
                let again = job.again(tx.now(), wait);
                tx.schedule(again);
                return Ok(verification.state);
            }
        };
        if let Some(RejectReason::InfoMismatch | RejectReason::DocumentExpired) = reason {
            count(tx, &verification)?;
        }
        tx.remove::<Job>(&job_key);
        let decided = verification.decided(reason, tx.now());
        let state = decided.state;
        tx.put(decided);
        Ok(state)
    }
}

impl RecordVerification {
    /// Joins wallet and person, or says why it cannot be.
    fn accept(
        &self,
        tx: &mut Tx<'_>,
        verification: &Verification,
        phone: bool,
    ) -> Result<Option<RejectReason>, Halt> {
        tx.want([
            RowKey::of::<Wallet>(&verification.wallet),
            RowKey::of::<IdentityByDocument>(&verification.document_index),
        ])?;
        let wallet = tx.get::<Wallet>(&verification.wallet)?;
        let document_index = verification.document_index;
        let known = tx.find::<IdentityByDocument>(&document_index)?;
        let mut person = match &known {
            Some(known) => tx.get::<Identity>(&known.identity)?,
            None => self.new_person(tx, verification),
        };
        match wallet.identity {
            Some(same) if same == person.id => {}
            Some(other) => {
                let what = format!("wallet {} has the identity {other} already", wallet.id);
                return Err(Halt::Defect(what));
            }
            None if person.wallets >= tx.rules().identity_wallets_max => {
                return Ok(Some(RejectReason::TooManyWallets));
            }
            None => {
                person.wallets += 1;
                let identity = Some(person.id);
                tx.put(Wallet { identity, ..wallet }.opened_if_complete());
            }
        }
        if known.is_none() {
            tx.put(IdentityByDocument { document_index, identity: person.id });
        }
        let person = person.with(Channel::Document);
        tx.put(if phone { person.with(Channel::Phone) } else { person });
        Ok(None)
    }

    fn new_person(&self, tx: &Tx<'_>, verification: &Verification) -> Identity {
        Identity {
            id: self.identity,
            document: verification.document,
            document_index: verification.document_index,
            name: verification.name.clone(),
            number: verification.number.clone(),
            channels: 0,
            card_bank: String::new(),
            wallets: 0,
            verified_at: tx.now(),
        }
    }
}

/// Counts a rejected submission of a wallet.
fn count(tx: &mut Tx<'_>, verification: &Verification) -> Result<(), Halt> {
    let key = (verification.wallet.to_string(), AttemptPurpose::Identity);
    let rejected = tx.find::<Attempts>(&key)?.unwrap_or_else(|| Attempts::none(key.0, key.1));
    let (now, rules) = (tx.now(), tx.rules());
    tx.mark(rejected.after_wrong_within(
        now,
        DAY,
        rules.identity_fails_day,
        rules.identity_block_s,
    ));
    Ok(())
}

/// Microseconds until the authority is asked again: twice as long each time, up to a bound.
fn retry_after(tx: &Tx<'_>, attempts: i64) -> i64 {
    let rules = tx.rules();
    let doublings = attempts.clamp(0, 20);
    rules
        .bank_query_s
        .saturating_mul(1 << doublings)
        .min(rules.bank_query_max_s)
        .saturating_mul(SECOND)
}
