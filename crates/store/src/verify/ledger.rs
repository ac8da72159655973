//! The ledger, followed batch by batch: every journal balances, every entry continues its account,
//! every number is there once, and the hashes are those of the rows.

use super::Rule;
use super::chunks::{Chunk, Told};
use super::finding::Findings;
use domain::fact::FactKind;
use domain::ledger::{
    Account, AccountPath, Batch, Entry, Journal, JournalKind, Posted, Sign, merkle,
};
use kernel::{Amount, Currency};
use std::collections::HashMap;
use std::iter::Peekable;
use std::vec::IntoIter;

pub(super) const L1: Rule = ("L1", "a journal balances");
pub(super) const L2: Rule = ("L2", "a journal has the entries it says, at least two");
pub(super) const L3: Rule = ("L3", "an entry has its journal and its account");
pub(super) const L4: Rule = ("L4", "an entry is in its account's currency");
pub(super) const L5: Rule = ("L5", "a balance is the sum of its entries");
pub(super) const L6: Rule = ("L6", "a balance keeps its sign, also after every entry");
pub(super) const L9: Rule = ("L9", "an entry's amount is not zero and in range");
pub(super) const L10: Rule =
    ("L10", "entries of an account continue its running balance and name the entry before");
pub(super) const L11: Rule =
    ("L11", "entries of an account are numbered without gap, and the account knows the last");
pub(super) const L12: Rule =
    ("L12", "journals are numbered without gap up to what the last batch says");
pub(super) const L14: Rule = (
    "L14",
    "batches are numbered without gap, each names the hash of the one before, and neither time \
     nor numbers go back",
);
pub(super) const A1: Rule =
    ("A1", "accounts are numbered without gap, and each has exactly one path");
pub(super) const A2: Rule =
    ("A2", "an account has the currency of its path and the sign of its purpose");
pub(super) const A3: Rule =
    ("A3", "an account was last written by the batch of its last entry, or that opened it");
pub(super) const J1: Rule = ("J1", "a journal lies in the batch that gave out its number");
pub(super) const W1: Rule =
    ("W1", "a payment or refund journal has exactly one fact, of its kind, that names it");
pub(super) const C1: Rule =
    ("C1", "a batch's root is the root of its journals and opened accounts");
pub(super) const C2: Rule =
    ("C2", "a batch's hash covers the batch and links it to the one before");
pub(super) const H1: Rule =
    ("H1", "a head that was published, or verified earlier, is in the chain");
pub(super) const READABLE: Rule = ("D1", "a stored row can be read");

/// The rules about what is written once and about accounts.
pub(super) const RULES: &[Rule] =
    &[L1, L2, L3, L4, L5, L6, L9, L10, L11, L12, L14, A1, A2, A3, J1, W1, C1, C2, H1, READABLE];

/// What the entries read so far make of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) currency: Currency,
    pub(super) sign: Sign,
    pub(super) balance: i128,
    pub(super) entries: i64,
    pub(super) last_entry: i64,
    /// The batch of its last entry, or that opened it.
    pub(super) version: i64,
}

/// See the module.
pub(super) struct Ledger {
    /// The batch that the audit started behind.
    pub(super) from: Batch,
    /// The last batch read.
    pub(super) before: Batch,
    pub(super) states: HashMap<i64, State>,
    /// Account rows that a batch behind the last one read has written, until it is read.
    pub(super) waiting: HashMap<i64, (Account, i64)>,
    pub(super) findings: Findings,
    pub(super) journals: i64,
}

type Facts = Peekable<IntoIter<Told>>;

impl Ledger {
    /// Nothing read yet behind this batch.
    pub(super) fn behind(from: Batch) -> Self {
        Self {
            before: from.clone(),
            from,
            states: HashMap::new(),
            waiting: HashMap::new(),
            findings: Findings::default(),
            journals: 0,
        }
    }

