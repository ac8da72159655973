//! The tables of people: users, their devices and sessions, one-time passwords, and identity
//! checks.

use crate::{describe, text_cells};
use domain::identity::{RejectReason, Verification, VerificationByWallet, VerificationState};
use domain::ids::{DeviceId, OtpId, UserId, VerificationId, WalletId};
use domain::user::{
    Device, Otp, OtpDay, OtpPurpose, OtpSends, OtpState, Session, User, UserByPhone,
};
use domain::wallet::DocumentKind;
use kernel::Timestamp;

text_cells!(OtpPurpose, OtpState, VerificationState, RejectReason);

describe!(User, Kept, key 1, "A person who logs in.", {
    id: UserId, "Its public id.";
    phone_index: [u8; 32], "Blind index of the phone.";
    phone: Vec<u8>, "The sealed phone.";
    wallet: Option<WalletId>, "The wallet, once opened.";
    session_epoch: i64, "Sessions of an earlier epoch are over.";
    registered_at: Timestamp, "When the person registered.";
}, checks ["session_epoch >= 0"], fixed ["registered_at"]);

describe!(UserByPhone, Kept, key 1, "Whose phone it is.", {
    phone_index: [u8; 32], "Blind index of the phone.";
    user: UserId, "The user.";
});

describe!(Device, Kept, key 2, "A device that a user logged in on.", {
    user: UserId, "The user.";
    id: DeviceId, "The id that the device keeps.";
    name: String, "What its owner calls it.";
    first_at: Timestamp, "When this user logged in on it first.";
    last_at: Timestamp, "When this user logged in on it last.";
}, checks ["last_at >= first_at"], fixed ["first_at"]);

describe!(Session, Removable, key 1, "A log-in that is not over.", {
    token_hash: [u8; 32], "SHA-256 of the token.";
    user: UserId, "The user.";
    device: DeviceId, "The device.";
    epoch: i64, "The epoch of the user that it belongs to; later ones end it.";
    created_at: Timestamp, "When it began.";
    seen_at: Timestamp, "When it was used last, written at most once a day.";
}, checks ["seen_at >= created_at"], fixed ["user", "device", "created_at"]);

describe!(Otp, Removable, key 1, "A challenge by a one-time password that can still be met.", {
    id: OtpId, "Its id.";
    phone_index: [u8; 32], "Blind index of the phone.";
    purpose: OtpPurpose, "What it authorises.";
    state: OtpState, "Where its message stands.";
    phone: Vec<u8>, "The sealed phone while the message is to be sent, otherwise empty.";
    created_at: Timestamp, "When it was asked for.";
    expires_at: Timestamp, "Valid before then.";
}, checks ["(state = 'CREATED') = (length(phone) > 0)", "expires_at >= created_at"],
fixed ["phone_index", "purpose", "created_at", "expires_at"]);

describe!(OtpSends, Kept, key 2, "What a phone was sent for one purpose.", {
    phone_index: [u8; 32], "Blind index of the phone.";
    purpose: OtpPurpose, "The purpose.";
    newest: OtpId, "The newest challenge, which alone is valid.";
    newest_at: Timestamp, "When the newest was asked for.";
    hour_from: Timestamp, "When the hour that is being counted began.";
    in_hour: i64, "Challenges in that hour.";
}, checks ["in_hour > 0", "newest_at >= hour_from"]);

describe!(OtpDay, Kept, key 1, "What a phone was sent on one business day.", {
    phone_index: [u8; 32], "Blind index of the phone.";
    day_from: Timestamp, "When that day began.";
    in_day: i64, "Challenges on that day.";
}, checks ["in_day > 0"]);

describe!(Verification, Kept, key 1, "One submission of identity data.", {
    id: VerificationId, "Its id.";
    wallet: WalletId, "The wallet.";
    user: UserId, "Who submitted it.";
    document: DocumentKind, "The kind of document.";
    document_index: [u8; 32], "Blind index of document type and number.";
    name: Vec<u8>, "The sealed name; empty once the authority has answered.";
    number: Vec<u8>, "The sealed number; empty once the authority has answered.";
    consent: String, "The version of the text in which the person agreed to this check.";
    state: VerificationState, "Where it stands.";
    reason: Option<RejectReason>, "Why it was rejected.";
    submitted_at: Timestamp, "When it was submitted.";
    decided_at: Option<Timestamp>, "When the authority answered.";
}, checks [
    "(state = 'SUBMITTED') = (decided_at IS NULL)",
    "(state = 'REJECTED') = (reason IS NOT NULL)",
    "(state = 'SUBMITTED') = (length(number) > 0)",
    "(state = 'SUBMITTED') = (length(name) > 0)",
], fixed ["wallet", "user", "document", "document_index", "consent", "submitted_at"]);

describe!(VerificationByWallet, Kept, key 1, "The last submission of a wallet.", {
    wallet: WalletId, "The wallet.";
    newest: VerificationId, "Its last submission.";
});
