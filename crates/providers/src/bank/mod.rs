//! Banks: signing cards, taking money from them and sending money to them.
//!
//! The real client speaks the sandbox bank's protocol; another bank is another implementation of
//! [`Bank`].

mod callback;
mod sandbox;
mod scripted;

use kernel::{Amount, SecretString};

use crate::{Answering, RequestId, Unclear};

pub use callback::{BankCallback, CallbackRefused, Direction, open_callback};
pub use sandbox::SandboxBank;
pub use scripted::{BankCall, ScriptedBank};

/// What a bank can be asked. Every method may be called again with the same request.
pub trait Bank: Send + Sync {
    /// Asks the bank to check the elements of a card and to send its own code to the holder.
    fn check_card<'a>(&'a self, check: &'a CardCheck) -> Answering<'a, SigningAnswer>;

    /// Where the signing that was started under this id stands.
    fn find_signing<'a>(&'a self, signing: &'a RequestId) -> Answering<'a, SigningAnswer>;

    /// Gives the bank the code its customer typed.
    fn confirm_signing<'a>(&'a self, code: &'a Confirmation) -> Answering<'a, SigningAnswer>;

    /// Makes a token useless.
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> Answering<'a, RevokeAnswer>;

    /// Takes money from a card.
    fn debit<'a>(&'a self, movement: &'a Movement) -> Answering<'a, BankAnswer>;

    /// Where the debit with this id stands. A bank that speaks of another amount has not answered.
    fn find_debit<'a>(&'a self, id: &'a RequestId, amount: Amount) -> Answering<'a, BankAnswer>;

    /// Sends money to a card.
    fn credit<'a>(&'a self, movement: &'a Movement) -> Answering<'a, BankAnswer>;

    /// Where the credit with this id stands. A bank that speaks of another amount has not answered.
    fn find_credit<'a>(&'a self, id: &'a RequestId, amount: Amount) -> Answering<'a, BankAnswer>;

    /// All movements that the bank booked on a business day.
    fn statement<'a>(
        &'a self,
        query: &'a StatementQuery,
    ) -> Answering<'a, Result<Vec<StatementLine>, Unclear>>;
}

/// The elements of a card that its bank compares.
#[derive(Clone, Debug)]
pub struct CardCheck {
    /// Our id; the signing is known by it from now on.
    pub request_id: RequestId,
    /// The whole number, digits only.
    pub card_number: SecretString,
    /// Name of the holder as on the document.
    pub holder_name: SecretString,
    /// Number of the identity document.
    pub document_number: SecretString,
    /// Phone number that the bank has on file.
    pub phone: SecretString,
    /// Only for credit cards.
    pub credit: Option<CreditElements>,
}

/// What a credit card has besides.
#[derive(Clone, Debug)]
pub struct CreditElements {
    /// Month of expiry, `MM/YY`.
    pub expiry: SecretString,
    /// The three or four digits on the card.
    pub security_code: SecretString,
}

/// The bank's code, given back to it.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Id of this try; another try has another one.
    pub request_id: RequestId,
    /// Id of the signing that the code belongs to.
    pub signing: RequestId,
    /// What the customer typed.
    pub otp: SecretString,
}

/// A token to revoke.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Our id.
    pub request_id: RequestId,
    /// The token.
    pub token: SecretString,
}

/// Money to take from a card, or to send to it.
#[derive(Clone, Debug)]
pub struct Movement {
    /// Our id; the same id never moves money twice.
    pub request_id: RequestId,
    /// The card, as its bank knows it.
    pub token: SecretString,
    /// How much.
    pub amount: Amount,
}

/// Where a signing stands.
#[derive(Clone, Debug)]
pub enum SigningAnswer {
    /// The elements are right and the bank has sent its code.
    CodeSent,
    /// The card is signed.
    Signed {
        /// Opaque; stands for the card from now on.
        token: SecretString,
    },
    /// The bank refuses, for good.
    Declined {
        /// A response code of two digits, or a failure code in words.
        code: String,
    },
    /// The code was wrong; another try is possible.
    WrongCode {
        /// Tries that the bank still allows.
        tries_left: u32,
    },
    /// The code is too old; the signing is over.
    CodeExpired,
    /// Too many wrong codes; the signing is over.
    TooManyTries,
    /// The bank is still looking; ask again.
    Pending,
    /// The bank never saw this signing.
    NotSeen,
    /// No clear answer; ask again.
    Unknown(Unclear),
}

/// Where a debit or credit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankAnswer {
    /// The money has moved.
    Done {
        /// The bank's own reference.
        bank_ref: String,
    },
    /// The bank refuses and no money moved, as far as it says now.
    Declined {
        /// A response code of two digits, or a failure code in words.
        code: String,
    },
    /// The money had moved and went back.
    Returned {
        /// The bank's own reference.
        bank_ref: String,
        /// Why, in the same spelling as a decline.
        code: String,
    },
    /// The bank has taken the request and will decide; ask again.
    Pending {
        /// The bank's own reference.
        bank_ref: String,
    },
    /// The bank never saw this request. Only a query can say so.
    NotSeen,
    /// No clear answer: neither yes nor no. Ask again.
    Unknown(Unclear),
}

/// What came of revoking a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeAnswer {
    /// The token is useless now, or was already.
    Revoked,
    /// The bank does not know the token.
    NotSeen,
    /// No clear answer; send it again.
    Unknown(Unclear),
}

/// Which statement to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementQuery {
    /// Short code of the bank, such as `ICBC`.
    pub bank: String,
    /// The business day, `2026-11-21`.
    pub day: String,
}

/// One movement on a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The bank's own reference.
    pub bank_ref: String,
    /// Our id, as the bank repeats it; not checked, a bank may write anything.
    pub request_id: String,
    /// Which way the money went.
    pub movement: LineMovement,
    /// How much.
    pub amount: Amount,
}

/// Which way the money of a statement line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineMovement {
    /// From the card to us.
    Debit,
    /// From us to the card.
    Credit,
    /// A debit that went back to the card.
    DebitReturn,
    /// A credit that came back to us.
    CreditReturn,
}
