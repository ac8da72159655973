//! A request of sharing that was accepted moves its money: the second of its two steps.

use super::{
    ProfitOrder, ProfitOrderById, ProfitOrderKind, ProfitOrderState, ProfitShare, ReceiverKind,
    ShareFailure, ShareResult, release_key,
};
use crate::command::{Halt, Timer};
use crate::fact::FactKind;
use crate::job::{Job, JobKind};
use crate::ledger::{AccountNumber, JournalKind, Posting, Subject};
use crate::merchant::{Merchant, MerchantState, Openid};
use crate::order::Order;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::User;
use crate::wallet::Wallet;
use kernel::time::SECOND;
use std::collections::BTreeMap;

/// See the module. Early, late or again: the request's own state and the obligation's time decide.
#[derive(Clone, Debug)]
pub struct FinishProfit {
    /// The merchant that asked.
    pub mchid: String,
    /// Its number of the request.
    pub out_order_no: String,
}

impl Timer for FinishProfit {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let key = (self.mchid.clone(), self.out_order_no.clone());
        let job = (JobKind::FinishProfit, format!("{}:{}", self.mchid, self.out_order_no));
        tx.want([RowKey::of::<ProfitOrder>(&key), RowKey::of::<Job>(&job)])?;
        let (request, job) = (tx.get::<ProfitOrder>(&key)?, tx.find::<Job>(&job)?);
        if job.is_some_and(|job| job.due_at <= tx.now()) {
            finish(tx, request)?;
        }
        Ok(())
    }
}

/// Accepts a request: what it is about no longer waits for others, and stays in the account where
/// it waited until the request is finished.
pub(super) fn start(
    tx: &mut Tx<'_>,
    mut order: Order,
    request: ProfitOrder,
    shares: Vec<ProfitShare>,
) {
    order.take_unsettled(tx, request.shared_minor + request.unfrozen_minor);
    order.shared_minor += request.shared_minor;
    order.profit_orders += 1;
    tx.put(order);
    shares.into_iter().for_each(|share| tx.put(share));
    let due_at = tx.now().plus(tx.rules().profit_finish_s.saturating_mul(SECOND));
    tx.schedule(Job::new(JobKind::FinishProfit, request.job_subject(), due_at));
    tx.put(ProfitOrderById {
        order_id: request.order_id.clone(),
        mchid: request.mchid.clone(),
        out_order_no: request.out_order_no.clone(),
    });
    tx.put(request);
}

/// Gives each receiver its share. One that takes no money leaves it to the order, or to the
/// merchant if the request unfreezes the rest.
fn finish(tx: &mut Tx<'_>, mut request: ProfitOrder) -> Result<(), Halt> {
    let (mut order, shares) = rows_of(tx, &request)?;
    want_takers(tx, &order, &shares)?;
    let merchant = tx.get::<Merchant>(&order.payee().to_owned())?;
    let mut takers = Vec::with_capacity(shares.len());
    for share in &shares {
        takers.push(match request.kind {
            ProfitOrderKind::Share => taker(tx, share)?,
            ProfitOrderKind::Unfreeze => Ok(merchant.balance_account),
        });
    }
    let mut legs: BTreeMap<AccountNumber, i64> = BTreeMap::new();
    for (share, taker) in shares.iter().zip(&takers) {
        if let Ok(account) = taker {
            *legs.entry(*account).or_default() += share.amount.minor();
        }
    }
    let (promised, given) = (request.shared_minor, legs.values().sum::<i64>());
    if request.kind == ProfitOrderKind::Share {
        let closed = promised - given;
        request.shared_minor = given;
        order.shared_minor -= closed;
        match request.unfreezes {
            true => request.unfrozen_minor += closed,
            false => order.give_unsettled(tx, closed)?,
        }
        *legs.entry(merchant.balance_account).or_default() += request.unfrozen_minor;
    }
    request.journal = post(tx, &request, order.unsettled_account, legs)?;
    request.state = ProfitOrderState::Finished;
    request.finished_at = Some(tx.now());
    for (share, taker) in shares.into_iter().zip(takers) {
        end(tx, &request, share, taker);
    }
    tx.remove::<Job>(&(JobKind::FinishProfit, request.job_subject()));
    tx.put(request);
    tx.put(order);
    Ok(())
}

