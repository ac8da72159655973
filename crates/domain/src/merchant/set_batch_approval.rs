//! Whether a merchant's batches of transfers wait until its staff approves them.

use super::Merchant;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. Batches that are there stay as they are; a repeat changes nothing.
#[derive(Clone, Debug)]
pub struct SetBatchApproval {
    /// The merchant.
    pub mchid: String,
    /// Whether its staff approves batches.
    pub approves_batches: bool,
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBatchApprovalRefusal {
    /// There is no such merchant.
    MerchantUnknown,
}

impl Refusal for SetBatchApprovalRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
        }
    }
}

impl Command for SetBatchApproval {
    type Done = ();
    type Refusal = SetBatchApprovalRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<SetBatchApprovalRefusal>> {
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(SetBatchApprovalRefusal::MerchantUnknown)?;
        if merchant.approves_batches != self.approves_batches {
            tx.put(Merchant { approves_batches: self.approves_batches, ..merchant });
        }
        Ok(())
    }
}
