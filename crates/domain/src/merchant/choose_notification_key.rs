//! Chooses which kind of our keys signs the notifications of a merchant. Some SDKs know only one of
//! the two, so a merchant that has moved to the bare public key has to be told with it.

use super::{Merchant, PlatformKeyKind};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::record;
use crate::tx::Tx;

/// What a merchant chose; without a row it is notified with the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationKey {
    /// The merchant.
    pub mchid: String,
    /// The kind of key that signs.
    pub kind: PlatformKeyKind,
}

record!(NotificationKey, "notification_key", Kept, mchid: String);

/// See the module.
#[derive(Clone, Debug)]
pub struct ChooseNotificationKey {
    /// The merchant.
    pub mchid: String,
    /// The kind of key that signs from now on.
    pub kind: PlatformKeyKind,
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
        let chosen = NotificationKey { mchid: self.mchid.clone(), kind: self.kind };
        if tx.find::<NotificationKey>(&self.mchid)?.as_ref() != Some(&chosen) {
            tx.put(chosen);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::AddMerchant;
    use crate::testing::World;

    #[test]
    fn a_merchant_chooses_and_chooses_again_and_nobody_else_does() {
        let mut world = World::new();
        let mchid = "1900000001".to_owned();
        let choose = |kind| ChooseNotificationKey { mchid: mchid.clone(), kind };
        let unknown = world.run(&choose(PlatformKeyKind::PublicKey)).unwrap_err();
        assert_eq!(unknown, ChooseNotificationKeyRefusal::MerchantUnknown);
        let add = AddMerchant {
            mchid: mchid.clone(),
            name: "Tea".into(),
            fee_bp: 0,
            apiv3_key: vec![1],
            appid: "wx0123456789abcdef".into(),
            serial: "5157F09E".into(),
            certificate: "certificate".into(),
            public_key_only: false,
            transfer_scenes: String::new(),
        };
        world.run(&add).unwrap();
        for kind in [PlatformKeyKind::PublicKey, PlatformKeyKind::Certificate] {
            world.run(&choose(kind)).unwrap();
            assert_eq!(world.get::<NotificationKey>(&mchid).kind, kind);
        }
    }
}
