//! The keys that the platform signs with: made once, kept sealed, opened once per process.

use crate::app::AppState;
use crate::shell::Shell;
use apiv3::certificate::{Certificate, NewCertificate};
use apiv3::key_name::{KeyName, PublicKeyId};
use apiv3::keys::{KeyError, PrivateKey};
use apiv3::sealed::{open_platform_key, seal_platform_key};
use apiv3::sign::PlatformKey as SigningKey;
use domain::merchant::{KeepPlatformKey, KeyState, PlatformKey, PlatformKeyKind};
use engine::{Engine, Failed};
use kernel::Timestamp;
use kernel::keys::KeyRing;
use kernel::time::{DAY, HOUR, SECOND};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{Queries, QueryError, queries};
use tokio::sync::Mutex;

/// What signs for who names no key.
const CERTIFICATE: PlatformKeyKind = PlatformKeyKind::Certificate;

/// How long the rows are believed: a key of a rotation is in use within this time.
const FRESH: i64 = 5 * SECOND;

/// How long a new certificate is valid.
const LIFE: i64 = 5 * 365 * DAY;

/// From when on the log reminds of the end of a certificate: one that merchants download is
/// announced days before it is used.
const REMIND: i64 = 30 * DAY;

/// Merchants' clocks may be a little behind ours.
const LEEWAY: i64 = HOUR;

/// The keys of a moment, newest first; never empty.
pub(super) struct KeySet {
    rows: Vec<PlatformKey>,
    keys: Vec<Opened>,
}

struct Opened {
    key: Arc<SigningKey>,
    kind: PlatformKeyKind,
    state: KeyState,
    not_before: Timestamp,
    end: Option<Timestamp>,
    certificate: Option<Certificate>,
}

/// Which key signs an answer.
pub(super) struct Choice {
    pub(super) key: Arc<SigningKey>,
    /// Whether the key that the caller named is one of ours.
    pub(super) known: bool,
    /// Whether it is the key that the caller named.
    pub(super) named: bool,
}

#[derive(Default)]
pub(super) struct PlatformKeys {
    kept: Mutex<Option<(Timestamp, Arc<KeySet>)>>,
    /// The day of the last reminder.
    reminded: AtomicI64,
}

impl PlatformKeys {
    /// The present keys; `None` when there are none or they cannot be read. Old ones are used on
    /// while reading fails.
    pub(super) async fn current(&self, app: &AppState) -> Option<Arc<KeySet>> {
        let now = app.shell.now();
        let mut kept = self.kept.lock().await;
        if let Some((at, set)) = kept.as_ref()
            && (0..FRESH).contains(&now.since(*at))
        {
            return Some(Arc::clone(set));
        }
        let known = kept.take().map(|(_, set)| set);
        let set = match rows(app.queries.as_ref()).await {
            Ok(rows) if known.as_ref().is_some_and(|known| known.rows == rows) => known,
            Ok(rows) => KeySet::open(rows, &app.keys).map(Arc::new).or(known),
            Err(error) => {
                tracing::warn!(%error, "platform keys cannot be read");
                known
            }
        }?;
        *kept = Some((now, Arc::clone(&set)));
        let today = now.micros() / DAY;
        if self.reminded.swap(today, Ordering::Relaxed) != today {
            remind(&set.rows, now);
        }
        Some(set)
    }
}

impl KeySet {
    fn open(rows: Vec<PlatformKey>, ring: &KeyRing) -> Option<Self> {
        let mut keys: Vec<Opened> = rows.iter().filter_map(|row| Opened::of(row, ring)).collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.not_before));
        (!keys.is_empty()).then_some(Self { rows, keys })
    }

    /// The key that `Wechatpay-Serial` names, or the newest certificate. `now` is protocol time.
    pub(super) fn choose(&self, named: Option<&str>, now: Timestamp) -> Choice {
        let named = named.map(str::trim).filter(|name| !name.is_empty());
        let Some(text) = named else {
            return Choice { key: self.usual(CERTIFICATE, now), known: true, named: false };
        };
        let name = KeyName::parse(text);
        let found = self
            .keys
            .iter()
            .find(|opened| Some(&opened.key.name) == name.as_ref() && opened.is_accepted(now));
        match found {
            Some(opened) => Choice { key: Arc::clone(&opened.key), known: true, named: true },
            None => Choice { key: self.usual(CERTIFICATE, now), known: false, named: false },
        }
    }

    /// The certificates that are valid at `now` (protocol time).
    pub(super) fn certificates(&self, now: Timestamp) -> impl Iterator<Item = &Certificate> {
        let accepted = self.keys.iter().filter(move |opened| opened.is_accepted(now));
        accepted.filter_map(|opened| opened.certificate.as_ref())
    }

    /// What signs instead of a chosen key for who knows our bare keys alone.
    pub(super) fn bare(&self, chosen: Arc<SigningKey>, now: Timestamp) -> Arc<SigningKey> {
        match chosen.name {
            KeyName::PublicKey(_) => chosen,
            KeyName::Certificate(_) => self.usual(PlatformKeyKind::PublicKey, now),
        }
    }

    /// The key of this kind that signs for who names none; of the other one, if there is none.
    fn usual(&self, kind: PlatformKeyKind, now: Timestamp) -> Arc<SigningKey> {
        // An answer signed with an old key helps a merchant more than one without signature.
        let rank = |opened: &&Opened| {
            let in_use = opened.state == KeyState::Active && opened.is_accepted(now);
            (!in_use, !opened.is_accepted(now), opened.kind != kind)
        };
        let best = self.keys.iter().min_by_key(rank).expect("a set of keys is never empty");
        Arc::clone(&best.key)
    }
}

