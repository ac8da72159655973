//! Keys that a merchant signs with: uploaded by the operator, several at once while the merchant
//! changes from one to the next, and ended one by one.

use super::{KeyState, Merchant, MerchantCertificate};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::record::RowKey;
use crate::tx::Tx;

/// Lets a merchant sign with a further key. The same key again changes nothing.
#[derive(Clone, Debug)]
pub struct AddMerchantCertificate {
    /// The merchant.
    pub mchid: String,
    /// The serial number that the merchant names, in upper-case hexadecimal digits.
    pub serial: String,
    /// The certificate or bare public key, PEM.
    pub certificate: String,
}

impl MerchantCertificate {
    /// Whether the merchant may sign with it, as long as it lasts.
    pub fn may_sign(&self) -> bool {
        self.state != KeyState::Revoked
    }
}

/// Why the key was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddMerchantCertificateRefusal {
    /// No such merchant.
    MerchantUnknown,
    /// The merchant has, or had, another key of this serial number, or it was revoked.
    SerialTaken,
}

impl Refusal for AddMerchantCertificateRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
            Self::SerialTaken => Code::IdempotencyConflict,
        }
    }
}

impl Command for AddMerchantCertificate {
    type Done = ();
    type Refusal = AddMerchantCertificateRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<AddMerchantCertificateRefusal>> {
        let key = (self.mchid.clone(), self.serial.clone());
        let merchant = RowKey::of::<Merchant>(&self.mchid);
        tx.want([merchant, RowKey::of::<MerchantCertificate>(&key)])?;
        let merchant = tx.look::<Merchant>(&self.mchid)?;
        merchant.ok_or(AddMerchantCertificateRefusal::MerchantUnknown)?;
        match tx.look::<MerchantCertificate>(&key)? {
            None => tx.put(MerchantCertificate {
                mchid: self.mchid.clone(),
                serial: self.serial.clone(),
                certificate: self.certificate.clone(),
                state: KeyState::Active,
                added_at: tx.now(),
            }),
            Some(known) if known.certificate == self.certificate => {
                if known.state == KeyState::Revoked {
                    return Err(AddMerchantCertificateRefusal::SerialTaken.into());
                }
            }
            Some(_) => return Err(AddMerchantCertificateRefusal::SerialTaken.into()),
        }
        Ok(())
    }
}

/// Ends a key of a merchant for good. A repeat changes nothing.
#[derive(Clone, Debug)]
pub struct RevokeMerchantCertificate {
    /// The merchant.
    pub mchid: String,
    /// The key's serial number.
    pub serial: String,
}

/// Why no key ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeMerchantCertificateRefusal {
    /// The merchant has no such key.
    NotFound,
}

impl Refusal for RevokeMerchantCertificateRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
        }
    }
}

impl Command for RevokeMerchantCertificate {
    type Done = ();
    type Refusal = RevokeMerchantCertificateRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<RevokeMerchantCertificateRefusal>> {
        let key = (self.mchid.clone(), self.serial.clone());
        let known = tx.find::<MerchantCertificate>(&key)?;
        let known = known.ok_or(RevokeMerchantCertificateRefusal::NotFound)?;
        if known.state != KeyState::Revoked {
            tx.put(MerchantCertificate { state: KeyState::Revoked, ..known });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::world;
    use crate::testing::MCHID;

    fn add(certificate: &str) -> AddMerchantCertificate {
        AddMerchantCertificate {
            mchid: MCHID.into(),
            serial: "4A".into(),
            certificate: certificate.into(),
        }
    }

    fn revoke(serial: &str) -> RevokeMerchantCertificate {
        RevokeMerchantCertificate { mchid: MCHID.into(), serial: serial.into() }
    }

    #[test]
    fn keys_overlap_until_one_is_revoked_for_good() {
        let mut world = world(0);
        world.run(&add("PEM 2")).unwrap();
        world.run(&add("PEM 2")).unwrap();
        let taken = Err(AddMerchantCertificateRefusal::SerialTaken);
        assert_eq!(world.run(&add("PEM 3")), taken);
        assert_eq!(world.all::<MerchantCertificate>().len(), 2);
        for _ in 0..2 {
            world.run(&revoke("4A")).unwrap();
        }
        assert_eq!(world.run(&add("PEM 2")), taken);
        assert_eq!(world.run(&revoke("4B")), Err(RevokeMerchantCertificateRefusal::NotFound));
        let unknown = AddMerchantCertificate { mchid: "1900000009".into(), ..add("PEM") };
        let refused = world.run(&unknown);
        assert_eq!(refused, Err(AddMerchantCertificateRefusal::MerchantUnknown));
    }
}
