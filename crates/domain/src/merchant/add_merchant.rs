//! Adds a merchant with its first app id and certificate. The same request again finds the merchant
//! that it added, with the keys it got then.

use super::{KeyState, Merchant, MerchantAppid, MerchantCertificate, MerchantState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ledger::{OwnerKind, Purpose};
use crate::tx::Tx;
use kernel::Currency;
use serde::{Deserialize, Serialize};

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
    /// The scenes for which it may send money to people, with commas between; of a merchant that is
    /// there, this changes nothing.
    pub transfer_scenes: String,
    /// Whether it gets no certificates of ours; of a merchant that is there, this changes nothing.
    pub public_key_only: bool,
}

/// The merchant is there, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantAdded {
    /// Whether the keys of this command are the merchant's. If not, the same request came before,
    /// with keys of its own.
    pub has_these_keys: bool,
}

/// Why a merchant was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddMerchantRefusal {
    /// The number is taken, by a merchant of another name, fee or app id.
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
    type Done = MerchantAdded;
    type Refusal = AddMerchantRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<MerchantAdded, Stop<AddMerchantRefusal>> {
        if !(0..=10_000).contains(&self.fee_bp) {
            return Err(AddMerchantRefusal::FeeOutOfRange.into());
        }
        if let Some(merchant) = tx.find::<Merchant>(&self.mchid)? {
            return self.add_again(tx, &merchant);
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
            allows_profit_return: false,
            public_key_only: self.public_key_only,
            approves_batches: false,
            transfer_scenes: self.transfer_scenes.clone(),
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
        Ok(MerchantAdded { has_these_keys: true })
    }
}

impl AddMerchant {
    fn add_again(
        &self,
        tx: &mut Tx<'_>,
        merchant: &Merchant,
    ) -> Result<MerchantAdded, Stop<AddMerchantRefusal>> {
        let appid = tx.find::<MerchantAppid>(&(self.mchid.clone(), self.appid.clone()))?;
        if (&merchant.name, merchant.fee_bp) != (&self.name, self.fee_bp) || appid.is_none() {
            return Err(AddMerchantRefusal::NumberTaken.into());
        }
        let key = (self.mchid.clone(), self.serial.clone());
        let certificate = tx.find::<MerchantCertificate>(&key)?;
        let has_certificate = certificate.is_some_and(|row| row.certificate == self.certificate);
        let has_these_keys = has_certificate && merchant.apiv3_key == self.apiv3_key;
        Ok(MerchantAdded { has_these_keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, merchant};

    #[test]
    fn the_same_request_again_finds_its_merchant_and_says_whose_keys_it_has() {
        let mut world = World::new();
        let added = MerchantAdded { has_these_keys: true };
        assert_eq!(world.run(&merchant()), Ok(added));
        let rows = world.all::<Merchant>();
        assert_eq!(world.run(&merchant()), Ok(added));
        let other_keys = [
            AddMerchant { serial: "02".into(), certificate: "PEM 2".into(), ..merchant() },
            AddMerchant { certificate: "PEM 2".into(), ..merchant() },
            AddMerchant { apiv3_key: vec![2], ..merchant() },
        ];
        for again in other_keys {
            assert_eq!(world.run(&again), Ok(MerchantAdded { has_these_keys: false }));
        }
        assert_eq!(world.all::<Merchant>(), rows, "nothing is changed by asking again");
        assert_eq!(world.all::<MerchantCertificate>().len(), 1);
        world.check_ledger();
    }

    #[test]
    fn another_merchant_does_not_get_the_number() {
        let mut world = World::new();
        world.run(&merchant()).unwrap();
        let others = [
            AddMerchant { name: "Book shop".into(), ..merchant() },
            AddMerchant { fee_bp: 61, ..merchant() },
            AddMerchant { appid: "wxffffffffffffffff".into(), ..merchant() },
        ];
        for other in others {
            assert_eq!(world.run(&other), Err(AddMerchantRefusal::NumberTaken));
        }
        let dear = AddMerchant { fee_bp: 10_001, ..merchant() };
        assert_eq!(world.run(&dear), Err(AddMerchantRefusal::FeeOutOfRange));
    }
}
