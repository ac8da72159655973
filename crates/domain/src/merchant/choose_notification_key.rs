//! Chooses which kind of our keys signs the notifications of a merchant. Some SDKs know only one of
//! the two, so a merchant that has moved to the bare public key has to be told with it. One that
//! knows both moves gradually: a day shows with a few notifications whether its program copes.

use super::{Merchant, PlatformKeyKind};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::record;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::crypto::sha256;
use kernel::time::DAY;

/// How many of a thousand notifications go over to another kind of key, day by day; all of them
/// from the last one on.
const SHARES: [u64; 7] = [1, 10, 50, 100, 200, 500, 1_000];
/// After this time all have gone over.
const CHANGE: i64 = (SHARES.len() as i64 - 1) * DAY;

/// What a merchant chose; without a row it is notified with the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationKey {
    /// The merchant.
    pub mchid: String,
    /// The kind of key that signs, in the end if it is a gradual change.
    pub kind: PlatformKeyKind,
    /// When a gradual change began.
    pub gradual_since: Option<Timestamp>,
}

impl NotificationKey {
    /// The kind of key that signs this notification now. One that has gone over never goes back.
    #[must_use]
    pub fn kind_for(&self, notification_id: &str, now: Timestamp) -> PlatformKeyKind {
        let Some(since) = self.gradual_since else { return self.kind };
        let day = usize::try_from(now.since(since).max(0) / DAY).unwrap_or(usize::MAX);
        let share = SHARES[day.min(SHARES.len() - 1)];
        let hash = sha256(&[b"notification key\n", notification_id.as_bytes()]);
        let mut drawn = [0; 8];
        drawn.copy_from_slice(&hash[..8]);
        match u64::from_be_bytes(drawn) % 1_000 < share {
            true => self.kind,
            false => self.kind.other(),
        }
    }

    fn is_changing(&self, now: Timestamp) -> bool {
        self.gradual_since.is_some_and(|since| now.since(since) < CHANGE)
    }
}

record!(NotificationKey, "notification_key", Kept, mchid: String);

/// See the module.
#[derive(Clone, Debug)]
pub struct ChooseNotificationKey {
    /// The merchant.
    pub mchid: String,
    /// The kind of key that signs from now on, or in the end.
    pub kind: PlatformKeyKind,
    /// How fast.
    pub pace: KeyPace,
}

/// How fast notifications go over to another kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPace {
    /// All of them now.
    AtOnce,
    /// More of them each day, all on the seventh. Back while that goes on is at once.
    Gradual,
}

/// Why nothing was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChooseNotificationKeyRefusal {
    /// There is no such merchant.
    MerchantUnknown,
}

impl Refusal for ChooseNotificationKeyRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for ChooseNotificationKey {
    type Done = ();
    type Refusal = ChooseNotificationKeyRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<ChooseNotificationKeyRefusal>> {
        if tx.look::<Merchant>(&self.mchid)?.is_none() {
            return Err(ChooseNotificationKeyRefusal::MerchantUnknown.into());
        }
        let known = tx.find::<NotificationKey>(&self.mchid)?;
        let chosen = self.chosen(known.as_ref(), tx.now());
        if known.as_ref() != Some(&chosen) {
            tx.put(chosen);
        }
        Ok(())
    }
}

