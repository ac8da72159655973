//! Who forgot the payment password, or locked it for good, sets a new one by proving to be the
//! holder: name and document number as they were verified, and a code on the bound phone. The proof
//! is compared where it was read; here it is counted.

use super::attempts::{AttemptPurpose, Attempts, Lock};
use super::password::{PasswordTry, PaymentPassword, password_keys};
use super::wallet_row::{FreezeKind, Wallet, WalletState};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::ids::{IdentityId, OtpId, UserId, WalletId};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::{OtpPurpose, OtpRefusal, OtpTry, Session, User, otp_keys, take_otp};
use crate::validate::weak_password::WeakReason;
use kernel::Timestamp;
use kernel::time::DAY;
use serde::{Deserialize, Serialize};

/// Name and document number as entered, compared with those of a verified person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityTry {
    /// The person that they were compared with; `None` when the wallet had none.
    pub identity: Option<IdentityId>,
    /// Whether both are that person's.
    pub is_right: bool,
    /// Keyed hash of the request and the entries: the same try sent twice counts once.
    pub last_try: [u8; 32],
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ResetPaymentPassword {
    /// The user.
    pub user: UserId,
    /// Their wallet.
    pub wallet: WalletId,
    /// The session that asks; all others end.
    pub session: [u8; 32],
    /// The challenge on the bound phone.
    pub otp: OtpId,
    /// The code as entered.
    pub code: OtpTry,
    /// Who they say they are.
    pub person: IdentityTry,
    /// The new password under every live version of the key, the newest first.
    pub new: PasswordTry,
    /// What makes the new one easy to guess.
    pub weak: Option<WeakReason>,
    /// The caller's key.
    pub once: Once,
}

/// The new password is set, and its locks are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPasswordReset {
    /// The wallet.
    pub wallet: WalletId,
    /// Where it stands.
    pub state: WalletState,
    /// Until when little may be withdrawn.
    pub capped_until: Timestamp,
}

/// Why the password stays as it is, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetPaymentPasswordRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// Somebody else than its owner froze the wallet.
    Frozen,
    /// The wallet is closing or closed.
    Closed,
    /// Nobody was verified whom the caller could prove to be.
    IdentityRequired,
    /// There is none to reset.
    NotSet,
    /// Too many proofs of identity failed.
    Limit {
        /// When the next one may be tried.
        until: Timestamp,
    },
    /// The code was not accepted.
    Otp(OtpRefusal),
    /// Name or number is not the holder's. The code stays good.
    IdentityFailed,
    /// The new one is easy to guess.
    Weak(WeakReason),
    /// The new one is the old one or one of the last three before it.
    Reused,
}

impl Refusal for ResetPaymentPasswordRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::Frozen => Code::AccountFrozen,
            Self::Closed => Code::AccountStatusAbnormal,
            Self::IdentityRequired => Code::IdentityRequired,
            Self::NotSet => Code::PayPasswordNotSet,
            Self::Limit { .. } => Code::PasswordResetLimit,
            Self::Otp(refusal) => refusal.code(),
            Self::IdentityFailed => Code::PasswordResetIdentityFailed,
            Self::Weak(_) => Code::PayPasswordTooWeak,
            Self::Reused => Code::PayPasswordReused,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Limit { until } => Params(vec![("time", Param::Time(until.micros()))]),
            Self::Otp(refusal) => refusal.params(),
            _ => Params::default(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Otp(refusal) => refusal.field(),
            Self::Weak(_) | Self::Reused => Some("/new_password"),
            _ => None,
        }
    }

    /// Code and digits are no part of the request's fingerprint, so what they decide is not kept.
    fn is_about_secret(&self) -> bool {
        match self {
            Self::Otp(_) | Self::Limit { .. } | Self::Weak(_) | Self::Reused => true,
            Self::WalletNotFound
            | Self::Frozen
            | Self::Closed
            | Self::IdentityRequired
            | Self::NotSet
            | Self::IdentityFailed => false,
        }
    }
}

