//! Adds a merchant with its first app id and certificate.

use super::{KeyState, Merchant, MerchantAppid, MerchantCertificate, MerchantState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ledger::{OwnerKind, Purpose};
use crate::tx::Tx;
use kernel::Currency;

/// See the module.
#[derive(Clone, Debug)]
pub struct AddMerchant {
    /// Its number: ten digits, drawn or chosen by the operator.
    pub mchid: String,
    /// The name that payers see, at most 64 characters.
    pub name: String,
    /// Its fee, in hundredths of a percent, 0 to 10,000.
    pub fee_bp: i64,
    /// Its sealed APIv3 key.
    pub apiv3_key: Vec<u8>,
    /// Its first app id.
    pub appid: String,
    /// The serial number of its certificate.
    pub serial: String,
    /// Its certificate, PEM.
    pub certificate: String,
}

/// Why a merchant was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddMerchantRefusal {
    /// The number is taken.
    NumberTaken,
    /// The fee is not between 0 and 10,000.
    FeeOutOfRange,
}

impl Refusal for AddMerchantRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NumberTaken => Code::IdempotencyConflict,
            Self::FeeOutOfRange => Code::ParamInvalid,
        }
    }
}

impl Command for AddMerchant {
    type Done = ();
    type Refusal = AddMerchantRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddMerchantRefusal>> {
        if !(0..=10_000).contains(&self.fee_bp) {
            return Err(AddMerchantRefusal::FeeOutOfRange.into());
        }
        if tx.find::<Merchant>(&self.mchid)?.is_some() {
            return Err(AddMerchantRefusal::NumberTaken.into());
        }
        let balance_account =
            tx.open_account(OwnerKind::Merchant, &self.mchid, Purpose::Balance, Currency::Cny)?;
        let added_at = tx.now();
        tx.put(Merchant {
            mchid: self.mchid.clone(),
            name: self.name.clone(),
            state: MerchantState::Active,
            fee_bp: self.fee_bp,
            balance_account,
            apiv3_key: self.apiv3_key.clone(),
            added_at,
        });
        tx.put(MerchantAppid { mchid: self.mchid.clone(), appid: self.appid.clone(), added_at });
        tx.put(MerchantCertificate {
            mchid: self.mchid.clone(),
            serial: self.serial.clone(),
            certificate: self.certificate.clone(),
            state: KeyState::Active,
            added_at,
        });
        Ok(())
    }
}
