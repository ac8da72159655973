//! What can be asked of the wallet, and what it answers, in small plain numbers. The reference
//! model and the product are asked the same.

use domain::catalogue::Code;

/// A person, a merchant, a card or a number that a merchant gives, counted from 0.
pub type Index = usize;
/// What an ask makes, if it makes something: each ask has another one. 0 for nothing.
pub type Serial = u64;
/// Merchant and its number of an order.
pub type Number = (Index, Index);
/// Who has keys beside the people: the operator.
pub const OFFICER: Index = 99;

/// A movement by a bank, as the bank tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freezer {
    /// Its owner.
    Owner,
    /// A rule of the operator.
    Risk,
    /// An authority.
    Judge,
}

/// Where a wallet stands when nobody froze it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Lets `amount` microseconds pass.
    Wait,
    /// Begins a session of `who`.
    SignIn,
    /// Takes the merchant of `number` out of business, or back.
    Suspend(bool),
    /// Puts the wallet of `who` somewhere, without a command.
    Stand(Standing),
    /// The merchant places the order `number` over `amount`.
    Place {
        /// How many seconds it lives, if the merchant says so.
        life_s: Option<i64>,
        /// The only one who may pay.
        payer: Option<Index>,
    },
    /// `who` pays the order, having seen `amount`.
    Pay {
        /// How many factors authorise it.
        factors: u32,
    },
    /// The merchant closes the order.
    Close,
    /// The timer looks at the order.
    Expire,
    /// The merchant gives `amount` of the order back.
    Refund {
        /// The merchant's number of it.
        refund: Index,
        /// What the order's total is said to be.
        total: i64,
    },
    /// `who` takes `amount` from a card.
    TopUp {
        /// The card.
        card: Index,
    },
    /// `who` sends `amount` to a card.
    Withdraw {
        /// The card.
        card: Index,
        /// The fee that was seen.
        fee: i64,
    },
    /// The bank answers about a top-up or withdrawal.
    Bank {
        /// What made it.
        movement: Serial,
        /// The answer.
        says: BankSays,
    },
    /// `who` sets `digits` as the payment password.
    SetPassword {
        /// The one that was set, as entered.
        old: Option<u8>,
        /// Whether the new one is easy to guess.
        is_weak: bool,
    },
    /// `who` sets `digits` as the payment password without the old one.
    ResetPassword {
        /// Whether the code on the phone is right.
        is_code_right: bool,
        /// Whether name and number are the holder's.
        is_person_right: bool,
    },
    /// The wallet of `who` is frozen.
    Freeze(Freezer),
    /// Lifts a freeze: the owner with `digits`, or the operator without.
    Unfreeze(Freezer, bool),
}

/// One thing that is asked. Fields that play no part are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What.
    pub what: What,
    /// What is made is known by it from then on.
    pub serial: Serial,
    /// The person.
    pub who: Index,
    /// The wallet whose money is to move, which should be the person's.
    pub wallet: Index,
    /// The order.
    pub number: Number,
    /// How much, in fen.
    pub amount: i64,
    /// The payment password as entered.
    pub digits: u8,
    /// The caller's idempotency key.
    pub key: u64,
}

/// What is answered. Two answers are equal when a caller could not tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done: what was made, a sum in fen or a time, where something stands now.
    Done(Serial, i64, &'static str),
    /// Refused, with the figure that the text names.
    Refused(Code, i64),
}

impl Ask {
    /// Nothing but what.
    pub fn of(what: What) -> Self {
        Self { what, serial: 0, who: 0, wallet: 0, number: (0, 0), amount: 0, digits: 0, key: 0 }
    }

    /// Whose key the ask carries, and which, if it carries one.
    pub fn key(&self) -> Option<(Index, u64)> {
        match self.what {
            What::Pay { .. }
            | What::TopUp { .. }
            | What::Withdraw { .. }
            | What::SetPassword { .. }
            | What::ResetPassword { .. }
            | What::Freeze(Freezer::Owner)
            | What::Unfreeze(_, true) => Some((self.who, self.key)),
            What::Freeze(_) | What::Unfreeze(..) => Some((OFFICER, self.key)),
            _ => None,
        }
    }

    /// What the caller wants: the ask without its secrets and without what it makes.
    pub fn content(&self) -> Self {
        let what = match self.what {
            What::SetPassword { .. } => What::SetPassword { old: None, is_weak: false },
            What::ResetPassword { is_person_right, .. } => {
                What::ResetPassword { is_code_right: false, is_person_right }
            }
            what => what,
        };
        Self { what, serial: 0, digits: 0, ..*self }
    }
}
