//! Checks that every test with money ends with: the sum of balances, the chain of entries of each
//! account, journals without a gap, and the chain of batches, all computed anew.

use domain::fact::Fact;
use domain::ledger::{Account, AccountPath, Batch, Entry, Journal, Posted};
use domain::record::{Record, Row, RowKey};
use std::any::Any;
use std::collections::BTreeMap;
use store::Loaded;
use store::memory::Memory;

pub(crate) fn of<R: Record>(row: &Row) -> Option<&R> {
    (row.as_ref() as &dyn Any).downcast_ref::<R>()
}

/// All rows of a kind, in order of key.
pub(crate) fn all<R: Record>(memory: &Memory) -> Vec<R> {
    memory.rows().iter().filter_map(|(_, loaded)| of::<R>(&loaded.row).cloned()).collect()
}

/// Panics when the ledger or the chain is not sound.
pub(crate) fn audit(memory: &Memory) {
    let mut accounts: BTreeMap<i64, Account> =
        all::<Account>(memory).into_iter().map(|account| (account.number, account)).collect();
    let total: i128 = accounts.values().map(|account| i128::from(account.balance)).sum();
    assert_eq!(total, 0, "balances add up to zero");
    assert!(accounts.values().all(|account| account.sign.allows(account.balance)));

    let journals = all::<Journal>(memory);
    assert!(journals.iter().zip(1..).all(|(journal, number)| journal.number == number));
    let mut posted: Vec<Posted> =
        journals.into_iter().map(|journal| Posted { journal, entries: Vec::new() }).collect();
    for entry in all::<Entry>(memory) {
        posted[entry.journal as usize - 1].entries.push(entry);
    }
    for Posted { journal, entries } in posted.iter().rev() {
        assert_eq!(entries.len() as i64, journal.legs);
        assert_eq!(entries.iter().map(|entry| entry.amount).sum::<i64>(), 0);
        for entry in entries {
            let account = accounts.get_mut(&entry.account).expect("an entry names an account");
            let walked = (account.last_entry, account.entries, account.balance);
            assert_eq!(walked, (entry.journal, entry.number, entry.balance));
            account.last_entry = entry.previous;
            account.entries -= 1;
            account.balance -= entry.amount;
        }
    }
    assert!(accounts.values().all(|a| (a.balance, a.entries, a.last_entry) == (0, 0, 0)));
    audit_chain(memory, &posted);
}

fn audit_chain(memory: &Memory, posted: &[Posted]) {
    let mut opened = all::<AccountPath>(memory);
    opened.sort_by_key(|path| path.number);
    assert!(opened.iter().zip(1..).all(|(path, number)| path.number == number));
    let mut last = Batch::origin();
    for batch in all::<Batch>(memory) {
        assert_eq!(batch.seq, last.seq + 1);
        assert_eq!(batch.previous, last.hash);
        assert!(batch.now >= last.now && batch.offset >= last.offset);
        let journals: Vec<Posted> =
            posted.iter().filter(|posted| posted.journal.batch == batch.seq).cloned().collect();
        let accounts = &opened[last.last_account as usize..batch.last_account as usize];
        let root = domain::ledger::merkle::root(&Batch::leaves(&journals, accounts));
        assert_eq!(batch.root, root, "the root of batch {}", batch.seq);
        assert_eq!(batch.hash, batch.computed_hash());
        assert_eq!(batch.last_journal - last.last_journal, journals.len() as i64);
        last = batch;
    }
    assert_eq!(last.last_journal, posted.len() as i64);
    assert_eq!(last.last_account, opened.len() as i64);
}

/// Every row but the batches', without what depends on how commands were cut into batches.
pub(crate) fn domain_rows(memory: &Memory) -> Vec<String> {
    let show = |(key, loaded): &(RowKey, Loaded)| {
        let row = &loaded.row;
        if of::<Batch>(row).is_some() {
            return None;
        }
        if let Some(fact) = of::<Fact>(row) {
            return Some(format!("{:?}", Fact { batch: 0, place: 0, ..fact.clone() }));
        }
        if let Some(journal) = of::<Journal>(row) {
            return Some(format!("{:?}", Journal { batch: 0, ..journal.clone() }));
        }
        Some(format!("{key:?} {row:?}"))
    };
    memory.rows().iter().filter_map(show).collect()
}
