//! Messages that the bank sends on its own: proven to be the bank's, then recorded like any answer.

use crate::jobs::{MovementId, in_our_words, recording};
use crate::shell::Shell;
use domain::card::{BankAnswer, BankOperation};
use domain::order::CardPayment;
use domain::refund::{RecordRefundPayout, RefundPayout};
use domain::top_up::{RecordTopUp, TopUp};
use domain::withdrawal::{RecordWithdrawal, Withdrawal};
use engine::Engine;
use kernel::keys::KeyRing;
use kernel::{Amount, SecretString};
use providers::bank::{BankCallback, CallbackRefused, open_callback};
use std::sync::Arc;
use store::queries::find;
use store::{Queries, QueryError};

/// Why a message of the bank was not taken. The bank sends it again.
#[derive(Debug, thiserror::Error)]
pub enum CallbackFailed {
    /// It is not proven to be the bank's, or says nothing.
    #[error(transparent)]
    Refused(#[from] CallbackRefused),
    /// It speaks of a movement that we know nothing of, or of another amount.
    #[error("no such movement")]
    Unknown,
    /// It could not be recorded now.
    #[error("not recorded now")]
    Unavailable,
}

impl From<QueryError> for CallbackFailed {
    fn from(error: QueryError) -> Self {
        tracing::warn!(%error, "a message of the bank cannot be matched now");
        Self::Unavailable
    }
}

/// Takes the bank's messages.
#[derive(Clone)]
pub struct BankCallbacks {
    /// Where answers are recorded.
    pub engine: Engine,
    /// Where the movement is looked up.
    pub queries: Arc<dyn Queries>,
    /// Protocol time, for the message's age.
    pub shell: Arc<dyn Shell>,
    /// Under which payers have names for merchants.
    pub keys: Arc<KeyRing>,
    /// What the bank signs with.
    pub secret: SecretString,
}

impl BankCallbacks {
    /// Checks and records a message. `timestamp` and `signature` are the headers `bank-timestamp`
    /// and `bank-signature`, empty when absent. Taking one twice is harmless.
    ///
    /// # Errors
    /// When it is not the bank's, matches no movement, or cannot be recorded now.
    pub async fn take(
        &self,
        timestamp: &str,
        signature: &str,
        body: &[u8],
    ) -> Result<(), CallbackFailed> {
        let now = self.shell.now().seconds();
        let taken = match open_callback(&self.secret, timestamp, signature, body, now) {
            Ok(callback) => self.record(callback).await,
            Err(refused) => Err(refused.into()),
        };
        let outcome = match &taken {
            Ok(()) => "recorded",
            Err(CallbackFailed::Refused(_)) => "refused",
            Err(CallbackFailed::Unknown) => "unknown",
            Err(CallbackFailed::Unavailable) => "unavailable",
        };
        metrics::counter!("jiaozi_bank_callbacks_total", "outcome" => outcome).increment(1);
        taken
    }

    async fn record(&self, callback: BankCallback) -> Result<(), CallbackFailed> {
        let BankCallback { direction, request_id, amount, answer } = callback;
        let queries = self.queries.as_ref();
        let done = match MovementId::parse(direction, &request_id) {
            None => return Err(CallbackFailed::Unknown),
            Some(MovementId::TopUp(top_up)) => {
                let row = find::<TopUp>(queries, &top_up).await?;
                check_amount(row.map(|row| row.amount), amount, &request_id)?;
                let answer = in_our_words(answer, BankOperation::Debit);
                self.engine.run(RecordTopUp { top_up, answer: told(answer)? }).await.is_ok()
            }
            Some(MovementId::Withdrawal(withdrawal)) => {
                let row = find::<Withdrawal>(queries, &withdrawal).await?;
                check_amount(row.map(|row| row.amount), amount, &request_id)?;
                let answer = in_our_words(answer, BankOperation::Credit);
                let answer = told(answer)?;
                self.engine.run(RecordWithdrawal { withdrawal, answer }).await.is_ok()
            }
            Some(MovementId::CardPayment(payment)) => {
                let row = find::<CardPayment>(queries, &payment).await?;
                check_amount(row.map(|row| row.amount), amount, &request_id)?;
                let answer = told(in_our_words(answer, BankOperation::Payment))?;
                let now = self.engine.position().borrow().now;
                let command = recording(self.shell.as_ref(), &self.keys, now, payment, answer);
                self.engine.run(command).await.is_ok()
            }
            Some(MovementId::RefundPayout(payout)) => {
                let row = find::<RefundPayout>(queries, &payout).await?;
                check_amount(row.map(|row| row.amount), amount, &request_id)?;
                let answer = told(in_our_words(answer, BankOperation::Refund))?;
                self.engine.run(RecordRefundPayout { payout, answer }).await.is_ok()
            }
        };
        if done { Ok(()) } else { Err(CallbackFailed::Unavailable) }
    }
}

/// A message that says nothing clear must not put a question off.
fn told(answer: BankAnswer) -> Result<BankAnswer, CallbackFailed> {
    match answer {
        BankAnswer::Unknown | BankAnswer::NotSeen => Err(CallbackRefused::Body.into()),
        told => Ok(told),
    }
}

/// A cent off is never booked: somebody has to look.
fn check_amount(
    ours: Option<Amount>,
    theirs: Amount,
    id: &providers::RequestId,
) -> Result<(), CallbackFailed> {
    match ours {
        Some(ours) if ours == theirs => Ok(()),
        Some(_) => {
            tracing::error!(%id, "the bank speaks of another amount than ours");
            Err(CallbackFailed::Unknown)
        }
        None => Err(CallbackFailed::Unknown),
    }
}
