//! A person removes a card; its token is to be revoked at the bank.

use super::card_row::{Card, CardByNumber, CardState, CardUse, find_own};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{CardId, UserId, WalletId};
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{PasswordRefusal, PasswordTry, Wallet, check_password, password_keys};

/// See the module.
#[derive(Clone, Debug)]
pub struct UnbindCard {
    /// The person.
    pub user: UserId,
    /// The wallet.
    pub wallet: WalletId,
    /// The card.
    pub card: CardId,
    /// The payment password as entered.
    pub password: PasswordTry,
    /// The caller's key.
    pub once: Once,
}

/// Why a card was not removed, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnbindCardRefusal {
    /// The wallet is not the caller's, or has no such card.
    NotFound,
    /// A top-up or withdrawal goes on with it.
    InUse,
    /// The payment password was not accepted.
    Password(PasswordRefusal),
}

impl Refusal for UnbindCardRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::InUse => Code::CardInUse,
            Self::Password(refusal) => refusal.code(),
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Password(refusal) => refusal.params(),
            Self::NotFound | Self::InUse => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Password(_))
    }
}

impl Command for UnbindCard {
    type Done = CardId;
    type Refusal = UnbindCardRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<CardId, Stop<UnbindCardRefusal>> {
        let [password, attempts] = password_keys(self.wallet);
        let (wallet, card) = (RowKey::of::<Wallet>(&self.wallet), RowKey::of::<Card>(&self.card));
        tx.want([wallet, card, password, attempts])?;
        let wallet = tx.find::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(UnbindCardRefusal::NotFound)?;
        let card = find_own(tx, self.wallet, self.card)?;
        let card = card
            .filter(|card| card.state != CardState::Unbound)
            .ok_or(UnbindCardRefusal::NotFound)?;
        if card.open_items > 0 {
            return Err(UnbindCardRefusal::InUse.into());
        }
        check_password(tx, self.wallet, &self.password)?.map_err(UnbindCardRefusal::Password)?;
        let by_number = (self.wallet, card.number_index);
        let index = RowKey::of::<CardByNumber>(&by_number);
        tx.want([index, RowKey::of::<CardUse>(&card.number_index)])?;
        tx.get::<CardByNumber>(&by_number)?;
        let card_use = tx.get::<CardUse>(&card.number_index)?;
        tx.put(CardUse { wallets: card_use.wallets - 1, ..card_use });
        tx.remove::<CardByNumber>(&by_number);
        tx.put(Wallet { cards: wallet.cards - 1, ..wallet });
        tx.schedule(Job::new(JobKind::RevokeCardToken, self.card, tx.now()));
        let unbound_at = Some(tx.now());
        tx.put(Card { state: CardState::Unbound, unbound_at, ..card });
        Ok(self.card)
    }
}
