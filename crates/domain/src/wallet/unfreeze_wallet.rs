//! A freeze is lifted: the owner lifts their own with the payment password, an operator lifts any.

use super::freeze::{Freeze, freeze_keys, freezes_in_force};
use super::password::{PasswordRefusal, PasswordTry, check_password, password_keys};
use super::wallet_row::{FreezeKind, Wallet, WalletState};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{UserId, WalletId};
use crate::record::RowKey;
use crate::tx::Tx;
use serde::{Deserialize, Serialize};

/// Who lifts a freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiftedBy {
    /// The wallet's owner lifts their own.
    Owner {
        /// The owner.
        user: UserId,
        /// The payment password as entered.
        password: PasswordTry,
    },
    /// The operator.
    Operator {
        /// Who it was.
        name: String,
        /// Which one is lifted.
        kind: FreezeKind,
    },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct UnfreezeWallet {
    /// The wallet.
    pub wallet: WalletId,
    /// Who lifts the freeze.
    pub by: LiftedBy,
    /// The caller's key.
    pub once: Once,
}

/// A freeze is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeLifted {
    /// The wallet.
    pub wallet: WalletId,
    /// Where it stands now: still frozen if it was frozen in another way too.
    pub state: WalletState,
}

/// Why a freeze stays, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfreezeWalletRefusal {
    /// There is no such wallet, or it is not the caller's.
    WalletNotFound,
    /// The wallet is not frozen in this way, or, for its owner, also in another way.
    NotAllowed,
    /// The payment password was not accepted.
    Password(PasswordRefusal),
}

impl Refusal for UnfreezeWalletRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::NotAllowed => Code::UnfreezeNotAllowed,
            Self::Password(refusal) => refusal.code(),
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Password(refusal) => refusal.params(),
            Self::WalletNotFound | Self::NotAllowed => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Password(_))
    }
}

impl Command for UnfreezeWallet {
    type Done = FreezeLifted;
    type Refusal = UnfreezeWalletRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        match &self.by {
            LiftedBy::Owner { user, .. } => user.to_string(),
            LiftedBy::Operator { name, .. } => name.clone(),
        }
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<FreezeLifted, Stop<UnfreezeWalletRefusal>> {
        let wallet_key = RowKey::of::<Wallet>(&self.wallet);
        let keys = freeze_keys(self.wallet).chain([wallet_key]);
        tx.want(keys.chain(password_keys(self.wallet)))?;
        let wallet = tx
            .find::<Wallet>(&self.wallet)?
            .filter(|wallet| match &self.by {
                LiftedBy::Owner { user, .. } => wallet.user == *user,
                LiftedBy::Operator { .. } => true,
            })
            .ok_or(UnfreezeWalletRefusal::WalletNotFound)?;
        let mut in_force = freezes_in_force(tx, self.wallet)?;
        let (kind, name) = match &self.by {
            LiftedBy::Owner { user, .. } => (FreezeKind::User, user.to_string()),
            LiftedBy::Operator { name, kind } => (*kind, name.clone()),
        };
        let Some(place) = in_force.iter().position(|freeze| freeze.kind == kind) else {
            return Err(UnfreezeWalletRefusal::NotAllowed.into());
        };
        if let LiftedBy::Owner { password, .. } = &self.by {
            if in_force.len() > 1 {
                return Err(UnfreezeWalletRefusal::NotAllowed.into());
            }
            check_password(tx, self.wallet, password)?.map_err(UnfreezeWalletRefusal::Password)?;
        }
        let lifted = in_force.remove(place);
        tx.put(Freeze { lifted_by: name, lifted_at: Some(tx.now()), ..lifted });
        let wallet = wallet.frozen_by_only(in_force.last().map(|strongest| strongest.kind));
        let done = FreezeLifted { wallet: wallet.id, state: wallet.state };
        tx.put(wallet);
        Ok(done)
    }
}
