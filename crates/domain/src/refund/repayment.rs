//! The money of a refund: posted, told of, and kept in mind by the order.

use super::{Refund, RefundById, RefundSource, RefundState};
use crate::command::Halt;
use crate::fact::FactKind;
use crate::fee::fee_refund_total;
use crate::ledger::{JournalKind, Posting, Shortfall, Subject};
use crate::merchant::Merchant;
use crate::order::Order;
use crate::profit::release_key;
use crate::tx::Tx;
use kernel::Amount;

/// A refund whose order and amount are checked.
pub(crate) struct Repayment {
    /// The paid order, in the state that it has afterwards.
    pub(crate) order: Order,
    pub(crate) amount: Amount,
    /// Which of the merchant's money is taken first.
    pub(crate) source: RefundSource,
    pub(crate) out_refund_no: String,
    /// A new refund number, drawn by the edge.
    pub(crate) refund_id: String,
    pub(crate) reason: Option<String>,
    pub(crate) notify_url: Option<String>,
    pub(crate) fingerprint: [u8; 32],
}

impl Repayment {
    /// Gives the money back to the payer, or says that the merchant's balance is too low.
    pub(crate) fn post(self, tx: &mut Tx<'_>) -> Result<Result<(), Shortfall>, Halt> {
        let Self { mut order, out_refund_no, refund_id, .. } = self;
        if tx.find::<RefundById>(&refund_id)?.is_some() {
            return Err(Halt::Stale); // The edge drew a number that is taken; it draws again.
        }
        let (amount, mchid) = (self.amount.minor(), order.mchid.clone());
        let refunded = order.refunded_minor + amount;
        let fee_total = fee_refund_total(order.fee_minor, order.amount.minor(), refunded);
        let fee_total = fee_total.ok_or_else(|| Halt::Defect("fee of a refund".into()))?;
        let fee = fee_total - order.fee_refunded_minor;
        let merchant = tx.get::<Merchant>(&order.payee().to_owned())?;
        // What waits for sharing goes back first: a merchant that shared nothing needs no balance.
        let unsettled = match self.source {
            RefundSource::Unsettled => (amount - fee).clamp(0, order.unsettled_minor),
            RefundSource::Balance => 0,
        };
        if order.is_shared() {
            tx.want([release_key(&order)])?;
        }
        let posting = Posting::balanced(
            JournalKind::Refund,
            Subject::new("refund", format_args!("{mchid}:{out_refund_no}")),
            self.amount.currency(),
            [
                (merchant.balance_account, fee + unsettled - amount),
                (order.unsettled_account, -unsettled),
                (tx.rules().system.income_fee, -fee),
                (order.payer_account, amount),
            ],
        )?;
        let journal = match tx.post(posting)? {
            Ok(journal) => journal,
            Err(shortfall) => return Ok(Err(shortfall)),
        };
        order.take_unsettled(tx, unsettled);
        tx.publish(FactKind::RefundSucceeded, &mchid, out_refund_no.clone(), journal);
        tx.put(Refund {
            mchid: mchid.clone(),
            sub_mchid: order.sub_mchid.clone(),
            out_refund_no: out_refund_no.clone(),
            refund_id: refund_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: order.transaction_id.clone().unwrap_or_default(),
            amount: self.amount,
            total: order.amount,
            reason: self.reason,
            notify_url: self.notify_url,
            state: RefundState::Success,
            fee_minor: fee,
            unsettled_minor: unsettled,
            fingerprint: self.fingerprint,
            created_at: tx.now(),
            succeeded_at: Some(tx.now()),
            journal,
        });
        tx.put(RefundById { refund_id, mchid, out_refund_no });
        order.refunded_minor = refunded;
        order.refund_arrived_minor += amount;
        order.fee_refunded_minor = fee_total;
        order.refunds += 1;
        order.last_refund_at = Some(tx.now());
        tx.put(order);
        Ok(Ok(()))
    }
}
