//! The carrier answered about a message with a code, or did not.

use super::otp::{Otp, OtpState};
use crate::command::{Command, Never, Once, Stop};
use crate::ids::OtpId;
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::time::SECOND;

/// How long to wait before the same message is handed over again.
const AGAIN: i64 = 3 * SECOND;

/// What the carrier said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtpSendResult {
    /// It took the message.
    Accepted,
    /// It refused the message.
    Failed,
    /// The phone cannot receive messages.
    PhoneInvalid,
    /// No clear answer.
    Unknown,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct RecordOtpSent {
    /// The challenge.
    pub otp: OtpId,
    /// What the carrier said.
    pub result: OtpSendResult,
}

impl Command for RecordOtpSent {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let job_key = (JobKind::SendOtp, self.otp.to_string());
        tx.want([RowKey::of::<Job>(&job_key), RowKey::of::<Otp>(&self.otp)])?;
        let Some(job) = tx.find::<Job>(&job_key)? else {
            return Ok(());
        };
        let otp = tx.get::<Otp>(&self.otp)?;
        let state = match self.result {
            OtpSendResult::Accepted => OtpState::Sent,
            OtpSendResult::Failed => OtpState::SendFailed,
            OtpSendResult::PhoneInvalid => OtpState::PhoneInvalid,
            OtpSendResult::Unknown if tx.now() >= otp.expires_at => OtpState::SendFailed,
            OtpSendResult::Unknown => {
                let again = job.again(tx.now(), AGAIN);
                tx.schedule(again);
                return Ok(());
            }
        };
        tx.remove::<Job>(&job_key);
        tx.put(otp.after_sending(state));
        Ok(())
    }
}
