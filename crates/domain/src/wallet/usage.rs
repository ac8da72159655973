//! What an identity has used of its caps: one row, shared by all its wallets.

use super::identity::{Identity, IdentityClass};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Halt, Refusal};
use crate::ids::IdentityId;
use crate::record;
use crate::rules::Rules;
use crate::tx::Tx;
use kernel::{Amount, Timestamp};

/// Sums of one identity. A day or year that is over counts as zero without a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The person.
    pub identity: IdentityId,
    /// The business day of the daily sums, as yyyymmdd.
    pub day: i64,
    /// Paid from balances that day, in fen.
    pub paid_day: i64,
    /// Topped up that day, in fen.
    pub topped_up_day: i64,
    /// Withdrawn that day, in fen, without fees.
    pub withdrawn_day: i64,
    /// Withdrawals that day.
    pub withdrawals_day: i64,
    /// The calendar year of the yearly sum.
    pub year: i64,
    /// Paid from balances that year, in fen.
    pub paid_year: i64,
    /// Paid from balances ever, in fen.
    pub paid_lifetime: i64,
    /// Used of the lifetime allowance of free withdrawals, in fen.
    pub free_used: i64,
}

record!(Usage, "usage", Kept, identity: IdentityId);

/// Which cap a payment would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitRefusal {
    /// Class I: the lifetime cap.
    Lifetime,
    /// Class II and III: the yearly cap.
    Year,
    /// The daily cap of the strength of this verification.
    VerifyStrength {
        /// What is left today, in fen.
        left: i64,
    },
}

impl Refusal for LimitRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Lifetime => Code::BalanceLifetimeLimitExceeded,
            Self::Year => Code::BalanceAnnualLimitExceeded,
            Self::VerifyStrength { .. } => Code::VerifyStrengthLimitExceeded,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::VerifyStrength { left } => Params(vec![("left", Param::Amount(*left))]),
            Self::Lifetime | Self::Year => Params::default(),
        }
    }
}

impl Usage {
    /// Nothing used yet.
    pub fn none(identity: IdentityId) -> Self {
        Self {
            identity,
            day: 0,
            paid_day: 0,
            topped_up_day: 0,
            withdrawn_day: 0,
            withdrawals_day: 0,
            year: 0,
            paid_year: 0,
            paid_lifetime: 0,
            free_used: 0,
        }
    }

    /// The same sums seen on the business day of `now`.
    pub fn on(mut self, now: Timestamp) -> Self {
        let date = now.business_date();
        let year = i64::from(date.year());
        let day = year * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day());
        if self.day != day {
            self.day = day;
            (self.paid_day, self.topped_up_day) = (0, 0);
            (self.withdrawn_day, self.withdrawals_day) = (0, 0);
        }
        if self.year != year {
            self.year = year;
            self.paid_year = 0;
        }
        self
    }

    /// The sums after a balance payment of `amount` authorised by that many factors. `self` is
    /// already seen on the day of the payment. Caps that have no figure (0) do not bind.
    pub fn after_payment(
        mut self,
        amount: Amount,
        class: IdentityClass,
        factors: u32,
        rules: &Rules,
    ) -> Result<Self, LimitRefusal> {
        self.paid_day = self.paid_day.saturating_add(amount.minor());
        self.paid_year = self.paid_year.saturating_add(amount.minor());
        self.paid_lifetime = self.paid_lifetime.saturating_add(amount.minor());
        let breaks = |sum: i64, cap: i64| cap > 0 && sum > cap;
        match class {
            IdentityClass::ClassI if breaks(self.paid_lifetime, rules.class1_lifetime_minor) => {
                return Err(LimitRefusal::Lifetime);
            }
            IdentityClass::ClassII if breaks(self.paid_year, rules.class2_year_minor) => {
                return Err(LimitRefusal::Year);
            }
            IdentityClass::ClassIII if breaks(self.paid_year, rules.class3_year_minor) => {
                return Err(LimitRefusal::Year);
            }
            IdentityClass::ClassI | IdentityClass::ClassII | IdentityClass::ClassIII => {}
        }
        let cap =
            if factors >= 2 { rules.verify_two_day_minor } else { rules.verify_one_day_minor };
        if breaks(self.paid_day, cap) {
            let left = (cap - (self.paid_day - amount.minor())).max(0);
            return Err(LimitRefusal::VerifyStrength { left });
        }
        Ok(self)
    }
}

/// Counts a payment from the balance, authorised by so many independent factors, against the limits
/// of its payer.
pub(crate) fn use_limits(
    tx: &mut Tx<'_>,
    identity: IdentityId,
    amount: Amount,
    factors: u32,
) -> Result<Result<(), LimitRefusal>, Halt> {
    let class = tx.look_at::<Identity>(&identity)?.class(tx.rules());
    let usage = tx.find::<Usage>(&identity)?.unwrap_or_else(|| Usage::none(identity));
    let after = usage.on(tx.now()).after_payment(amount, class, factors, tx.rules());
    Ok(after.map(|after| tx.put(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pay(
        usage: Usage,
        fen: i64,
        class: IdentityClass,
        factors: u32,
    ) -> Result<Usage, LimitRefusal> {
        let now = Timestamp::parse_rfc3339("2026-11-21T10:00:00+08:00").unwrap();
        usage.on(now).after_payment(Amount::fen(fen).unwrap(), class, factors, &Rules::default())
    }

    #[test]
    fn one_factor_pays_a_thousand_yuan_a_day_and_two_pay_five_thousand() {
        let none = || Usage::none(IdentityId::from_bytes([1; 16]));
        let used = pay(none(), 99_999, IdentityClass::ClassII, 1).unwrap();
        assert!(pay(used.clone(), 1, IdentityClass::ClassII, 1).is_ok());
        let refused = pay(used.clone(), 2, IdentityClass::ClassII, 1);
        assert_eq!(refused, Err(LimitRefusal::VerifyStrength { left: 1 }));
        assert!(pay(used, 400_001, IdentityClass::ClassII, 2).is_ok());
    }

    #[test]
    fn class_one_has_a_lifetime_and_the_others_a_year() {
        let mut used = Usage::none(IdentityId::from_bytes([1; 16]));
        used.paid_lifetime = 100_000;
        assert_eq!(pay(used.clone(), 1, IdentityClass::ClassI, 2), Err(LimitRefusal::Lifetime));
        assert!(pay(used.clone(), 1, IdentityClass::ClassII, 2).is_ok());
        (used.year, used.paid_year) = (2026, 20_000_000);
        assert_eq!(pay(used.clone(), 1, IdentityClass::ClassIII, 2), Err(LimitRefusal::Year));
        used.year = 2025;
        assert!(
            pay(used, 1, IdentityClass::ClassIII, 2).is_ok(),
            "a year that is over counts as zero"
        );
    }
}
