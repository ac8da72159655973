//! The tables of the ledger and of the engine: batches, journals, entries, accounts, facts, jobs
//! and the records of answered requests.

use crate::{Index, describe};
use domain::fact::{Fact, FactKind};
use domain::idempotency::{IdempotencyEven, IdempotencyOdd};
use domain::job::{Job, JobKind};
use domain::ledger::{
    Account, AccountPath, Batch, Entry, Journal, JournalKind, OwnerKind, Purpose, Sign, Subject,
};
use kernel::{Currency, Timestamp};

describe!(Batch, Appended, key 1, "One place in the sequence of committed batches.", {
    seq: i64, "Its place, gap-free from 1.";
    id: [u8; 16], "Drawn for each attempt to commit, so that an attempt can be told from another.";
    now: Timestamp, "The batch's time, never before the last batch's.";
    offset: i64, "How far business time is ahead of the real clock, in microseconds.";
    last_journal: i64, "The last journal number given out.";
    last_account: i64, "The last account number given out.";
    turn: i64, "Which idempotency table is current, 0 or 1.";
    turned_at: Timestamp, "When the idempotency tables took turns last.";
    root: [u8; 32], "Root of the hash tree over its journals and opened accounts.";
    previous: [u8; 32], "The hash of the batch before.";
    hash: [u8; 32], "The hash over everything above.";
}, checks ["seq > 0", "turn IN (0, 1)", "\"offset\" >= 0"]);

describe!(Journal, Appended, key 1, "The head of one balanced posting.", {
    number: i64, "Its number, gap-free from 1.";
    batch: i64, "The batch that wrote it.";
    kind: JournalKind, "What it is about.";
    subject: Subject, "The open item it opens or closes.";
    currency: Currency, "The currency of all its entries.";
    legs: i64, "How many entries it has.";
    at: Timestamp, "The batch's time.";
}, checks ["number > 0", "legs >= 2"]);

describe!(Entry, Appended, key 2, "What one journal did to one account.", {
    journal: i64, "The journal.";
    account: i64, "The account.";
    amount: i64, "Minor units, credit positive, never zero.";
    balance: i64, "The account's balance after it.";
    number: i64, "Its number within the account, from 1.";
    previous: i64, "The journal of the account's entry before it, 0 for the first.";
}, checks [
    "amount <> 0",
    "amount BETWEEN -99999999999 AND 99999999999",
    "number > 0",
    "previous >= 0 AND previous < journal",
]);

describe!(Account, Kept, key 1, "The money of one account.", {
    number: i64, "Its number within the book, from 1.";
    currency: Currency, "The currency of its balance.";
    sign: Sign, "The sign that its balance keeps.";
    balance: i64, "Minor units, credit positive.";
    entries: i64, "How many entries it has.";
    last_entry: i64, "The journal of its last entry, 0 when it has none.";
}, checks [
    "number > 0",
    "sign <> 'CREDIT' OR balance >= 0",
    "sign <> 'DEBIT' OR balance <= 0",
    "entries >= 0 AND last_entry >= 0",
], fixed ["currency", "sign"]);

describe!(AccountPath, Kept, key 4, "Which account it is: owner, purpose and currency.", {
    owner_kind: OwnerKind, "What kind of party owns it.";
    owner: String, "The owner's id.";
    purpose: Purpose, "What it is for.";
    currency: Currency, "Its currency.";
    number: i64, "Its number.";
}, checks ["number > 0"], indexes [Index { name: "number", columns: "number", filter: "" }],
fixed ["number"]);

describe!(Fact, Appended, key 2, "One thing that happened, in the order of batches.", {
    batch: i64, "The batch it happened in.";
    place: i64, "Its place within the batch, from 1.";
    kind: FactKind, "What happened.";
    mchid: String, "The merchant it concerns.";
    slot: i64, "The merchant's share for delivery, 0 to 63.";
    subject: String, "The merchant's number of the order or refund.";
    journal: i64, "The journal it tells of, 0 for none.";
    at: Timestamp, "When it happened.";
}, checks ["place > 0", "slot BETWEEN 0 AND 63"]);

describe!(Job, Removable, key 2, "An obligation that a worker meets.", {
    kind: JobKind, "What is owed.";
    subject: String, "The id of the object it is about.";
    due_at: Timestamp, "When it is to be done, in business time.";
    attempts: i64, "How often it was tried.";
    slot: i64, "The share it belongs to, 0 to 63.";
}, checks ["attempts >= 0", "slot BETWEEN 0 AND 63"],
indexes [Index { name: "due", columns: "due_at", filter: "" }]);

describe!(IdempotencyEven, Removable, key 2, "An answered request, written while the turn is 0.", {
    key: String, "The caller's key.";
    owner: String, "Whose key it is.";
    fingerprint: [u8; 32], "Keyed hash of the request without secrets.";
    code: String, "Empty when done, otherwise the refusal's catalogue code.";
    form: i64, "The form of the outcome.";
    outcome: String, "The done value or the refusal's parameters, as JSON.";
    at: Timestamp, "When it was answered.";
});

describe!(IdempotencyOdd, Removable, key 2, "An answered request, written while the turn is 1.", {
    key: String, "The caller's key.";
    owner: String, "Whose key it is.";
    fingerprint: [u8; 32], "Keyed hash of the request without secrets.";
    code: String, "Empty when done, otherwise the refusal's catalogue code.";
    form: i64, "The form of the outcome.";
    outcome: String, "The done value or the refusal's parameters, as JSON.";
    at: Timestamp, "When it was answered.";
});
