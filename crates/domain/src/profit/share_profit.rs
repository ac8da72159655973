//! A merchant gives receivers their part of a paid order.

use super::{
    ProfitOrder, ProfitOrderById, ProfitOrderKind, ProfitOrderState, ProfitReceiver, ProfitShare,
    ReceiverKind, ShareResult, finish_profit, is_fresh, order_of, receiver_key, release_key,
};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::merchant::{Merchant, MerchantAppid};
use crate::order::{Order, OrderByTransaction, OrderState};
use crate::record::{Record, RowKey};
use crate::tx::Tx;
use kernel::Amount;

/// What one receiver is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePart {
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub description: String,
    /// The receiver's name as the merchant knows it; only a merchant's is compared.
    pub name: Option<String>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ShareProfit {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The sub-merchant that was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The app id.
    pub appid: String,
    /// The number of the payment.
    pub transaction_id: String,
    /// The merchant's number of the request.
    pub out_order_no: String,
    /// At most 50 receivers, none of them twice; none at all only to unfreeze.
    pub parts: Vec<SharePart>,
    /// What becomes of the rest.
    pub rest: Rest,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new number, drawn by the edge.
    pub order_id: String,
}

/// What becomes of what a request leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It waits to be shared.
    Waits,
    /// It is the merchant's.
    Unfrozen,
}

/// Why nothing was shared, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareProfitRefusal {
    /// The number was used for another request.
    NumberUsedDifferently,
    /// The app id is not the merchant's.
    AppidNotBound,
    /// The merchant has no such payment.
    OrderNotFound,
    /// The order was not placed for sharing.
    NotForSharing,
    /// It was paid a moment ago.
    TooEarly,
    /// It was shared too often.
    CountExceeded,
    /// A receiver was not added.
    ReceiverUnknown,
    /// A receiver has another name.
    NameDiffers,
    /// Receivers would get too large a part of a sub-merchant's order.
    RatioExceeded,
    /// Less is left.
    NotEnough {
        /// What is left, in fen.
        left: i64,
    },
}

impl Refusal for ShareProfitRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NumberUsedDifferently => Code::IdempotencyConflict,
            Self::OrderNotFound => Code::OrderNotFound,
            Self::AppidNotBound
            | Self::NotForSharing
            | Self::CountExceeded
            | Self::NameDiffers
            | Self::RatioExceeded => Code::ParamInvalid,
            Self::TooEarly => Code::RateLimited,
            Self::ReceiverUnknown => Code::ObjectNotFound,
            Self::NotEnough { .. } => Code::BalanceInsufficient,
        }
    }
}

impl Command for ShareProfit {
    type Done = ();
    type Refusal = ShareProfitRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ShareProfitRefusal>> {
        let key = (self.mchid.clone(), self.out_order_no.clone());
        self.want_receivers(tx)?;
        if let Some(done) = tx.find::<ProfitOrder>(&key)? {
            return match done.fingerprint == self.fingerprint {
                true => Ok(()),
                false => Err(ShareProfitRefusal::NumberUsedDifferently.into()),
            };
        }
        if tx.find::<ProfitOrderById>(&self.order_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        let appid = (self.mchid.clone(), self.appid.clone());
        tx.find::<MerchantAppid>(&appid)?.ok_or(ShareProfitRefusal::AppidNotBound)?;
        let order = self.sharable(tx)?;
        self.check_receivers(tx)?;
        // At most 50 parts, each far below the range of the sum.
        let total: i64 = self.parts.iter().map(|part| part.amount.minor()).sum();
        // Of its own orders a merchant may give everything away.
        let most = i128::from(order.amount.minor()) * i128::from(tx.rules().profit_max_bp);
        let is_bounded = self.sub_mchid.is_some();
        if is_bounded && i128::from(order.shared_minor + total) * 10_000 > most {
            return Err(ShareProfitRefusal::RatioExceeded.into());
        }
        // Nothing to unfreeze is refused as by a request to unfreeze alone.
        let left = order.unsettled_minor;
        if total > left || (total, left) == (0, 0) {
            return Err(ShareProfitRefusal::NotEnough { left }.into());
        }
        self.accept(tx, order, total);
        Ok(())
    }
}

impl ShareProfit {
    /// The key of the row that says that a part may be given.
    fn receiver(&self, part: &SharePart) -> <ProfitReceiver as Record>::Key {
        receiver_key(&self.mchid, self.sub_mchid.as_deref(), part.kind, &part.account)
    }

