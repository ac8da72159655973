//! The payment password: six digits that authorise a movement of money.
//!
//! Stored is a keyed hash whose key lies outside the database. The edge computes the hash of what
//! was entered with every live version of that key; the comparison happens here, in constant time,
//! and a wrong try is counted before anybody learns that it was wrong.

use super::attempts::{AttemptPurpose, Attempts, Lock};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Halt, Refusal};
use crate::ids::WalletId;
use crate::record;
use crate::record::RowKey;
use crate::rules::Rules;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::crypto::equal;
use kernel::time::SECOND;

/// The stored tag of a wallet's payment password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPassword {
    /// The wallet.
    pub wallet: WalletId,
    /// Keyed hash over wallet and digits.
    pub tag: [u8; 32],
    /// The version of the key.
    pub key_version: i64,
    /// Earlier tags, newest first, each a version byte and 32 bytes; at most three.
    pub earlier: Vec<u8>,
    /// When it was set.
    pub set_at: Timestamp,
    /// When it was last set without the old one, by who proved to be the holder.
    pub reset_at: Option<Timestamp>,
}

record!(PaymentPassword, "payment_password", Kept, wallet: WalletId);

/// What was entered, as tags. Prints nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordTry {
    /// The tag under each live key version.
    pub tags: Vec<(u8, [u8; 32])>,
    /// Keyed hash of the request and the digits: the same try sent twice counts once.
    pub last_try: [u8; 32],
}

impl std::fmt::Debug for PasswordTry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordTry(***)")
    }
}

impl PaymentPassword {
    /// Whether the try is this password.
    pub fn is(&self, tried: &PasswordTry) -> bool {
        matches(self.key_version, &self.tag, tried)
    }

    /// Whether the try is this password or one of the last three.
    pub fn was(&self, tried: &PasswordTry) -> bool {
        let mut earlier = self.earlier.chunks_exact(33);
        self.is(tried) || earlier.any(|one| matches(i64::from(one[0]), &one[1..], tried))
    }

    /// Until when little may be withdrawn, because the password was reset a short time ago.
    pub fn capped_until(&self, rules: &Rules) -> Option<Timestamp> {
        let cap_for = rules.password_reset_cap_s.saturating_mul(SECOND);
        self.reset_at.map(|at| at.plus(cap_for))
    }

    /// What the next password keeps of this one: its tag before the earlier ones, three in all.
    pub(super) fn into_earlier(self) -> Vec<u8> {
        let version = u8::try_from(self.key_version).expect("a key version is a byte");
        let mut all = vec![version];
        all.extend_from_slice(&self.tag);
        all.extend_from_slice(&self.earlier);
        all.truncate(3 * 33);
        all
    }
}

fn matches(version: i64, tag: &[u8], tried: &PasswordTry) -> bool {
    tried.tags.iter().any(|(live, tried)| i64::from(*live) == version && equal(tried, tag))
}

/// Why a payment password was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// None is set.
    NotSet,
    /// Wrong; that many tries are left.
    Wrong {
        /// Tries left before the lock.
        left: i64,
    },
    /// Too many wrong tries.
    Locked {
        /// When it may be tried again.
        until: Timestamp,
    },
    /// Locked too often: it must be reset.
    HardLocked,
}

impl Refusal for PasswordRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotSet => Code::PayPasswordNotSet,
            Self::Wrong { .. } => Code::PayPasswordWrong,
            Self::Locked { .. } => Code::PayPasswordLocked,
            Self::HardLocked => Code::PayPasswordHardLocked,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Wrong { left } => Params(vec![("n", Param::Number(*left))]),
            Self::Locked { until } => Params(vec![("time", Param::Time(until.micros()))]),
            Self::NotSet | Self::HardLocked => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        true
    }
}

/// The rows that [`check_password`] reads, for asking at once.
pub fn password_keys(wallet: WalletId) -> [RowKey; 2] {
    let attempts = (wallet.to_string(), AttemptPurpose::PaymentPassword);
    [RowKey::of::<PaymentPassword>(&wallet), RowKey::of::<Attempts>(&attempts)]
}

/// Accepts the try or counts it. Call it after the checks that need no secret, and before those
/// that would tell a guesser something about the wallet.
pub fn check_password(
    tx: &mut Tx<'_>,
    wallet: WalletId,
    tried: &PasswordTry,
) -> Result<Result<(), PasswordRefusal>, Halt> {
    tx.want(password_keys(wallet))?;
    let Some(password) = tx.look::<PaymentPassword>(&wallet)? else {
        return Ok(Err(PasswordRefusal::NotSet));
    };
    let purpose = AttemptPurpose::PaymentPassword;
    let subject = wallet.to_string();
    let attempts = tx
        .find::<Attempts>(&(subject.clone(), purpose))?
        .unwrap_or_else(|| Attempts::none(subject, purpose));
    let (now, rules) = (tx.now(), tx.rules());
    let refusal = |attempts: &Attempts| match attempts.lock(now, rules.password_locks_hard) {
        Lock::Hard => PasswordRefusal::HardLocked,
        Lock::Until(until) => PasswordRefusal::Locked { until },
        Lock::Open => PasswordRefusal::Wrong { left: rules.password_tries - attempts.failed },
    };
    if attempts.is_counted(&tried.last_try)
        || attempts.lock(now, rules.password_locks_hard) != Lock::Open
    {
        return Ok(Err(refusal(&attempts)));
    }
    if password.is(tried) {
        if let Some(clean) = attempts.after_right() {
            tx.mark(clean);
        }
        return Ok(Ok(()));
    }
    let attempts =
        attempts.after_wrong(now, tried.last_try, rules.password_tries, rules.password_lock_s);
    let refused = refusal(&attempts);
    tx.mark(attempts);
    Ok(Err(refused))
}
