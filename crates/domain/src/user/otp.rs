//! Challenges by a one-time password, and how many a phone was sent.

use crate::ids::OtpId;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// What a one-time password authorises.
    OtpPurpose {
        /// To become a user.
        Register = "REGISTER",
        /// To log in.
        LogIn = "LOG_IN",
        /// To set a new payment password without the old one; only a user's own phone is asked.
        ResetPaymentPassword = "RESET_PAYMENT_PASSWORD",
    }
);

text_enum!(
    /// Where the message with the code stands.
    OtpState {
        /// To be sent.
        Created = "CREATED",
        /// The carrier took it.
        Sent = "SENT",
        /// The carrier refused it.
        SendFailed = "SEND_FAILED",
        /// The phone cannot receive messages.
        PhoneInvalid = "PHONE_INVALID",
    }
);

/// A challenge that can still be met. One that was met, or made void by a newer one, has no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otp {
    /// Its id.
    pub id: OtpId,
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// What it authorises.
    pub purpose: OtpPurpose,
    /// Where its message stands.
    pub state: OtpState,
    /// The sealed phone while the message is to be sent, otherwise empty.
    pub phone: Vec<u8>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Valid before then.
    pub expires_at: Timestamp,
}

record!(Otp, "otp", Removable, id: OtpId);

impl Otp {
    /// The message is not to be sent any more.
    pub(super) fn after_sending(self, state: OtpState) -> Self {
        Self { state, phone: Vec::new(), ..self }
    }
}

/// What a phone was sent for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpSends {
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// The purpose.
    pub purpose: OtpPurpose,
    /// The newest challenge, which alone is valid.
    pub newest: OtpId,
    /// When the newest was asked for.
    pub newest_at: Timestamp,
    /// When the hour that is being counted began.
    pub hour_from: Timestamp,
    /// Challenges in that hour.
    pub in_hour: i64,
}

record!(OtpSends, "otp_sends", Kept, phone_index: [u8; 32], purpose: OtpPurpose);

/// What a phone was sent on one business day, for all purposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpDay {
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// When that day began.
    pub day_from: Timestamp,
    /// Challenges on that day.
    pub in_day: i64,
}

record!(OtpDay, "otp_day", Kept, phone_index: [u8; 32]);
