//! What a payee did not take in time goes back to the merchant.

use super::{MerchantTransfer, MerchantTransferByNo, TransferFailure, TransferState};
use crate::command::{Halt, Timer};
use crate::merchant::Merchant;
use crate::record::RowKey;
use crate::tx::Tx;

/// See the module. Early, late or again: the transfer's own state and time decide.
#[derive(Clone, Debug)]
pub struct ExpireTransfer {
    /// Our number of the transfer.
    pub transfer_bill_no: String,
}

impl Timer for ExpireTransfer {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let found = tx.get::<MerchantTransferByNo>(&self.transfer_bill_no)?;
        let transfer = tx.get::<MerchantTransfer>(&(found.mchid, found.out_bill_no))?;
        if !transfer.is_open() || tx.now() < transfer.expires_at {
            return Ok(());
        }
        tx.want([RowKey::of::<Merchant>(&transfer.mchid), transfer.job_key()])?;
        let failure = Some(TransferFailure::OverdueClose);
        transfer.give_back(tx, TransferState::Fail, failure)
    }
}
