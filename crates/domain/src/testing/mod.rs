//! What tests of commands stand on: a world in memory, and people, a merchant and its orders for
//! any world. Tests of other crates have it by the feature `testing`; the product is built without.
//!
//! The world is rows in a map, one command at a time, and a clock that the test sets. Rows are
//! loaded only when a command asks for them, as the engine does it.

mod codes;
mod person;
mod plant;
mod shop;

pub use codes::{charge, code, code_keys};
pub use person::Person;
pub use plant::{Plant, transfer};
pub use shop::{APPID, MCHID, merchant, order, payout_of, refund};

use crate::command::{Command, Stop};
use crate::fact::Fact;
use crate::job::{Job, JobKind};
use crate::ledger::{Account, AccountNumber, Journal, OpenSystemAccounts, Posted};
use crate::record::{Record, Row, RowKey};
use crate::rules::Rules;
use crate::tx::{Cursor, Tx, View};
use kernel::{Currency, Timestamp};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most rounds a command may take, as in the engine.
const ROUNDS_MAX: usize = 8;

/// A world in memory.
pub struct World {
    rows: BTreeMap<RowKey, Row>,
    rules: Rules,
    now: Timestamp,
    cursor: Cursor,
    facts: Vec<Fact>,
    journals: Vec<Posted>,
}

/// Shows a command what was loaded for it.
struct Loaded<'w> {
    rows: &'w BTreeMap<RowKey, Row>,
    asked: &'w BTreeSet<RowKey>,
}

