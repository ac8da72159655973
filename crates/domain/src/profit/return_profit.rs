//! A receiver gives back what it got of an order.

use super::{
    ProfitOrder, ProfitOrderById, ProfitOrderKind, ProfitReturn, ProfitShare, ReceiverKind,
    ReturnFailure, ReturnResult, ShareResult,
};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::fact::FactKind;
use crate::ledger::{JournalKind, Posting, Subject};
use crate::merchant::{Merchant, MerchantState};
use crate::order::Order;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Amount;
use kernel::time::SECOND;

/// How the merchant names the request that is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedProfitOrder {
    /// By our number.
    OrderId(String),
    /// By its own number.
    OutOrderNo(String),
}

/// See the module. The receiver's money goes to the balance of who was paid.
#[derive(Clone, Debug)]
pub struct ReturnProfit {
    /// The merchant that shared and signed the request.
    pub mchid: String,
    /// The sub-merchant whose money was shared, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The request that is given back.
    pub order: NamedProfitOrder,
    /// The merchant's number of the return.
    pub out_return_no: String,
    /// The receiver, a merchant.
    pub return_mchid: String,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub description: String,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new number, drawn by the edge.
    pub return_id: String,
}

/// Why nothing was recorded, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnProfitRefusal {
    /// The number was used for another return.
    NumberUsedDifferently,
    /// The merchant has no such request.
    OrderNotFound,
    /// The receiver got nothing of it.
    ReceiverUnknown,
    /// The receiver, another merchant, does not agree to returns.
    NotAllowed,
    /// It was too long ago.
    WindowExpired,
    /// Too many returns of it were asked for.
    CountExceeded,
    /// More than what the receiver still has of it.
    AmountExceeded {
        /// What it has, in fen.
        left: i64,
    },
}

impl Refusal for ReturnProfitRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NumberUsedDifferently => Code::IdempotencyConflict,
            Self::OrderNotFound | Self::ReceiverUnknown => Code::ObjectNotFound,
            Self::NotAllowed => Code::PermissionDenied,
            Self::WindowExpired | Self::CountExceeded => Code::ParamInvalid,
            Self::AmountExceeded { .. } => Code::RefundAmountExceeded,
        }
    }
}

impl Command for ReturnProfit {
    type Done = ();
    type Refusal = ReturnProfitRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ReturnProfitRefusal>> {
        let key = (self.mchid.clone(), self.out_return_no.clone());
        tx.want([
            RowKey::of::<ProfitReturn>(&key),
            RowKey::of::<Merchant>(self.sub_mchid.as_ref().unwrap_or(&self.mchid)),
            RowKey::of::<Merchant>(&self.return_mchid),
        ])?;
        if let Some(done) = tx.find::<ProfitReturn>(&key)? {
            return match done.fingerprint == self.fingerprint {
                true => Ok(()),
                false => Err(ReturnProfitRefusal::NumberUsedDifferently.into()),
            };
        }
        let order = self.find_order(tx)?;
        let share = self.find_share(tx, &order)?.ok_or(ReturnProfitRefusal::ReceiverUnknown)?;
        self.check_consent(tx)?;
        let until = order.created_at.plus(tx.rules().profit_return_s.saturating_mul(SECOND));
        if tx.now() > until {
            return Err(ReturnProfitRefusal::WindowExpired.into());
        }
        if order.returns >= tx.rules().profit_returns_max {
            return Err(ReturnProfitRefusal::CountExceeded.into());
        }
        let left = share.amount.minor() - share.returned_minor;
        if self.amount.minor() > left {
            return Err(ReturnProfitRefusal::AmountExceeded { left }.into());
        }
        Ok(self.give_back(tx, order, share)?)
    }
}

