//! A merchant says to whom it may give parts of its orders, or no longer.

use super::{ProfitReceiver, ReceiverKind};
use crate::catalogue::Code;
use crate::command::{Command, Never, Once, Refusal, Stop};
use crate::merchant::{Merchant, MerchantAppid, Openid};
use crate::tx::Tx;

/// See the module. Adding again changes the relation.
#[derive(Clone, Debug)]
pub struct AddReceiver {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id.
    pub appid: String,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
    /// The receiver's name as the merchant knows it; only a merchant's is compared.
    pub name: Option<String>,
    /// How it stands to the merchant, as the protocol spells it.
    pub relation: String,
    /// How, in the merchant's words.
    pub custom_relation: Option<String>,
}

/// Why a receiver was not added, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddReceiverRefusal {
    /// The app id is not the merchant's.
    AppidNotBound,
    /// It is the merchant itself.
    Itself,
    /// There is no such receiver.
    AccountUnknown,
    /// The receiver has another name.
    NameDiffers,
}

impl Refusal for AddReceiverRefusal {
    fn code(&self) -> Code {
        match self {
            Self::AppidNotBound | Self::Itself => Code::ParamInvalid,
            Self::AccountUnknown => Code::ObjectNotFound,
            Self::NameDiffers => Code::ParamInvalid,
        }
    }
}

impl Command for AddReceiver {
    type Done = ();
    type Refusal = AddReceiverRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddReceiverRefusal>> {
        let appid = (self.mchid.clone(), self.appid.clone());
        if tx.find::<MerchantAppid>(&appid)?.is_none() {
            return Err(AddReceiverRefusal::AppidNotBound.into());
        }
        match self.kind {
            ReceiverKind::Merchant if self.account == self.mchid => {
                return Err(AddReceiverRefusal::Itself.into());
            }
            ReceiverKind::Merchant => {
                let receiver = tx.find::<Merchant>(&self.account)?;
                let receiver = receiver.ok_or(AddReceiverRefusal::AccountUnknown)?;
                if self.name.as_ref().is_some_and(|name| *name != receiver.name) {
                    return Err(AddReceiverRefusal::NameDiffers.into());
                }
            }
            ReceiverKind::Openid | ReceiverKind::SubOpenid => {
                if tx.find::<Openid>(&self.account)?.is_none() {
                    return Err(AddReceiverRefusal::AccountUnknown.into());
                }
            }
        }
        let key = (self.mchid.clone(), self.kind, self.account.clone());
        let added_at = tx.find::<ProfitReceiver>(&key)?.map_or(tx.now(), |known| known.added_at);
        tx.put(ProfitReceiver {
            mchid: self.mchid.clone(),
            kind: self.kind,
            account: self.account.clone(),
            appid: self.appid.clone(),
            relation: self.relation.clone(),
            custom_relation: self.custom_relation.clone(),
            added_at,
        });
        Ok(())
    }
}

/// A receiver that is not there is as good as deleted.
#[derive(Clone, Debug)]
pub struct DeleteReceiver {
    /// The merchant that signed the request.
    pub mchid: String,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
}

impl Command for DeleteReceiver {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let key = (self.mchid.clone(), self.kind, self.account.clone());
        if tx.find::<ProfitReceiver>(&key)?.is_some() {
            tx.remove::<ProfitReceiver>(&key);
        }
        Ok(())
    }
}
