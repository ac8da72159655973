//! A binding that was left is given up, and what was entered is erased.

use super::binding_fails::{Ended, fails_keys};
use super::binding_row::{BindingState, CardBinding};
use crate::catalogue::Code;
use crate::command::{Command, Never, Once, Stop};
use crate::ids::CardBindingId;
use crate::tx::Tx;

/// See the module. Before its time, and after its end, it changes nothing.
#[derive(Clone, Debug)]
pub struct ExpireCardBinding {
    /// The binding.
    pub binding: CardBindingId,
}

impl Command for ExpireCardBinding {
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
        let binding = tx.get::<CardBinding>(&self.binding)?;
        if !binding.is_open() || binding.expires_at > tx.now() {
            return Ok(binding.state);
        }
        tx.want(binding.job_keys().into_iter().chain(fails_keys(&binding)))?;
        // Once a code was sent, leaving counts: otherwise a stranger's phone could be sent codes
        // without end.
        let counts = match binding.state {
            BindingState::OtpSent | BindingState::Confirming => Ended::Failed,
            BindingState::IssuerCheck | BindingState::Bound | BindingState::Failed => Ended::Well,
        };
        Ok(binding.end(tx, Err(Code::BindSessionExpired), counts)?)
    }
}
