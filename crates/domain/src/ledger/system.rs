//! The operator's own accounts, opened by a command at first start.

use super::account::{AccountNumber, AccountPath, OwnerKind, Purpose};
use crate::command::{Command, Never, Once, Stop};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Currency;
use serde::{Deserialize, Serialize};

/// The numbers of the operator's own accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemAccounts {
    /// Withdrawals on their way to the bank.
    pub transit_withdrawal: AccountNumber,
    /// Refunds on their way to a card.
    pub transit_refund: AccountNumber,
    /// What merchants sent to people who have not taken it yet.
    pub escrow_transfer: AccountNumber,
    /// Fees earned.
    pub income_fee: AccountNumber,
    /// Losses the operator carries.
    pub expense_loss: AccountNumber,
    /// The operator's own capital.
    pub equity: AccountNumber,
    /// Safeguarded money at the bank.
    pub bank: AccountNumber,
    /// Bank lines nobody can explain yet.
    pub suspense: AccountNumber,
}

/// Opens the operator's accounts of one currency, or finds them opened.
#[derive(Clone, Debug)]
pub struct OpenSystemAccounts {
    /// The currency.
    pub currency: Currency,
    /// The bank that keeps the safeguarded money.
    pub bank: String,
}

impl Command for OpenSystemAccounts {
    type Done = SystemAccounts;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "system".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<SystemAccounts, Stop<Never>> {
        let path =
            |purpose, bank: &str| (OwnerKind::System, bank.to_owned(), purpose, self.currency);
        tx.want(
            [
                path(Purpose::TransitWithdrawal, ""),
                path(Purpose::TransitRefund, ""),
                path(Purpose::EscrowTransfer, ""),
                path(Purpose::IncomeFee, ""),
                path(Purpose::ExpenseLoss, ""),
                path(Purpose::Equity, ""),
                path(Purpose::Bank, &self.bank),
                path(Purpose::Suspense, &self.bank),
            ]
            .map(|path| RowKey::of::<AccountPath>(&path)),
        )?;
        let mut open =
            |purpose, bank: &str| tx.open_account(OwnerKind::System, bank, purpose, self.currency);
        Ok(SystemAccounts {
            transit_withdrawal: open(Purpose::TransitWithdrawal, "")?,
            transit_refund: open(Purpose::TransitRefund, "")?,
            income_fee: open(Purpose::IncomeFee, "")?,
            expense_loss: open(Purpose::ExpenseLoss, "")?,
            equity: open(Purpose::Equity, "")?,
            bank: open(Purpose::Bank, &self.bank)?,
            suspense: open(Purpose::Suspense, &self.bank)?,
            escrow_transfer: open(Purpose::EscrowTransfer, "")?,
        })
    }
}
