//! What tests do beside the product's commands, in a command of their own.

use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ledger::{AccountNumber, JournalKind, Posting, Subject};
use crate::tx::Tx;
use kernel::Currency;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Changes rows as a test wants it. What it gives back is the command's answer.
#[derive(Clone, Copy)]
pub struct Plant<F>(pub F);

impl<F, T> Command for Plant<F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, Halt> + Send + 'static,
    T: Clone + Debug + PartialEq + Send + Serialize + DeserializeOwned + 'static,
{
    type Done = T;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "test".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<T, Stop<Never>> {
        Ok((self.0)(tx)?)
    }
}

/// Moves money between two accounts, in fen, for reasons of a test.
pub fn transfer(
    tx: &mut Tx<'_>,
    from: AccountNumber,
    to: AccountNumber,
    fen: i64,
) -> Result<(), Halt> {
    let subject = Subject::new("top_up", "test");
    let legs = [(from, -fen), (to, fen)];
    let posting = Posting::balanced(JournalKind::TopUp, subject, Currency::Cny, legs)?;
    tx.post(posting)?.map(|_| ()).map_err(|short| Halt::Defect(format!("{short:?}")))
}
