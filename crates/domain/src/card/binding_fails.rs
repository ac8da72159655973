//! Failed bindings of a card and of a wallet, so that nobody tries cards until one fits.

use super::binding_row::CardBinding;
use crate::command::Halt;
use crate::record;
use crate::record::RowKey;
use crate::rules::Rules;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::id::Hex;
use kernel::time::{DAY, SECOND};

/// Failed bindings of one card or wallet within 24 hours. Those that go on count like failed ones
/// until they end, so that tries at the same time do not get past the cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingFails {
    /// The wallet's id, or `card:` and the blind index of the number.
    pub subject: String,
    /// Failed in the 24 hours since `since`.
    pub failed: i64,
    /// Going on.
    pub open: i64,
    /// When the first of the failed ones failed.
    pub since: Timestamp,
    /// No new one before then.
    pub blocked_until: Timestamp,
}

record!(BindingFails, "binding_fails", Kept, subject: String);

impl BindingFails {
    fn none(subject: String) -> Self {
        let never = Timestamp::default();
        Self { subject, failed: 0, open: 0, since: never, blocked_until: never }
    }

    /// When a new one may be started, unless that is now.
    fn refused_until(&self, now: Timestamp, max: i64, rules: &Rules) -> Option<Timestamp> {
        if self.blocked_until > now {
            return Some(self.blocked_until);
        }
        let ended = now.plus(rules.binding_ttl_s.saturating_mul(SECOND));
        (self.failed_at(now) + self.open >= max).then_some(ended)
    }

    fn failed_at(&self, now: Timestamp) -> i64 {
        let is_block_over = self.blocked_until > Timestamp::default() && self.blocked_until <= now;
        if is_block_over || now.since(self.since) >= DAY { 0 } else { self.failed }
    }

    fn after_start(mut self) -> Self {
        self.open += 1;
        self
    }

    fn after_success(mut self) -> Self {
        self.open -= 1;
        self
    }

    fn after_failure(mut self, now: Timestamp, max: i64, rules: &Rules) -> Self {
        self.open -= 1;
        self.failed = self.failed_at(now) + 1;
        if self.failed == 1 {
            self.since = now;
            self.blocked_until = Timestamp::default();
        }
        if self.failed >= max {
            self.blocked_until = now.plus(rules.binding_block_s.saturating_mul(SECOND));
        }
        self
    }
}

/// How a binding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The card is bound, or nobody could have known that it would not be.
    Well,
    /// It counts as a failed try.
    Failed,
}

/// The rows of both counters, for asking at once.
pub(crate) fn fails_keys(binding: &CardBinding) -> [RowKey; 2] {
    subjects(binding).map(|subject| RowKey::of::<BindingFails>(&subject))
}

/// Counts a binding that starts, or gives when one may start.
pub(crate) fn count_start(
    tx: &mut Tx<'_>,
    binding: &CardBinding,
) -> Result<Result<(), Timestamp>, Halt> {
    let counters = counters(tx, binding)?;
    let (now, rules) = (tx.now(), tx.rules());
    let refused = counters.iter().filter_map(|(row, max)| row.refused_until(now, *max, rules));
    if let Some(until) = refused.max() {
        return Ok(Err(until));
    }
    counters.into_iter().for_each(|(row, _)| tx.put(row.after_start()));
    Ok(Ok(()))
}

/// Counts a binding that ended.
pub(crate) fn count_end(tx: &mut Tx<'_>, binding: &CardBinding, ended: Ended) -> Result<(), Halt> {
    let counters = counters(tx, binding)?;
    let (now, rules) = (tx.now(), tx.rules());
    for (row, max) in counters {
        tx.put(match ended {
            Ended::Well => row.after_success(),
            Ended::Failed => row.after_failure(now, max, rules),
        });
    }
    Ok(())
}

fn subjects(binding: &CardBinding) -> [String; 2] {
    [binding.wallet.to_string(), format!("card:{}", Hex(&binding.number_index))]
}

fn counters(tx: &mut Tx<'_>, binding: &CardBinding) -> Result<[(BindingFails, i64); 2], Halt> {
    tx.want(fails_keys(binding))?;
    let [wallet, card] = subjects(binding);
    let (wallet_max, card_max) = (tx.rules().binding_fails_user, tx.rules().binding_fails_card);
    let mut find = |subject: String| {
        let found = tx.find::<BindingFails>(&subject)?;
        Ok::<_, Halt>(found.unwrap_or_else(|| BindingFails::none(subject)))
    };
    Ok([(find(wallet)?, wallet_max), (find(card)?, card_max)])
}
