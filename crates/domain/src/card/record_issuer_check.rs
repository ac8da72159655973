//! The issuer answers whether card and holder belong together.

use super::bank_answer::{BankDecline, ask_again, close_job};
use super::binding_fails::{Ended, fails_keys};
use super::binding_row::{BindingState, CardBinding};
use crate::catalogue::Code;
use crate::command::{Command, Never, Once, Stop};
use crate::ids::CardBindingId;
use crate::job::JobKind;
use crate::tx::Tx;

/// What the issuer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerAnswer {
    /// Yes; it has sent its code to the phone it knows.
    CodeSent,
    /// No.
    Declined(BankDecline),
    /// Nothing clear.
    Unknown,
}

/// See the module. An answer to a binding that has gone on, or ended, changes nothing.
#[derive(Clone, Debug)]
pub struct RecordIssuerCheck {
    /// The binding.
    pub binding: CardBindingId,
    /// The answer.
    pub answer: IssuerAnswer,
}

impl Command for RecordIssuerCheck {
    /// Where the binding stands.
    type Done = BindingState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<BindingState, Stop<Never>> {
        let mut binding = tx.get::<CardBinding>(&self.binding)?;
        if binding.state != BindingState::IssuerCheck {
            return Ok(binding.state);
        }
        tx.want(binding.job_keys().into_iter().chain(fails_keys(&binding)))?;
        match self.answer {
            IssuerAnswer::CodeSent => {
                binding.secrets = None;
                binding.state = BindingState::OtpSent;
                binding.prolong(tx);
                close_job(tx, JobKind::CheckCard, self.binding.to_string())?;
                tx.put(binding);
                Ok(BindingState::OtpSent)
            }
            IssuerAnswer::Declined(why) => {
                // A bank that is down says nothing about the card, so nobody is blamed for it.
                let is_down = why.code() == Code::CardIssuerUnavailable;
                let counts = if is_down { Ended::Well } else { Ended::Failed };
                Ok(binding.end(tx, Err(why.code()), counts)?)
            }
            IssuerAnswer::Unknown if binding.is_issuer_overdue(tx.now(), tx.rules()) => {
                Ok(binding.end(tx, Err(Code::CardIssuerUnavailable), Ended::Well)?)
            }
            IssuerAnswer::Unknown => {
                ask_again(tx, JobKind::CheckCard, self.binding.to_string())?;
                Ok(BindingState::IssuerCheck)
            }
        }
    }
}
