//! A person enters the code that the card's issuer sent; the issuer is to check it.

use super::binding_row::{BindingState, CardBinding};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{CardBindingId, UserId};
use crate::job::{Job, JobKind};
use crate::tx::Tx;

/// See the module. Whether the code is right is known later; a wrong one can be followed by another
/// under another key.
#[derive(Clone, Debug)]
pub struct ConfirmCardBinding {
    /// The person.
    pub user: UserId,
    /// The binding.
    pub binding: CardBindingId,
    /// The code as entered, sealed.
    pub code: Vec<u8>,
    /// The caller's key.
    pub once: Once,
}

/// Why a code was not taken, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmCardBindingRefusal {
    /// The binding is not the caller's.
    NotFound,
    /// The card is bound.
    AlreadyBound,
    /// The binding failed.
    Failed(Code),
    /// Its time is over.
    Expired,
    /// The issuer has not sent a code yet.
    NoCodeSent,
    /// The issuer is looking at another code.
    CodeGiven,
}

impl Refusal for ConfirmCardBindingRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::AlreadyBound => Code::CardAlreadyBound,
            Self::Failed(code) => *code,
            Self::Expired => Code::BindSessionExpired,
            Self::NoCodeSent => Code::OtpChallengeMismatch,
            Self::CodeGiven => Code::OtpUsed,
        }
    }
}

impl Command for ConfirmCardBinding {
    type Done = CardBindingId;
    type Refusal = ConfirmCardBindingRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<CardBindingId, Stop<ConfirmCardBindingRefusal>> {
        let binding = tx.find::<CardBinding>(&self.binding)?;
        let mut binding = binding
            .filter(|binding| binding.user == self.user)
            .ok_or(ConfirmCardBindingRefusal::NotFound)?;
        match binding.state {
            BindingState::Bound => return Err(ConfirmCardBindingRefusal::AlreadyBound.into()),
            BindingState::Failed => {
                let code = binding.failure.unwrap_or(Code::BindSessionExpired);
                return Err(ConfirmCardBindingRefusal::Failed(code).into());
            }
            BindingState::IssuerCheck | BindingState::OtpSent | BindingState::Confirming => {}
        }
        if binding.expires_at <= tx.now() {
            return Err(ConfirmCardBindingRefusal::Expired.into());
        }
        match binding.state {
            BindingState::IssuerCheck => Err(ConfirmCardBindingRefusal::NoCodeSent.into()),
            BindingState::Confirming => Err(ConfirmCardBindingRefusal::CodeGiven.into()),
            BindingState::OtpSent | BindingState::Bound | BindingState::Failed => {
                binding.state = BindingState::Confirming;
                binding.code = Some(self.code.clone());
                binding.confirmations += 1;
                binding.prolong(tx);
                tx.schedule(Job::new(JobKind::ConfirmCard, self.binding, tx.now()));
                tx.put(binding);
                Ok(self.binding)
            }
        }
    }
}
