//! A person asks to bind a card: the issuer is to be asked whether card and holder belong together.

use super::binding_fails::{count_start, fails_keys};
use super::binding_row::{BindingState, CardBinding};
use super::card_row::{CardByNumber, CardUse};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{CardBindingId, CardId, UserId, WalletId};
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::wallet::{Wallet, WalletBlocked, WalletState};
use kernel::Timestamp;

/// See the module. The card is described by what may be kept; all else is sealed.
#[derive(Clone, Debug)]
pub struct StartCardBinding {
    /// The person.
    pub user: UserId,
    /// The wallet.
    pub wallet: WalletId,
    /// A new id for the binding.
    pub binding: CardBindingId,
    /// A new id for the card.
    pub card: CardId,
    /// Short code of the bank.
    pub bank: String,
    /// What the card draws on.
    pub kind: CardKind,
    /// The leading digits that name the bank.
    pub bin: String,
    /// The last four digits.
    pub last_four: String,
    /// The last month it is valid in, as yyyymm, if it was asked for.
    pub expiry_month: Option<i64>,
    /// Blind index of the number.
    pub number_index: [u8; 32],
    /// What only the issuer may see, sealed.
    pub secrets: Vec<u8>,
    /// The caller's key.
    pub once: Once,
}

/// Why a binding was not started, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartCardBindingRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// The wallet is frozen or closed.
    Wallet(WalletBlocked),
    /// No verified identity yet.
    IdentityRequired,
    /// Cards of this kind are not accepted.
    KindNotSupported,
    /// Too many failed or unfinished bindings of this wallet or card.
    TooManyAttempts {
        /// When the next one may be started.
        until: Timestamp,
    },
    /// The wallet has as many cards as it may.
    TooManyCards,
    /// The wallet has this card.
    AlreadyBound,
    /// As many wallets as may have this card have it.
    BoundElsewhere,
}

impl Refusal for StartCardBindingRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::Wallet(blocked) => blocked.code(),
            Self::IdentityRequired => Code::CardBindIdentityRequired,
            Self::KindNotSupported => Code::CardTypeNotSupported,
            Self::TooManyAttempts { .. } => Code::CardBindAttemptsExceeded,
            Self::TooManyCards => Code::CardCountLimit,
            Self::AlreadyBound => Code::CardAlreadyBound,
            Self::BoundElsewhere => Code::CardBoundElsewhereLimit,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::TooManyAttempts { until } => Params(vec![("time", Param::Time(until.micros()))]),
            _ => Params::default(),
        }
    }
}

impl Command for StartCardBinding {
    type Done = CardBindingId;
    type Refusal = StartCardBindingRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<CardBindingId, Stop<StartCardBindingRefusal>> {
        let mut binding = self.row(tx.now());
        let by_number = (self.wallet, self.number_index);
        let [fails_wallet, fails_card] = fails_keys(&binding);
        tx.want([
            RowKey::of::<Wallet>(&self.wallet),
            RowKey::of::<CardByNumber>(&by_number),
            RowKey::of::<CardUse>(&self.number_index),
            fails_wallet,
            fails_card,
        ])?;
        let wallet = tx.find::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(StartCardBindingRefusal::WalletNotFound)?;
        check_open(&wallet)?;
        if self.kind == CardKind::SemiCredit {
            return Err(StartCardBindingRefusal::KindNotSupported.into());
        }
        if let Err(until) = count_start(tx, &binding)? {
            return Err(StartCardBindingRefusal::TooManyAttempts { until }.into());
        }
        check_room(tx, &wallet, self.number_index)?.map_err(|limit| match limit {
            NoRoom::TooManyCards => StartCardBindingRefusal::TooManyCards,
            NoRoom::AlreadyBound => StartCardBindingRefusal::AlreadyBound,
            NoRoom::BoundElsewhere => StartCardBindingRefusal::BoundElsewhere,
        })?;
        binding.prolong(tx);
        tx.schedule(Job::new(JobKind::CheckCard, self.binding, tx.now()));
        tx.put(binding);
        Ok(self.binding)
    }
}

impl StartCardBinding {
    fn row(&self, now: Timestamp) -> CardBinding {
        CardBinding {
            id: self.binding,
            user: self.user,
            wallet: self.wallet,
            card: self.card,
            state: BindingState::IssuerCheck,
            failure: None,
            bank: self.bank.clone(),
            kind: self.kind,
            bin: self.bin.clone(),
            last_four: self.last_four.clone(),
            expiry_month: self.expiry_month,
            number_index: self.number_index,
            secrets: Some(self.secrets.clone()),
            code: None,
            confirmations: 0,
            wrong_codes: 0,
            started_at: now,
            expires_at: now,
            ended_at: None,
        }
    }
}

/// A wallet that still lacks its payment password may have cards, and so may a restricted one: its
/// money can only leave to a card.
fn check_open(wallet: &Wallet) -> Result<(), StartCardBindingRefusal> {
    match wallet.state {
        WalletState::Opening | WalletState::Active | WalletState::Restricted => {}
        WalletState::Frozen => {
            return Err(StartCardBindingRefusal::Wallet(WalletBlocked::Frozen));
        }
        WalletState::Closing | WalletState::Closed => {
            return Err(StartCardBindingRefusal::Wallet(WalletBlocked::Closed));
        }
    }
    wallet.identity.map(|_| ()).ok_or(StartCardBindingRefusal::IdentityRequired)
}

/// Why a wallet cannot have a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    TooManyCards,
    AlreadyBound,
    BoundElsewhere,
}

impl NoRoom {
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::TooManyCards => Code::CardCountLimit,
            Self::AlreadyBound => Code::CardAlreadyBound,
            Self::BoundElsewhere => Code::CardBoundElsewhereLimit,
        }
    }
}

/// Whether the wallet can have one more card with this number.
pub(crate) fn check_room(
    tx: &mut Tx<'_>,
    wallet: &Wallet,
    number_index: [u8; 32],
) -> Result<Result<(), NoRoom>, crate::Halt> {
    if wallet.cards >= tx.rules().card_count_max {
        return Ok(Err(NoRoom::TooManyCards));
    }
    if tx.find::<CardByNumber>(&(wallet.id, number_index))?.is_some() {
        return Ok(Err(NoRoom::AlreadyBound));
    }
    let elsewhere = tx.find::<CardUse>(&number_index)?.map_or(0, |used| used.wallets);
    if elsewhere >= tx.rules().card_wallets_max {
        return Ok(Err(NoRoom::BoundElsewhere));
    }
    Ok(Ok(()))
}
