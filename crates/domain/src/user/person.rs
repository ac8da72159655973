//! Who logs in, and on what.

use crate::ids::{DeviceId, UserId, WalletId};
use crate::record;
use kernel::Timestamp;

/// A person who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its public id.
    pub id: UserId,
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// The sealed phone, see [`phone_place`].
    pub phone: Vec<u8>,
    /// The wallet, once opened.
    pub wallet: Option<WalletId>,
    /// Sessions of an earlier epoch are over: raising it ends them all.
    pub session_epoch: i64,
    /// When the person registered.
    pub registered_at: Timestamp,
}

record!(User, "user", Kept, id: UserId);

/// Whose phone it is: one phone, one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserByPhone {
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// The user.
    pub user: UserId,
}

record!(UserByPhone, "user_by_phone", Kept, phone_index: [u8; 32]);

/// A device that a user logged in on. Two people on one device have a row each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The user.
    pub user: UserId,
    /// The id that the device keeps.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: String,
    /// When this user logged in on it first.
    pub first_at: Timestamp,
    /// When this user logged in on it last.
    pub last_at: Timestamp,
}

record!(Device, "device", Kept, user: UserId, id: DeviceId);

/// The place that a phone is sealed for, in the rows of challenges and of users alike.
pub fn phone_place(phone_index: &[u8; 32]) -> Vec<u8> {
    [b"phone/", &phone_index[..]].concat()
}
