//! The merchant's side of the wallet against a reference model of its own: profit sharing with its
//! returns and releases, refunds of what is shared, transfers to people and batches of them.

mod product;
mod reference;
mod sequences;

pub use product::Stall;
pub use reference::Market;
pub use sequences::Markets;

use super::ask::{Index, Standing};

/// Who gets a share: another merchant or a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// A merchant; 0 is who was paid.
    Merchant(Index),
    /// A person.
    Person(Index),
}

/// What is asked for. Merchant 0 asks; its numbers are counted from 0, and sums are in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// So many microseconds pass.
    Wait(i64),
    /// The worker looks at everything that may be due.
    Due,
    /// A merchant is taken out of business, or back.
    Suspend(Index, bool),
    /// Somebody's wallet is put somewhere, without a command.
    Stand(Index, Standing),
    /// An order is placed and paid; each is the next one.
    Order {
        /// How much.
        amount: i64,
        /// Whether its money waits to be shared.
        is_shared: bool,
    },
    /// An order's money is shared.
    Share {
        /// The number of the request.
        request: Index,
        /// The order.
        order: Index,
        /// Who gets how much.
        parts: Vec<(Receiver, i64)>,
        /// Whether the merchant takes the rest.
        unfreezes: bool,
    },
    /// The rest of an order's money becomes the merchant's.
    Unfreeze {
        /// The number of the request.
        request: Index,
        /// The order.
        order: Index,
    },
    /// A receiver gives back.
    Return {
        /// The number of the return.
        number: Index,
        /// The request that shared.
        request: Index,
        /// The receiver, a merchant.
        from: Index,
        /// How much.
        amount: i64,
    },
    /// An order is refunded.
    Refund {
        /// The number of the refund.
        refund: Index,
        /// The order.
        order: Index,
        /// How much.
        amount: i64,
        /// What the merchant says is taken from money that waits to be shared, if it says it.
        named: Option<i64>,
    },
    /// Money is sent to a person.
    Send {
        /// The number of the transfer.
        bill: Index,
        /// The person.
        payee: Index,
        /// How much.
        amount: i64,
    },
    /// Batches of transfers need the merchant's staff from now on, or no longer.
    Staffed(bool),
    /// Money is sent to several people.
    Batch {
        /// The number of the batch.
        batch: Index,
        /// Who is to get how much.
        parts: Vec<(Index, i64)>,
    },
    /// The merchant's staff lets a batch go.
    Approve {
        /// Its number.
        batch: Index,
    },
    /// The merchant's staff stops a batch.
    Reject {
        /// Its number.
        batch: Index,
    },
    /// A transfer is taken back.
    Cancel {
        /// Its number.
        bill: Index,
    },
    /// Somebody takes a transfer.
    Confirm {
        /// Its number.
        bill: Index,
        /// Who.
        who: Index,
    },
}
