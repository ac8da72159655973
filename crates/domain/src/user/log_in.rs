//! A user logs in on a device with a one-time password. That a phone is no user's is told only to
//! who holds it.

use super::code::OtpTry;
use super::otp::OtpPurpose;
use super::person::{User, UserByPhone};
use super::session::{NewSession, SignedIn, sign_in};
use super::take_otp::{OtpRefusal, otp_keys, take_otp};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::OtpId;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::id::Hex;

/// See the module.
#[derive(Clone)]
pub struct LogIn {
    /// The challenge.
    pub otp: OtpId,
    /// What was entered.
    pub tried: OtpTry,
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// The session to begin.
    pub session: NewSession,
}

/// Why somebody is not logged in, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogInRefusal {
    /// The one-time password was not accepted.
    Otp(OtpRefusal),
    /// The phone is no user's. The code stays good.
    NotRegistered,
}

impl Refusal for LogInRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Otp(refusal) => refusal.code(),
            Self::NotRegistered => Code::AccountNotRegistered,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Otp(refusal) => refusal.params(),
            Self::NotRegistered => Params::default(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Otp(refusal) => refusal.field(),
            Self::NotRegistered => None,
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Otp(refusal) if refusal.is_about_secret())
    }
}

impl Command for LogIn {
    type Done = SignedIn;
    type Refusal = LogInRefusal;

    /// The challenge is used up.
    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        Hex(&self.phone_index).to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<SignedIn, Stop<LogInRefusal>> {
        let purpose = OtpPurpose::LogIn;
        let by_phone = RowKey::of::<UserByPhone>(&self.phone_index);
        tx.want(otp_keys(self.otp, &self.phone_index, purpose).into_iter().chain([by_phone]))?;
        take_otp(tx, self.otp, &self.phone_index, purpose, &self.tried)?
            .map_err(LogInRefusal::Otp)?;
        let known =
            tx.find::<UserByPhone>(&self.phone_index)?.ok_or(LogInRefusal::NotRegistered)?;
        let user = tx.get::<User>(&known.user)?;
        Ok(sign_in(tx, &user, &self.session, false)?)
    }
}
