//! One command's view of the world while it decides: what is committed, what earlier commands of
//! the batch did, and what it did itself.

use crate::command::Halt;
use crate::fact::{Fact, FactKind};
use crate::ledger::{
    Account, AccountNumber, AccountPath, Entry, Journal, OwnerKind, Posted, Posting, Purpose,
    Shortfall,
};
use crate::record::{Kept, Mark, Record, Removable, Row, RowKey};
use crate::rules::Rules;
use kernel::{Currency, Timestamp};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a command sees below its own changes.
pub trait View {
    /// `None`: not loaded yet. `Some(None)`: there is no such row.
    fn get(&self, key: &RowKey) -> Option<Option<&Row>>;
}

/// The numbers that a batch gives out, as the command before left them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The batch's place in the sequence.
    pub seq: i64,
    /// The last journal number given out.
    pub last_journal: i64,
    /// The last account number given out.
    pub last_account: i64,
    /// How many facts the batch has.
    pub facts: i64,
}

/// What a command wants written.
#[derive(Debug, Default)]
pub struct Changes {
    /// Rows put, or removed (`None`).
    pub rows: BTreeMap<RowKey, Option<Row>>,
    /// Marks, which survive a refusal.
    pub marks: BTreeMap<RowKey, Row>,
    /// Journals with their entries.
    pub journals: Vec<Posted>,
    /// Accounts opened.
    pub opened: Vec<AccountPath>,
    /// Facts published.
    pub facts: Vec<Fact>,
}

/// See the module.
pub struct Tx<'b> {
    base: &'b dyn View,
    missing: &'b mut BTreeSet<RowKey>,
    rules: &'b Rules,
    now: Timestamp,
    cursor: Cursor,
    changes: Changes,
}

impl<'b> Tx<'b> {
    /// A view with no changes yet. `missing` collects the rows that were asked for and not loaded.
    pub fn new(
        base: &'b dyn View,
        missing: &'b mut BTreeSet<RowKey>,
        rules: &'b Rules,
        now: Timestamp,
        cursor: Cursor,
    ) -> Self {
        Self { base, missing, rules, now, cursor, changes: Changes::default() }
    }