impl Command for ResetPaymentPassword {
    type Done = PaymentPasswordReset;
    type Refusal = ResetPaymentPasswordRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(
        &self,
        tx: &mut Tx<'_>,
    ) -> Result<PaymentPasswordReset, Stop<ResetPaymentPasswordRefusal>> {
        tx.want(password_keys(self.wallet).into_iter().chain([
            RowKey::of::<Wallet>(&self.wallet),
            RowKey::of::<User>(&self.user),
            RowKey::of::<Session>(&self.session),
            RowKey::of::<Attempts>(&self.failed_key()),
        ]))?;
        let wallet = self.check_wallet(tx.find::<Wallet>(&self.wallet)?)?;
        let before =
            tx.find::<PaymentPassword>(&self.wallet)?.ok_or(ResetPaymentPasswordRefusal::NotSet)?;
        let failed = tx.find::<Attempts>(&self.failed_key())?.unwrap_or_else(|| {
            let (subject, purpose) = self.failed_key();
            Attempts::none(subject, purpose)
        });
        if let Lock::Until(until) = failed.lock(tx.now(), 0) {
            return Err(ResetPaymentPasswordRefusal::Limit { until }.into());
        }
        let user = tx.get::<User>(&self.user)?;
        let purpose = OtpPurpose::ResetPaymentPassword;
        tx.want(otp_keys(self.otp, &user.phone_index, purpose))?;
        take_otp(tx, self.otp, &user.phone_index, purpose, &self.code)?
            .map_err(ResetPaymentPasswordRefusal::Otp)?;
        if !self.person.is_right || self.person.identity != wallet.identity {
            return Err(self.count(tx, failed).into());
        }
        if let Some(reason) = self.weak {
            return Err(ResetPaymentPasswordRefusal::Weak(reason).into());
        }
        if before.was(&self.new) {
            return Err(ResetPaymentPasswordRefusal::Reused.into());
        }
        let capped_until = self.replace(tx, before)?;
        if let Some(clean) = failed.after_right() {
            tx.mark(clean);
        }
        self.end_other_sessions(tx, user)?;
        Ok(PaymentPasswordReset { wallet: wallet.id, state: wallet.state, capped_until })
    }
}

impl ResetPaymentPassword {
    fn failed_key(&self) -> (String, AttemptPurpose) {
        (self.wallet.to_string(), AttemptPurpose::PasswordReset)
    }

    /// Who froze the wallet themselves needs the password to lift that, so a freeze of the owner
    /// does not stand in the way.
    fn check_wallet(&self, wallet: Option<Wallet>) -> Result<Wallet, ResetPaymentPasswordRefusal> {
        let wallet = wallet
            .filter(|wallet| wallet.user == self.user)
            .ok_or(ResetPaymentPasswordRefusal::WalletNotFound)?;
        match wallet.state {
            WalletState::Opening | WalletState::Active | WalletState::Restricted => {}
            WalletState::Frozen if wallet.freeze == Some(FreezeKind::User) => {}
            WalletState::Frozen => return Err(ResetPaymentPasswordRefusal::Frozen),
            WalletState::Closing | WalletState::Closed => {
                return Err(ResetPaymentPasswordRefusal::Closed);
            }
        }
        if wallet.identity.is_none() {
            return Err(ResetPaymentPasswordRefusal::IdentityRequired);
        }
        Ok(wallet)
    }

    /// Counts a proof that failed; the one that blocks says so.
    fn count(&self, tx: &mut Tx<'_>, failed: Attempts) -> ResetPaymentPasswordRefusal {
        if failed.is_counted(&self.person.last_try) {
            return ResetPaymentPasswordRefusal::IdentityFailed;
        }
        let (now, rules) = (tx.now(), tx.rules());
        let (tries, block_s) = (rules.password_reset_tries, rules.password_reset_block_s);
        let last_try = self.person.last_try;
        let failed = failed.after_wrong_within(now, DAY, tries, block_s);
        let lock = failed.lock(now, 0);
        tx.mark(Attempts { last_try, ..failed });
        match lock {
            Lock::Until(until) => ResetPaymentPasswordRefusal::Limit { until },
            Lock::Open | Lock::Hard => ResetPaymentPasswordRefusal::IdentityFailed,
        }
    }

    /// Sets the new password and forgets the wrong tries of the old one, a hard lock included.
    fn replace(&self, tx: &mut Tx<'_>, before: PaymentPassword) -> Result<Timestamp, Halt> {
        let Some((version, tag)) = self.new.tags.first().copied() else {
            return Err(Halt::Defect("a new payment password has no tag".into()));
        };
        let now = tx.now();
        let password = PaymentPassword {
            wallet: self.wallet,
            tag,
            key_version: version.into(),
            earlier: before.into_earlier(),
            set_at: now,
            reset_at: Some(now),
        };
        let capped_until = password.capped_until(tx.rules()).unwrap_or(now);
        tx.put(password);
        let tries = (self.wallet.to_string(), AttemptPurpose::PaymentPassword);
        if let Some(clean) = tx.find::<Attempts>(&tries)?.and_then(Attempts::after_right) {
            tx.mark(clean);
        }
        Ok(capped_until)
    }

    fn end_other_sessions(&self, tx: &mut Tx<'_>, user: User) -> Result<(), Halt> {
        let epoch = user.session_epoch + 1;
        if let Some(session) = tx.find::<Session>(&self.session)?
            && session.user == user.id
            && session.epoch == user.session_epoch
        {
            tx.put(Session { epoch, ..session });
        }
        tx.put(User { session_epoch: epoch, ..user });
        Ok(())
    }
}
