//! A user ends a session.

use super::session::Session;
use crate::command::{Command, Never, Once, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct LogOut {
    /// The user.
    pub user: UserId,
    /// SHA-256 of the session's token.
    pub token_hash: [u8; 32],
}

impl Command for LogOut {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        if tx.find::<Session>(&self.token_hash)?.is_some_and(|session| session.user == self.user) {
            tx.remove::<Session>(&self.token_hash);
        }
        Ok(())
    }
}
