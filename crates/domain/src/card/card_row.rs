//! Bound cards, and the indexes that find a card by its number without knowing the number.

use super::bank_answer::{BankDecline, Weight};
use crate::catalogue::Code;
use crate::command::Halt;
use crate::ids::{CardId, WalletId};
use crate::rules::Rules;
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// Where a bound card stands.
    CardState {
        /// It can be used.
        Bound = "BOUND",
        /// Its issuer does not want it used.
        Suspended = "SUSPENDED",
        /// Its owner removed it.
        Unbound = "UNBOUND",
    }
);

/// A card that a wallet can use. The number is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its public id.
    pub id: CardId,
    /// The wallet it is bound to.
    pub wallet: WalletId,
    /// Where it stands.
    pub state: CardState,
    /// Why it is suspended.
    pub failure: Option<Code>,
    /// Short code of the bank.
    pub bank: String,
    /// What it draws on.
    pub kind: CardKind,
    /// The leading digits that name the bank.
    pub bin: String,
    /// The last four digits.
    pub last_four: String,
    /// The last month it is valid in, as yyyymm, if it was asked for.
    pub expiry_month: Option<i64>,
    /// Blind index of the number.
    pub number_index: [u8; 32],
    /// The bank's token, sealed; none once it is revoked.
    pub token: Option<Vec<u8>>,
    /// Hard declines in a row.
    pub hard_declines: i64,
    /// Movements of money that go on with it.
    pub open_items: i64,
    /// The business day of `debited_day`, as yyyymmdd.
    pub day: i64,
    /// Taken from it that day, or on the way, in fen.
    pub debited_day: i64,
    /// When it was bound.
    pub bound_at: Timestamp,
    /// When it was removed.
    pub unbound_at: Option<Timestamp>,
}

record!(Card, "card", Kept, id: CardId);

/// Finds a wallet's bound card by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardByNumber {
    /// The wallet.
    pub wallet: WalletId,
    /// Blind index of the number.
    pub number_index: [u8; 32],
    /// The card.
    pub card: CardId,
}

record!(CardByNumber, "card_by_number", Removable, wallet: WalletId, number_index: [u8; 32]);

/// How many wallets a card is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardUse {
    /// Blind index of the number.
    pub number_index: [u8; 32],
    /// Wallets.
    pub wallets: i64,
}

record!(CardUse, "card_use", Kept, number_index: [u8; 32]);

/// Why a card cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardBlocked {
    /// It was removed.
    Unbound,
    /// It is suspended.
    Suspended,
}

impl CardBlocked {
    /// The catalogue's entry.
    pub const fn code(self) -> Code {
        match self {
            Self::Unbound => Code::ObjectNotFound,
            Self::Suspended => Code::CardSuspended,
        }
    }
}

impl Card {
    /// Whether it can be used now.
    pub fn check_usable(&self) -> Result<(), CardBlocked> {
        match self.state {
            CardState::Bound => Ok(()),
            CardState::Suspended => Err(CardBlocked::Suspended),
            CardState::Unbound => Err(CardBlocked::Unbound),
        }
    }

    /// Taken from it on a day, in fen.
    pub fn debited_on(&self, day: i64) -> i64 {
        if self.day == day { self.debited_day } else { 0 }
    }

    /// One more movement goes on, of which `debited_minor` is taken from the card on `day`.
    pub(crate) fn after_start(mut self, day: i64, debited_minor: i64) -> Self {
        self.open_items += 1;
        if debited_minor > 0 {
            self.debited_day = self.debited_on(day).saturating_add(debited_minor);
            self.day = day;
        }
        self
    }

    /// A movement ended well.
    pub(crate) fn after_success(mut self) -> Self {
        self.open_items -= 1;
        self.hard_declines = 0;
        self
    }

    /// A movement failed: what was to be taken on `day` was not, and the reason may tell that the
    /// card is of no use any more.
    pub(crate) fn after_failure(
        mut self,
        why: Code,
        day: i64,
        debited_minor: i64,
        rules: &Rules,
    ) -> Self {
        self.open_items -= 1;
        if self.day == day {
            self.debited_day = (self.debited_day - debited_minor).max(0);
        }
        match BankDecline::weight_of(why) {
            Weight::Soft => return self,
            Weight::Hard => self.hard_declines += 1,
            Weight::Dead => self.hard_declines = rules.card_hard_declines_max,
        }
        if self.hard_declines >= rules.card_hard_declines_max && self.state == CardState::Bound {
            self.state = CardState::Suspended;
            self.failure = Some(why);
        }
        self
    }
}

/// The card, if it is the wallet's.
pub(crate) fn find_own(
    tx: &mut Tx<'_>,
    wallet: WalletId,
    card: CardId,
) -> Result<Option<Card>, Halt> {
    Ok(tx.find::<Card>(&card)?.filter(|card| card.wallet == wallet))
}