impl Opened {
    fn of(row: &PlatformKey, ring: &KeyRing) -> Option<Self> {
        let certificate = match row.kind {
            PlatformKeyKind::Certificate => Certificate::parse(&row.public).map(Some),
            PlatformKeyKind::PublicKey => Ok(None),
        };
        let opened = open_platform_key(&ring.personal_data, row);
        match (opened, certificate) {
            (Ok(key), Ok(certificate)) => Some(Self {
                key: Arc::new(key),
                kind: row.kind,
                state: row.state,
                not_before: row.not_before,
                end: row.end(),
                certificate,
            }),
            (Err(error), _) => {
                tracing::error!(%error, id = row.id, "a platform key does not open");
                None
            }
            (_, Err(error)) => {
                tracing::error!(%error, id = row.id, "a platform certificate is unreadable");
                None
            }
        }
    }

    fn is_accepted(&self, now: Timestamp) -> bool {
        let ended = self.end.is_some_and(|end| now > end);
        self.state != KeyState::Revoked && self.not_before <= now && !ended
    }
}

/// Why the platform has no keys.
#[derive(Debug, thiserror::Error)]
pub enum PlatformKeyError {
    /// The kept keys could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A new key could not be kept.
    #[error("the new platform key was not kept: {0}")]
    NotKept(String),
    /// The database was written under other secret keys.
    #[error(
        "these are not the secret keys that the database was written with: platform key {0} does \
         not open. Every server on one database needs the same key file"
    )]
    OtherKeys(String),
}

/// Sees to it that the platform has a key with a certificate and a bare one, because clients know
/// both kinds: makes what is missing. Gives the ids of all keys in use. They open under the ring:
/// two servers that made secret keys of their own for one database would otherwise lose what the
/// other one seals.
///
/// # Errors
/// When keys cannot be read, made, kept or opened.
pub async fn keep_platform_keys(
    engine: &Engine,
    queries: &dyn Queries,
    keys: &KeyRing,
    shell: &dyn Shell,
) -> Result<Vec<String>, PlatformKeyError> {
    let now = shell.now();
    let in_use = |row: &PlatformKey| row.state == KeyState::Active && !row.is_over(now);
    let mut kept = rows(queries).await?;
    remind(&kept, now);
    kept.retain(in_use);
    let mut missing = vec![PlatformKeyKind::Certificate, PlatformKeyKind::PublicKey];
    missing.retain(|kind| kept.iter().all(|row| row.kind != *kind));
    // Drawing takes most of a first start, so both are drawn at once.
    let drawn = missing.into_iter().map(|kind| (kind, tokio::spawn(draw_key())));
    for (kind, drawing) in drawn.collect::<Vec<_>>() {
        let pair = drawing.await.unwrap_or(Err(KeyError::Library))?;
        let key = new_row((kind, KeyState::Active), &pair, keys, shell)?;
        engine.run(KeepPlatformKey { key }).await.map_err(|failed| {
            PlatformKeyError::NotKept(match failed {
                Failed::Refused(never) => match never {},
                other => format!("{other:?}"),
            })
        })?;
    }
    // Read again: another server that started at the same time may have kept its own.
    let mut kept = rows(queries).await?;
    kept.retain(in_use);
    match kept.iter().find(|row| open_platform_key(&keys.personal_data, row).is_err()) {
        Some(row) => Err(PlatformKeyError::OtherKeys(row.id.clone())),
        None => Ok(kept.into_iter().map(|row| row.id).collect()),
    }
}