impl View for Loaded<'_> {
    fn get(&self, key: &RowKey) -> Option<Option<&Row>> {
        self.asked.contains(key).then(|| self.rows.get(key))
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world with the operator's accounts and nothing else, on 21 November 2026 at 10:00 in the
    /// business zone.
    pub fn new() -> Self {
        let mut world = Self {
            rows: BTreeMap::new(),
            rules: Rules::default(),
            now: Timestamp::default(),
            cursor: Cursor { seq: 0, last_journal: 0, last_account: 0, facts: 0 },
            facts: Vec::new(),
            journals: Vec::new(),
        };
        world.at("2026-11-21T10:00:00+08:00");
        let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
        world.rules.system = world.run(&open).expect("opening accounts refuses nothing");
        world
    }

    /// Sets the time, in RFC 3339.
    pub fn at(&mut self, time: &str) -> &mut Self {
        self.now = Timestamp::parse_rfc3339(time).expect("a test's time is RFC 3339");
        self
    }

    /// Lets microseconds pass.
    pub fn wait(&mut self, micros: i64) -> &mut Self {
        self.now = self.now.plus(micros);
        self
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The configuration in force, to be changed by a test.
    pub fn rules(&mut self) -> &mut Rules {
        &mut self.rules
    }

    /// Runs a command as a batch of its own.
    ///
    /// # Panics
    /// On a defect, on resolved keys that do not hold, and when the command takes too many rounds.
    pub fn run<C: Command>(&mut self, command: &C) -> Result<C::Done, C::Refusal> {
        match self.decide(command) {
            Ok(done) => Ok(done),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{} ended with {other:?}", command.name()),
        }
    }

    /// Runs a command as a batch of its own and gives also how it stopped. Only `Missing` never
    /// comes back: the rows are loaded, and the command decides again.
    ///
    /// # Panics
    /// When the command takes more rounds than the engine allows.
    pub fn decide<C: Command>(&mut self, command: &C) -> Result<C::Done, Stop<C::Refusal>> {
        let mut asked = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let mut missing = BTreeSet::new();
            let base = Loaded { rows: &self.rows, asked: &asked };
            let cursor = Cursor { seq: self.cursor.seq + 1, facts: 0, ..self.cursor };
            let mut tx = Tx::new(&base, &mut missing, &self.rules, self.now, cursor);
            let admitted = command.admit(&mut tx);
            let outcome = admitted.and_then(|()| command.decide(&mut tx));
            let (changes, cursor) = tx.finish();
            if let Err(Stop::Missing) = outcome {
                assert!(!missing.is_empty(), "{} misses nothing it asked for", command.name());
                asked.extend(missing);
                continue;
            }
            if matches!(outcome, Ok(_) | Err(Stop::Refused(_))) {
                self.rows.extend(changes.marks);
                self.cursor.seq += 1;
            }
            if outcome.is_ok() {
                self.cursor = cursor;
                self.apply(changes.rows, changes.journals, changes.facts);
            }
            return outcome;
        }
        panic!("{} takes more than {ROUNDS_MAX} rounds", command.name());
    }

    fn apply(
        &mut self,
        rows: BTreeMap<RowKey, Option<Row>>,
        journals: Vec<Posted>,
        facts: Vec<Fact>,
    ) {
        for (key, row) in rows {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        for posted in &journals {
            self.put(posted.journal.clone());
            posted.entries.iter().for_each(|entry| self.put(entry.clone()));
        }
        facts.iter().for_each(|fact| self.put(fact.clone()));
        self.journals.extend(journals);
        self.facts.extend(facts);
    }

    /// Puts a row beside all commands.
    pub fn put<R: Record>(&mut self, row: R) {
        self.rows.insert(row.row_key(), Arc::new(row));
    }

    /// Removes a row beside all commands.
    pub fn remove<R: Record>(&mut self, key: &R::Key) {
        self.rows.remove(&RowKey::of::<R>(key));
    }

    /// The row, if there is one.
    pub fn find<R: Record>(&self, key: &R::Key) -> Option<R> {
        let row = self.rows.get(&RowKey::of::<R>(key))?;
        (row.as_ref() as &dyn Any).downcast_ref::<R>().cloned()
    }

    /// The row.
    ///
    /// # Panics
    /// When there is none.
    pub fn get<R: Record>(&self, key: &R::Key) -> R {
        self.find::<R>(key).unwrap_or_else(|| panic!("no {} {key:?}", R::NAME))
    }

    /// Every row of a kind, in order of keys.
    pub fn all<R: Record>(&self) -> Vec<R> {
        let rows = self.rows.values().map(|row| row.as_ref() as &dyn Any);
        rows.filter_map(|row| row.downcast_ref::<R>().cloned()).collect()
    }

    /// The obligation, if it is open.
    pub fn job(&self, kind: JobKind, subject: impl std::fmt::Display) -> Option<Job> {
        self.find::<Job>(&(kind, subject.to_string()))
    }

    /// Every fact published, in order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Every journal posted, in order.
    pub fn journals(&self) -> &[Posted] {
        &self.journals
    }

    /// What an account holds, in minor units, credit positive.
    pub fn balance(&self, account: AccountNumber) -> i64 {
        self.get::<Account>(&account).balance
    }

    /// Gives an account money from the bank, in fen.
    pub fn fund(&mut self, account: AccountNumber, fen: i64) {
        let bank = self.rules.system.bank;
        let fund = Plant(move |tx: &mut Tx<'_>| transfer(tx, bank, account, fen));
        self.run(&fund).expect("funding refuses nothing");
    }

    /// Checks the whole ledger.
    ///
    /// # Panics
    /// When balances do not add up to zero, a sign is broken, a journal is not balanced or missing,
    /// or an account's entries do not chain up to its balance.
    pub fn check_ledger(&self) {
        let mut last: BTreeMap<AccountNumber, Account> = BTreeMap::new();
        for (place, posted) in self.journals.iter().enumerate() {
            let Journal { number, legs, currency, .. } = posted.journal.clone();
            assert_eq!(number, place as i64 + 1, "journal numbers have no gap");
            assert_eq!(legs, posted.entries.len() as i64, "legs of journal {number}");
            let sum: i128 = posted.entries.iter().map(|entry| i128::from(entry.amount)).sum();
            assert_eq!(sum, 0, "journal {number} is balanced");
            for entry in &posted.entries {
                let account = last.entry(entry.account).or_insert_with(|| Account {
                    balance: 0,
                    entries: 0,
                    last_entry: 0,
                    ..self.get::<Account>(&entry.account)
                });
                assert_eq!(account.currency, currency, "currency of account {}", entry.account);
                account.balance += entry.amount;
                account.entries += 1;
                assert_eq!(entry.balance, account.balance, "running balance of {entry:?}");
                assert_eq!(entry.number, account.entries, "place of {entry:?}");
                assert_eq!(entry.previous, account.last_entry, "chain of {entry:?}");
                account.last_entry = number;
            }
        }
        let accounts = self.all::<Account>();
        for account in &accounts {
            assert!(account.sign.allows(account.balance), "sign of {account:?}");
            match last.get(&account.number) {
                Some(replayed) => assert_eq!(account, replayed, "replay of {}", account.number),
                None => assert_eq!((account.balance, account.entries), (0, 0), "{account:?}"),
            }
        }
        let sum: i128 = accounts.iter().map(|account| i128::from(account.balance)).sum();
        assert_eq!(sum, 0, "all balances add up to zero");
    }
}

/// Sixteen bytes for an id, different for different numbers.
pub fn id_bytes(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_world_balances_and_money_given_is_there() {
        let mut world = World::new();
        let equity = world.rules().system.equity;
        world.fund(equity, 700);
        assert_eq!(world.balance(equity), 700);
        world.check_ledger();
    }

    #[test]
    #[should_panic(expected = "replay")]
    fn a_balance_without_a_journal_is_found() {
        let mut world = World::new();
        let equity = world.rules().system.equity;
        world.fund(equity, 700);
        world.put(Account { balance: 800, ..world.get::<Account>(&equity) });
        world.check_ledger();
    }
}
