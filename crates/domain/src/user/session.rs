//! Sessions: a token that only its holder has, known here by its hash.

use super::person::{Device, User};
use crate::command::Halt;
use crate::ids::{DeviceId, UserId, WalletId};
use crate::record;
use crate::rules::Rules;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::time::SECOND;
use serde::{Deserialize, Serialize};

/// One log-in that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The user's epoch that it belongs to; a later one ends it.
    pub epoch: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was used last, as of the last time this was written.
    pub seen_at: Timestamp,
}

record!(Session, "session", Removable, token_hash: [u8; 32]);

impl Session {
    /// Whether it is still good: not ended with all others, neither idle nor old for too long.
    pub fn is_live(&self, user: &User, now: Timestamp, rules: &Rules) -> bool {
        self.user == user.id
            && self.epoch == user.session_epoch
            && now.since(self.seen_at) < rules.session_idle_s.saturating_mul(SECOND)
            && now.since(self.created_at) < rules.session_absolute_s.saturating_mul(SECOND)
    }
}

/// What a log-in needs from the edge.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The id that the device keeps, or a new one.
    pub device: DeviceId,
    /// What its owner calls the device.
    pub device_name: String,
    /// SHA-256 of the token that the edge drew.
    pub token_hash: [u8; 32],
}

/// Somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The wallet, when one is open.
    pub wallet: Option<WalletId>,
    /// Whether the user is new.
    pub is_new: bool,
}

/// Begins a session of `user` on its device.
pub(super) fn sign_in(
    tx: &mut Tx<'_>,
    user: &User,
    new: &NewSession,
    is_new: bool,
) -> Result<SignedIn, Halt> {
    let now = tx.now();
    let known = tx.find::<Device>(&(user.id, new.device))?;
    tx.put(Device {
        user: user.id,
        id: new.device,
        name: new.device_name.clone(),
        first_at: known.map_or(now, |device| device.first_at),
        last_at: now,
    });
    tx.put(Session {
        token_hash: new.token_hash,
        user: user.id,
        device: new.device,
        epoch: user.session_epoch,
        created_at: now,
        seen_at: now,
    });
    Ok(SignedIn { user: user.id, device: new.device, wallet: user.wallet, is_new })
}
