//! A person pays an order from the balance.

use super::{Order, OrderByPrepay, OrderByTransaction, OrderState};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::fact::FactKind;
use crate::fee::merchant_fee;
use crate::ids::{UserId, WalletId};
use crate::ledger::{Account, JournalKind, Posting, Subject};
use crate::merchant::{Merchant, MerchantState, OpenidKeys};
use crate::profit::release_job;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::{Session, TouchSession, User};
use crate::wallet::{
    Identity, LimitRefusal, PasswordRefusal, PasswordTry, Usage, Wallet, WalletBlocked,
    check_password, password_keys,
};
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct PayOrder {
    /// The person.
    pub user: UserId,
    /// SHA-256 of the token of the session that the person must have, when the edge has not looked
    /// for itself.
    pub session: Option<[u8; 32]>,
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The prepay id that the code or page carried.
    pub prepay_id: String,
    /// The amount that the payer saw and agreed to.
    pub amount: Amount,
    /// The payment password as entered.
    pub password: PasswordTry,
    /// How many independent factors authorise the payment; the password alone is one.
    pub factors: u32,
    /// Under which the payer has a name for the order's app id.
    pub openid_keys: OpenidKeys,
    /// A new payment number, drawn by the edge.
    pub transaction_id: String,
    /// The caller's key.
    pub once: Once,
}

/// What the payer gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPaid {
    /// The number of the payment.
    pub transaction_id: String,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// What was paid, in fen.
    pub amount_minor: i64,
}

/// Why an order was not paid, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayOrderRefusal {
    /// The session is over.
    SessionExpired,
    /// No such order, or the code is not this order's.
    OrderNotFound,
    /// The wallet is not the caller's.
    WalletNotFound,
    /// Somebody paid it.
    AlreadyPaid,
    /// The merchant closed it.
    Closed,
    /// Its time, or the code's, is over.
    Expired,
    /// A bank has not answered about it yet.
    ResultUnknown,
    /// The payer saw another amount.
    AmountChanged,
    /// It is another person's.
    PayerMismatch,
    /// The merchant takes no payments.
    MerchantSuspended,
    /// The wallet's money may not move.
    Wallet(WalletBlocked),
    /// The payment password was not accepted.
    Password(PasswordRefusal),
    /// A cap would be broken.
    Limit(LimitRefusal),
    /// The balance is too low.
    BalanceInsufficient,
}

impl Refusal for PayOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::SessionExpired => Code::SessionExpired,
            Self::OrderNotFound => Code::OrderNotFound,
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::AlreadyPaid => Code::OrderAlreadyPaid,
            Self::Closed => Code::OrderClosed,
            Self::Expired => Code::OrderExpired,
            Self::ResultUnknown => Code::PaymentResultUnknown,
            Self::AmountChanged => Code::OrderAmountChanged,
            Self::PayerMismatch => Code::OrderPayerMismatch,
            Self::MerchantSuspended => Code::MerchantAbnormal,
            Self::Wallet(blocked) => blocked.code(),
            Self::Password(refusal) => refusal.code(),
            Self::Limit(refusal) => refusal.code(),
            Self::BalanceInsufficient => Code::BalanceInsufficient,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Password(refusal) => refusal.params(),
            Self::Limit(refusal) => refusal.params(),
            _ => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Password(_))
    }
}

impl Command for PayOrder {
    type Done = OrderPaid;
    type Refusal = PayOrderRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn admit(&self, tx: &mut Tx<'_>) -> Result<(), Stop<PayOrderRefusal>> {
        let Some(token_hash) = self.session else { return Ok(()) };
        tx.want(self.keys())?;
        let session = tx.look::<Session>(&token_hash)?;
        let user = tx.look::<User>(&self.user)?;
        match session.zip(user) {
            Some((session, user)) if session.is_live(&user, tx.now(), tx.rules()) => Ok(()),
            _ => Err(PayOrderRefusal::SessionExpired.into()),
        }
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<OrderPaid, Stop<PayOrderRefusal>> {
        if self.session.is_none() {
            tx.want(self.keys())?; // Otherwise they were asked for before.
        }
        self.touch_session(tx)?;
        let order = self.payable(tx)?;
        let openid = self.openid_keys.name_of(tx, &order.appid, self.user)?;
        if order.openid.as_ref().is_some_and(|bound| *bound != openid) {
            return Err(PayOrderRefusal::PayerMismatch.into());
        }
        let wallet = tx.look::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(PayOrderRefusal::WalletNotFound)?;
        let merchant = tx.look_at::<Merchant>(&order.mchid)?;
        if merchant.state == MerchantState::Suspended {
            return Err(PayOrderRefusal::MerchantSuspended.into());
        }
        let identity = wallet.may_pay().map_err(PayOrderRefusal::Wallet)?;
        check_password(tx, wallet.id, &self.password)?.map_err(PayOrderRefusal::Password)?;
        let class = tx.look_at::<Identity>(&identity)?.class(tx.rules());
        let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity));
        let usage = usage
            .on(tx.now())
            .after_payment(order.amount, class, self.factors, tx.rules())
            .map_err(PayOrderRefusal::Limit)?;
        tx.put(usage);
        self.pay(tx, Order { payer_openid: Some(openid), ..order }, &wallet, &merchant)
    }
}

