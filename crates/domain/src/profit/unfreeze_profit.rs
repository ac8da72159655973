//! A merchant has shared what it wanted to: the rest of the order's money is its own.

use super::{
    ProfitOrder, ProfitOrderById, ProfitOrderKind, ProfitOrderState, ProfitShare, ReceiverKind,
    ShareProfitRefusal, ShareResult, finish_profit, is_fresh, order_of, release_key,
};
use crate::command::{Command, Once, Stop};
use crate::order::Order;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Amount;

/// See the module.
#[derive(Clone, Debug)]
pub struct UnfreezeProfit {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The sub-merchant that was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The number of the payment.
    pub transaction_id: String,
    /// The merchant's number of the request.
    pub out_order_no: String,
    /// Why.
    pub description: String,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new number, drawn by the edge.
    pub order_id: String,
}

impl Command for UnfreezeProfit {
    type Done = ();
    /// Refuses a part of what sharing refuses.
    type Refusal = ShareProfitRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ShareProfitRefusal>> {
        let key = (self.mchid.clone(), self.out_order_no.clone());
        tx.want([RowKey::of::<ProfitOrder>(&key), RowKey::of::<ProfitOrderById>(&self.order_id)])?;
        if let Some(done) = tx.find::<ProfitOrder>(&key)? {
            return match done.fingerprint == self.fingerprint {
                true => Ok(()),
                false => Err(ShareProfitRefusal::NumberUsedDifferently.into()),
            };
        }
        if tx.find::<ProfitOrderById>(&self.order_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        let order = order_of(tx, &self.mchid, self.sub_mchid.as_deref(), &self.transaction_id)?;
        let order = order.ok_or(ShareProfitRefusal::OrderNotFound)?;
        tx.want([release_key(&order)])?;
        if !order.is_shared() {
            return Err(ShareProfitRefusal::NotForSharing.into());
        }
        if order.paid_at.is_some_and(|paid_at| is_fresh(tx, paid_at)) {
            return Err(ShareProfitRefusal::TooEarly.into());
        }
        // An unpaid order has nothing waiting either.
        let Ok(rest) = Amount::fen(order.unsettled_minor) else {
            return Err(ShareProfitRefusal::NotEnough { left: 0 }.into());
        };
        self.accept(tx, order, rest);
        Ok(())
    }
}

impl UnfreezeProfit {
    fn accept(&self, tx: &mut Tx<'_>, order: Order, rest: Amount) {
        let share = ProfitShare {
            mchid: self.mchid.clone(),
            out_order_no: self.out_order_no.clone(),
            place: 1,
            kind: ReceiverKind::Merchant,
            account: order.payee().to_owned(),
            amount: rest,
            description: self.description.clone(),
            result: ShareResult::Pending,
            failure: None,
            ledger_account: 0,
            returned_minor: 0,
        };
        let request = ProfitOrder {
            mchid: self.mchid.clone(),
            sub_mchid: self.sub_mchid.clone(),
            out_order_no: self.out_order_no.clone(),
            order_id: self.order_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: self.transaction_id.clone(),
            kind: ProfitOrderKind::Unfreeze,
            unfreezes: true,
            state: ProfitOrderState::Processing,
            shares: 1,
            shared_minor: 0,
            unfrozen_minor: rest.minor(),
            returns: 0,
            fingerprint: self.fingerprint,
            created_at: tx.now(),
            finished_at: None,
            journal: 0,
        };
        finish_profit::start(tx, order, request, vec![share]);
    }
}