    /// Reads on.
    pub(super) fn check(&mut self, chunk: Chunk) {
        for what in chunk.unreadable {
            self.findings.add(READABLE, what);
        }
        for (account, state) in chunk.earlier {
            self.states.entry(account).or_insert(state);
        }
        let mut journals = chunk.journals.into_iter().peekable();
        let mut entries = chunk.entries.into_iter().peekable();
        let mut opened = chunk.opened.into_iter().peekable();
        let mut facts = chunk.told.into_iter().peekable();
        for batch in chunk.batches {
            let opened = self.opened(&batch, &mut opened);
            let posted = self.posted(&batch, &mut journals, &mut entries);
            self.facts(&batch, &posted, &mut facts);
            self.close(batch, &posted, &opened);
        }
        for (path, _) in opened {
            self.findings.add(A1, format_args!("path {}", path.number));
        }
        for journal in journals {
            self.findings.add(L12, journal.number);
        }
        entries.for_each(|entry| self.findings.add(L3, name(&entry)));
    }

    /// The accounts that a batch opened.
    fn opened(
        &mut self,
        batch: &Batch,
        rows: &mut Peekable<IntoIter<(AccountPath, i64)>>,
    ) -> Vec<AccountPath> {
        let mut opened = Vec::new();
        let mut next = self.before.last_account.saturating_add(1);
        while let Some((path, version)) =
            rows.next_if(|(path, _)| path.number <= batch.last_account)
        {
            if path.number != next {
                self.findings.add(A1, format_args!("path {}", path.number));
            }
            if version != batch.seq {
                self.findings.add(A3, format_args!("path {}", path.number));
            }
            next = path.number.saturating_add(1);
            let state = State {
                currency: path.currency,
                sign: path.purpose.sign(),
                balance: 0,
                entries: 0,
                last_entry: 0,
                version: batch.seq,
            };
            self.states.entry(path.number).or_insert(state);
            opened.push(path);
        }
        if next != batch.last_account.max(self.before.last_account).saturating_add(1) {
            self.findings.add(A1, format_args!("path {next}"));
        }
        opened
    }

    /// The journals that a batch wrote, with their entries.
    fn posted(
        &mut self,
        batch: &Batch,
        journals: &mut Peekable<IntoIter<Journal>>,
        entries: &mut Peekable<IntoIter<Entry>>,
    ) -> Vec<Posted> {
        let mut posted = Vec::new();
        let mut next = self.before.last_journal.saturating_add(1);
        while let Some(journal) = journals.next_if(|row| row.number <= batch.last_journal) {
            if journal.number != next {
                self.findings.add(L12, next);
            }
            next = journal.number.saturating_add(1);
            if journal.batch != batch.seq || journal.at != batch.now {
                self.findings.add(J1, journal.number);
            }
            while let Some(orphan) = entries.next_if(|entry| entry.journal < journal.number) {
                self.orphan(&orphan, batch);
            }
            let mut own = Vec::with_capacity(4);
            while let Some(entry) = entries.next_if(|entry| entry.journal == journal.number) {
                self.apply(&entry, Some(&journal), batch);
                own.push(entry);
            }
            self.journal(&journal, &own);
            posted.push(Posted { journal, entries: own });
        }
        while let Some(orphan) = entries.next_if(|entry| entry.journal <= batch.last_journal) {
            self.orphan(&orphan, batch);
        }
        if next != batch.last_journal.max(self.before.last_journal).saturating_add(1) {
            self.findings.add(L12, next);
        }
        self.journals += posted.len() as i64;
        posted
    }

    fn journal(&mut self, journal: &Journal, entries: &[Entry]) {
        if entries.iter().map(|entry| i128::from(entry.amount)).sum::<i128>() != 0 {
            self.findings.add(L1, journal.number);
        }
        if entries.len() as i64 != journal.legs || entries.len() < 2 {
            self.findings.add(L2, journal.number);
        }
    }

    fn orphan(&mut self, entry: &Entry, batch: &Batch) {
        self.findings.add(L3, name(entry));
        self.apply(entry, None, batch);
    }