impl ReturnProfit {
    fn find_order(&self, tx: &mut Tx<'_>) -> Result<ProfitOrder, Stop<ReturnProfitRefusal>> {
        let number = match &self.order {
            NamedProfitOrder::OutOrderNo(number) => number.clone(),
            NamedProfitOrder::OrderId(id) => {
                let found = tx.find::<ProfitOrderById>(id)?;
                let found = found.filter(|found| found.mchid == self.mchid);
                found.ok_or(ReturnProfitRefusal::OrderNotFound)?.out_order_no
            }
        };
        let order = tx.find::<ProfitOrder>(&(self.mchid.clone(), number))?;
        let order = order.filter(|order| {
            order.kind == ProfitOrderKind::Share && order.sub_mchid == self.sub_mchid
        });
        Ok(order.ok_or(ReturnProfitRefusal::OrderNotFound)?)
    }

    /// Another merchant's money goes back only if that merchant agreed; who signed has.
    fn check_consent(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ReturnProfitRefusal>> {
        let is_own = self.return_mchid == self.mchid;
        if is_own || tx.get::<Merchant>(&self.return_mchid)?.allows_profit_return {
            return Ok(());
        }
        Err(ReturnProfitRefusal::NotAllowed.into())
    }

    /// What the receiver got of the request.
    fn find_share(
        &self,
        tx: &mut Tx<'_>,
        order: &ProfitOrder,
    ) -> Result<Option<ProfitShare>, Halt> {
        let key = |place| (order.mchid.clone(), order.out_order_no.clone(), place);
        tx.want((1..=order.shares).map(|place| RowKey::of::<ProfitShare>(&key(place))))?;
        for place in 1..=order.shares {
            let share = tx.get::<ProfitShare>(&key(place))?;
            let same = share.kind == ReceiverKind::Merchant && share.account == self.return_mchid;
            if same && share.result == ShareResult::Success {
                return Ok(Some(share));
            }
        }
        Ok(None)
    }

    fn give_back(
        &self,
        tx: &mut Tx<'_>,
        mut order: ProfitOrder,
        mut share: ProfitShare,
    ) -> Result<(), Halt> {
        let paid = (order.mchid.clone(), order.out_trade_no.clone());
        let mut paid = tx.get::<Order>(&paid)?;
        let moved = self.post(tx, paid.payee())?;
        if moved.is_ok() {
            share.returned_minor += self.amount.minor();
            paid.shared_minor -= self.amount.minor();
            let subject = format!("{}:{}", self.mchid, self.out_return_no);
            tx.publish(FactKind::ProfitReturned, &self.return_mchid, subject, 0);
            tx.put(share);
            tx.put(paid);
        }
        order.returns += 1;
        tx.put(ProfitReturn {
            mchid: self.mchid.clone(),
            sub_mchid: self.sub_mchid.clone(),
            out_return_no: self.out_return_no.clone(),
            return_id: self.return_id.clone(),
            out_order_no: order.out_order_no.clone(),
            order_id: order.order_id.clone(),
            return_mchid: self.return_mchid.clone(),
            amount: self.amount,
            description: self.description.clone(),
            result: if moved.is_ok() { ReturnResult::Success } else { ReturnResult::Failed },
            failure: moved.err(),
            fingerprint: self.fingerprint,
            created_at: tx.now(),
            journal: moved.unwrap_or(0),
        });
        tx.put(order);
        Ok(())
    }

    /// Moves the money; gives the journal, or why nothing moved.
    fn post(&self, tx: &mut Tx<'_>, payee: &str) -> Result<Result<i64, ReturnFailure>, Halt> {
        let from = tx.get::<Merchant>(&self.return_mchid)?;
        let to = tx.get::<Merchant>(&payee.to_owned())?;
        if from.state != MerchantState::Active {
            return Ok(Err(ReturnFailure::AccountAbnormal));
        }
        let amount = self.amount.minor();
        let subject = format_args!("{}:{}", self.mchid, self.out_return_no);
        let posting = Posting::balanced(
            JournalKind::ProfitReturn,
            Subject::new("profit_return", subject),
            self.amount.currency(),
            [(from.balance_account, -amount), (to.balance_account, amount)],
        )?;
        Ok(tx.post(posting)?.map_err(|_| ReturnFailure::BalanceNotEnough))
    }
}