/// Tells the operator which certificates end soon while they sign.
fn remind(rows: &[PlatformKey], now: Timestamp) {
    for (row, end) in ending(rows, now) {
        let (id, end) = (&row.id, end.rfc3339());
        tracing::warn!(id, end, "this platform certificate ends soon: announce and use another");
    }
}

fn ending(rows: &[PlatformKey], now: Timestamp) -> Vec<(&PlatformKey, Timestamp)> {
    let active = rows.iter().filter(|row| row.state == KeyState::Active);
    let ends = active.filter_map(|row| row.end().map(|end| (row, end)));
    ends.filter(|(_, end)| end.since(now) < REMIND).collect()
}

/// Draws a pair on a thread that may be busy for a while.
///
/// # Errors
/// When the cryptographic library fails.
pub async fn draw_key() -> Result<PrivateKey, KeyError> {
    let drawn = tokio::task::spawn_blocking(PrivateKey::generate).await;
    drawn.unwrap_or(Err(KeyError::Library))
}

pub(super) fn new_row(
    (kind, state): (PlatformKeyKind, KeyState),
    pair: &PrivateKey,
    keys: &KeyRing,
    shell: &dyn Shell,
) -> Result<PlatformKey, KeyError> {
    let (not_before, not_after) = (shell.now().plus(-LEEWAY), shell.now().plus(LIFE));
    let (name, public) = match kind {
        PlatformKeyKind::Certificate => {
            let certificate = self_signed(pair, "Jiaozi platform", (not_before, not_after), shell)?;
            (KeyName::Certificate(certificate.serial), certificate.pem)
        }
        PlatformKeyKind::PublicKey => {
            let mut random = [0; 16];
            shell.fill(&mut random);
            let id = PublicKeyId::from_number(u128::from_be_bytes(random));
            (KeyName::PublicKey(id), pair.public_key().to_pem())
        }
    };
    Ok(PlatformKey {
        id: name.to_string(),
        kind,
        public,
        private: seal_platform_key(&keys.personal_data, &name, pair, &shell.seal_random()),
        state,
        not_before,
        not_after,
    })
}

/// A certificate for a pair, valid as a new key lives.
pub(super) fn new_certificate(
    pair: &PrivateKey,
    common_name: &str,
    shell: &dyn Shell,
) -> Result<Certificate, KeyError> {
    let life = (shell.now().plus(-LEEWAY), shell.now().plus(LIFE));
    self_signed(pair, common_name, life, shell)
}

fn self_signed(
    pair: &PrivateKey,
    common_name: &str,
    life: (Timestamp, Timestamp),
    shell: &dyn Shell,
) -> Result<Certificate, KeyError> {
    let mut serial_random = [0; 20];
    shell.fill(&mut serial_random);
    let seconds = |time: Timestamp| u64::try_from(time.seconds()).unwrap_or_default();
    let new = NewCertificate {
        common_name,
        organization: "Jiaozi",
        serial_random,
        not_before_s: seconds(life.0),
        not_after_s: seconds(life.1),
    };
    Certificate::self_signed(pair, &new)
}

pub(super) async fn rows(queries: &dyn Queries) -> Result<Vec<PlatformKey>, QueryError> {
    queries::select(queries, "1 = 1 ORDER BY id", Vec::new()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: PlatformKeyKind, state: KeyState, not_after: i64) -> PlatformKey {
        PlatformKey {
            id: format!("{kind:?}{state:?}"),
            kind,
            public: String::new(),
            private: Vec::new(),
            state,
            not_before: Timestamp::default(),
            not_after: Timestamp::from_micros(not_after),
        }
    }

    #[test]
    fn the_end_of_a_certificate_that_signs_is_told_thirty_days_before() {
        let rows = [
            row(CERTIFICATE, KeyState::Active, 100 * DAY),
            row(CERTIFICATE, KeyState::Retiring, 100 * DAY),
            row(PlatformKeyKind::PublicKey, KeyState::Active, 100 * DAY),
        ];
        let at = |micros| ending(&rows, Timestamp::from_micros(micros)).len();
        assert_eq!((at(70 * DAY), at(70 * DAY + 1), at(101 * DAY)), (0, 1, 1));
    }

    #[test]
    fn a_bare_key_has_no_end() {
        let bare = row(PlatformKeyKind::PublicKey, KeyState::Active, DAY);
        assert!(!bare.is_over(Timestamp::from_micros(10_000 * DAY)));
        assert!(row(CERTIFICATE, KeyState::Active, DAY).is_over(Timestamp::from_micros(2 * DAY)));
    }
}
