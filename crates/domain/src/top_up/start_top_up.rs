//! A person asks for money from a card; the bank is to be asked for it.

use super::top_up_row::{TopUp, TopUpState};
use crate::card::{Card, CardBlocked, find_own};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{CardId, TopUpId, UserId, WalletId};
use crate::job::{Job, JobKind};
use crate::ledger::Account;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::wallet::{
    PasswordRefusal, PasswordTry, Usage, Wallet, WalletBlocked, check_password, password_keys,
};
use kernel::Amount;

/// See the module.
#[derive(Clone, Debug)]
pub struct StartTopUp {
    /// The person.
    pub user: UserId,
    /// The wallet.
    pub wallet: WalletId,
    /// The card.
    pub card: CardId,
    /// A new id.
    pub top_up: TopUpId,
    /// How much.
    pub amount: Amount,
    /// The payment password as entered.
    pub password: PasswordTry,
    /// The caller's key.
    pub once: Once,
}

/// Why a top-up was not started, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTopUpRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// The wallet's money may not move.
    Wallet(WalletBlocked),
    /// The wallet has no such card.
    CardNotFound,
    /// The card is suspended.
    CardSuspended,
    /// Only debit cards top up.
    CardNotSupported,
    /// More than a single top-up may be, by our rules or the bank's.
    SingleLimit,
    /// The payment password was not accepted.
    Password(PasswordRefusal),
    /// More than a day's top-ups may be, by our rules or the bank's.
    DayLimit,
    /// The balance would exceed its ceiling.
    BalanceCap,
}

impl Refusal for StartTopUpRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound | Self::CardNotFound => Code::ObjectNotFound,
            Self::Wallet(blocked) => blocked.code(),
            Self::CardSuspended => Code::CardSuspended,
            Self::CardNotSupported => Code::TopupCardNotSupported,
            Self::SingleLimit | Self::DayLimit => Code::TopupLimitExceeded,
            Self::Password(refusal) => refusal.code(),
            Self::BalanceCap => Code::BalanceCapExceeded,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Password(refusal) => refusal.params(),
            _ => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Password(_))
    }
}

impl Command for StartTopUp {
    type Done = TopUpId;
    type Refusal = StartTopUpRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<TopUpId, Stop<StartTopUpRefusal>> {
        let [password, attempts] = password_keys(self.wallet);
        let (wallet, card) = (RowKey::of::<Wallet>(&self.wallet), RowKey::of::<Card>(&self.card));
        tx.want([wallet, card, password, attempts])?;
        let wallet = tx.find::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(StartTopUpRefusal::WalletNotFound)?;
        // Money from an own card may come in whenever it may go out to one.
        let identity = wallet.may_withdraw().map_err(StartTopUpRefusal::Wallet)?;
        let card = find_own(tx, self.wallet, self.card)?;
        let card = self.check_card(tx, card)?;
        tx.want([RowKey::of::<Usage>(&identity), RowKey::of::<Account>(&wallet.balance_account)])?;
        check_password(tx, self.wallet, &self.password)?.map_err(StartTopUpRefusal::Password)?;
        let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity));
        let mut usage = usage.on(tx.now());
        usage.topped_up_day = usage.topped_up_day.saturating_add(self.amount.minor());
        let card = card.after_start(usage.day, self.amount.minor());
        let bank_day_minor = tx.rules().bank_limits.of(&card.bank, card.kind).day_minor;
        if usage.topped_up_day > tx.rules().topup_day_max_minor || card.debited_day > bank_day_minor
        {
            return Err(StartTopUpRefusal::DayLimit.into());
        }
        let balance = tx.get::<Account>(&wallet.balance_account)?.balance;
        let cap = tx.rules().balance_cap_minor;
        if cap > 0 && balance.saturating_add(self.amount.minor()) > cap {
            return Err(StartTopUpRefusal::BalanceCap.into());
        }
        tx.put(TopUp {
            id: self.top_up,
            wallet: self.wallet,
            identity,
            card: self.card,
            amount: self.amount,
            state: TopUpState::BankProcessing,
            failure: None,
            bank_ref: None,
            journal: 0,
            day: usage.day,
            is_counted: true,
            suspended_minor: 0,
            created_at: tx.now(),
            ended_at: None,
        });
        tx.put(usage);
        tx.put(card);
        tx.schedule(Job::new(JobKind::SubmitTopUp, self.top_up, tx.now()));
        Ok(self.top_up)
    }
}

impl StartTopUp {
    fn check_card(&self, tx: &Tx<'_>, card: Option<Card>) -> Result<Card, StartTopUpRefusal> {
        let card = card.ok_or(StartTopUpRefusal::CardNotFound)?;
        card.check_usable().map_err(|blocked| match blocked {
            CardBlocked::Unbound => StartTopUpRefusal::CardNotFound,
            CardBlocked::Suspended => StartTopUpRefusal::CardSuspended,
        })?;
        match card.kind {
            CardKind::Debit => {}
            CardKind::Credit | CardKind::SemiCredit => {
                return Err(StartTopUpRefusal::CardNotSupported);
            }
        }
        let rules = tx.rules();
        let bank = rules.bank_limits.of(&card.bank, card.kind);
        if self.amount.minor() > rules.topup_single_max_minor.min(bank.single_minor) {
            return Err(StartTopUpRefusal::SingleLimit);
        }
        Ok(card)
    }
}
