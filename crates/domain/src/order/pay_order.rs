//! A person pays an order from the balance.

use super::{Order, OrderByPrepay, OrderByTransaction, OrderState};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::fact::FactKind;
use crate::fee::merchant_fee;
use crate::ids::{IdentityId, UserId, WalletId};
use crate::ledger::{Account, AccountNumber, JournalKind, Posting, Subject};
use crate::merchant::{Merchant, MerchantState};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{
    Identity, LimitRefusal, PasswordRefusal, PasswordTry, Usage, Wallet, WalletBlocked,
    check_password, password_keys,
};
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// Keys of rows that the edge resolved beforehand, so that one load suffices. Each is compared with
/// what the rows say; a difference makes the edge resolve them again.
#[derive(Clone, Copy, Debug)]
pub struct PayHints {
    /// The payer's identity.
    pub identity: IdentityId,
    /// The account of the payer's balance.
    pub payer_account: AccountNumber,
    /// The account of the merchant's balance.
    pub merchant_account: AccountNumber,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct PayOrder {
    /// The person.
    pub user: UserId,
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The prepay id that the code or page carried.
    pub prepay_id: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_trade_no: String,
    /// The amount that the payer saw and agreed to.
    pub amount: Amount,
    /// The payment password as entered.
    pub password: PasswordTry,
    /// How many independent factors authorise the payment; the password alone is one.
    pub factors: u32,
    /// The payer's name under the order's app id.
    pub openid: String,
    /// A new payment number, drawn by the edge.
    pub transaction_id: String,
    /// What the edge resolved; `None` when it could not, then rows are found one after another.
    pub hints: Option<PayHints>,
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

    fn decide(&self, tx: &mut Tx<'_>) -> Result<OrderPaid, Stop<PayOrderRefusal>> {
        tx.want(self.keys())?;
        let order = self.payable(tx)?;
        let wallet = tx.find::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(PayOrderRefusal::WalletNotFound)?;
        let merchant = tx.get::<Merchant>(&self.mchid)?;
        if merchant.state == MerchantState::Suspended {
            return Err(PayOrderRefusal::MerchantSuspended.into());
        }
        let identity = wallet.may_pay().map_err(PayOrderRefusal::Wallet)?;
        if let Some(hints) = self.hints {
            let accounts = (wallet.balance_account, merchant.balance_account);
            let resolved = (hints.payer_account, hints.merchant_account);
            if hints.identity != identity || resolved != accounts {
                return Err(Stop::Stale);
            }
        }
        check_password(tx, wallet.id, &self.password)?.map_err(PayOrderRefusal::Password)?;
        let class = tx.get::<Identity>(&identity)?.class(tx.rules());
        let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity));
        let usage = usage
            .on(tx.now())
            .after_payment(order.amount, class, self.factors, tx.rules())
            .map_err(PayOrderRefusal::Limit)?;
        tx.put(usage);
        self.pay(tx, order, &wallet, &merchant)
    }
}

impl PayOrder {
    fn keys(&self) -> Vec<RowKey> {
        let mut keys = vec![
            RowKey::of::<Order>(&(self.mchid.clone(), self.out_trade_no.clone())),
            RowKey::of::<OrderByPrepay>(&self.prepay_id),
            RowKey::of::<OrderByTransaction>(&self.transaction_id),
            RowKey::of::<Wallet>(&self.wallet),
            RowKey::of::<Merchant>(&self.mchid),
        ];
        keys.extend(password_keys(self.wallet));
        if let Some(hints) = self.hints {
            keys.push(RowKey::of::<Identity>(&hints.identity));
            keys.push(RowKey::of::<Usage>(&hints.identity));
            keys.push(RowKey::of::<Account>(&hints.payer_account));
            keys.push(RowKey::of::<Account>(&hints.merchant_account));
        }
        keys
    }

    /// The order, if this person may pay it now.
    fn payable(&self, tx: &mut Tx<'_>) -> Result<Order, Stop<PayOrderRefusal>> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        let order = tx.find::<Order>(&key)?.ok_or(PayOrderRefusal::OrderNotFound)?;
        let session = tx.find::<OrderByPrepay>(&self.prepay_id)?;
        let session = session
            .filter(|session| (&session.mchid, &session.out_trade_no) == (&key.0, &key.1))
            .ok_or(PayOrderRefusal::OrderNotFound)?;
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
        if order.openid.as_ref().is_some_and(|openid| *openid != self.openid) {
            return Err(PayOrderRefusal::PayerMismatch.into());
        }
        Ok(order)
    }

    fn pay(
        &self,
        tx: &mut Tx<'_>,
        mut order: Order,
        wallet: &Wallet,
        merchant: &Merchant,
    ) -> Result<OrderPaid, Stop<PayOrderRefusal>> {
        if tx.find::<OrderByTransaction>(&self.transaction_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        let amount = order.amount.minor();
        let fee = u32::try_from(merchant.fee_bp).ok().and_then(|bp| merchant_fee(amount, bp));
        let fee = fee.filter(|fee| (0..=amount).contains(fee));
        let fee = fee.ok_or_else(|| Stop::Defect(format!("fee of merchant {}", self.mchid)))?;
        let posting = Posting::balanced(
            JournalKind::Payment,
            Subject::new("order", format_args!("{}:{}", order.mchid, order.out_trade_no)),
            order.amount.currency(),
            [
                (wallet.balance_account, -amount),
                (merchant.balance_account, amount - fee),
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
        order.payer_openid = Some(self.openid.clone());
        order.payer_account = wallet.balance_account;
        order.transaction_id = Some(self.transaction_id.clone());
        order.paid_at = Some(tx.now());
        order.journal = journal;
        order.fee_minor = fee;
        tx.put(order);
        let transaction_id = self.transaction_id.clone();
        Ok(OrderPaid { transaction_id, paid_at: tx.now(), amount_minor: amount })
    }
}
