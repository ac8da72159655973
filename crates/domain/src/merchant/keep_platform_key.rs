//! Keeps a key of the platform, made at first start or at a rotation.

use super::PlatformKey;
use crate::command::{Command, Never, Once, Stop};
use crate::tx::Tx;

/// See the module. A key that is kept already stays as it is.
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
