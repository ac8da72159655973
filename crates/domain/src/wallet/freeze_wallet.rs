//! A wallet is frozen: nothing leaves it from now on. Its owner does it in an emergency, which also
//! ends all sessions; an operator does it for risk or by order.

use super::freeze::{Freeze, freeze_keys, freezes_in_force};
use super::wallet_row::{FreezeKind, Wallet, WalletState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{UserId, WalletId};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::User;

/// Who freezes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrozenBy {
    /// The wallet's owner.
    Owner(UserId),
    /// A risk rule or officer of the operator.
    Operator {
        /// Who it was.
        name: String,
        /// For risk, or by order of an authority; never in the owner's stead.
        kind: OperatorFreeze,
        /// Why.
        reason: String,
    },
}

/// The freezes that are the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorFreeze {
    /// A risk rule.
    Risk,
    /// An authority's order.
    Judicial,
}

impl OperatorFreeze {
    /// The kind of freeze.
    pub const fn kind(self) -> FreezeKind {
        match self {
            Self::Risk => FreezeKind::Risk,
            Self::Judicial => FreezeKind::Judicial,
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct FreezeWallet {
    /// The wallet.
    pub wallet: WalletId,
    /// Who freezes it.
    pub by: FrozenBy,
    /// The caller's key.
    pub once: Once,
}

/// Why a wallet is not frozen, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeWalletRefusal {
    /// There is none, or it is not the caller's.
    WalletNotFound,
    /// It is closed.
    Closed,
    /// It is frozen in this way already, or, for its owner, in any way.
    Already,
}

impl Refusal for FreezeWalletRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::Closed => Code::AccountStatusAbnormal,
            Self::Already => Code::FreezeAlready,
        }
    }
}

impl Command for FreezeWallet {
    type Done = WalletId;
    type Refusal = FreezeWalletRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        match &self.by {
            FrozenBy::Owner(user) => user.to_string(),
            FrozenBy::Operator { name, .. } => name.clone(),
        }
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<WalletId, Stop<FreezeWalletRefusal>> {
        tx.want(freeze_keys(self.wallet).chain([RowKey::of::<Wallet>(&self.wallet)]))?;
        let wallet = tx
            .find::<Wallet>(&self.wallet)?
            .filter(|wallet| match &self.by {
                FrozenBy::Owner(user) => wallet.user == *user,
                FrozenBy::Operator { .. } => true,
            })
            .ok_or(FreezeWalletRefusal::WalletNotFound)?;
        if wallet.state == WalletState::Closed {
            return Err(FreezeWalletRefusal::Closed.into());
        }
        let in_force = freezes_in_force(tx, self.wallet)?;
        let (kind, frozen_by, reason) = match &self.by {
            FrozenBy::Owner(user) => (FreezeKind::User, user.to_string(), String::new()),
            FrozenBy::Operator { name, kind, reason } => {
                (kind.kind(), name.clone(), reason.clone())
            }
        };
        if in_force.iter().any(|freeze| freeze.kind == kind || kind == FreezeKind::User) {
            return Err(FreezeWalletRefusal::Already.into());
        }
        if kind == FreezeKind::User {
            let user = tx.get::<User>(&wallet.user)?;
            tx.put(User { session_epoch: user.session_epoch + 1, ..user });
        }
        tx.put(Freeze {
            wallet: self.wallet,
            kind,
            frozen_by,
            reason,
            frozen_at: tx.now(),
            lifted_by: String::new(),
            lifted_at: None,
        });
        tx.put(wallet.frozen(kind));
        Ok(self.wallet)
    }
}
