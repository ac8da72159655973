//! A merchant charges the payment code that it scanned: paid at once, or waiting for the payer's
//! password.

use super::code::{CodeContent, Digits, PresentedCode};
use super::usage::{PaymentCodeUsage, Strength, use_code_limits};
use super::{
    AHEAD_S, PasswordRule, PaymentCodeLocator, PaymentCodeUse, PaymentCodes, PaymentCodesState,
    order_reference,
};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::ids::IdentityId;
use crate::ledger::{Account, AccountPath, OwnerKind, Purpose};
use crate::merchant::OpenidKeys;
use crate::order::{
    CardsTaken, CreateOrder, CreateOrderRefusal, Due, Funds, Order, OrderByPrepay,
    OrderByTransaction, OrderState, Partner, PrepayKind, ProfitSharing, TradeType, check_merchant,
    lead, merchant_keys,
};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::{Session, User};
use crate::wallet::{
    AttemptPurpose, Attempts, Identity, LimitRefusal, Lock, Usage, Wallet, WalletBlocked,
    use_limits,
};
use kernel::time::{MINUTE, SECOND};
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a merchant that guesses at codes waits, in seconds.
const GUESSER_WAITS_S: i64 = 60;

/// See the module.
#[derive(Clone, Debug)]
pub struct PayByCode {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id.
    pub appid: String,
    /// Who is paid, if the merchant is a service provider.
    pub partner: Option<Partner>,
    /// The merchant's number.
    pub out_trade_no: String,
    /// What the payer sees.
    pub description: String,
    /// What is to be paid.
    pub amount: Amount,
    /// The merchant's own data.
    pub attach: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// Whether its money waits for profit sharing once it is paid.
    pub profit_sharing: ProfitSharing,
    /// The code.
    pub code: PresentedCode,
    /// Hash of all the merchant asks for, the code included.
    pub fingerprint: [u8; 32],
    /// Under which the payer has a name for the app id.
    pub openid_keys: OpenidKeys,
    /// A new payment number, drawn by the edge.
    pub transaction_id: String,
}

/// What the merchant gets; the rest is read from the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePayment {
    /// Whether this request made the order; otherwise it repeats one.
    pub is_new: bool,
}

/// Why a code was not charged, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayByCodeRefusal {
    /// No order can be placed: because of the merchant, the app id or the number.
    Order(CreateOrderRefusal),
    /// The order was taken back, or its time is over; its number cannot be used again.
    Over,
    /// The payer said no; its number cannot be used again.
    Refused,
    /// The merchant presented too many codes that nobody showed.
    TooManyUnknown {
        /// From when it may present one again.
        until: Timestamp,
    },
    /// Nobody's device showed this code, or it does not show codes any more.
    CodeInvalid,
    /// It was shown too long ago.
    CodeExpired,
    /// It, or a later one of the same device, was presented before.
    CodeUsed,
    /// The payer's money may not move.
    Payer(WalletBlocked),
    /// A cap of the payer would be broken, even with the password.
    Limit(LimitRefusal),
    /// The daily cap of payments by code would be broken, even with the password.
    CodeLimit,
    /// The payer's balance is too low.
    BalanceInsufficient,
}

impl Refusal for PayByCodeRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Order(refusal) => refusal.code(),
            Self::Over | Self::Refused => Code::OrderClosed,
            Self::TooManyUnknown { .. } => Code::FrequencyLimitExceeded,
            Self::CodeInvalid => Code::PaymentCodeInvalid,
            Self::CodeExpired => Code::PaymentCodeExpired,
            Self::CodeUsed => Code::PaymentCodeUsed,
            Self::Payer(blocked) => blocked.code(),
            Self::Limit(refusal) => refusal.code(),
            Self::CodeLimit => Code::BarcodeDynamicLimitExceeded,
            Self::BalanceInsufficient => Code::BalanceInsufficient,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::TooManyUnknown { until } => Params(vec![("time", Param::Time(until.micros()))]),
            Self::Limit(refusal) => refusal.params(),
            _ => Params::default(),
        }
    }
}

