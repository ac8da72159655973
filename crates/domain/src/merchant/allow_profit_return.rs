//! A merchant agrees that others ask back what it got of their orders, or no longer.

use super::Merchant;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. A repeat changes nothing.
#[derive(Clone, Debug)]
pub struct AllowProfitReturn {
    /// The merchant.
    pub mchid: String,
    /// Whether it agrees.
    pub is_allowed: bool,
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowProfitReturnRefusal {
    /// No such merchant.
    MerchantUnknown,
}

impl Refusal for AllowProfitReturnRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for AllowProfitReturn {
    type Done = ();
    type Refusal = AllowProfitReturnRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AllowProfitReturnRefusal>> {
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(AllowProfitReturnRefusal::MerchantUnknown)?;
        if merchant.allows_profit_return != self.is_allowed {
            tx.put(Merchant { allows_profit_return: self.is_allowed, ..merchant });
        }
        Ok(())
    }
}
