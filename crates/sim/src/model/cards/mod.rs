//! Orders that are paid from cards against a reference model of their own: what banks say of them,
//! early, late, twice or against their own word, and refunds that go back to cards.

mod product;
mod reference;
mod sequences;

pub use product::Till;
pub use reference::Cards;
pub use sequences::CardSequences;

use super::ask::{BankSays, Index, Serial, Standing};

/// What is asked for. One person with two debit cards pays one merchant; sums are in fen. What a
/// deed makes is known by which deed it was, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// So many microseconds pass.
    Wait(i64),
    /// The merchant is taken out of business, or back.
    Suspend(bool),
    /// The payer's wallet is put somewhere, without a command.
    Stand(Standing),
    /// An order is placed; each is the next one.
    Place {
        /// How much.
        amount: i64,
        /// Whether its money waits to be shared.
        is_shared: bool,
        /// How many seconds it lives.
        life_s: i64,
    },
    /// A card pays an order.
    Pay {
        /// The order.
        order: Index,
        /// The card.
        card: Index,
    },
    /// The merchant closes an order.
    Close(Index),
    /// The timer looks at an order.
    Expire(Index),
    /// The bank speaks of a payment.
    Says {
        /// What made it.
        payment: Serial,
        /// What.
        says: BankSays,
    },
    /// An order is refunded.
    Refund {
        /// The merchant's number of it.
        refund: Index,
        /// The order.
        order: Index,
        /// How much.
        amount: i64,
    },
    /// The bank speaks of money that goes back to a card.
    PaidOut {
        /// What made it.
        payout: Serial,
        /// What.
        says: BankSays,
    },
    /// The merchant says where an abnormal refund goes: to a card, or to itself.
    Apply {
        /// Its number of the refund.
        refund: Index,
        /// The card.
        card: Option<Index>,
    },
    /// The timer looks at a refund.
    Due(Index),
}
