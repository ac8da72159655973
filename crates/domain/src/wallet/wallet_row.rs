//! The wallet row and its states.

use crate::catalogue::Code;
use crate::ids::{IdentityId, UserId, WalletId};
use crate::ledger::AccountNumber;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// Where a wallet stands.
    WalletState {
        /// Opened; identity or payment password are still missing.
        Opening = "OPENING",
        /// In use.
        Active = "ACTIVE",
        /// May receive; may send only withdrawals to own cards.
        Restricted = "RESTRICTED",
        /// Nothing leaves it.
        Frozen = "FROZEN",
        /// The owner asked to close it.
        Closing = "CLOSING",
        /// Closed for good.
        Closed = "CLOSED",
    }
);

text_enum!(
    /// Who froze a wallet.
    FreezeKind {
        /// Its owner.
        User = "USER",
        /// A risk rule.
        Risk = "RISK",
        /// An authorised officer.
        Judicial = "JUDICIAL",
    }
);

/// A user's wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Its public id.
    pub id: WalletId,
    /// Who opened it.
    pub user: UserId,
    /// Where it stands.
    pub state: WalletState,
    /// Who froze it, while it is frozen.
    pub freeze: Option<FreezeKind>,
    /// What it returns to when it is unfrozen.
    pub before_freeze: Option<WalletState>,
    /// The verified person, once there is one.
    pub identity: Option<IdentityId>,
    /// Whether a payment password is set.
    pub has_password: bool,
    /// The ledger account of its balance.
    pub balance_account: AccountNumber,
    /// How many cards are bound.
    pub cards: i64,
    /// When it was opened.
    pub opened_at: Timestamp,
}

record!(Wallet, "wallet", Kept, id: WalletId);

/// Why a wallet's money may not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletBlocked {
    /// No verified identity yet.
    IdentityRequired,
    /// No payment password yet.
    PasswordNotSet,
    /// Frozen.
    Frozen,
    /// Restricted.
    Restricted,
    /// Closing or closed.
    Closed,
}

impl WalletBlocked {
    /// The catalogue's entry.
    pub const fn code(self) -> Code {
        match self {
            Self::IdentityRequired => Code::IdentityRequired,
            Self::PasswordNotSet => Code::PayPasswordNotSet,
            Self::Frozen => Code::AccountFrozen,
            Self::Restricted => Code::AccountRestricted,
            Self::Closed => Code::AccountStatusAbnormal,
        }
    }
}

impl Wallet {
    /// The verified person, if money may be paid from this wallet.
    pub fn may_pay(&self) -> Result<IdentityId, WalletBlocked> {
        match self.state {
            WalletState::Active => self.verified(),
            WalletState::Opening => Err(match self.identity {
                None => WalletBlocked::IdentityRequired,
                Some(_) => WalletBlocked::PasswordNotSet,
            }),
            WalletState::Restricted => Err(WalletBlocked::Restricted),
            WalletState::Frozen => Err(WalletBlocked::Frozen),
            WalletState::Closing | WalletState::Closed => Err(WalletBlocked::Closed),
        }
    }

    /// The verified person, if money may be withdrawn to an own card: also while restricted.
    pub fn may_withdraw(&self) -> Result<IdentityId, WalletBlocked> {
        if self.state == WalletState::Restricted { self.verified() } else { self.may_pay() }
    }

    /// Whether money may come in: refunds and returns also reach a frozen wallet.
    pub fn may_receive(&self) -> bool {
        self.state != WalletState::Closed
    }

    /// Becomes active once identity and payment password are there.
    pub fn opened_if_complete(mut self) -> Self {
        let complete = self.identity.is_some() && self.has_password;
        if self.state == WalletState::Opening && complete {
            self.state = WalletState::Active;
        }
        self
    }

    fn verified(&self) -> Result<IdentityId, WalletBlocked> {
        self.identity.ok_or(WalletBlocked::IdentityRequired)
    }
}