    /// Takes an entry into its account. The sums stay those of the entries, so that one wrong row
    /// is not told again with every later one.
    fn apply(&mut self, entry: &Entry, journal: Option<&Journal>, batch: &Batch) {
        let range = -Amount::MAX_MINOR..=Amount::MAX_MINOR;
        if entry.amount == 0 || !range.contains(&entry.amount) {
            self.findings.add(L9, name(entry));
        }
        let Some(state) = self.states.get_mut(&entry.account) else {
            return self.findings.add(L3, name(entry));
        };
        let balance = state.balance + i128::from(entry.amount);
        if i128::from(entry.balance) != balance || entry.previous != state.last_entry {
            self.findings.add(L10, name(entry));
        }
        if entry.number != state.entries + 1 {
            self.findings.add(L11, name(entry));
        }
        if journal.is_some_and(|journal| journal.currency != state.currency) {
            self.findings.add(L4, name(entry));
        }
        if !state.sign.allows(entry.balance) {
            self.findings.add(L6, name(entry));
        }
        state.balance = balance;
        state.entries += 1;
        state.last_entry = entry.journal;
        state.version = batch.seq;
        let state = *state;
        let is_newest = |row: &(Account, i64)| row.0.entries == state.entries;
        if self.waiting.get(&entry.account).is_some_and(is_newest)
            && let Some((row, version)) = self.waiting.remove(&entry.account)
        {
            self.compare(&row, version, &state);
        }
    }

    /// The facts of a batch against its payments and refunds.
    fn facts(&mut self, batch: &Batch, posted: &[Posted], facts: &mut Facts) {
        let told_of = |posted: &Posted| match posted.journal.kind {
            JournalKind::Payment => Some((posted.journal.number, paid(&posted.journal))),
            JournalKind::Refund => Some((posted.journal.number, FactKind::RefundSucceeded)),
            _ => None,
        };
        let mut owed: HashMap<i64, (FactKind, usize)> =
            posted.iter().filter_map(told_of).map(|(number, kind)| (number, (kind, 0))).collect();
        while let Some(fact) = facts.next_if(|fact| fact.batch <= batch.seq) {
            let owed = owed.get_mut(&fact.journal);
            match owed.filter(|owed| fact.batch == batch.seq && fact.kind == Some(owed.0)) {
                Some((_, count)) => *count += 1,
                None if fact.journal == 0 && fact.batch == batch.seq => {}
                None => self.findings.add(W1, format_args!("{}/{}", fact.batch, fact.place)),
            }
        }
        for (number, _) in owed.into_iter().filter(|(_, (_, count))| *count != 1) {
            self.findings.add(W1, number);
        }
    }

    /// The batch row itself.
    fn close(&mut self, batch: Batch, posted: &[Posted], opened: &[AccountPath]) {
        let before = &self.before;
        if batch.seq != before.seq.saturating_add(1)
            || batch.previous != before.hash
            || batch.last_journal < before.last_journal
            || batch.last_account < before.last_account
            || batch.now < before.now
        {
            self.findings.add(L14, batch.seq);
        }
        if merkle::root(&Batch::leaves(posted, opened)) != batch.root {
            self.findings.add(C1, batch.seq);
        }
        if batch.computed_hash() != batch.hash || batch.previous != before.hash {
            self.findings.add(C2, batch.seq);
        }
        self.before = batch;
    }

    /// An account row against what its entries make of it.
    pub(super) fn compare(&mut self, row: &Account, version: i64, state: &State) {
        let wrong = [
            (A2, row.currency != state.currency || row.sign != state.sign),
            (L5, i128::from(row.balance) != state.balance),
            (L11, row.entries != state.entries || row.last_entry != state.last_entry),
            (A3, version != state.version),
        ];
        for (rule, _) in wrong.into_iter().filter(|(_, is_wrong)| *is_wrong) {
            self.findings.add(rule, row.number);
        }
    }

    /// Whether account rows wait for entries that were written meanwhile.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) {
        for number in self.waiting.keys() {
            self.findings.add(A3, number);
        }
        self.states = HashMap::new();
    }
}

fn name(entry: &Entry) -> String {
    format!("{}/{}", entry.journal, entry.account)
}

/// The kind of fact that tells of a payment.
fn paid(journal: &Journal) -> FactKind {
    match journal.subject.parts().0 {
        "combined_order" => FactKind::CombinedPaymentSucceeded,
        _ => FactKind::PaymentSucceeded,
    }
}
