//! A person asks for money on a card: it leaves the balance at once and waits in transit.

use super::quote::quote;
use super::withdrawal_row::{Withdrawal, WithdrawalState};
use crate::card::{Card, CardBlocked, find_own};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::ids::{CardId, UserId, WalletId, WithdrawalId};
use crate::job::{Job, JobKind};
use crate::ledger::{Account, JournalKind, Posting};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::wallet::{
    PasswordRefusal, PasswordTry, PaymentPassword, Usage, Wallet, WalletBlocked, check_password,
    password_keys,
};
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct StartWithdrawal {
    /// The person.
    pub user: UserId,
    /// The wallet.
    pub wallet: WalletId,
    /// The card.
    pub card: CardId,
    /// A new id.
    pub withdrawal: WithdrawalId,
    /// What is to reach the card.
    pub amount: Amount,
    /// The fee that the person saw and agreed to, in fen.
    pub expected_fee_minor: i64,
    /// The payment password as entered.
    pub password: PasswordTry,
    /// The caller's key.
    pub once: Once,
}

/// What the person gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalStarted {
    /// The withdrawal.
    pub withdrawal: WithdrawalId,
    /// The fee, in fen.
    pub fee_minor: i64,
    /// The day it arrives at the latest, as yyyymmdd; `None`: within 1 to 3 working days.
    pub arrival_day: Option<i64>,
}

/// Why a withdrawal was not started, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartWithdrawalRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// The wallet's money may not leave it.
    Wallet(WalletBlocked),
    /// The wallet has no card at all.
    NoCard,
    /// The wallet has no such card.
    CardNotFound,
    /// The card is suspended.
    CardSuspended,
    /// Money is paid out to debit cards only.
    CardNotSupported,
    /// More than a single withdrawal may be.
    SingleLimit,
    /// The payment password was not accepted.
    Password(PasswordRefusal),
    /// More than a day's withdrawals may be.
    DayLimit,
    /// More than a day's withdrawals may be so soon after the payment password was reset.
    ResetCooldown {
        /// When that is over.
        until: Timestamp,
    },
    /// As many withdrawals as a day may have.
    CountLimit,
    /// The fee is not what the person saw.
    FeeChanged,
    /// The balance does not cover amount and fee.
    BalanceAndFee {
        /// The fee, in fen.
        fee_minor: i64,
    },
}

impl Refusal for StartWithdrawalRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound | Self::CardNotFound => Code::ObjectNotFound,
            Self::Wallet(blocked) => blocked.code(),
            Self::NoCard => Code::WithdrawNoCard,
            Self::CardSuspended => Code::CardSuspended,
            Self::CardNotSupported => Code::WithdrawCardNotSupported,
            Self::SingleLimit => Code::WithdrawLimitSingle,
            Self::Password(refusal) => refusal.code(),
            Self::DayLimit => Code::WithdrawLimitDaily,
            Self::ResetCooldown { .. } => Code::PasswordResetCooldown,
            Self::CountLimit => Code::WithdrawCountLimit,
            Self::FeeChanged => Code::WithdrawFeeChanged,
            Self::BalanceAndFee { .. } => Code::WithdrawBalanceAndFee,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Password(refusal) => refusal.params(),
            Self::BalanceAndFee { fee_minor } => Params(vec![("fee", Param::Amount(*fee_minor))]),
            Self::ResetCooldown { until } => Params(vec![("time", Param::Time(until.micros()))]),
            _ => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Password(_))
    }
}

impl Command for StartWithdrawal {
    type Done = WithdrawalStarted;
    type Refusal = StartWithdrawalRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<WithdrawalStarted, Stop<StartWithdrawalRefusal>> {
        let [password, attempts] = password_keys(self.wallet);
        let (wallet, card) = (RowKey::of::<Wallet>(&self.wallet), RowKey::of::<Card>(&self.card));
        tx.want([wallet, card, password, attempts])?;
        let wallet = tx.find::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(StartWithdrawalRefusal::WalletNotFound)?;
        let identity = wallet.may_withdraw().map_err(StartWithdrawalRefusal::Wallet)?;
        if wallet.cards == 0 {
            return Err(StartWithdrawalRefusal::NoCard.into());
        }
        let card = check_card(find_own(tx, self.wallet, self.card)?)?;
        if self.amount.minor() > tx.rules().withdraw_single_max_minor {
            return Err(StartWithdrawalRefusal::SingleLimit.into());
        }
        tx.want([
            RowKey::of::<Usage>(&identity),
            RowKey::of::<Account>(&wallet.balance_account),
            RowKey::of::<Account>(&tx.rules().system.transit_withdrawal),
        ])?;
        check_password(tx, self.wallet, &self.password)?
            .map_err(StartWithdrawalRefusal::Password)?;
        let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity));
        let (usage, withdrawal) = self.price(tx, usage, &wallet)?;
        post_start(tx, &withdrawal, &wallet)?;
        let done = WithdrawalStarted {
            withdrawal: self.withdrawal,
            fee_minor: withdrawal.fee_minor,
            arrival_day: withdrawal.arrival_day,
        };
        tx.put(usage);
        tx.put(card.after_start(withdrawal.day, 0));
        tx.put(withdrawal);
        tx.schedule(Job::new(JobKind::SubmitWithdrawal, self.withdrawal, tx.now()));
        Ok(done)
    }
}

