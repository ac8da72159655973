//! What of an order's money nobody shared in time becomes the merchant's.

use super::{release_job, release_key};
use crate::command::{Halt, Timer};
use crate::ledger::{JournalKind, Posting, Subject};
use crate::merchant::Merchant;
use crate::order::Order;
use crate::tx::Tx;

/// See the module. Early, late or again: the order's own state and time decide.
#[derive(Clone, Debug)]
pub struct ReleaseUnsettled {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
}

impl Timer for ReleaseUnsettled {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let mut order = tx.get::<Order>(&(self.mchid.clone(), self.out_trade_no.clone()))?;
        let Some(paid_at) = order.paid_at.filter(|_| order.unsettled_minor > 0) else {
            return Ok(());
        };
        if release_job(&order, paid_at, tx.rules()).due_at > tx.now() {
            return Ok(());
        }
        tx.want([release_key(&order)])?;
        let merchant = tx.get::<Merchant>(&order.payee().to_owned())?;
        let rest = order.unsettled_minor;
        let posting = Posting::balanced(
            JournalKind::ProfitUnfreeze,
            Subject::new("order", order.job_subject()),
            order.amount.currency(),
            [(order.unsettled_account, -rest), (merchant.balance_account, rest)],
        )?;
        let journal = tx.post(posting)?;
        journal.map_err(|short| Halt::Defect(format!("unsettled money: {short:?}")))?;
        order.take_unsettled(tx, rest);
        tx.put(order);
        Ok(())
    }
}