impl PayOrder {
    /// The rows that the request names itself.
    fn keys(&self) -> Vec<RowKey> {
        let mut keys = vec![
            RowKey::of::<OrderByPrepay>(&self.prepay_id),
            RowKey::of::<OrderByTransaction>(&self.transaction_id),
            RowKey::of::<Wallet>(&self.wallet),
        ];
        if let Some(token_hash) = self.session {
            keys.push(RowKey::of::<Session>(&token_hash));
            keys.push(RowKey::of::<User>(&self.user));
        }
        keys.extend(password_keys(self.wallet));
        keys
    }

    /// The order, if this person may pay it now.
    fn payable(&self, tx: &mut Tx<'_>) -> Result<Order, Stop<PayOrderRefusal>> {
        let session = tx.find::<OrderByPrepay>(&self.prepay_id)?;
        let session = session.ok_or(PayOrderRefusal::OrderNotFound)?;
        let key = (session.mchid, session.out_trade_no);
        self.want_the_rest(tx, &key)?;
        let order = tx.get::<Order>(&key)?;
        match order.state {
            OrderState::NotPay => {}
            OrderState::BankPending => return Err(PayOrderRefusal::ResultUnknown.into()),
            OrderState::Success => return Err(PayOrderRefusal::AlreadyPaid.into()),
            OrderState::Closed => return Err(PayOrderRefusal::Closed.into()),
        }
        if !order.is_open(tx.now()) || session.expires_at <= tx.now() {
            return Err(PayOrderRefusal::Expired.into());
        }
        if order.amount != self.amount {
            return Err(PayOrderRefusal::AmountChanged.into());
        }
        Ok(order)
    }

    /// Asks at once for what the rows of the first load lead to. The merchant's account comes a
    /// load later, but every payment to that merchant shares it.
    fn want_the_rest(&self, tx: &mut Tx<'_>, order: &(String, String)) -> Result<(), Halt> {
        let mut keys = vec![RowKey::of::<Order>(order), RowKey::of::<Merchant>(&order.0)];
        if let Some(wallet) = tx.look::<Wallet>(&self.wallet)? {
            keys.push(RowKey::of::<Account>(&wallet.balance_account));
            if let Some(identity) = wallet.identity {
                keys.push(RowKey::of::<Identity>(&identity));
                keys.push(RowKey::of::<Usage>(&identity));
            }
        }
        tx.want(keys)
    }

    /// Paying is a use of the session, like any other request.
    fn touch_session(&self, tx: &mut Tx<'_>) -> Result<(), Stop<PayOrderRefusal>> {
        let Some(token_hash) = self.session else { return Ok(()) };
        if let Some(session) = tx.look::<Session>(&token_hash)?
            && TouchSession::is_due(&session, tx.now())
        {
            tx.put(Session { seen_at: tx.now(), ..Session::clone(&session) });
        }
        Ok(())
    }

    fn pay(
        &self,
        tx: &mut Tx<'_>,
        mut order: Order,
        wallet: &Wallet,
        merchant: &Merchant,
    ) -> Result<OrderPaid, Stop<PayOrderRefusal>> {
        if tx.look::<OrderByTransaction>(&self.transaction_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        let amount = order.amount.minor();
        let fee = u32::try_from(merchant.fee_bp).ok().and_then(|bp| merchant_fee(amount, bp));
        let fee = fee.filter(|fee| (0..=amount).contains(fee));
        let fee = fee.ok_or_else(|| Stop::Defect(format!("fee of merchant {}", order.mchid)))?;
        let shared = order.is_shared();
        let to = if shared { order.unsettled_account } else { merchant.balance_account };
        let posting = Posting::balanced(
            JournalKind::Payment,
            Subject::new("order", format_args!("{}:{}", order.mchid, order.out_trade_no)),
            order.amount.currency(),
            [
                (wallet.balance_account, -amount),
                (to, amount - fee),
                (tx.rules().system.income_fee, fee),
            ],
        )?;
        let journal = tx.post(posting)?.map_err(|_| PayOrderRefusal::BalanceInsufficient)?;
        tx.publish(FactKind::PaymentSucceeded, &order.mchid, order.out_trade_no.clone(), journal);
        tx.put(OrderByTransaction {
            transaction_id: self.transaction_id.clone(),
            mchid: order.mchid.clone(),
            out_trade_no: order.out_trade_no.clone(),
        });
        order.state = OrderState::Success;
        order.payer = Some(wallet.id);
        order.payer_account = wallet.balance_account;
        order.transaction_id = Some(self.transaction_id.clone());
        order.paid_at = Some(tx.now());
        order.journal = journal;
        order.fee_minor = fee;
        if shared {
            order.unsettled_minor = amount - fee;
            tx.schedule(release_job(&order, tx.now(), tx.rules()));
        }
        tx.put(order);
        let transaction_id = self.transaction_id.clone();
        Ok(OrderPaid { transaction_id, paid_at: tx.now(), amount_minor: amount })
    }
}
