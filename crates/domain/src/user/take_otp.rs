//! Meeting a challenge: the one place that compares, counts and uses a one-time password up.

use super::code::OtpTry;
use super::otp::{Otp, OtpPurpose, OtpState};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Halt, Refusal};
use crate::ids::OtpId;
use crate::job::{Job, JobKind};
use crate::record::{Record, RowKey};
use crate::tx::Tx;
use crate::wallet::{AttemptPurpose, Attempts};
use kernel::id::Hex;
use kernel::time::HOUR;

/// Why a one-time password was not accepted, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtpRefusal {
    /// Used, or a newer one took its place.
    Used,
    /// Of another phone or purpose.
    ChallengeMismatch,
    /// The carrier refused the message.
    DeliveryFailed,
    /// The phone cannot receive messages.
    PhoneInvalid,
    /// Too old.
    Expired,
    /// Too many wrong tries.
    AttemptsExceeded,
    /// Wrong; that many tries are left.
    Wrong {
        /// Tries left, from 1.
        left: i64,
    },
}

impl Refusal for OtpRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Used => Code::OtpUsed,
            Self::ChallengeMismatch => Code::OtpChallengeMismatch,
            Self::DeliveryFailed => Code::OtpDeliveryFailed,
            Self::PhoneInvalid => Code::OtpPhoneInvalid,
            Self::Expired => Code::OtpExpired,
            Self::AttemptsExceeded => Code::OtpAttemptsExceeded,
            Self::Wrong { .. } => Code::OtpInvalid,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Wrong { left } => Params(vec![("n", Param::Number(*left))]),
            Self::Used
            | Self::ChallengeMismatch
            | Self::DeliveryFailed
            | Self::PhoneInvalid
            | Self::Expired
            | Self::AttemptsExceeded => Params::default(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::Wrong { .. }).then_some("/code")
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Wrong { .. } | Self::AttemptsExceeded)
    }
}

/// Under which subject the challenges of a phone and purpose that were guessed to the end are
/// counted.
pub(super) fn void_key(phone_index: &[u8; 32], purpose: OtpPurpose) -> (String, AttemptPurpose) {
    (format!("{}:{}", Hex(phone_index), purpose.as_str()), AttemptPurpose::OtpVoid)
}

/// The rows that [`take_otp`] reads, for asking at once.
pub(crate) fn otp_keys(otp: OtpId, phone_index: &[u8; 32], purpose: OtpPurpose) -> [RowKey; 4] {
    [
        RowKey::of::<Otp>(&otp),
        RowKey::of::<Attempts>(&(otp.to_string(), AttemptPurpose::Otp)),
        RowKey::of::<Attempts>(&void_key(phone_index, purpose)),
        RowKey::of::<Job>(&(JobKind::SendOtp, otp.to_string())),
    ]
}

/// Uses the challenge up, or counts the try.
pub(crate) fn take_otp(
    tx: &mut Tx<'_>,
    otp: OtpId,
    phone_index: &[u8; 32],
    purpose: OtpPurpose,
    tried: &OtpTry,
) -> Result<Result<(), OtpRefusal>, Halt> {
    tx.want(otp_keys(otp, phone_index, purpose))?;
    let Some(challenge) = tx.find::<Otp>(&otp)? else {
        return Ok(Err(OtpRefusal::Used));
    };
    if challenge.phone_index != *phone_index || challenge.purpose != purpose {
        return Ok(Err(OtpRefusal::ChallengeMismatch));
    }
    match challenge.state {
        OtpState::SendFailed => return Ok(Err(OtpRefusal::DeliveryFailed)),
        OtpState::PhoneInvalid => return Ok(Err(OtpRefusal::PhoneInvalid)),
        OtpState::Created | OtpState::Sent => {}
    }
    if tx.now() >= challenge.expires_at {
        return Ok(Err(OtpRefusal::Expired));
    }
    let key = (otp.to_string(), AttemptPurpose::Otp);
    let attempts = tx.find::<Attempts>(&key)?.unwrap_or_else(|| Attempts::none(key.0, key.1));
    let allowed = tx.rules().otp_tries;
    if attempts.failed >= allowed {
        return Ok(Err(OtpRefusal::AttemptsExceeded));
    }
    if attempts.is_counted(&tried.last_try) {
        return Ok(Err(OtpRefusal::Wrong { left: allowed - attempts.failed }));
    }
    if !tried.is_right {
        return count(tx, attempts, &challenge, tried).map(Err);
    }
    drop_otp(tx, &challenge)?;
    Ok(Ok(()))
}

/// A void challenge stays void: its tries lock for good, and voids of an hour block their purpose.
fn count(
    tx: &mut Tx<'_>,
    attempts: Attempts,
    challenge: &Otp,
    tried: &OtpTry,
) -> Result<OtpRefusal, Halt> {
    let (now, rules) = (tx.now(), tx.rules());
    let attempts = attempts.after_wrong(now, tried.last_try, rules.otp_tries, rules.otp_block_s);
    let left = rules.otp_tries - attempts.failed;
    if left <= 0 {
        let key = void_key(&challenge.phone_index, challenge.purpose);
        let voids = tx.find::<Attempts>(&key)?.unwrap_or_else(|| Attempts::none(key.0, key.1));
        tx.mark(voids.after_wrong_within(now, HOUR, rules.otp_voids_hour, rules.otp_block_s));
    }
    tx.mark(attempts);
    Ok(if left > 0 { OtpRefusal::Wrong { left } } else { OtpRefusal::AttemptsExceeded })
}

/// Removes a challenge that was met or replaced, and what is still owed for it.
pub(super) fn drop_otp(tx: &mut Tx<'_>, challenge: &Otp) -> Result<(), Halt> {
    let job = (JobKind::SendOtp, challenge.id.to_string());
    if tx.find::<Job>(&job)?.is_some() {
        tx.remove::<Job>(&job);
    }
    tx.remove::<Otp>(&challenge.key());
    Ok(())
}
