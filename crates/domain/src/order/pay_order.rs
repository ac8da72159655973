//! A person pays an order from the balance.

use super::due::{Due, Funds, Payees};
use super::{OrderByPrepay, OrderByTransaction};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::ids::{IdentityId, UserId, WalletId};
use crate::ledger::Account;
use crate::merchant::OpenidKeys;
use crate::payment_code::{Strength, use_code_limits};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::{Session, TouchSession, User};
use crate::wallet::{
    Identity, LimitRefusal, PasswordRefusal, PasswordTry, Usage, Wallet, WalletBlocked,
    check_password, password_keys, use_limits,
};
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
    /// The payer refused it before.
    Refused,
    /// The merchant reversed it.
    Revoked,
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
    /// The merchant takes no money from a balance.
    BalanceNotTaken,
    /// The payment password was not accepted.
    Password(PasswordRefusal),
    /// A cap would be broken.
    Limit(LimitRefusal),
    /// The daily cap of payments by code would be broken.
    CodeLimit,
    /// The balance is too low.
    BalanceInsufficient,
    /// The wallet has no such card.
    CardNotFound,
    /// The card is suspended.
    CardSuspended,
    /// The merchant takes no money from such a card.
    CardNotTaken,
    /// More than the bank lets the card pay at a time or in a day.
    CardLimit,
}

impl Refusal for PayOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::SessionExpired => Code::SessionExpired,
            Self::OrderNotFound => Code::OrderNotFound,
            Self::WalletNotFound | Self::CardNotFound => Code::ObjectNotFound,
            Self::AlreadyPaid => Code::OrderAlreadyPaid,
            Self::Closed => Code::OrderClosed,
            Self::Refused => Code::UserCancelled,
            Self::Revoked => Code::OrderRevoked,
            Self::Expired => Code::OrderExpired,
            Self::ResultUnknown => Code::PaymentResultUnknown,
            Self::AmountChanged => Code::OrderAmountChanged,
            Self::PayerMismatch => Code::OrderPayerMismatch,
            Self::MerchantSuspended => Code::MerchantAbnormal,
            Self::Wallet(blocked) => blocked.code(),
            Self::Password(refusal) => refusal.code(),
            Self::Limit(refusal) => refusal.code(),
            Self::CodeLimit => Code::BarcodeDynamicLimitExceeded,
            Self::BalanceInsufficient => Code::BalanceInsufficient,
            Self::CardSuspended => Code::CardSuspended,
            Self::BalanceNotTaken | Self::CardNotTaken => Code::PayMethodNotAllowedByMerchant,
            Self::CardLimit => Code::BankLimitExceeded,
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
        let Agreed { due, wallet, payees, identity } = self.agree(tx)?;
        if !due.takes_balance() {
            return Err(PayOrderRefusal::BalanceNotTaken.into());
        }
        check_password(tx, wallet.id, &self.password)?.map_err(PayOrderRefusal::Password)?;
        self.use_limits(tx, identity, due.is_by_code())?;
        let paid = due.pay(tx, (&*wallet, Funds::Balance), payees, &self.transaction_id)?;
        let paid_at = paid.map_err(|_| PayOrderRefusal::BalanceInsufficient)?.at;
        let transaction_id = self.transaction_id.clone();
        Ok(OrderPaid { transaction_id, paid_at, amount_minor: self.amount.minor() })
    }
}

/// What is paid, by whom, to whom.
pub(super) struct Agreed {
    pub(super) due: Due,
    pub(super) wallet: Arc<Wallet>,
    payees: Payees,
    identity: IdentityId,
}

impl PayOrder {
    /// The rows that the request names itself.
    pub(super) fn keys(&self) -> Vec<RowKey> {
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

    /// All that does not depend on where the money comes from.
    pub(super) fn agree(&self, tx: &mut Tx<'_>) -> Result<Agreed, Stop<PayOrderRefusal>> {
        self.touch_session(tx)?;
        let mut due = self.payable(tx)?;
        if !due.name_payer(tx, &self.openid_keys, self.user)? {
            return Err(PayOrderRefusal::PayerMismatch.into());
        }
        let wallet = tx.look::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(PayOrderRefusal::WalletNotFound)?;
        let payees = due.payees(tx, &self.transaction_id)?;
        let payees = payees.ok_or(PayOrderRefusal::MerchantSuspended)?;
        let identity = wallet.may_pay().map_err(PayOrderRefusal::Wallet)?;
        Ok(Agreed { due, wallet, payees, identity })
    }

    /// What is to be paid, if it can be paid now.
    fn payable(&self, tx: &mut Tx<'_>) -> Result<Due, Stop<PayOrderRefusal>> {
        let session = tx.find::<OrderByPrepay>(&self.prepay_id)?;
        let session = session.ok_or(PayOrderRefusal::OrderNotFound)?;
        self.want_the_rest(tx, &session)?;
        let due = Due::load(tx, &session)?;
        due.check_open(self.wallet, tx.now())?;
        if session.expires_at <= tx.now() {
            return Err(PayOrderRefusal::Expired.into());
        }
        if due.amount() != self.amount {
            return Err(PayOrderRefusal::AmountChanged.into());
        }
        Ok(due)
    }

    /// Asks at once for what the rows of the first load lead to. The merchant's account comes a
    /// load later, but every payment to that merchant shares it.
    fn want_the_rest(&self, tx: &mut Tx<'_>, session: &OrderByPrepay) -> Result<(), Halt> {
        let mut keys = Due::keys(session);
        if let Some(wallet) = tx.look::<Wallet>(&self.wallet)? {
            keys.push(RowKey::of::<Account>(&wallet.balance_account));
            if let Some(identity) = wallet.identity {
                keys.push(RowKey::of::<Identity>(&identity));
                keys.push(RowKey::of::<Usage>(&identity));
            }
        }
        tx.want(keys)
    }

    /// Counts the payment. Who pays by code has shown it on the own device: one more factor.
    fn use_limits(
        &self,
        tx: &mut Tx<'_>,
        identity: IdentityId,
        is_by_code: bool,
    ) -> Result<(), Stop<PayOrderRefusal>> {
        let strength = Strength::CodeAndPassword;
        let factors = if is_by_code { strength.factors() } else { self.factors };
        use_limits(tx, identity, self.amount, factors)?.map_err(PayOrderRefusal::Limit)?;
        if is_by_code && !use_code_limits(tx, identity, self.amount, strength)? {
            return Err(PayOrderRefusal::CodeLimit.into());
        }
        Ok(())
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
}
