//! A session is used: its idle time begins again. Written at most once a day, so that using the
//! wallet does not write.

use super::person::User;
use super::session::Session;
use crate::command::{Command, Never, Once, Stop};
use crate::ids::UserId;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::time::DAY;

/// See the module.
#[derive(Clone, Debug)]
pub struct TouchSession {
    /// The user.
    pub user: UserId,
    /// SHA-256 of the session's token.
    pub token_hash: [u8; 32],
}

impl TouchSession {
    /// Whether the command would write, so that the edge need not send it otherwise.
    pub fn is_due(session: &Session, now: Timestamp) -> bool {
        now.since(session.seen_at) >= DAY
    }
}

impl Command for TouchSession {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        tx.want([RowKey::of::<Session>(&self.token_hash), RowKey::of::<User>(&self.user)])?;
        let (now, rules) = (tx.now(), tx.rules());
        let user = tx.get::<User>(&self.user)?;
        if let Some(session) = tx.find::<Session>(&self.token_hash)?
            && session.is_live(&user, now, rules)
            && Self::is_due(&session, now)
        {
            tx.put(Session { seen_at: now, ..session });
        }
        Ok(())
    }
}