    /// The batch's time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The configuration in force.
    pub fn rules(&self) -> &'b Rules {
        self.rules
    }

    /// Ends the view: its changes and where the numbers stand.
    pub fn finish(self) -> (Changes, Cursor) {
        (self.changes, self.cursor)
    }

    /// Asks for several rows at once, so that they are loaded in one round.
    pub fn want(&mut self, keys: impl IntoIterator<Item = RowKey>) -> Result<(), Halt> {
        let mut all = true;
        for key in keys {
            if self.peek(&key).is_none() {
                self.missing.insert(key);
                all = false;
            }
        }
        if all { Ok(()) } else { Err(Halt::Missing) }
    }

    /// The row, or its absence, for reading only: nothing of it is copied.
    pub fn look<R: Record>(&mut self, key: &R::Key) -> Result<Option<Arc<R>>, Halt> {
        let key = RowKey::of::<R>(key);
        let row = match self.peek(&key) {
            Some(row) => row.cloned(),
            None => {
                self.missing.insert(key);
                return Err(Halt::Missing);
            }
        };
        let Some(row) = row else { return Ok(None) };
        match Arc::downcast::<R>(row as Arc<dyn Any + Send + Sync>) {
            Ok(row) => Ok(Some(row)),
            Err(_) => Err(Halt::Defect(format!("row {key:?} is of another kind"))),
        }
    }

    /// The row, which must exist, for reading only.
    pub fn look_at<R: Record>(&mut self, key: &R::Key) -> Result<Arc<R>, Halt> {
        self.look::<R>(key)?.ok_or_else(|| Halt::absent(&RowKey::of::<R>(key)))
    }

    /// The row, or its absence, to be changed.
    pub fn find<R: Record>(&mut self, key: &R::Key) -> Result<Option<R>, Halt> {
        Ok(self.look::<R>(key)?.map(|row| R::clone(&row)))
    }

    /// The row, which must exist, to be changed.
    pub fn get<R: Record>(&mut self, key: &R::Key) -> Result<R, Halt> {
        self.look_at::<R>(key).map(|row| R::clone(&row))
    }

    fn peek(&self, key: &RowKey) -> Option<Option<&Row>> {
        if let Some(own) = self.changes.rows.get(key) {
            return Some(own.as_ref());
        }
        if let Some(own) = self.changes.marks.get(key) {
            return Some(Some(own));
        }
        self.base.get(key)
    }

    /// Writes a row, new or changed.
    pub fn put<R: Kept>(&mut self, row: R) {
        self.changes.rows.insert(row.row_key(), Some(Arc::new(row)));
    }

    /// Removes a row.
    pub fn remove<R: Removable>(&mut self, key: &R::Key) {
        self.changes.rows.insert(RowKey::of::<R>(key), None);
    }

    /// Writes a mark, which survives a refusal. It is computed from committed rows and earlier
    /// marks only, never from rows that this command put.
    pub fn mark<M: Mark>(&mut self, row: M) {
        self.changes.marks.insert(row.row_key(), Arc::new(row));
    }

    /// Appends a fact to the log. `journal` is the journal it tells of, 0 for none.
    pub fn publish(&mut self, kind: FactKind, mchid: &str, subject: String, journal: i64) {
        self.cursor.facts += 1;
        self.changes.facts.push(Fact {
            batch: self.cursor.seq,
            place: self.cursor.facts,
            kind,
            mchid: mchid.to_owned(),
            slot: crate::fact::slot_of(mchid),
            subject,
            journal,
            at: self.now,
        });
    }

    /// The number of an owner's account, opened now if there is none yet.
    pub fn open_account(
        &mut self,
        owner_kind: OwnerKind,
        owner: &str,
        purpose: Purpose,
        currency: Currency,
    ) -> Result<AccountNumber, Halt> {
        let key = (owner_kind, owner.to_owned(), purpose, currency);
        if let Some(path) = self.find::<AccountPath>(&key)? {
            return Ok(path.number);
        }
        self.cursor.last_account += 1;
        let number = self.cursor.last_account;
        let path = AccountPath { owner_kind, owner: owner.to_owned(), purpose, currency, number };
        self.put(Account {
            number,
            currency,
            sign: purpose.sign(),
            balance: 0,
            entries: 0,
            last_entry: 0,
        });
        self.changes.opened.push(path.clone());
        self.put(path);
        Ok(number)
    }

    /// Posts: every account takes its leg, or none does. Gives the journal's number, or the account
    /// that does not hold what is taken from it.
    pub fn post(&mut self, posting: Posting) -> Result<Result<i64, Shortfall>, Halt> {
        self.want(posting.legs.iter().map(|leg| RowKey::of::<Account>(&leg.account)))?;
        let journal = self.cursor.last_journal + 1;
        let mut accounts = Vec::with_capacity(posting.legs.len());
        let mut entries = Vec::with_capacity(posting.legs.len());
        for leg in &posting.legs {
            let mut account = self.get::<Account>(&leg.account)?;
            if account.currency != posting.currency {
                return Err(Halt::Defect(format!(
                    "account {} has another currency",
                    account.number
                )));
            }
            let balance =
                account.balance.checked_add(leg.amount).filter(|b| account.sign.allows(*b));
            let Some(balance) = balance else {
                return Ok(Err(Shortfall { account: account.number, available: account.balance }));
            };
            let previous = account.last_entry;
            account.balance = balance;
            account.entries += 1;
            account.last_entry = journal;
            entries.push(Entry {
                journal,
                account: account.number,
                amount: leg.amount,
                balance,
                number: account.entries,
                previous,
            });
            accounts.push(account);
        }
        accounts.into_iter().for_each(|account| self.put(account));
        let head = Journal {
            number: journal,
            batch: self.cursor.seq,
            kind: posting.kind,
            subject: posting.subject,
            currency: posting.currency,
            legs: entries.len() as i64,
            at: self.now,
        };
        self.changes.journals.push(Posted { journal: head, entries });
        self.cursor.last_journal = journal;
        Ok(Ok(journal))
    }
}
