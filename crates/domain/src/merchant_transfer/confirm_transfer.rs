//! A person takes what a merchant sent.

use super::{MerchantTransfer, MerchantTransferByNo, TransferFailure, TransferState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{IdentityId, UserId, WalletId};
use crate::merchant::{Merchant, Openid};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::Wallet;

/// See the module. Taking it again is done again.
#[derive(Clone, Debug)]
pub struct ConfirmTransfer {
    /// The person.
    pub user: UserId,
    /// The person's wallet.
    pub wallet: WalletId,
    /// Our number of the transfer.
    pub transfer_bill_no: String,
    /// Whether the person has the name that the merchant gave.
    pub name: NameCheck,
}

/// What a comparison of names came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameCheck {
    /// The merchant gave no name, or the person's name could not be known.
    None,
    /// This verified person has it.
    Same(IdentityId),
    /// This verified person has another.
    Differs(IdentityId),
}

impl NameCheck {
    /// Compares the name of a verified person with one that was given, blanks apart.
    pub fn compare(person: IdentityId, known: &str, given: &str) -> Self {
        let letters =
            |name: &'_ str| name.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        if letters(known) == letters(given) { Self::Same(person) } else { Self::Differs(person) }
    }
}

/// Why it was not taken, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmTransferRefusal {
    /// Nobody sent this person such a transfer.
    NotFound,
    /// It went back to the merchant.
    Over,
    /// The person is not verified yet.
    IdentityRequired,
    /// The wallet takes no money.
    WalletClosed,
}

impl Refusal for ConfirmTransferRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::Over => Code::OrderClosed,
            Self::IdentityRequired => Code::IdentityRequired,
            Self::WalletClosed => Code::AccountStatusAbnormal,
        }
    }
}

impl Command for ConfirmTransfer {
    /// Where the transfer stands: with another name than the merchant gave it fails.
    type Done = TransferState;
    type Refusal = ConfirmTransferRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<TransferState, Stop<ConfirmTransferRefusal>> {
        tx.want([
            RowKey::of::<MerchantTransferByNo>(&self.transfer_bill_no),
            RowKey::of::<Wallet>(&self.wallet),
        ])?;
        let found = tx.find::<MerchantTransferByNo>(&self.transfer_bill_no)?;
        let found = found.ok_or(ConfirmTransferRefusal::NotFound)?;
        let transfer = tx.get::<MerchantTransfer>(&(found.mchid, found.out_bill_no))?;
        tx.want([
            RowKey::of::<Openid>(&transfer.openid),
            RowKey::of::<Merchant>(&transfer.mchid),
            transfer.job_key(),
        ])?;
        let payee = tx.find::<Openid>(&transfer.openid)?;
        let wallet = tx.find::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let Some(wallet) = wallet.filter(|_| payee.is_some_and(|payee| payee.user == self.user))
        else {
            return Err(ConfirmTransferRefusal::NotFound.into());
        };
        match transfer.state {
            TransferState::WaitUserConfirm if tx.now() < transfer.expires_at => {}
            TransferState::Success => return Ok(TransferState::Success),
            TransferState::WaitUserConfirm | TransferState::Fail | TransferState::Cancelled => {
                return Err(ConfirmTransferRefusal::Over.into());
            }
        }
        if !wallet.may_receive() {
            return Err(ConfirmTransferRefusal::WalletClosed.into());
        }
        let identity = wallet.identity.ok_or(ConfirmTransferRefusal::IdentityRequired)?;
        let named = transfer.user_name.is_some();
        match self.name {
            NameCheck::Differs(known) if known == identity && named => {
                let failure = Some(TransferFailure::NameNotCorrect);
                transfer.give_back(tx, TransferState::Fail, failure)?;
                Ok(TransferState::Fail)
            }
            NameCheck::Same(known) if known == identity || !named => {
                self.take(tx, transfer, &wallet)
            }
            NameCheck::None if !named => self.take(tx, transfer, &wallet),
            // The edge compared another person's name, or none: it compares again.
            NameCheck::Differs(_) | NameCheck::Same(_) | NameCheck::None => Err(Stop::Stale),
        }
    }
}

impl ConfirmTransfer {
    fn take(
        &self,
        tx: &mut Tx<'_>,
        transfer: MerchantTransfer,
        wallet: &Wallet,
    ) -> Result<TransferState, Stop<ConfirmTransferRefusal>> {
        transfer.end(tx, TransferState::Success, None, wallet.balance_account)?;
        Ok(TransferState::Success)
    }
}