impl Command for PayByCode {
    type Done = CodePayment;
    type Refusal = PayByCodeRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<CodePayment, Stop<PayByCodeRefusal>> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        tx.want(self.keys(&key))?;
        self.check_merchants(tx).map_err(|stop| stop.map(PayByCodeRefusal::Order))?;
        if let Some(order) = tx.look::<Order>(&key)? {
            return Ok(self.again(&order, tx.now())?);
        }
        let (codes, content) = self.found(tx)?;
        want_the_rest(tx, &codes)?;
        self.use_up(tx, &codes, &content)?;
        let wallet = tx.get::<Wallet>(&codes.wallet)?;
        let identity = wallet.may_pay().map_err(PayByCodeRefusal::Payer)?;
        let expires_at = tx.now().plus(tx.rules().code_confirm_s.saturating_mul(SECOND));
        let due = self.due(tx, &wallet, expires_at)?;
        if self.is_confirmed_by_payer(tx, &codes, &content, identity)? {
            self.check_limits(tx, identity)?;
            let reference = order_reference(&self.mchid, &self.out_trade_no);
            lead(tx, &reference, PrepayKind::Order, key, expires_at)?;
            due.wait(tx);
            return Ok(CodePayment { is_new: true });
        }
        let weak = Strength::Code;
        use_limits(tx, identity, self.amount, weak.factors())?.map_err(PayByCodeRefusal::Limit)?;
        if !use_code_limits(tx, identity, self.amount, weak)? {
            return Err(PayByCodeRefusal::CodeLimit.into());
        }
        let payees = due.payees(tx, &self.transaction_id)?;
        let suspended = PayByCodeRefusal::Order(CreateOrderRefusal::MerchantSuspended);
        let payees = payees.ok_or(suspended)?;
        let paid = due.pay(tx, (&wallet, Funds::Balance), payees, &self.transaction_id)?;
        paid.map_err(|_| PayByCodeRefusal::BalanceInsufficient)?;
        Ok(CodePayment { is_new: true })
    }
}

impl PayByCode {
    fn keys(&self, order: &(String, String)) -> Vec<RowKey> {
        let guesses = (self.mchid.clone(), AttemptPurpose::PaymentCode);
        let reference = order_reference(&self.mchid, &self.out_trade_no);
        let mut keys = vec![
            RowKey::of::<Order>(order),
            RowKey::of::<OrderByPrepay>(&reference),
            RowKey::of::<OrderByTransaction>(&self.transaction_id),
            RowKey::of::<Attempts>(&guesses),
        ];
        keys.extend(merchant_keys(&self.mchid, &self.appid));
        keys.extend(self.partner.iter().flat_map(|partner| partner.keys(&self.mchid)));
        let locators = self.code.meanings().iter().map(|meaning| meaning.locator);
        keys.extend(locators.map(|locator| RowKey::of::<PaymentCodeLocator>(&locator)));
        if self.profit_sharing == ProfitSharing::Yes {
            let payee = self.partner.as_ref().map_or(&self.mchid, |partner| &partner.sub_mchid);
            let (kind, currency) = (OwnerKind::Merchant, self.amount.currency());
            let path = (kind, payee.clone(), Purpose::Unsettled, currency);
            keys.push(RowKey::of::<AccountPath>(&path));
        }
        keys
    }

