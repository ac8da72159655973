//! Service providers: merchants that place orders for others. Each sub-merchant is a merchant with
//! a balance of its own; the relation says who may have it paid.

use super::Merchant;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// Where the relation stands.
    SubMerchantState {
        /// The service provider may place orders for the sub-merchant.
        Active = "ACTIVE",
        /// No new orders; those that were placed go on as ever.
        Ended = "ENDED",
    }
);

/// That a service provider serves a sub-merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubMerchant {
    /// The service provider.
    pub mchid: String,
    /// The sub-merchant.
    pub sub_mchid: String,
    /// Where the relation stands.
    pub state: SubMerchantState,
    /// Since when it does.
    pub since: Timestamp,
}

record!(SubMerchant, "sub_merchant", Kept, mchid: String, sub_mchid: String);

/// Starts or ends the relation; a repeat changes nothing.
#[derive(Clone, Debug)]
pub struct BindSubMerchant {
    /// The service provider.
    pub mchid: String,
    /// The sub-merchant.
    pub sub_mchid: String,
    /// What is to be.
    pub state: SubMerchantState,
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindSubMerchantRefusal {
    /// One of them is no merchant, or there is no relation to end.
    Unknown,
    /// A merchant is not its own service provider.
    Itself,
}

impl Refusal for BindSubMerchantRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::ObjectNotFound,
            Self::Itself => Code::ParamInvalid,
        }
    }
}

impl Command for BindSubMerchant {
    type Done = ();
    type Refusal = BindSubMerchantRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<BindSubMerchantRefusal>> {
        if self.mchid == self.sub_mchid {
            return Err(BindSubMerchantRefusal::Itself.into());
        }
        let key = (self.mchid.clone(), self.sub_mchid.clone());
        let merchants = [&self.mchid, &self.sub_mchid];
        let keys = merchants.map(RowKey::of::<Merchant>);
        tx.want(keys.into_iter().chain([RowKey::of::<SubMerchant>(&key)]))?;
        for merchant in merchants {
            tx.look::<Merchant>(merchant)?.ok_or(BindSubMerchantRefusal::Unknown)?;
        }
        let known = tx.find::<SubMerchant>(&key)?;
        if known.is_none() && self.state == SubMerchantState::Ended {
            return Err(BindSubMerchantRefusal::Unknown.into());
        }
        if known.is_none_or(|known| known.state != self.state) {
            tx.put(SubMerchant {
                mchid: self.mchid.clone(),
                sub_mchid: self.sub_mchid.clone(),
                state: self.state,
                since: tx.now(),
            });
        }
        Ok(())
    }
}
