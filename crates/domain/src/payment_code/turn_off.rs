//! A person's wallet has no payment codes any more; those that were shown are void at once.

use super::{PaymentCodes, PaymentCodesState};
use crate::command::{Command, Never, Once, Stop};
use crate::ids::{UserId, WalletId};
use crate::tx::Tx;

/// See the module. Turning off what is off is done again.
#[derive(Clone, Debug)]
pub struct TurnOffPaymentCodes {
    /// The person.
    pub user: UserId,
    /// The person's wallet.
    pub wallet: WalletId,
}

impl Command for TurnOffPaymentCodes {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        if let Some(codes) = tx.find::<PaymentCodes>(&self.wallet)?
            && codes.state == PaymentCodesState::On
        {
            tx.put(PaymentCodes { state: PaymentCodesState::Off, ..codes });
        }
        Ok(())
    }
}
