//! A user opens a wallet. A user has one: opening it again gives the same.

use super::wallet_row::{Wallet, WalletState};
use crate::command::{Command, Never, Once, Stop};
use crate::ids::{UserId, WalletId};
use crate::ledger::{AccountPath, OwnerKind, Purpose};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::User;
use kernel::Currency;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct OpenWallet {
    /// The user.
    pub user: UserId,
    /// A new id, drawn by the edge.
    pub wallet: WalletId,
    /// The caller's key.
    pub once: Once,
}

/// The wallet that the user has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletOpened {
    /// Its id.
    pub wallet: WalletId,
    /// Whether it was opened just now.
    pub is_new: bool,
}

impl Command for OpenWallet {
    type Done = WalletOpened;
    type Refusal = Never;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<WalletOpened, Stop<Never>> {
        let owner = self.user.to_string();
        let path = (OwnerKind::User, owner.clone(), Purpose::Balance, Currency::Cny);
        tx.want([RowKey::of::<User>(&self.user), RowKey::of::<AccountPath>(&path)])?;
        let user = tx.get::<User>(&self.user)?;
        if let Some(wallet) = user.wallet {
            return Ok(WalletOpened { wallet, is_new: false });
        }
        let balance_account =
            tx.open_account(OwnerKind::User, &owner, Purpose::Balance, Currency::Cny)?;
        tx.put(Wallet {
            id: self.wallet,
            user: self.user,
            state: WalletState::Opening,
            freeze: None,
            before_freeze: None,
            identity: None,
            has_password: false,
            balance_account,
            cards: 0,
            opened_at: tx.now(),
        });
        tx.put(User { wallet: Some(self.wallet), ..user });
        Ok(WalletOpened { wallet: self.wallet, is_new: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Account;
    use crate::testing::{World, id_bytes};

    fn open(wallet: u64) -> OpenWallet {
        OpenWallet {
            user: UserId::from_bytes(id_bytes(1)),
            wallet: WalletId::from_bytes(id_bytes(wallet)),
            once: Once::State,
        }
    }

    #[test]
    fn a_user_opens_one_wallet_with_an_empty_account() {
        let mut world = World::new();
        world.put(User {
            id: UserId::from_bytes(id_bytes(1)),
            phone_index: [1; 32],
            phone: vec![1],
            wallet: None,
            session_epoch: 0,
            registered_at: world.now(),
        });
        let first = world.run(&open(7)).unwrap();
        assert!(first.is_new);
        let wallet = world.get::<Wallet>(&first.wallet);
        assert_eq!(wallet.state, WalletState::Opening);
        assert_eq!(world.balance(wallet.balance_account), 0);
        let accounts = world.all::<Account>().len();
        let again = world.run(&open(8)).unwrap();
        assert_eq!((again.wallet, again.is_new), (first.wallet, false));
        assert_eq!(world.all::<Account>().len(), accounts);
        assert_eq!(world.all::<Wallet>().len(), 1);
        world.check_ledger();
    }
}