fn check_card(card: Option<Card>) -> Result<Card, StartWithdrawalRefusal> {
    let card = card.ok_or(StartWithdrawalRefusal::CardNotFound)?;
    card.check_usable().map_err(|blocked| match blocked {
        CardBlocked::Unbound => StartWithdrawalRefusal::CardNotFound,
        CardBlocked::Suspended => StartWithdrawalRefusal::CardSuspended,
    })?;
    match card.kind {
        CardKind::Debit => Ok(card),
        CardKind::Credit | CardKind::SemiCredit => Err(StartWithdrawalRefusal::CardNotSupported),
    }
}

impl StartWithdrawal {
    /// The limits of the day and the fee.
    fn price(
        &self,
        tx: &mut Tx<'_>,
        usage: Usage,
        wallet: &Wallet,
    ) -> Result<(Usage, Withdrawal), Stop<StartWithdrawalRefusal>> {
        let (now, rules) = (tx.now(), tx.rules());
        let balance = tx.get::<Account>(&wallet.balance_account)?.balance;
        let capped_until = tx
            .find::<PaymentPassword>(&wallet.id)?
            .and_then(|password| password.capped_until(rules))
            .filter(|until| now < *until);
        let mut usage = usage.on(now);
        let priced = quote(self.amount.minor(), &usage, balance, now, rules);
        let priced = priced.ok_or_else(|| {
            Halt::Defect(format!(
                "withdrawal {} of {:?} has no price",
                self.withdrawal, self.amount
            ))
        })?;
        usage.withdrawn_day = usage.withdrawn_day.saturating_add(self.amount.minor());
        usage.withdrawals_day += 1;
        usage.free_used += priced.free_minor;
        if usage.withdrawn_day > rules.withdraw_day_max_minor {
            return Err(StartWithdrawalRefusal::DayLimit.into());
        }
        if let Some(until) = capped_until
            && usage.withdrawn_day > rules.password_reset_cap_minor
        {
            return Err(StartWithdrawalRefusal::ResetCooldown { until }.into());
        }
        if usage.withdrawals_day > rules.withdraw_count_day {
            return Err(StartWithdrawalRefusal::CountLimit.into());
        }
        if priced.fee_minor != self.expected_fee_minor {
            return Err(StartWithdrawalRefusal::FeeChanged.into());
        }
        let withdrawal = Withdrawal {
            id: self.withdrawal,
            wallet: self.wallet,
            identity: usage.identity,
            card: self.card,
            amount: self.amount,
            fee_minor: priced.fee_minor,
            free_minor: priced.free_minor,
            state: WithdrawalState::Held,
            failure: None,
            bank_ref: None,
            day: usage.day,
            is_counted: true,
            arrival_day: priced.arrival_day,
            overdue_at: None,
            suspended_minor: 0,
            created_at: now,
            ended_at: None,
        };
        Ok((usage, withdrawal))
    }
}

fn post_start(
    tx: &mut Tx<'_>,
    withdrawal: &Withdrawal,
    wallet: &Wallet,
) -> Result<(), Stop<StartWithdrawalRefusal>> {
    let total = withdrawal.total_minor();
    let transit = tx.rules().system.transit_withdrawal;
    let legs = [(wallet.balance_account, -total), (transit, total)];
    let (kind, currency) = (JournalKind::WithdrawalStart, withdrawal.amount.currency());
    let posting = Posting::balanced(kind, withdrawal.subject(), currency, legs)?;
    let fee_minor = withdrawal.fee_minor;
    tx.post(posting)?.map_err(|_| StartWithdrawalRefusal::BalanceAndFee { fee_minor })?;
    Ok(())
}
