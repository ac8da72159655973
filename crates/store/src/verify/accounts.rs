//! Account rows against the entries. A row that a later batch has written waits until the entries
//! of that batch are read, so that a server that goes on makes no false finding.

use super::lanes::Meter;
use super::ledger::{A1, A3, L6, Ledger, READABLE};
use super::rows::{Rows, read};
use crate::queries::{Queries, QueryError};
use crate::value::Value;
use domain::ledger::{Account, Batch};

const PAGE: i64 = 20_000;

impl Ledger {
    /// Every account row up to the last that the batch gave out.
    pub(super) async fn check_account_rows(
        &mut self,
        queries: &dyn Queries,
        to: &Batch,
        meter: &Meter<'_>,
    ) -> Result<(), QueryError> {
        let mut last = 0;
        loop {
            let condition = "number > $1 AND number <= $2 ORDER BY number LIMIT $3";
            let range = [last, to.last_account, PAGE].map(Value::Int).to_vec();
            let Rows { rows, unreadable } = read::<Account>(queries, condition, range).await?;
            let all = rows.len() + unreadable.len();
            meter.did("a balance is the sum of its entries", all as u64);
            for what in unreadable {
                self.findings.add(READABLE, what);
            }
            if rows.is_empty() {
                break;
            }
            for (row, version) in rows {
                let next = last.saturating_add(1);
                if row.number != next {
                    self.findings.add(A1, next);
                }
                last = row.number;
                self.account(row, version);
            }
        }
        if last < to.last_account {
            self.findings.add(A1, last.saturating_add(1));
        }
        Ok(())
    }

    fn account(&mut self, row: Account, version: i64) {
        if !row.sign.allows(row.balance) {
            self.findings.add(L6, row.number);
        }
        if version > self.before.seq {
            self.waiting.insert(row.number, (row, version));
            return;
        }
        match self.states.get(&row.number).copied() {
            Some(state) => self.compare(&row, version, &state),
            // Nothing happened to it since the audit's start.
            None if self.from.seq > 0 && version <= self.from.seq => {}
            None if self.from.seq > 0 => self.findings.add(A3, row.number),
            None => self.findings.add(A1, row.number),
        }
    }
}