    /// Asks for the rows of many receivers in one round.
    fn want_receivers(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let key = (self.mchid.clone(), self.out_order_no.clone());
        let named = self.parts.iter().map(|part| {
            let compared = part.kind == ReceiverKind::Merchant && part.name.is_some();
            let merchant = compared.then(|| RowKey::of::<Merchant>(&part.account));
            [Some(RowKey::of::<ProfitReceiver>(&self.receiver(part))), merchant]
        });
        tx.want(named.flatten().flatten().chain([
            RowKey::of::<ProfitOrder>(&key),
            RowKey::of::<MerchantAppid>(&(self.mchid.clone(), self.appid.clone())),
            RowKey::of::<ProfitOrderById>(&self.order_id),
            RowKey::of::<OrderByTransaction>(&self.transaction_id),
        ]))
    }

    /// Checks that every receiver was added, and that a merchant has the name it is given here.
    fn check_receivers(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ShareProfitRefusal>> {
        for part in &self.parts {
            tx.find::<ProfitReceiver>(&self.receiver(part))?
                .ok_or(ShareProfitRefusal::ReceiverUnknown)?;
            if let (ReceiverKind::Merchant, Some(name)) = (part.kind, &part.name) {
                let merchant = tx.find::<Merchant>(&part.account)?;
                if merchant.is_none_or(|merchant| merchant.name != *name) {
                    return Err(ShareProfitRefusal::NameDiffers.into());
                }
            }
        }
        Ok(())
    }

    /// The order, if its money may be shared now.
    fn sharable(&self, tx: &mut Tx<'_>) -> Result<Order, Stop<ShareProfitRefusal>> {
        let order = order_of(tx, &self.mchid, self.sub_mchid.as_deref(), &self.transaction_id)?;
        let order = order.ok_or(ShareProfitRefusal::OrderNotFound)?;
        tx.want([release_key(&order)])?;
        let paid_at = order.paid_at.filter(|_| order.state == OrderState::Success);
        let Some(paid_at) = paid_at.filter(|_| order.is_shared()) else {
            return Err(ShareProfitRefusal::NotForSharing.into());
        };
        if is_fresh(tx, paid_at) {
            return Err(ShareProfitRefusal::TooEarly.into());
        }
        if order.profit_orders >= tx.rules().profit_orders_max {
            return Err(ShareProfitRefusal::CountExceeded.into());
        }
        Ok(order)
    }

    /// Accepts it: `total` fen are on their way.
    fn accept(&self, tx: &mut Tx<'_>, order: Order, total: i64) {
        let shares = (1..).zip(&self.parts).map(|(place, part)| ProfitShare {
            mchid: self.mchid.clone(),
            out_order_no: self.out_order_no.clone(),
            place,
            kind: part.kind,
            account: part.account.clone(),
            amount: part.amount,
            description: part.description.clone(),
            result: ShareResult::Pending,
            failure: None,
            ledger_account: 0,
            returned_minor: 0,
        });
        let request = ProfitOrder {
            mchid: self.mchid.clone(),
            sub_mchid: self.sub_mchid.clone(),
            out_order_no: self.out_order_no.clone(),
            order_id: self.order_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: self.transaction_id.clone(),
            kind: ProfitOrderKind::Share,
            unfreezes: self.rest == Rest::Unfrozen,
            state: ProfitOrderState::Processing,
            shares: self.parts.len() as i64,
            shared_minor: total,
            unfrozen_minor: match self.rest {
                Rest::Waits => 0,
                Rest::Unfrozen => order.unsettled_minor - total,
            },
            returns: 0,
            fingerprint: self.fingerprint,
            created_at: tx.now(),
            finished_at: None,
            journal: 0,
        };
        finish_profit::start(tx, order, request, shares.collect());
    }
}
