//! An order whose time is over closes, also while a card's bank is awaited; a part of a combined
//! order closes with all the others, and one that waits for its payer is revoked.

use super::{CombinedOrder, Order, OrderState};
use crate::command::{Halt, Timer};
use crate::tx::Tx;

/// See the module. Early, late or again: the order's own state and time decide.
#[derive(Clone, Debug)]
pub struct ExpireOrder {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_trade_no: String,
}

impl Timer for ExpireOrder {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        let order = tx.get::<Order>(&key)?;
        let state = match order.state {
            OrderState::BankPending if order.expires_at <= tx.now() => OrderState::Closed,
            _ => order.state_at(tx.now()),
        };
        if state == order.state {
            return Ok(());
        }
        match order.combined() {
            Some(key) => tx.get::<CombinedOrder>(&key)?.close(tx)?,
            None if state == OrderState::Closed => tx.put(order.closed()),
            None => tx.put(Order { state, ..order }),
        }
        Ok(())
    }
}
