//! Journals and their entries: what happened to money, written once.

use super::account::AccountNumber;
use crate::{record, text_enum};
use kernel::{Currency, Timestamp};

text_enum!(
    /// What a journal is about.
    JournalKind {
        /// Money came in from a card.
        TopUp = "TOP_UP",
        /// A person paid an order, from the balance or from a card.
        Payment = "PAYMENT",
        /// A merchant gave money back to a balance.
        Refund = "REFUND",
        /// A merchant gave money back to a card; it waits in transit.
        RefundStart = "REFUND_START",
        /// The bank paid out what was given back to a card.
        RefundSettle = "REFUND_SETTLE",
        /// What no card took went elsewhere: to the merchant, or to the payer's balance.
        RefundReturn = "REFUND_RETURN",
        /// A card paid for an order that cannot be paid any more; it goes back.
        LatePayment = "LATE_PAYMENT",
        /// Money left a balance for a card; it waits in transit.
        WithdrawalStart = "WITHDRAWAL_START",
        /// The bank paid a withdrawal out.
        WithdrawalSettle = "WITHDRAWAL_SETTLE",
        /// A withdrawal came back.
        WithdrawalReturn = "WITHDRAWAL_RETURN",
        /// A merchant's money for a person waits for their consent.
        MerchantTransferReserve = "MERCHANT_TRANSFER_RESERVE",
        /// A person took what a merchant sent.
        MerchantTransferSettle = "MERCHANT_TRANSFER_SETTLE",
        /// What a merchant sent went back to it.
        MerchantTransferReturn = "MERCHANT_TRANSFER_RETURN",
        /// A merchant's money for many people waits to be paid.
        TransferBatchReserve = "TRANSFER_BATCH_RESERVE",
        /// A person got what a merchant sent in a batch.
        TransferDetailSettle = "TRANSFER_DETAIL_SETTLE",
        /// What a merchant sent in a batch went back to it.
        TransferDetailReturn = "TRANSFER_DETAIL_RETURN",
        /// A merchant shared an order's money with others.
        ProfitShare = "PROFIT_SHARE",
        /// What of an order's money was left after sharing became the merchant's.
        ProfitUnfreeze = "PROFIT_UNFREEZE",
        /// A receiver of shared money gave it back.
        ProfitReturn = "PROFIT_RETURN",
        /// The bank contradicts itself; the difference waits for an officer.
        Suspense = "SUSPENSE",
    }
);

/// The open item that a journal opens or closes: a kind and its id, as `withdrawal:wdr_…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    /// Names an open item. Ids only, never personal data.
    pub fn new(kind: &str, id: impl std::fmt::Display) -> Self {
        Self(format!("{kind}:{id}"))
    }

    /// Takes the text form.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind and the id.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("", &self.0))
    }
}

/// The head of one balanced posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Its number: gap-free within the book, from 1.
    pub number: i64,
    /// The batch that wrote it.
    pub batch: i64,
    /// What it is about.
    pub kind: JournalKind,
    /// The open item it opens or closes.
    pub subject: Subject,
    /// The currency of all its entries.
    pub currency: Currency,
    /// How many entries it has, from 2.
    pub legs: i64,
    /// The batch's time.
    pub at: Timestamp,
}

record!(Journal, "journal", Appended, number: i64);

/// One leg of a journal: what it did to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The journal.
    pub journal: i64,
    /// The account.
    pub account: AccountNumber,
    /// Minor units, credit positive, never zero.
    pub amount: i64,
    /// The account's balance after it.
    pub balance: i64,
    /// Its number within the account, from 1.
    pub number: i64,
    /// The journal of the account's entry before it, 0 for the first.
    pub previous: i64,
}

record!(Entry, "entry", Appended, journal: i64, account: i64);

/// A journal with its entries, in order of their accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The head.
    pub journal: Journal,
    /// The legs.
    pub entries: Vec<Entry>,
}

impl Posted {
    /// The bytes that a batch's root is taken over.
    pub fn canonical(&self) -> Vec<u8> {
        let journal = &self.journal;
        let mut out = vec![CANONICAL_JOURNAL, 1];
        for number in [journal.number, journal.batch, journal.at.micros(), journal.legs] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        put_text(&mut out, journal.kind.as_str());
        put_text(&mut out, journal.subject.as_str());
        put_text(&mut out, journal.currency.as_str());
        for entry in &self.entries {
            for number in [entry.account, entry.amount, entry.balance, entry.number, entry.previous]
            {
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        out
    }
}

/// Marks the canonical bytes of a journal.
const CANONICAL_JOURNAL: u8 = b'J';

/// A text after its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
