//! People: how somebody proves to own a phone, becomes a user, logs in on a device and out again.
//!
//! A challenge by a one-time password belongs to one phone and one purpose. Its code is derived
//! from it with a key outside the database, so nothing here can be turned back into the six digits.

mod code;
mod log_in;
mod log_out;
mod otp;
mod person;
mod record_otp_sent;
mod register;
mod request_otp;
mod session;
mod take_otp;
mod touch_session;

#[cfg(test)]
mod tests;

pub use code::{OtpTry, otp_code};
pub use log_in::{LogIn, LogInRefusal};
pub use log_out::LogOut;
pub use otp::{Otp, OtpDay, OtpPurpose, OtpSends, OtpState};
pub use person::{Device, User, UserByPhone, phone_place};
pub use record_otp_sent::{OtpSendResult, RecordOtpSent};
pub use register::Register;
pub use request_otp::{OtpRequested, RequestOtp, RequestOtpRefusal};
pub use session::{NewSession, Session, SignedIn};
pub use take_otp::OtpRefusal;
pub(crate) use take_otp::{otp_keys, take_otp};
pub use touch_session::TouchSession;
