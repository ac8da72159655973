//! The bank answers that a token is of no use any more; then it is erased.

use super::bank_answer::{ask_again, close_job};
use super::card_row::{Card, CardState};
use crate::command::{Command, Never, Once, Stop};
use crate::ids::CardId;
use crate::job::JobKind;
use crate::tx::Tx;

/// What the bank says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationAnswer {
    /// The token is of no use any more, or the bank never knew it.
    Revoked,
    /// Nothing clear.
    Unknown,
}

/// See the module. About a card that is in use it changes nothing.
#[derive(Clone, Debug)]
pub struct RecordTokenRevoked {
    /// The card.
    pub card: CardId,
    /// The answer.
    pub answer: RevocationAnswer,
}

impl Command for RecordTokenRevoked {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let card = tx.get::<Card>(&self.card)?;
        if card.state != CardState::Unbound || card.token.is_none() {
            return Ok(());
        }
        match self.answer {
            RevocationAnswer::Revoked => {
                close_job(tx, JobKind::RevokeCardToken, self.card.to_string())?;
                tx.put(Card { token: None, ..card });
            }
            RevocationAnswer::Unknown => {
                ask_again(tx, JobKind::RevokeCardToken, self.card.to_string())?;
            }
        }
        Ok(())
    }
}
