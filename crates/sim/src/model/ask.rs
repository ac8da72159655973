//! What can be asked of the wallet, and what it answers, in small plain numbers. The reference model
//! and the product are asked the same.

use domain::catalogue::Code;

/// A person, a merchant, a card or a number that a merchant gives, counted from 0.
pub type Index = usize;
/// What an ask made: the count of asks so far, so each is another one. 0 for nothing.
pub type Serial = u64;
/// Who has keys beside the people: the operator.
pub const OFFICER: Index = 99;

/// A movement by a bank, as the bank tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BankSays {
    /// It moved the money, under the first or second reference.
    Done(u8),
    /// It does not do it: the response code of a card network.
    Declined(&'static str),
    /// What it moved under a reference went back.
    Returned(u8),
    /// It will decide.
    Pending,
    /// It does not know.
    Unknown,
    /// It never saw the request.
    NotSeen,
}

/// Who freezes a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freezer {
    /// Its owner.
    Owner,
    /// A rule of the operator.
    Risk,
    /// An authority.
    Judge,
}

/// Where a wallet stands when nobody froze it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Identity or payment password are missing.
    Opening,
    /// In use.
    Active,
    /// Money may only go to own cards.
    Restricted,
    /// Closed for good.
    Closed,
}

/// An order of a merchant, or a refund of one, by the merchant's number.
pub type Number = (Index, Index);

/// One thing that is asked. `key` is the caller's idempotency key, `digits` a payment password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it, and the model says what each means")]
pub enum Ask {
    Wait { micros: i64 },
    Place { order: Number, amount: i64, life_s: Option<i64>, payer: Option<Index> },
    Pay { who: Index, wallet: Index, order: Number, amount: i64, digits: u8, factors: u32, key: u64 },
    Close { order: Number },
    Expire { order: Number },
    Refund { order: Number, refund: Index, amount: i64, total: i64 },
    TopUp { who: Index, wallet: Index, card: Index, amount: i64, digits: u8, key: u64 },
    TopUpAnswer { top_up: Serial, says: BankSays },
    Withdraw {
        who: Index, wallet: Index, card: Index, amount: i64, fee: i64, digits: u8, key: u64,
    },
    WithdrawalAnswer { withdrawal: Serial, says: BankSays },
    SetPassword { who: Index, old: Option<u8>, new: u8, is_weak: bool, key: u64 },
    ResetPassword { who: Index, is_code_right: bool, is_person_right: bool, new: u8, key: u64 },
    Freeze { who: Index, by: Freezer, key: u64 },
    Unfreeze { who: Index, by: Freezer, digits: Option<u8>, key: u64 },
    SignIn { who: Index },
    Suspend { merchant: Index, is_on: bool },
    Stand { who: Index, standing: Standing },
}

/// What is answered. Two answers are equal when a caller could not tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done: what was made, a number (a sum in fen or a time), where something stands now.
    Done(Serial, i64, &'static str),
    /// Refused, with the figure that the text names.
    Refused(Code, Option<i64>),
}

impl Ask {
    /// Whose key the ask carries, and which, if it carries one.
    pub fn key(&self) -> Option<(Index, u64)> {
        match *self {
            Self::Pay { who, key, .. }
            | Self::TopUp { who, key, .. }
            | Self::Withdraw { who, key, .. }
            | Self::SetPassword { who, key, .. }
            | Self::ResetPassword { who, key, .. }
            | Self::Freeze { who, by: Freezer::Owner, key }
            | Self::Unfreeze { who, digits: Some(_), key, .. } => Some((who, key)),
            Self::Freeze { key, .. } | Self::Unfreeze { key, .. } => Some((OFFICER, key)),
            _ => None,
        }
    }

    /// The same ask under another key.
    pub fn with_key(mut self, new: u64) -> Self {
        match &mut self {
            Self::Pay { key, .. }
            | Self::TopUp { key, .. }
            | Self::Withdraw { key, .. }
            | Self::SetPassword { key, .. }
            | Self::ResetPassword { key, .. }
            | Self::Freeze { key, .. }
            | Self::Unfreeze { key, .. } => *key = new,
            _ => {}
        }
        self
    }

    /// The same ask with another payment password.
    pub fn with_digits(mut self, new: u8) -> Self {
        match &mut self {
            Self::Pay { digits, .. } | Self::TopUp { digits, .. } | Self::Withdraw { digits, .. } => {
                *digits = new;
            }
            _ => {}
        }
        self
    }

    /// What the key stands for: the ask without its secrets.
    pub fn content(&self) -> Self {
        let mut bare = self.clone().with_digits(0);
        match &mut bare {
            Self::SetPassword { old, new, is_weak, .. } => (*old, *new, *is_weak) = (None, 0, false),
            Self::ResetPassword { is_code_right, new, .. } => (*is_code_right, *new) = (false, 0),
            Self::Unfreeze { digits: Some(digits), .. } => *digits = 0,
            _ => {}
        }
        bare
    }
}