impl ChooseNotificationKey {
    fn chosen(&self, known: Option<&NotificationKey>, now: Timestamp) -> NotificationKey {
        let at_once =
            NotificationKey { mchid: self.mchid.clone(), kind: self.kind, gradual_since: None };
        let kind = known.map_or(PlatformKeyKind::Certificate, |known| known.kind);
        match (self.pace, known) {
            (KeyPace::AtOnce, _) => at_once,
            // A change that goes on is not begun anew.
            (KeyPace::Gradual, Some(known)) if kind == self.kind => known.clone(),
            (KeyPace::Gradual, None) if kind == self.kind => at_once,
            (KeyPace::Gradual, Some(known)) if known.is_changing(now) => at_once,
            (KeyPace::Gradual, _) => NotificationKey { gradual_since: Some(now), ..at_once },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MCHID, World, merchant};

    fn choose(kind: PlatformKeyKind, pace: KeyPace) -> ChooseNotificationKey {
        ChooseNotificationKey { mchid: MCHID.into(), kind, pace }
    }

    #[test]
    fn a_merchant_chooses_and_chooses_again_and_nobody_else_does() {
        let mut world = World::new();
        let unknown = world.run(&choose(PlatformKeyKind::PublicKey, KeyPace::AtOnce)).unwrap_err();
        assert_eq!(unknown, ChooseNotificationKeyRefusal::MerchantUnknown);
        world.run(&merchant()).unwrap();
        for kind in [PlatformKeyKind::PublicKey, PlatformKeyKind::Certificate] {
            world.run(&choose(kind, KeyPace::AtOnce)).unwrap();
            let chosen = world.get::<NotificationKey>(&MCHID.to_owned());
            assert_eq!(chosen.kind_for("any", world.now()), kind);
        }
    }

    #[test]
    fn a_gradual_change_takes_more_each_day_and_never_gives_one_back() {
        let (bare, certificate) = (PlatformKeyKind::PublicKey, PlatformKeyKind::Certificate);
        let mut world = World::new();
        world.run(&merchant()).unwrap();
        world.run(&choose(bare, KeyPace::Gradual)).unwrap();
        let ids: Vec<String> = (0..20_000).map(|number| format!("notification-{number}")).collect();
        let mut over = vec![false; ids.len()];
        for (day, share) in [1, 10, 50, 100, 200, 500, 1_000, 1_000].into_iter().enumerate() {
            world.run(&choose(bare, KeyPace::Gradual)).expect("it is not begun anew");
            let chosen = world.get::<NotificationKey>(&MCHID.to_owned());
            for (id, over) in ids.iter().zip(&mut over) {
                let is_over = chosen.kind_for(id, world.now()) == bare;
                assert!(is_over || !*over, "{id} went back on day {day}");
                *over = is_over;
            }
            let of_thousand = over.iter().filter(|over| **over).count() / 20;
            assert!(of_thousand.abs_diff(share) <= share / 10 + 1, "day {day}: {of_thousand}");
            world.wait(DAY);
        }
        world.run(&choose(certificate, KeyPace::Gradual)).unwrap();
        let back = world.get::<NotificationKey>(&MCHID.to_owned());
        assert_eq!(back.kind_for(&ids[0], world.now()), bare, "gradually back, too");
        assert_eq!(back.kind_for(&ids[0], world.now().plus(7 * DAY)), certificate);
    }

    #[test]
    fn a_gradual_change_is_broken_off_at_once_and_what_is_chosen_needs_none() {
        let (bare, certificate) = (PlatformKeyKind::PublicKey, PlatformKeyKind::Certificate);
        let mut world = World::new();
        world.run(&merchant()).unwrap();
        let since = |world: &World| world.get::<NotificationKey>(&MCHID.to_owned()).gradual_since;
        world.run(&choose(certificate, KeyPace::Gradual)).unwrap();
        assert_eq!(since(&world), None, "that is what signs");
        world.run(&choose(bare, KeyPace::Gradual)).unwrap();
        assert_eq!(since(&world), Some(world.now()));
        world.wait(6 * DAY - 1);
        world.run(&choose(certificate, KeyPace::Gradual)).unwrap();
        assert_eq!(since(&world), None);
        assert_eq!(world.get::<NotificationKey>(&MCHID.to_owned()).kind, certificate);
        world.run(&choose(bare, KeyPace::Gradual)).unwrap();
        world.wait(6 * DAY);
        world.run(&choose(certificate, KeyPace::Gradual)).unwrap();
        assert_eq!(since(&world), Some(world.now()), "all had gone over, so back is gradual too");
    }
}
