//! For what a merchant may send money to people: the scenes that the operator granted it.

use super::Merchant;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// Every scene there is, as the protocol numbers them; what a merchant gets that asks for none.
pub const TRANSFER_SCENES: &[&str] =
    &["1000", "1002", "1004", "1005", "1006", "1009", "1010", "1011", "1013"];

impl Merchant {
    /// Whether the operator granted it this scene.
    #[must_use]
    pub fn may_transfer_for(&self, scene_id: &str) -> bool {
        self.transfer_scenes.split_terminator(',').any(|granted| granted == scene_id)
    }

    /// The same of a batch, which need not say its scene: it then goes by any that was granted.
    #[must_use]
    pub fn may_transfer_batch_for(&self, scene_id: Option<&str>) -> bool {
        let any = !self.transfer_scenes.is_empty();
        scene_id.map_or(any, |scene_id| self.may_transfer_for(scene_id))
    }
}

/// Scenes as a merchant's row has them; `None` if there is no such scene.
#[must_use]
pub fn scenes_text<S: AsRef<str>>(scenes: &[S]) -> Option<String> {
    let is_asked = |scene: &&str| scenes.iter().any(|asked| asked.as_ref() == *scene);
    let is_known = |asked: &S| TRANSFER_SCENES.contains(&asked.as_ref());
    let known: Vec<&str> = TRANSFER_SCENES.iter().copied().filter(is_asked).collect();
    scenes.iter().all(is_known).then(|| known.join(","))
}

/// Grants a merchant a scene, or takes it back; what was sent for it goes on. A repeat changes
/// nothing.
#[derive(Clone, Debug)]
pub struct GrantTransferScene {
    /// The merchant.
    pub mchid: String,
    /// The scene.
    pub scene_id: String,
    /// Whether the merchant has it.
    pub is_granted: bool,
}

/// Why nothing changed, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantTransferSceneRefusal {
    /// There is no such scene.
    SceneUnknown,
    /// There is no such merchant.
    MerchantUnknown,
}

impl Refusal for GrantTransferSceneRefusal {
    fn code(&self) -> Code {
        match self {
            Self::SceneUnknown => Code::ParamInvalid,
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for GrantTransferScene {
    /// The scenes that the merchant has, with commas between.
    type Done = String;
    type Refusal = GrantTransferSceneRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<String, Stop<GrantTransferSceneRefusal>> {
        if !TRANSFER_SCENES.contains(&self.scene_id.as_str()) {
            return Err(GrantTransferSceneRefusal::SceneUnknown.into());
        }
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(GrantTransferSceneRefusal::MerchantUnknown)?;
        let has = |scene: &&str| match *scene == self.scene_id {
            true => self.is_granted,
            false => merchant.may_transfer_for(scene),
        };
        let scenes: Vec<&str> = TRANSFER_SCENES.iter().copied().filter(has).collect();
        let transfer_scenes = scenes.join(",");
        if transfer_scenes != merchant.transfer_scenes {
            let transfer_scenes = transfer_scenes.clone();
            tx.put(Merchant { transfer_scenes, ..merchant });
        }
        Ok(transfer_scenes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::AddMerchant;
    use crate::testing::{MCHID, World, merchant};

    #[test]
    fn scenes_are_granted_and_taken_back_one_by_one() {
        let mut world = World::new();
        let grant = |scene: &str, is_granted| {
            let (mchid, scene_id) = (MCHID.to_owned(), scene.to_owned());
            GrantTransferScene { mchid, scene_id, is_granted }
        };
        let unknown = world.run(&grant("1000", true));
        assert_eq!(unknown, Err(GrantTransferSceneRefusal::MerchantUnknown));
        world.run(&AddMerchant { transfer_scenes: String::new(), ..merchant() }).unwrap();
        for scene in ["1001", "", "1000,1002"] {
            let unknown = world.run(&grant(scene, true));
            assert_eq!(unknown, Err(GrantTransferSceneRefusal::SceneUnknown), "{scene}");
        }
        for (scene, is_granted, left) in [
            ("1005", true, "1005"),
            ("1000", true, "1000,1005"),
            ("1000", true, "1000,1005"),
            ("1005", false, "1000"),
            ("1000", false, ""),
            ("1000", false, ""),
        ] {
            assert_eq!(world.run(&grant(scene, is_granted)).as_deref(), Ok(left));
            let merchant = world.get::<Merchant>(&MCHID.to_owned());
            assert_eq!(merchant.transfer_scenes, left);
            assert_eq!(merchant.may_transfer_for(scene), is_granted);
            assert!(!merchant.may_transfer_for(""));
        }
    }

    #[test]
    fn a_list_of_scenes_has_no_others_and_each_once() {
        assert_eq!(scenes_text(&["1005", "1000", "1005"]).as_deref(), Some("1000,1005"));
        assert_eq!(scenes_text::<&str>(&[]).as_deref(), Some(""));
        assert_eq!(scenes_text(&["1000", "1001"]), None);
    }
}
