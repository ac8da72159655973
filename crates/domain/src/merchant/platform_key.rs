//! The life of a platform key: announced to merchants, then used, then retiring, then revoked. Keys
//! of one kind overlap, so that no client meets a signature of a key that it never saw.

use super::{KeyState, PlatformKey};
use crate::catalogue::Code;
use crate::command::{Command, Never, Once, Refusal, Stop};
use crate::record::RowKey;
use crate::tx::Tx;

/// Keeps a key of the platform. A key that is kept already stays as it is.
#[derive(Clone, Debug)]
pub struct KeepPlatformKey {
    /// The key.
    pub key: PlatformKey,
}

impl Command for KeepPlatformKey {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        if tx.find::<PlatformKey>(&self.key.id)?.is_none() {
            tx.put(self.key.clone());
        }
        Ok(())
    }
}

/// From now on signs with a key that was announced; those that it replaces are still accepted.
#[derive(Clone, Debug)]
pub struct UsePlatformKey {
    /// The announced key.
    pub id: String,
    /// The keys of its kind that are in use.
    pub replaces: Vec<String>,
}

/// Ends a key that is not in use.
#[derive(Clone, Debug)]
pub struct RevokePlatformKey {
    /// The key.
    pub id: String,
}

/// Why a key stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformKeyRefusal {
    /// There is no such key.
    NotFound,
    /// Its life does not go on from where it is to there.
    WrongState,
}

impl Refusal for PlatformKeyRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::WrongState => Code::ParamInvalid,
        }
    }
}

impl Command for UsePlatformKey {
    type Done = ();
    type Refusal = PlatformKeyRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<PlatformKeyRefusal>> {
        let keys = self.replaces.iter().chain([&self.id]);
        tx.want(keys.map(RowKey::of::<PlatformKey>))?;
        let key = tx.find::<PlatformKey>(&self.id)?.ok_or(PlatformKeyRefusal::NotFound)?;
        match key.state {
            KeyState::Announced if !key.is_over(tx.now()) => {}
            KeyState::Active => return Ok(()),
            KeyState::Announced | KeyState::Retiring | KeyState::Revoked => {
                return Err(PlatformKeyRefusal::WrongState.into());
            }
        }
        for id in &self.replaces {
            let old = tx.find::<PlatformKey>(id)?.ok_or(PlatformKeyRefusal::NotFound)?;
            if old.kind == key.kind && old.state == KeyState::Active {
                tx.put(PlatformKey { state: KeyState::Retiring, ..old });
            }
        }
        tx.put(PlatformKey { state: KeyState::Active, ..key });
        Ok(())
    }
}

impl Command for RevokePlatformKey {
    type Done = ();
    type Refusal = PlatformKeyRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<PlatformKeyRefusal>> {
        let key = tx.find::<PlatformKey>(&self.id)?.ok_or(PlatformKeyRefusal::NotFound)?;
        match key.state {
            KeyState::Announced | KeyState::Retiring => {
                tx.put(PlatformKey { state: KeyState::Revoked, ..key });
            }
            KeyState::Revoked => {}
            KeyState::Active => return Err(PlatformKeyRefusal::WrongState.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::PlatformKeyKind;
    use crate::testing::World;
    use kernel::time::DAY;

    fn keep(world: &mut World, id: &str, state: KeyState) {
        keep_as(world, id, (PlatformKeyKind::Certificate, state));
    }

    fn keep_as(world: &mut World, id: &str, (kind, state): (PlatformKeyKind, KeyState)) {
        let (not_before, not_after) = (world.now(), world.now().plus(30 * DAY));
        let key = PlatformKey {
            id: id.into(),
            kind,
            public: "PEM".into(),
            private: vec![1],
            state,
            not_before,
            not_after,
        };
        world.run(&KeepPlatformKey { key }).unwrap();
    }

    fn take(world: &mut World, id: &str) -> Result<(), PlatformKeyRefusal> {
        world.run(&UsePlatformKey { id: id.into(), replaces: vec!["A".into()] })
    }

    fn revoke(world: &mut World, id: &str) -> Result<(), PlatformKeyRefusal> {
        world.run(&RevokePlatformKey { id: id.into() })
    }

    fn states(world: &World) -> Vec<KeyState> {
        world.all::<PlatformKey>().iter().map(|key| key.state).collect()
    }

    #[test]
    fn a_key_is_announced_used_retired_and_revoked_in_this_order() {
        let mut world = World::new();
        keep(&mut world, "A", KeyState::Active);
        keep(&mut world, "B", KeyState::Announced);
        assert_eq!(revoke(&mut world, "A"), Err(PlatformKeyRefusal::WrongState));
        take(&mut world, "B").unwrap();
        take(&mut world, "B").unwrap();
        assert_eq!(states(&world), [KeyState::Retiring, KeyState::Active]);
        assert_eq!(take(&mut world, "A"), Err(PlatformKeyRefusal::WrongState));
        revoke(&mut world, "A").unwrap();
        revoke(&mut world, "A").unwrap();
        assert_eq!(states(&world), [KeyState::Revoked, KeyState::Active]);
        assert_eq!(take(&mut world, "C"), Err(PlatformKeyRefusal::NotFound));
    }

    #[test]
    fn a_certificate_whose_time_is_over_is_never_used_and_a_bare_key_has_no_end() {
        let mut world = World::new();
        keep(&mut world, "A", KeyState::Active);
        keep(&mut world, "B", KeyState::Announced);
        let bare = (PlatformKeyKind::PublicKey, KeyState::Announced);
        keep_as(&mut world, "PUB_KEY_ID_1", bare);
        world.wait(31 * DAY);
        assert_eq!(take(&mut world, "B"), Err(PlatformKeyRefusal::WrongState));
        take(&mut world, "PUB_KEY_ID_1").unwrap();
    }
}
