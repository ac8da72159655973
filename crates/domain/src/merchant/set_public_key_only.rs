//! Takes our certificates from a merchant, or gives them back. Without them it is one that came
//! after the bare public key: it downloads none, may name none, and all that it is told is signed
//! by the bare key.

use super::Merchant;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. A repeat changes nothing.
#[derive(Clone, Debug)]
pub struct SetPublicKeyOnly {
    /// The merchant.
    pub mchid: String,
    /// Whether it gets no certificates from now on.
    pub public_key_only: bool,
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetPublicKeyOnlyRefusal {
    /// No such merchant.
    MerchantUnknown,
}

impl Refusal for SetPublicKeyOnlyRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for SetPublicKeyOnly {
    type Done = ();
    type Refusal = SetPublicKeyOnlyRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<SetPublicKeyOnlyRefusal>> {
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(SetPublicKeyOnlyRefusal::MerchantUnknown)?;
        if merchant.public_key_only != self.public_key_only {
            tx.put(Merchant { public_key_only: self.public_key_only, ..merchant });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::AddMerchant;
    use crate::testing::{MCHID, World, merchant};

    #[test]
    fn a_merchant_has_our_certificates_until_they_are_taken_from_it() {
        let mut world = World::new();
        let set = |mchid: &str, public_key_only| SetPublicKeyOnly {
            mchid: mchid.into(),
            public_key_only,
        };
        let unknown = world.run(&set(MCHID, true));
        assert_eq!(unknown, Err(SetPublicKeyOnlyRefusal::MerchantUnknown));
        world.run(&merchant()).unwrap();
        assert!(!world.get::<Merchant>(&MCHID.to_owned()).public_key_only);
        for wanted in [true, true, false] {
            world.run(&set(MCHID, wanted)).unwrap();
            assert_eq!(world.get::<Merchant>(&MCHID.to_owned()).public_key_only, wanted);
        }
        let late = "1900000088".to_owned();
        let add = AddMerchant { mchid: late.clone(), public_key_only: true, ..merchant() };
        world.run(&add).unwrap();
        assert!(world.get::<Merchant>(&late).public_key_only);
    }
}
