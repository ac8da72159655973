//! A merchant takes back what the payee has not taken.

use super::{MerchantTransfer, TransferState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::merchant::Merchant;
use crate::record::RowKey;
use crate::tx::Tx;

/// See the module. Cancelling a cancelled transfer is done again.
#[derive(Clone, Debug)]
pub struct CancelTransfer {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The merchant's number.
    pub out_bill_no: String,
}

/// Why it was not cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelTransferRefusal {
    /// The merchant has no such transfer.
    NotFound,
    /// It has ended otherwise.
    Over,
}

impl Refusal for CancelTransferRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
        }
    }
}

impl Command for CancelTransfer {
    type Done = ();
    type Refusal = CancelTransferRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CancelTransferRefusal>> {
        let key = (self.mchid.clone(), self.out_bill_no.clone());
        let transfer = tx.find::<MerchantTransfer>(&key)?;
        let transfer = transfer.ok_or(CancelTransferRefusal::NotFound)?;
        match transfer.state {
            TransferState::Cancelled => Ok(()),
            TransferState::Success | TransferState::Fail => Err(CancelTransferRefusal::Over.into()),
            TransferState::WaitUserConfirm => {
                tx.want([RowKey::of::<Merchant>(&self.mchid), transfer.job_key()])?;
                Ok(transfer.give_back(tx, TransferState::Cancelled, None)?)
            }
        }
    }
}
