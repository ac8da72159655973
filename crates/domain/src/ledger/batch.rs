//! The batch row: one place in the one sequence of a book. It is the serialisation point, the
//! marker for unknown outcomes, the link of the hash chain, and the source of numbers and of time.

use super::account::AccountPath;
use super::journal::Posted;
use super::merkle::{self, Hash};
use crate::record;
use kernel::Timestamp;
use kernel::crypto::sha256;

/// Tells our batch from another one that took the same place.
pub type BatchId = [u8; 16];

/// One committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its place in the sequence, gap-free from 1; 0 is the place before the first.
    pub seq: i64,
    /// Drawn for each attempt to commit.
    pub id: BatchId,
    /// The batch's time: never before the last batch's.
    pub now: Timestamp,
    /// How far business time is ahead of the real clock, in microseconds.
    pub offset: i64,
    /// The last journal number given out.
    pub last_journal: i64,
    /// The last account number given out.
    pub last_account: i64,
    /// Which of the two idempotency tables is current: 0 or 1.
    pub turn: i64,
    /// When the tables took turns last.
    pub turned_at: Timestamp,
    /// Root over its journals, then the accounts it opened.
    pub root: Hash,
    /// The hash of the batch before.
    pub previous: Hash,
    /// Its own hash, over everything above.
    pub hash: Hash,
}

record!(Batch, "batch", Appended, seq: i64);

impl Batch {
    /// The place before the first batch.
    pub fn origin() -> Self {
        Self {
            seq: 0,
            id: [0; 16],
            now: Timestamp::default(),
            offset: 0,
            last_journal: 0,
            last_account: 0,
            turn: 0,
            turned_at: Timestamp::default(),
            root: merkle::root(&[]),
            previous: [0; 32],
            hash: [0; 32],
        }
    }

    /// The leaves a batch's root is taken over: journals by number, then opened accounts by number.
    pub fn leaves(journals: &[Posted], opened: &[AccountPath]) -> Vec<Hash> {
        let journals = journals.iter().map(|posted| merkle::leaf(&posted.canonical()));
        let opened = opened.iter().map(|account| merkle::leaf(&account.canonical()));
        journals.chain(opened).collect()
    }

    /// The hash that closes this batch, over all its other fields.
    pub fn computed_hash(&self) -> Hash {
        let mut bytes = b"jiaozi batch 1\0".to_vec();
        for number in [
            self.seq,
            self.now.micros(),
            self.offset,
            self.last_journal,
            self.last_account,
            self.turn,
            self.turned_at.micros(),
        ] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        sha256(&[&bytes, &self.id, &self.root, &self.previous])
    }

    /// The same batch with its hash filled in.
    pub fn sealed(mut self) -> Self {
        self.hash = self.computed_hash();
        self
    }
}
