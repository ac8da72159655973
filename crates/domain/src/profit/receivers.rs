//! A merchant says to whom it may give parts of its orders, or no longer.

use super::{ProfitReceiver, ReceiverKind, receiver_key};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::merchant::{Merchant, MerchantAppid, Openid};
use crate::order::{CreateOrderRefusal, Partner};
use crate::tx::Tx;

/// See the module. Adding again changes the relation.
#[derive(Clone, Debug)]
pub struct AddReceiver {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The sub-merchant whose orders are shared, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The app id.
    pub appid: String,
    /// The sub-merchant's app id.
    pub sub_appid: Option<String>,
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
    /// The merchant may place no orders for the sub-merchant either.
    Partner(CreateOrderRefusal),
    /// It is the merchant whose orders are shared.
    Itself,
    /// There is no such receiver.
    AccountUnknown,
    /// The receiver has another name.
    NameDiffers,
}

impl Refusal for AddReceiverRefusal {
    fn code(&self) -> Code {
        match self {
            Self::AppidNotBound | Self::Itself | Self::NameDiffers => Code::ParamInvalid,
            Self::Partner(refusal) => refusal.code(),
            Self::AccountUnknown => Code::ObjectNotFound,
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
        check_appid(tx, &self.mchid, &self.appid)?;
        self.check_sub_merchant(tx)?;
        self.check_account(tx)?;
        let sub_mchid = self.sub_mchid.as_deref();
        let key = receiver_key(&self.mchid, sub_mchid, self.kind, &self.account);
        let added_at = tx.find::<ProfitReceiver>(&key)?.map_or(tx.now(), |known| known.added_at);
        tx.put(ProfitReceiver {
            mchid: self.mchid.clone(),
            sub_mchid: sub_mchid.unwrap_or_default().to_owned(),
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

impl AddReceiver {
    fn check_sub_merchant(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddReceiverRefusal>> {
        let Some(sub_mchid) = self.sub_mchid.clone() else { return Ok(()) };
        let partner = Partner { sub_mchid, sub_appid: self.sub_appid.clone(), sub_openid: None };
        tx.want(partner.keys(&self.mchid))?;
        let checked = partner.check(tx, &self.mchid);
        checked.map_err(|stop| stop.map(AddReceiverRefusal::Partner))
    }

    fn check_account(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddReceiverRefusal>> {
        let under = match self.kind {
            ReceiverKind::Merchant => {
                if self.account == *self.sub_mchid.as_ref().unwrap_or(&self.mchid) {
                    return Err(AddReceiverRefusal::Itself.into());
                }
                let receiver = tx.find::<Merchant>(&self.account)?;
                let receiver = receiver.ok_or(AddReceiverRefusal::AccountUnknown)?;
                if self.name.as_ref().is_some_and(|name| *name != receiver.name) {
                    return Err(AddReceiverRefusal::NameDiffers.into());
                }
                return Ok(());
            }
            ReceiverKind::Openid => Some(&self.appid),
            ReceiverKind::SubOpenid => self.sub_appid.as_ref(),
        };
        let known = tx.find::<Openid>(&self.account)?;
        let known = known.filter(|known| Some(&known.appid) == under);
        Ok(known.map(|_| ()).ok_or(AddReceiverRefusal::AccountUnknown)?)
    }
}

/// Checks that an app id is the merchant's.
fn check_appid(tx: &mut Tx<'_>, mchid: &str, appid: &str) -> Result<(), Stop<AddReceiverRefusal>> {
    let bound = (mchid.to_owned(), appid.to_owned());
    tx.find::<MerchantAppid>(&bound)?.ok_or(AddReceiverRefusal::AppidNotBound)?;
    Ok(())
}

/// A receiver that is not there is as good as deleted.
#[derive(Clone, Debug)]
pub struct DeleteReceiver {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The sub-merchant whose orders were shared, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The app id.
    pub appid: String,
    /// What the account names.
    pub kind: ReceiverKind,
    /// The receiver's merchant number or openid.
    pub account: String,
}

impl Command for DeleteReceiver {
    type Done = ();
    /// Refuses a part of what adding refuses.
    type Refusal = AddReceiverRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddReceiverRefusal>> {
        check_appid(tx, &self.mchid, &self.appid)?;
        let sub_mchid = self.sub_mchid.as_deref();
        let key = receiver_key(&self.mchid, sub_mchid, self.kind, &self.account);
        if tx.find::<ProfitReceiver>(&key)?.is_some() {
            tx.remove::<ProfitReceiver>(&key);
        }
        Ok(())
    }
}