    fn check_merchants(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CreateOrderRefusal>> {
        check_merchant(tx, &self.mchid, &self.appid)?;
        self.partner.as_ref().map_or(Ok(()), |partner| partner.check(tx, &self.mchid))
    }

    /// The same number again: the same order, or a refusal.
    fn again(&self, order: &Order, now: Timestamp) -> Result<CodePayment, PayByCodeRefusal> {
        if order.trade_type != TradeType::Micropay || order.fingerprint != self.fingerprint {
            return Err(PayByCodeRefusal::Order(CreateOrderRefusal::NumberUsedDifferently));
        }
        match order.state {
            OrderState::Success => Ok(CodePayment { is_new: false }),
            OrderState::UserPaying if order.is_open(now) => Ok(CodePayment { is_new: false }),
            OrderState::PayError => Err(PayByCodeRefusal::Refused),
            OrderState::UserPaying
            | OrderState::Revoked
            | OrderState::NotPay
            | OrderState::BankPending
            | OrderState::Closed => Err(PayByCodeRefusal::Over),
        }
    }

    /// Who shows this code. A code that nobody shows is counted, so that none is found by trying.
    fn found(
        &self,
        tx: &mut Tx<'_>,
    ) -> Result<(PaymentCodes, CodeContent), Stop<PayByCodeRefusal>> {
        let (subject, purpose) = (self.mchid.clone(), AttemptPurpose::PaymentCode);
        let guesses = tx.find::<Attempts>(&(subject.clone(), purpose))?;
        let guesses = guesses.unwrap_or_else(|| Attempts::none(subject, purpose));
        let (now, rules) = (tx.now(), tx.rules());
        if let Lock::Until(until) = guesses.lock(now, 0) {
            return Err(PayByCodeRefusal::TooManyUnknown { until }.into());
        }
        for meaning in self.code.meanings() {
            if let Some(found) = tx.look::<PaymentCodeLocator>(&meaning.locator)? {
                let wallet = found.wallet;
                tx.want([
                    RowKey::of::<PaymentCodes>(&wallet),
                    RowKey::of::<PaymentCodeUse>(&wallet),
                    RowKey::of::<Wallet>(&wallet),
                ])?;
                return Ok((tx.get::<PaymentCodes>(&wallet)?, *meaning));
            }
        }
        let allowed = rules.code_unknown_minute;
        tx.mark(guesses.after_wrong_within(now, MINUTE, allowed, GUESSER_WAITS_S));
        Err(PayByCodeRefusal::CodeInvalid.into())
    }

    /// Whether the code counts, and that from now on it does not: whatever becomes of the payment.
    fn use_up(
        &self,
        tx: &mut Tx<'_>,
        codes: &PaymentCodes,
        content: &CodeContent,
    ) -> Result<(), Stop<PayByCodeRefusal>> {
        let wallet = codes.wallet;
        let is_shown = codes.state == PaymentCodesState::On && codes.locator == content.locator;
        if !is_shown || !is_session_live(tx, codes)? {
            return Err(PayByCodeRefusal::CodeInvalid.into());
        }
        let age_s = tx.now().seconds() - content.issued_s;
        if age_s < -AHEAD_S {
            return Err(PayByCodeRefusal::CodeInvalid.into());
        }
        if age_s >= tx.rules().code_ttl_s {
            return Err(PayByCodeRefusal::CodeExpired.into());
        }
        let used = tx.look::<PaymentCodeUse>(&wallet)?;
        if used.is_some_and(|used| content.issued_s <= used.used_until_s) {
            return Err(PayByCodeRefusal::CodeUsed.into());
        }
        tx.mark(PaymentCodeUse { wallet, used_until_s: content.issued_s });
        Ok(())
    }

    /// Whether the payer has to enter the payment password. What the code alone may not pay, it may
    /// with the password, so a cap of the code alone asks for it instead of refusing.
    fn is_confirmed_by_payer(
        &self,
        tx: &mut Tx<'_>,
        codes: &PaymentCodes,
        content: &CodeContent,
        identity: IdentityId,
    ) -> Result<bool, Halt> {
        let (now, rules, amount) = (tx.now(), tx.rules(), self.amount);
        if codes.password == PasswordRule::Always
            || content.digits == Digits::Shown
            || amount.minor() > rules.code_free_max_minor
        {
            return Ok(true);
        }
        let today = PaymentCodeUsage::on(tx.find(&identity)?, identity, now);
        if today.left_without_password(rules) == 0
            || today.after(amount, Strength::Code, rules).is_none()
        {
            return Ok(true);
        }
        let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity));
        let cap = rules.verify_one_day_minor;
        let paid = usage.on(now).paid_day.saturating_add(amount.minor());
        Ok(cap > 0 && paid > cap)
    }

    /// Refuses what even the password would not allow. Nothing is counted: the payment will be.
    fn check_limits(
        &self,
        tx: &mut Tx<'_>,
        identity: IdentityId,
    ) -> Result<(), Stop<PayByCodeRefusal>> {
        let (now, rules, strong) = (tx.now(), tx.rules(), Strength::CodeAndPassword);
        let person = tx.get::<Identity>(&identity)?;
        let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity)).on(now);
        let after = usage.after_payment(self.amount, person.class(rules), strong.factors(), rules);
        after.map_err(PayByCodeRefusal::Limit)?;
        let today = PaymentCodeUsage::on(tx.find(&identity)?, identity, now);
        let after = today.after(self.amount, strong, rules);
        after.map(|_| ()).ok_or_else(|| PayByCodeRefusal::CodeLimit.into())
    }

    /// The order, which waits for the holder of the wallet.
    fn due(&self, tx: &mut Tx<'_>, wallet: &Wallet, expires_at: Timestamp) -> Result<Due, Halt> {
        let asked = CreateOrder {
            mchid: self.mchid.clone(),
            appid: self.appid.clone(),
            partner: self.partner.clone(),
            out_trade_no: self.out_trade_no.clone(),
            trade_type: TradeType::Micropay,
            description: self.description.clone(),
            amount: self.amount,
            attach: self.attach.clone(),
            notify_url: None,
            time_expire: None,
            openid: None,
            device_id: self.device_id.clone(),
            // Paid at the till, or not at all: no bank is waited for.
            cards_taken: CardsTaken::None,
            takes_balance: true,
            profit_sharing: self.profit_sharing,
            fingerprint: self.fingerprint,
            prepay_id: order_reference(&self.mchid, &self.out_trade_no),
        };
        let order = asked.unpaid(tx, expires_at)?;
        let payer = Some(wallet.id);
        let mut due = Due::by_code(Order { state: OrderState::UserPaying, payer, ..order });
        let is_theirs = due.name_payer(tx, &self.openid_keys, wallet.user)?;
        is_theirs.then_some(due).ok_or_else(|| Halt::Defect("a code's order names a payer".into()))
    }
}

/// Asks at once for what a code's wallet leads to.
fn want_the_rest(tx: &mut Tx<'_>, codes: &PaymentCodes) -> Result<(), Halt> {
    let mut keys = vec![RowKey::of::<Session>(&codes.session)];
    if let Some(wallet) = tx.look::<Wallet>(&codes.wallet)? {
        keys.push(RowKey::of::<User>(&wallet.user));
        keys.push(RowKey::of::<Account>(&wallet.balance_account));
        if let Some(identity) = wallet.identity {
            keys.push(RowKey::of::<Identity>(&identity));
            keys.push(RowKey::of::<Usage>(&identity));
            keys.push(RowKey::of::<PaymentCodeUsage>(&identity));
        }
    }
    tx.want(keys)
}

/// Codes end with the session in which they were turned on: by logging out, by freezing the wallet,
/// or by age.
fn is_session_live(tx: &mut Tx<'_>, codes: &PaymentCodes) -> Result<bool, Halt> {
    let Some(session) = tx.look::<Session>(&codes.session)? else { return Ok(false) };
    let user = tx.look::<User>(&session.user)?;
    Ok(user.is_some_and(|user| session.is_live(&user, tx.now(), tx.rules())))
}
