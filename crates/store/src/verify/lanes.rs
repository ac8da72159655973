//! Two lines of work on one task: while the database reads for one, the other computes.

use super::Progress;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

/// Runs both to their end.
pub(super) async fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(move |context| {
        if one.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            one = Some(output);
        }
        if other.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            other = Some(output);
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (left, right) => {
                (one, other) = (left, right);
                Poll::Pending
            }
        }
    })
    .await
}

/// Counts rows for the progress bar.
pub(super) struct Meter<'a> {
    progress: Progress<'a>,
    done: AtomicU64,
    in_ledger: AtomicU64,
    of_ledger: AtomicU64,
    of_others: AtomicU64,
}

impl<'a> Meter<'a> {
    pub(super) fn new(progress: Progress<'a>) -> Self {
        let zero = || AtomicU64::new(0);
        Self { progress, done: zero(), in_ledger: zero(), of_ledger: zero(), of_others: zero() }
    }

    /// So many rows more.
    pub(super) fn did(&self, what: &'static str, rows: u64) {
        let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
        let of = self.of_ledger.load(Ordering::Relaxed) + self.of_others.load(Ordering::Relaxed);
        (self.progress)(what, done, of.max(done));
    }

    /// Besides the ledger there are so many rows more to look at.
    pub(super) fn expect(&self, rows: u64) {
        self.of_others.fetch_add(rows, Ordering::Relaxed);
    }

    /// The ledger's rows up to one batch tell how many there are about up to another.
    pub(super) fn expect_ledger(&self, rows: u64, batch: i64, of: i64) {
        let done = self.in_ledger.fetch_add(rows, Ordering::Relaxed) + rows;
        let of = (done as f64 * (of as f64 / batch.max(1) as f64).max(1.0)) as u64;
        self.of_ledger.store(of, Ordering::Relaxed);
    }

    pub(super) fn rows(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}
