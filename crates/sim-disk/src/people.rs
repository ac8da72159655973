//! Who lives on a fresh disk, who may come to live there, and by which numbers scripts name them.

use domain::ids::{DeviceId, OtpId, UserId};
use domain::testing::Person;
use domain::user::{NewSession, OtpPurpose, OtpTry, Register, RequestOtp, otp_code};
use domain::wallet::PasswordTry;
use kernel::ExposeSecret;
use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};

/// How many people there are who pay.
pub(crate) const PEOPLE: u8 = 3;
/// The one who only changes the payment password, again and again.
pub(crate) const CAREFUL: u8 = PEOPLE + 1;
/// How many phones have asked for a code.
pub(crate) const NEWCOMERS: u8 = 6;
/// The digits of everybody's first payment password, as far as scripts know them.
pub(crate) const FIRST_DIGITS: u8 = 9;

/// A person by number, from 1.
pub(crate) fn person(number: u8) -> Person {
    Person::numbered(number.into())
}

/// A wrong payment password; tries of different numbers count as different tries.
pub(crate) fn guess(number: u8) -> PasswordTry {
    PasswordTry { tags: vec![(1, [200; 32])], last_try: [100 + number; 32] }
}

/// A payment password, entered to be set or to set another.
pub(crate) fn digits(digits: u8) -> PasswordTry {
    PasswordTry { tags: vec![(1, [digits; 32])], last_try: [digits; 32] }
}

/// A newcomer's phone asks for a code to register with.
pub(crate) fn ask_code(newcomer: u8) -> RequestOtp {
    let (otp, phone_index) = (otp(newcomer), phone_index(newcomer));
    RequestOtp { otp, purpose: OtpPurpose::Register, phone_index, phone: vec![1] }
}

/// A newcomer registers with the right code.
pub(crate) fn register(newcomer: u8) -> Register {
    let versions = |_| Versions::try_new(vec![(1, Key32::new([1; 32]))]);
    let keys = KeyRing::from_source(versions).expect("every purpose has a key");
    let (otp, purpose) = (otp(newcomer), OtpPurpose::Register);
    let code = otp_code(keys.otp.newest_key(), otp, purpose);
    Register {
        otp,
        tried: OtpTry::enter(&keys, otp, purpose, code.expose_secret()),
        phone_index: phone_index(newcomer),
        phone: vec![1],
        user: UserId::from_bytes([180 + newcomer; 16]),
        session: NewSession {
            device: DeviceId::from_bytes([180 + newcomer; 16]),
            device_name: "phone".into(),
            token_hash: [180 + newcomer; 32],
        },
    }
}

fn otp(newcomer: u8) -> OtpId {
    OtpId::from_bytes([180 + newcomer; 16])
}

fn phone_index(newcomer: u8) -> [u8; 32] {
    [180 + newcomer; 32]
}
