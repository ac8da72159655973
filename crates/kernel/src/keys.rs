//! The ring of secret keys an installation lives by. Every purpose has keys of its own, in
//! versions: the newest writes, all of them read.

use crate::crypto::{Key32, WrapKey, keyed_hash};
use std::sync::Arc;

/// The keys of one purpose, by version. Never empty.
#[derive(Clone, Debug)]
pub struct Versions {
    keys: Vec<(u8, Key32)>,
}

impl Versions {
    /// Takes the live versions; refuses none at all or a version twice.
    pub fn try_new(mut keys: Vec<(u8, Key32)>) -> Option<Self> {
        keys.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        let twice = keys.windows(2).any(|pair| pair[0].0 == pair[1].0);
        (!keys.is_empty() && !twice).then_some(Self { keys })
    }

    /// The newest version's key.
    pub fn newest_key(&self) -> &Key32 {
        &self.keys[0].1
    }

    /// All live versions, newest first.
    pub fn all(&self) -> impl Iterator<Item = (u8, &Key32)> {
        self.keys.iter().map(|(version, key)| (*version, key))
    }

    /// A keyed hash under the newest version.
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed_hash(self.newest_key(), parts)
    }
}

impl WrapKey for Versions {
    fn newest(&self) -> u8 {
        self.keys[0].0
    }

    fn key(&self, version: u8) -> Option<&Key32> {
        self.keys.iter().find(|(known, _)| *known == version).map(|(_, key)| key)
    }
}

/// All keys of an installation.
#[derive(Clone, Debug)]
pub struct KeyRing {
    /// Tags of payment passwords.
    pub payment_password: Versions,
    /// Blind indexes: phone, identity number, card number.
    pub blind_index: Versions,
    /// One-time passwords, derived from the challenge.
    pub otp: Versions,
    /// Fingerprints of idempotent requests, and of secrets tried with them.
    pub idempotency: Versions,
    /// Wraps the data keys of sealed personal data.
    pub personal_data: Versions,
    /// Wraps the data keys of card data on its way to the bank, and nothing else.
    pub card_data: Versions,
    /// Names a person under a merchant's appid.
    pub openid: Arc<Versions>,
    /// Payment codes, which say under it who shows them.
    pub payment_code: Versions,
}

impl KeyRing {
    /// Every purpose by its name in a key file, for loading and checking.
    pub const PURPOSES: [&'static str; 8] = [
        "payment_password",
        "blind_index",
        "otp",
        "idempotency",
        "personal_data",
        "card_data",
        "openid",
        "payment_code",
    ];

    /// The purposes under which nothing is kept that a new key would not open: what they protect is
    /// over within minutes.
    pub const NOTHING_KEPT: [&'static str; 1] = ["payment_code"];

    /// Builds the ring from a source of versions per purpose; names the first purpose it misses.
    pub fn from_source(
        mut source: impl FnMut(&'static str) -> Option<Versions>,
    ) -> Result<Self, &'static str> {
        let mut take = |purpose| source(purpose).ok_or(purpose);
        Ok(Self {
            payment_password: take("payment_password")?,
            blind_index: take("blind_index")?,
            otp: take("otp")?,
            idempotency: take("idempotency")?,
            personal_data: take("personal_data")?,
            card_data: take("card_data")?,
            openid: take("openid")?.into(),
            payment_code: take("payment_code")?,
        })
    }

    /// Finds equal values without showing them: the blind index of a value of a kind.
    pub fn blind_index(&self, kind: &str, value: &str) -> [u8; 32] {
        self.blind_index.hash(&[kind.as_bytes(), value.as_bytes()])
    }
}
