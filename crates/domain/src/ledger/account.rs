//! Accounts: who owns them, what they are for, which sign they keep.

use crate::record;
use crate::text_enum;
use kernel::Currency;

/// The number of an account within its book, from 1.
pub type AccountNumber = i64;

text_enum!(
    /// What kind of party an account belongs to.
    OwnerKind {
        /// A person; the owner id is the user's.
        User = "USER",
        /// A merchant; the owner id is its number.
        Merchant = "MERCHANT",
        /// The operator itself; the owner id is empty or names a bank.
        System = "SYSTEM",
    }
);

text_enum!(
    /// What an account is for. It fixes the sign that its balance keeps.
    Purpose {
        /// Money a person or merchant can spend.
        Balance = "BALANCE",
        /// A merchant's money that waits for profit sharing.
        Unsettled = "UNSETTLED",
        /// Money blocked by a partial freeze.
        Frozen = "FROZEN",
        /// Withdrawals on their way to the bank.
        TransitWithdrawal = "TRANSIT_WITHDRAWAL",
        /// Refunds on their way to a card.
        TransitRefund = "TRANSIT_REFUND",
        /// Transfers sent and not yet accepted.
        EscrowTransfer = "ESCROW_TRANSFER",
        /// Red packets sent and not yet claimed.
        EscrowRedPacket = "ESCROW_RED_PACKET",
        /// Fees earned.
        IncomeFee = "INCOME_FEE",
        /// What banks cost us.
        ExpenseBank = "EXPENSE_BANK",
        /// Losses the operator carries.
        ExpenseLoss = "EXPENSE_LOSS",
        /// The operator's own capital.
        Equity = "EQUITY",
        /// Safeguarded money at a bank.
        Bank = "BANK",
        /// Bank lines nobody can explain yet.
        Suspense = "SUSPENSE",
    }
);

impl Purpose {
    /// The sign a balance of this purpose keeps.
    pub const fn sign(self) -> Sign {
        match self {
            Self::Balance
            | Self::Unsettled
            | Self::Frozen
            | Self::TransitWithdrawal
            | Self::TransitRefund
            | Self::EscrowTransfer
            | Self::EscrowRedPacket => Sign::Credit,
            Self::Bank => Sign::Debit,
            Self::IncomeFee
            | Self::ExpenseBank
            | Self::ExpenseLoss
            | Self::Equity
            | Self::Suspense => Sign::Either,
        }
    }
}

text_enum!(
    /// The sign a balance keeps.
    Sign {
        /// Never below zero: we owe it.
        Credit = "CREDIT",
        /// Never above zero: we own it.
        Debit = "DEBIT",
        /// Either.
        Either = "EITHER",
    }
);

impl Sign {
    /// Whether an account of this sign may hold that balance.
    pub const fn allows(self, balance: i64) -> bool {
        match self {
            Self::Credit => balance >= 0,
            Self::Debit => balance <= 0,
            Self::Either => true,
        }
    }
}

/// The money of one account: nothing but what postings change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number, the next of its book when it was opened.
    pub number: AccountNumber,
    /// The currency of its balance.
    pub currency: Currency,
    /// The sign its balance keeps.
    pub sign: Sign,
    /// Minor units, credit positive.
    pub balance: i64,
    /// How many entries it has.
    pub entries: i64,
    /// The journal of its last entry, 0 when it has none.
    pub last_entry: i64,
}

record!(Account, "account", Kept, number: i64);

/// Which account it is: found by its owner, purpose and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPath {
    /// What kind of party owns it.
    pub owner_kind: OwnerKind,
    /// The owner's id; empty for the operator itself.
    pub owner: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Its currency.
    pub currency: Currency,
    /// Its number.
    pub number: AccountNumber,
}

record!(
    AccountPath, "account_path", Kept,
    owner_kind: OwnerKind, owner: String, purpose: Purpose, currency: Currency
);

impl AccountPath {
    /// The bytes that a batch's root is taken over when the account is opened.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = vec![CANONICAL_ACCOUNT, 1];
        out.extend_from_slice(&self.number.to_be_bytes());
        for text in [
            self.owner_kind.as_str(),
            &self.owner,
            self.purpose.as_str(),
            self.purpose.sign().as_str(),
            self.currency.as_str(),
        ] {
            super::journal::put_text(&mut out, text);
        }
        out
    }
}

/// Marks the canonical bytes of an opened account.
const CANONICAL_ACCOUNT: u8 = b'A';
