//! A merchant gives receivers their part of a paid order.

use super::{
    ProfitOrder, ProfitOrderById, ProfitOrderKind, ProfitReceiver, ProfitShare, ReceiverKind,
    ShareFailure, ShareResult, order_of, receiver_key, release_key,
};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::fact::FactKind;
use crate::ledger::{AccountNumber, JournalKind, Posting, Subject};
use crate::merchant::{Merchant, MerchantAppid, MerchantState, Openid};
use crate::order::{Order, OrderByTransaction, OrderState};
use crate::record::{Record, RowKey};
use crate::tx::Tx;
use crate::user::User;
use crate::wallet::Wallet;
use kernel::Amount;
use kernel::time::SECOND;
use std::collections::BTreeMap;

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
    /// Receivers would get too large a part of the order.
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
        let total: i128 = self.parts.iter().map(|part| i128::from(part.amount.minor())).sum();
        let most = i128::from(order.amount.minor()) * i128::from(tx.rules().profit_max_bp);
        if (i128::from(order.shared_minor) + total) * 10_000 > most {
            return Err(ShareProfitRefusal::RatioExceeded.into());
        }
        // Nothing to unfreeze is refused as by a request to unfreeze alone.
        if total > i128::from(order.unsettled_minor) || (total, order.unsettled_minor) == (0, 0) {
            let left = order.unsettled_minor;
            return Err(ShareProfitRefusal::NotEnough { left }.into());
        }
        Ok(self.share(tx, order)?)
    }
}

impl ShareProfit {
    /// The key of the row that says that a part may be given.
    fn receiver(&self, part: &SharePart) -> <ProfitReceiver as Record>::Key {
        receiver_key(&self.mchid, self.sub_mchid.as_deref(), part.kind, &part.account)
    }

    /// Asks for the rows of many receivers in few rounds.
    fn want_receivers(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let key = (self.mchid.clone(), self.out_order_no.clone());
        let named = self.parts.iter().flat_map(|part| {
            let key = self.receiver(part);
            let account = match part.kind {
                ReceiverKind::Merchant => RowKey::of::<Merchant>(&part.account),
                ReceiverKind::Openid | ReceiverKind::SubOpenid => {
                    RowKey::of::<Openid>(&part.account)
                }
            };
            [RowKey::of::<ProfitReceiver>(&key), account]
        });
        tx.want(named.chain([
            RowKey::of::<ProfitOrder>(&key),
            RowKey::of::<MerchantAppid>(&(self.mchid.clone(), self.appid.clone())),
            RowKey::of::<ProfitOrderById>(&self.order_id),
            RowKey::of::<OrderByTransaction>(&self.transaction_id),
            RowKey::of::<Merchant>(self.sub_mchid.as_ref().unwrap_or(&self.mchid)),
        ]))?;
        let mut users = Vec::new();
        for part in self.parts.iter().filter(|part| part.kind != ReceiverKind::Merchant) {
            users.extend(tx.look::<Openid>(&part.account)?.map(|known| known.user));
        }
        tx.want(users.iter().map(RowKey::of::<User>))?;
        let mut wallets = Vec::new();
        for user in &users {
            wallets.extend(tx.look::<User>(user)?.and_then(|user| user.wallet));
        }
        tx.want(wallets.iter().map(RowKey::of::<Wallet>))
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
        if tx.now() < paid_at.plus(tx.rules().profit_delay_s.saturating_mul(SECOND)) {
            return Err(ShareProfitRefusal::TooEarly.into());
        }
        if order.profit_orders >= tx.rules().profit_orders_max {
            return Err(ShareProfitRefusal::CountExceeded.into());
        }
        Ok(order)
    }

