//! Gives a merchant a key for the older XML interface, or another one: the old one counts no more.

use super::{Merchant, MerchantApiv2Key};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct SetApiv2Key {
    /// The merchant.
    pub mchid: String,
    /// The sealed key.
    pub key: Vec<u8>,
}

/// Why no key was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetApiv2KeyRefusal {
    /// No such merchant.
    MerchantUnknown,
}

impl Refusal for SetApiv2KeyRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for SetApiv2Key {
    type Done = ();
    type Refusal = SetApiv2KeyRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<SetApiv2KeyRefusal>> {
        if tx.look::<Merchant>(&self.mchid)?.is_none() {
            return Err(SetApiv2KeyRefusal::MerchantUnknown.into());
        }
        let (mchid, key) = (self.mchid.clone(), self.key.clone());
        tx.put(MerchantApiv2Key { mchid, key, set_at: tx.now() });
        Ok(())
    }
}
