//! Somebody asks for a one-time password on a phone. Whether the phone is a user's plays no part,
//! so the answer tells nothing about it.

use super::otp::{Otp, OtpDay, OtpPurpose, OtpSends, OtpState};
use super::take_otp::{drop_otp, void_key};
use crate::calendar::day_from;
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::OtpId;
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{Attempts, Lock};
use kernel::Timestamp;
use kernel::id::Hex;
use kernel::time::{DAY, HOUR, SECOND};
use serde::{Deserialize, Serialize};

/// See the module. The code itself is derived by who sends it.
#[derive(Clone)]
pub struct RequestOtp {
    /// A new id, drawn by the edge.
    pub otp: OtpId,
    /// What it is to authorise.
    pub purpose: OtpPurpose,
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// The phone, sealed for [`super::phone_place`].
    pub phone: Vec<u8>,
}

/// The challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtpRequested {
    /// Its id.
    pub otp: OtpId,
    /// Valid before then.
    pub expires_at: Timestamp,
    /// The next one can be asked for from then.
    pub resend_at: Timestamp,
}

/// Why no code is sent, in order of the checks. Each can be over at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOtpRefusal {
    /// Too many codes to log in were guessed to the end.
    LogInLocked(Timestamp),
    /// Too many codes for something else were guessed to the end.
    CodesLocked(Timestamp),
    /// The last one was asked for a moment ago.
    TooSoon(Timestamp),
    /// The hour's or the day's number is reached.
    SendLimit(Timestamp),
}

impl Refusal for RequestOtpRefusal {
    fn code(&self) -> Code {
        match self {
            Self::LogInLocked(_) => Code::LoginLocked,
            Self::CodesLocked(_) => Code::OtpAttemptsExceeded,
            Self::TooSoon(_) => Code::OtpResendTooSoon,
            Self::SendLimit(_) => Code::OtpSendLimit,
        }
    }

    fn params(&self) -> Params {
        let (Self::LogInLocked(until)
        | Self::CodesLocked(until)
        | Self::TooSoon(until)
        | Self::SendLimit(until)) = self;
        Params(vec![("time", Param::Time(until.micros()))])
    }
}

impl Command for RequestOtp {
    type Done = OtpRequested;
    type Refusal = RequestOtpRefusal;

    /// A repeat within the wait is refused, so one code is sent.
    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        Hex(&self.phone_index).to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<OtpRequested, Stop<RequestOtpRefusal>> {
        let sends_key = (self.phone_index, self.purpose);
        let voids_key = void_key(&self.phone_index, self.purpose);
        tx.want([
            RowKey::of::<OtpSends>(&sends_key),
            RowKey::of::<OtpDay>(&self.phone_index),
            RowKey::of::<Attempts>(&voids_key),
        ])?;
        let (now, rules) = (tx.now(), tx.rules());
        if let Some(voids) = tx.find::<Attempts>(&voids_key)?
            && let Lock::Until(until) = voids.lock(now, 0)
        {
            return Err(Stop::Refused(match self.purpose {
                OtpPurpose::LogIn => RequestOtpRefusal::LogInLocked(until),
                OtpPurpose::Register | OtpPurpose::ResetPaymentPassword => {
                    RequestOtpRefusal::CodesLocked(until)
                }
            }));
        }
        let before = tx.find::<OtpSends>(&sends_key)?;
        let resend = rules.otp_resend_s.saturating_mul(SECOND);
        if let Some(before) = &before {
            let resend_at = before.newest_at.plus(resend);
            if now < resend_at {
                return Err(RequestOtpRefusal::TooSoon(resend_at).into());
            }
        }
        let (hour_from, in_hour) = match &before {
            Some(sends) if now.since(sends.hour_from) < HOUR => (sends.hour_from, sends.in_hour),
            Some(_) | None => (now, 0),
        };
        if in_hour >= rules.otp_hour_max {
            return Err(RequestOtpRefusal::SendLimit(hour_from.plus(HOUR)).into());
        }
        let day_from = day_from(now);
        let in_day = match tx.find::<OtpDay>(&self.phone_index)? {
            Some(day) if day.day_from == day_from => day.in_day,
            Some(_) | None => 0,
        };
        if in_day >= rules.otp_day_max {
            return Err(RequestOtpRefusal::SendLimit(day_from.plus(DAY)).into());
        }
        if let Some(before) = before
            && let Some(older) = tx.find::<Otp>(&before.newest)?
        {
            drop_otp(tx, &older)?;
        }
        let Self { otp, purpose, phone_index, .. } = *self;
        let in_hour = in_hour + 1;
        let newest_at = now;
        tx.put(OtpSends { phone_index, purpose, newest: otp, newest_at, hour_from, in_hour });
        tx.put(OtpDay { phone_index, day_from, in_day: in_day + 1 });
        let expires_at = now.plus(rules.otp_ttl_s.saturating_mul(SECOND));
        tx.put(Otp {
            id: otp,
            phone_index,
            purpose,
            state: OtpState::Created,
            phone: self.phone.clone(),
            created_at: now,
            expires_at,
        });
        tx.schedule(Job::new(JobKind::SendOtp, otp, now));
        Ok(OtpRequested { otp, expires_at, resend_at: now.plus(resend) })
    }
}