    fn share(&self, tx: &mut Tx<'_>, mut order: Order) -> Result<(), Halt> {
        let mut takers = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            takers.push(taker(tx, part)?);
        }
        let given = self.parts.iter().zip(&takers);
        let given =
            given.filter_map(|(part, taker)| taker.ok().map(|to| (to, part.amount.minor())));
        let mut legs: BTreeMap<AccountNumber, i64> = BTreeMap::new();
        for (account, minor) in given {
            *legs.entry(account).or_default() += minor;
        }
        let shared: i64 = legs.values().sum();
        let unfrozen = match self.rest {
            Rest::Waits => 0,
            Rest::Unfrozen => order.unsettled_minor - shared,
        };
        let merchant = tx.get::<Merchant>(&order.payee().to_owned())?;
        *legs.entry(merchant.balance_account).or_default() += unfrozen;
        *legs.entry(order.unsettled_account).or_default() -= shared + unfrozen;
        let journal = match shared + unfrozen {
            0 => 0,
            _ => self.post(tx, legs)?,
        };
        for (place, (part, taker)) in (1..).zip(self.parts.iter().zip(takers)) {
            self.put_share(tx, place, part, taker);
        }
        order.take_unsettled(tx, shared + unfrozen);
        order.shared_minor += shared;
        order.profit_orders += 1;
        tx.put(ProfitOrderById {
            order_id: self.order_id.clone(),
            mchid: self.mchid.clone(),
            out_order_no: self.out_order_no.clone(),
        });
        tx.put(ProfitOrder {
            mchid: self.mchid.clone(),
            sub_mchid: self.sub_mchid.clone(),
            out_order_no: self.out_order_no.clone(),
            order_id: self.order_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: self.transaction_id.clone(),
            kind: ProfitOrderKind::Share,
            shares: self.parts.len() as i64,
            shared_minor: shared,
            unfrozen_minor: unfrozen,
            returns: 0,
            fingerprint: self.fingerprint,
            created_at: tx.now(),
            journal,
        });
        tx.put(order);
        Ok(())
    }

    fn post(&self, tx: &mut Tx<'_>, legs: BTreeMap<AccountNumber, i64>) -> Result<i64, Halt> {
        let subject = format_args!("{}:{}", self.mchid, self.out_order_no);
        let subject = Subject::new("profit_order", subject);
        let posting =
            Posting::balanced(JournalKind::ProfitShare, subject, kernel::Currency::Cny, legs)?;
        tx.post(posting)?.map_err(|short| Halt::Defect(format!("unsettled money: {short:?}")))
    }

    fn put_share(&self, tx: &mut Tx<'_>, place: i64, part: &SharePart, taker: Taker) {
        if taker.is_ok() && part.kind == ReceiverKind::Merchant {
            let subject = format!("{}:{}:{place}", self.mchid, self.out_order_no);
            tx.publish(FactKind::ProfitShared, &part.account, subject, 0);
        }
        tx.put(ProfitShare {
            mchid: self.mchid.clone(),
            out_order_no: self.out_order_no.clone(),
            place,
            kind: part.kind,
            account: part.account.clone(),
            amount: part.amount,
            description: part.description.clone(),
            result: if taker.is_ok() { ShareResult::Success } else { ShareResult::Closed },
            failure: taker.err(),
            ledger_account: taker.unwrap_or(0),
            returned_minor: 0,
        });
    }
}

/// The account that takes a share, or why none does.
type Taker = Result<AccountNumber, ShareFailure>;

fn taker(tx: &mut Tx<'_>, part: &SharePart) -> Result<Taker, Halt> {
    match part.kind {
        ReceiverKind::Merchant => {
            let merchant = tx.find::<Merchant>(&part.account)?;
            let active = merchant.filter(|merchant| merchant.state == MerchantState::Active);
            let account = active.map(|merchant| merchant.balance_account);
            Ok(account.ok_or(ShareFailure::AccountAbnormal))
        }
        ReceiverKind::Openid | ReceiverKind::SubOpenid => {
            let Some(wallet) = wallet_of(tx, &part.account)? else {
                return Ok(Err(ShareFailure::AccountAbnormal));
            };
            Ok(match (wallet.may_receive(), wallet.identity) {
                (false, _) => Err(ShareFailure::AccountAbnormal),
                (true, None) => Err(ShareFailure::NotVerified),
                (true, Some(_)) => Ok(wallet.balance_account),
            })
        }
    }
}

/// The wallet of the person with this name, if one is open.
fn wallet_of(tx: &mut Tx<'_>, openid: &str) -> Result<Option<Wallet>, Halt> {
    let Some(known) = tx.find::<Openid>(&openid.to_owned())? else { return Ok(None) };
    let wallet = tx.find::<User>(&known.user)?.and_then(|user| user.wallet);
    match wallet {
        Some(wallet) => tx.find::<Wallet>(&wallet),
        None => Ok(None),
    }
}
