//! Gives a merchant a further app id. Merchants whose orders are combined share one.

use super::{Merchant, MerchantAppid};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. A repeat changes nothing.
#[derive(Clone, Debug)]
pub struct AddAppid {
    /// The merchant.
    pub mchid: String,
    /// The app id: `wx` and 16 hexadecimal digits.
    pub appid: String,
}

/// Why the app id was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddAppidRefusal {
    /// No such merchant.
    MerchantUnknown,
}

impl Refusal for AddAppidRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for AddAppid {
    type Done = ();
    type Refusal = AddAppidRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddAppidRefusal>> {
        tx.look::<Merchant>(&self.mchid)?.ok_or(AddAppidRefusal::MerchantUnknown)?;
        let key = (self.mchid.clone(), self.appid.clone());
        if tx.look::<MerchantAppid>(&key)?.is_none() {
            let (mchid, appid) = key;
            tx.put(MerchantAppid { mchid, appid, added_at: tx.now() });
        }
        Ok(())
    }
}
