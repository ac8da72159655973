//! What a person paid by code on a day, and how much of it without the payment password.

use crate::calendar::day_from;
use crate::command::Halt;
use crate::ids::IdentityId;
use crate::record;
use crate::rules::Rules;
use crate::tx::Tx;
use kernel::{Amount, Timestamp};

/// What one identity paid by code on one business day. A day that is over counts as zero without a
/// write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentCodeUsage {
    /// The person.
    pub identity: IdentityId,
    /// When that day began.
    pub day_from: Timestamp,
    /// Paid by code that day, in fen.
    pub paid_minor: i64,
    /// Payments of that day without the payment password.
    pub without_password: i64,
}

record!(PaymentCodeUsage, "payment_code_usage", Kept, identity: IdentityId);

/// How strongly a payment by code is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// The code alone, which the payer's device showed.
    Code,
    /// The code and the payment password.
    CodeAndPassword,
}

impl Strength {
    /// How many independent factors that is.
    pub const fn factors(self) -> u32 {
        match self {
            Self::Code => 1,
            Self::CodeAndPassword => 2,
        }
    }
}

impl PaymentCodeUsage {
    /// The sums of the day of `now`, from the row as it is stored.
    pub fn on(stored: Option<Self>, identity: IdentityId, now: Timestamp) -> Self {
        let day_from = day_from(now);
        let none = Self { identity, day_from, paid_minor: 0, without_password: 0 };
        stored.filter(|stored| stored.day_from == day_from).unwrap_or(none)
    }

    /// How many payments of this day may still go without the payment password.
    pub fn left_without_password(&self, rules: &Rules) -> i64 {
        (rules.code_free_count_day - self.without_password).max(0)
    }

    /// The sums after a payment; `None` when it breaks the cap of its strength. A cap without a
    /// figure (0) does not bind.
    pub fn after(mut self, amount: Amount, strength: Strength, rules: &Rules) -> Option<Self> {
        let cap = match strength {
            Strength::Code => {
                self.without_password += 1;
                rules.barcode_c_day_minor
            }
            Strength::CodeAndPassword => rules.barcode_b_day_minor,
        };
        self.paid_minor = self.paid_minor.saturating_add(amount.minor());
        (cap == 0 || self.paid_minor <= cap).then_some(self)
    }
}

/// Counts a payment by code; `false` when it would break the cap of its strength.
pub(crate) fn use_code_limits(
    tx: &mut Tx<'_>,
    identity: IdentityId,
    amount: Amount,
    strength: Strength,
) -> Result<bool, Halt> {
    let stored = tx.find::<PaymentCodeUsage>(&identity)?;
    let used = PaymentCodeUsage::on(stored, identity, tx.now());
    let after = used.after(amount, strength, tx.rules());
    Ok(after.map(|after| tx.put(after)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strength_has_a_daily_cap_and_a_new_day_begins_with_nothing() {
        let now = Timestamp::parse_rfc3339("2026-11-21T23:59:59+08:00").unwrap();
        let (id, rules) = (IdentityId::from_bytes([1; 16]), Rules::default());
        let fen = |minor| Amount::fen(minor).unwrap();
        let none = PaymentCodeUsage::on(None, id, now);
        let full = none.after(fen(100_000), Strength::Code, &rules).unwrap();
        assert_eq!(full.clone().after(fen(1), Strength::Code, &rules), None);
        let strong = Strength::CodeAndPassword;
        assert!(full.clone().after(fen(400_000), strong, &rules).is_some());
        assert_eq!(full.clone().after(fen(400_001), strong, &rules), None);
        assert_eq!(full.left_without_password(&rules), 9);
        let same = PaymentCodeUsage::on(Some(full.clone()), id, now);
        assert_eq!(same, full);
        let next = PaymentCodeUsage::on(Some(full.clone()), id, now.plus(1_000_000));
        assert_eq!((next.paid_minor, next.left_without_password(&rules)), (0, 10));
        let open = Rules { barcode_c_day_minor: 0, ..rules };
        assert!(full.after(fen(1), Strength::Code, &open).is_some(), "0 is no cap");
    }
}