/// The order and the shares that a request is about.
fn rows_of(tx: &mut Tx<'_>, request: &ProfitOrder) -> Result<(Order, Vec<ProfitShare>), Halt> {
    let order = (request.mchid.clone(), request.out_trade_no.clone());
    let share = |place| (request.mchid.clone(), request.out_order_no.clone(), place);
    let shares = (1..=request.shares).map(|place| RowKey::of::<ProfitShare>(&share(place)));
    tx.want(shares.chain([RowKey::of::<Order>(&order)]))?;
    let shares = (1..=request.shares).map(|place| tx.get::<ProfitShare>(&share(place)));
    let shares = shares.collect::<Result<_, _>>()?;
    Ok((tx.get::<Order>(&order)?, shares))
}

/// Asks for the rows of many receivers in few rounds.
fn want_takers(tx: &mut Tx<'_>, order: &Order, shares: &[ProfitShare]) -> Result<(), Halt> {
    let named = shares.iter().map(|share| match share.kind {
        ReceiverKind::Merchant => RowKey::of::<Merchant>(&share.account),
        ReceiverKind::Openid | ReceiverKind::SubOpenid => RowKey::of::<Openid>(&share.account),
    });
    let payee = RowKey::of::<Merchant>(&order.payee().to_owned());
    tx.want(named.chain([payee, release_key(order)]))?;
    let mut users = Vec::new();
    for share in shares.iter().filter(|share| share.kind != ReceiverKind::Merchant) {
        users.extend(tx.look::<Openid>(&share.account)?.map(|known| known.user));
    }
    tx.want(users.iter().map(RowKey::of::<User>))?;
    let mut wallets = Vec::new();
    for user in &users {
        wallets.extend(tx.look::<User>(user)?.and_then(|user| user.wallet));
    }
    tx.want(wallets.iter().map(RowKey::of::<Wallet>))
}

/// Takes what receivers and merchant get from where it waits; gives the journal, 0 when nothing
/// moved.
fn post(
    tx: &mut Tx<'_>,
    request: &ProfitOrder,
    unsettled: AccountNumber,
    mut legs: BTreeMap<AccountNumber, i64>,
) -> Result<i64, Halt> {
    let moved: i64 = legs.values().sum();
    if moved == 0 {
        return Ok(0);
    }
    legs.insert(unsettled, -moved);
    let kind = match request.kind {
        ProfitOrderKind::Share => JournalKind::ProfitShare,
        ProfitOrderKind::Unfreeze => JournalKind::ProfitUnfreeze,
    };
    let subject = Subject::new("profit_order", request.job_subject());
    let journal = tx.post(Posting::balanced(kind, subject, kernel::Currency::Cny, legs)?)?;
    journal.map_err(|short| Halt::Defect(format!("unsettled money: {short:?}")))
}

/// Writes what became of a share, and tells a merchant that got one.
fn end(tx: &mut Tx<'_>, request: &ProfitOrder, mut share: ProfitShare, taker: Taker) {
    let is_told = request.kind == ProfitOrderKind::Share && share.kind == ReceiverKind::Merchant;
    if taker.is_ok() && is_told {
        let subject = format!("{}:{}", request.job_subject(), share.place);
        tx.publish(FactKind::ProfitShared, &share.account, subject, 0);
    }
    share.result = if taker.is_ok() { ShareResult::Success } else { ShareResult::Closed };
    share.failure = taker.err();
    share.ledger_account = taker.unwrap_or(0);
    tx.put(share);
}

/// The account that takes a share, or why none does.
type Taker = Result<AccountNumber, ShareFailure>;

fn taker(tx: &mut Tx<'_>, share: &ProfitShare) -> Result<Taker, Halt> {
    match share.kind {
        ReceiverKind::Merchant => {
            let merchant = tx.find::<Merchant>(&share.account)?;
            let active = merchant.filter(|merchant| merchant.state == MerchantState::Active);
            let account = active.map(|merchant| merchant.balance_account);
            Ok(account.ok_or(ShareFailure::AccountAbnormal))
        }
        ReceiverKind::Openid | ReceiverKind::SubOpenid => {
            let Some(wallet) = wallet_of(tx, &share.account)? else {
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
