//! What an identity may still use of its caps, to be shown. The rules that refuse are where the
//! sums are counted; a figure shown here promises nothing.

use super::identity::IdentityClass;
use super::usage::Usage;
use crate::rules::Rules;

/// Sums that are left, in fen; `None` where no cap binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsLeft {
    /// Balance payments under the cap of the class: lifetime for class I, otherwise this year.
    pub payments_of_class: Option<i64>,
    /// Balance payments today with the payment password alone.
    pub payments_today: Option<i64>,
    /// Top-ups today.
    pub top_ups_today: i64,
    /// Withdrawals today, without fees.
    pub withdrawals_today: i64,
    /// How many more withdrawals today.
    pub withdrawal_count_today: i64,
    /// Withdrawals without a fee, ever.
    pub free_withdrawals: i64,
}

impl LimitsLeft {
    /// What is left of `usage`, which is already seen on the present day.
    pub fn of(usage: &Usage, class: IdentityClass, rules: &Rules) -> Self {
        let left = |cap: i64, used: i64| cap.saturating_sub(used).max(0);
        let bound = |cap: i64, used: i64| (cap > 0).then(|| left(cap, used));
        Self {
            payments_of_class: match class {
                IdentityClass::ClassI => bound(rules.class1_lifetime_minor, usage.paid_lifetime),
                IdentityClass::ClassII => bound(rules.class2_year_minor, usage.paid_year),
                IdentityClass::ClassIII => bound(rules.class3_year_minor, usage.paid_year),
            },
            payments_today: bound(rules.verify_one_day_minor, usage.paid_day),
            top_ups_today: left(rules.topup_day_max_minor, usage.topped_up_day),
            withdrawals_today: left(rules.withdraw_day_max_minor, usage.withdrawn_day),
            withdrawal_count_today: left(rules.withdraw_count_day, usage.withdrawals_day),
            free_withdrawals: left(rules.withdraw_free_lifetime_minor, usage.free_used),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdentityId;

    #[test]
    fn what_is_left_is_never_below_zero_and_a_cap_without_a_figure_does_not_bind() {
        let mut usage = Usage::none(IdentityId::from_bytes([1; 16]));
        (usage.paid_day, usage.paid_year, usage.paid_lifetime) = (40_000, 90_000, 150_000);
        (usage.withdrawn_day, usage.withdrawals_day, usage.free_used) = (20_000, 4, 20_000);
        let mut rules = Rules::default();
        let left = LimitsLeft::of(&usage, IdentityClass::ClassI, &rules);
        let expected = LimitsLeft {
            payments_of_class: Some(0),
            payments_today: Some(60_000),
            top_ups_today: 20_000_000,
            withdrawals_today: 9_980_000,
            withdrawal_count_today: 0,
            free_withdrawals: 80_000,
        };
        assert_eq!(left, expected);
        let of_class =
            |class, rules: &Rules| LimitsLeft::of(&usage, class, rules).payments_of_class;
        assert_eq!(of_class(IdentityClass::ClassII, &rules), Some(9_910_000));
        assert_eq!(of_class(IdentityClass::ClassIII, &rules), Some(19_910_000));
        rules.class2_year_minor = 0;
        assert_eq!(of_class(IdentityClass::ClassII, &rules), None);
    }
}
