//! The name that a person has under an app id: a keyed hash of both, so that it is always the same
//! and of no use elsewhere.

use super::Openid;
use crate::command::Halt;
use crate::ids::UserId;
use crate::tx::Tx;
use kernel::crypto::{Key32, base64url, keyed_hash};
use kernel::keys::{KeyRing, Versions};
use std::sync::Arc;

/// Bytes of an openid, which are 28 characters.
const OPENID_BYTES: usize = 21;

/// The keys that names come from. Cheap to clone; prints nothing of them.
#[derive(Clone, Debug)]
pub struct OpenidKeys(Arc<Versions>);

impl OpenidKeys {
    /// Those of an installation.
    pub fn of(keys: &KeyRing) -> Self {
        Self(Arc::clone(&keys.openid))
    }

    /// One fixed key.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_tests() -> Self {
        let versions = Versions::try_new(vec![(1, Key32::new([1; 32]))]);
        Self(Arc::new(versions.expect("one version is a ring")))
    }

    /// The name that is given out now.
    pub fn newest(&self, appid: &str, user: UserId) -> String {
        under(self.0.newest_key(), appid, user)
    }

    /// The names under the keys that were replaced.
    pub fn older(&self, appid: &str, user: UserId) -> impl Iterator<Item = String> {
        self.0.all().skip(1).map(move |(_, key)| under(key, appid, user))
    }

    /// The name that the person has, whether or not it was given out yet. Under a key that was
    /// replaced it stays what it was when it was given out.
    pub fn name_of(&self, tx: &mut Tx<'_>, appid: &str, user: UserId) -> Result<String, Halt> {
        for openid in self.older(appid, user) {
            if tx.find::<Openid>(&openid)?.is_some() {
                return Ok(openid);
            }
        }
        Ok(self.newest(appid, user))
    }
}

fn under(key: &Key32, appid: &str, user: UserId) -> String {
    let hash = keyed_hash(key, &[appid.as_bytes(), &user.bytes()]);
    base64url(&hash[..OPENID_BYTES])
}
