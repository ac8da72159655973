//! A receipt: one journal, its path in the hash tree of its batch, and the batch that closes it. It
//! is checked without seeing anybody else's journals, against a batch hash that was published.

use crate::queries::{Queries, QueryError, find, select};
use crate::value::Value;
use domain::ledger::merkle::{self, Hash};
use domain::ledger::{AccountPath, Batch, Entry, Journal, Posted};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The journal with its entries.
    pub posted: Posted,
    /// Its place among the leaves of its batch, from 0.
    pub place: usize,
    /// How many leaves the batch has.
    pub leaves: usize,
    /// The hashes beside it, from the bottom up.
    pub path: Vec<Hash>,
    /// The batch.
    pub batch: Batch,
}

impl Receipt {
    /// Makes the receipt of a journal; `None` when there is no such journal.
    pub async fn of(queries: &dyn Queries, number: i64) -> Result<Option<Self>, QueryError> {
        let Some(journal) = find::<Journal>(queries, &number).await? else { return Ok(None) };
        let Some(batch) = find::<Batch>(queries, &journal.batch).await? else { return Ok(None) };
        let before = find::<Batch>(queries, &(batch.seq - 1)).await?;
        let before = before.unwrap_or_else(Batch::origin);
        let range = |from: i64, to: i64| vec![Value::Int(from), Value::Int(to)];
        let numbers = range(before.last_journal, batch.last_journal);
        let condition = "number > $1 AND number <= $2 ORDER BY number";
        let heads = select::<Journal>(queries, condition, numbers.clone()).await?;
        let condition = "journal > $1 AND journal <= $2 ORDER BY journal, account";
        let entries = select::<Entry>(queries, condition, numbers).await?;
        let numbers = range(before.last_account, batch.last_account);
        let condition = "number > $1 AND number <= $2 ORDER BY number";
        let opened = select::<AccountPath>(queries, condition, numbers).await?;
        let posted = |journal: Journal| {
            let mine = entries.iter().filter(|entry| entry.journal == journal.number);
            Posted { entries: mine.cloned().collect(), journal }
        };
        let journals: Vec<Posted> = heads.into_iter().map(posted).collect();
        let leaves = Batch::leaves(&journals, &opened);
        let Some(place) = journals.iter().position(|one| one.journal.number == number) else {
            return Ok(None);
        };
        let path = merkle::path(&leaves, place);
        let posted = journals[place].clone();
        Ok(Some(Self { posted, place, leaves: leaves.len(), path, batch }))
    }

    /// Whether the journal is one of those that the batch with this published hash closed.
    pub fn proves(&self, published: &Hash) -> bool {
        let leaf = merkle::leaf(&self.posted.canonical());
        let root = merkle::root_of_path(leaf, self.place, self.leaves, &self.path);
        root == Some(self.batch.root)
            && self.batch.computed_hash() == self.batch.hash
            && self.batch.hash == *published
    }
}
