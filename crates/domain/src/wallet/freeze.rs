//! Freezes in force: a wallet can be frozen by its owner, a risk rule and an officer at the same
//! time, and is frozen until the last of them is lifted.

use super::wallet_row::{FreezeKind, Wallet, WalletState};
use crate::command::Halt;
use crate::ids::WalletId;
use crate::record;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Timestamp;

/// One kind of freeze of a wallet: the one in force, or the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The wallet.
    pub wallet: WalletId,
    /// Which kind.
    pub kind: FreezeKind,
    /// Who froze it: a user's id or an operator's name.
    pub frozen_by: String,
    /// Why, in the operator's words; empty from an owner.
    pub reason: String,
    /// Since when.
    pub frozen_at: Timestamp,
    /// Who lifted it; empty while it is in force.
    pub lifted_by: String,
    /// When it was lifted.
    pub lifted_at: Option<Timestamp>,
}

record!(Freeze, "freeze", Kept, wallet: WalletId, kind: FreezeKind);

impl Freeze {
    /// Whether it is in force.
    pub fn is_in_force(&self) -> bool {
        self.lifted_at.is_none()
    }
}

/// The rows that [`freezes_in_force`] reads, for asking at once.
pub(super) fn freeze_keys(wallet: WalletId) -> impl Iterator<Item = RowKey> {
    FreezeKind::ALL.iter().map(move |kind| RowKey::of::<Freeze>(&(wallet, *kind)))
}

/// What is in force, from the weakest to the strongest.
pub(super) fn freezes_in_force(tx: &mut Tx<'_>, wallet: WalletId) -> Result<Vec<Freeze>, Halt> {
    tx.want(freeze_keys(wallet))?;
    let mut all = Vec::new();
    for kind in FreezeKind::ALL {
        all.extend(tx.find::<Freeze>(&(wallet, *kind))?.filter(Freeze::is_in_force));
    }
    Ok(all)
}

impl Wallet {
    /// Frozen by one more kind; the strongest shows.
    pub(super) fn frozen(self, kind: FreezeKind) -> Self {
        let before = self.before_freeze.unwrap_or(self.state);
        Self {
            state: WalletState::Frozen,
            freeze: self.freeze.max(Some(kind)),
            before_freeze: Some(before),
            ..self
        }
    }

    /// Frozen by `strongest` only from now on; by none: as it was before, or active if it was
    /// completed meanwhile.
    pub(super) fn frozen_by_only(self, strongest: Option<FreezeKind>) -> Self {
        let before = self.before_freeze.unwrap_or(self.state);
        match strongest {
            Some(_) => Self { freeze: strongest, ..self },
            None => {
                let (state, freeze, before_freeze) = (before, None, None);
                Self { state, freeze, before_freeze, ..self }.opened_if_complete()
            }
        }
    }
}
