//! Fees, in whole fen: what a withdrawal costs, how much of a balance can leave, and what a
//! merchant pays and gets back. Products are taken in 128 bits; rounding is half-up, once.

/// Basis points in one whole.
const WHOLE_BP: i128 = 10_000;

/// The figures of the withdrawal fee; part of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithdrawalFeeRules {
    /// The fee on the part above the free allowance, in hundredths of a percent (10 = 0.1 %).
    pub fee_bp: u32,
    /// The least fee in fen as soon as any part is above the free allowance; 0 or more.
    pub fee_min_minor: i64,
    /// A whole balance of at most this many fen leaves without a fee when all of it leaves.
    pub dust_free_minor: i64,
}

/// What a withdrawal costs. `debit = amount + fee`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithdrawalQuote {
    /// What reaches the card, in fen; above 0.
    pub amount: i64,
    /// The fee in fen, taken from the balance on top of the amount.
    pub fee: i64,
    /// What leaves the balance, in fen.
    pub debit: i64,
    /// How much of the free allowance it uses, in fen; given back when the withdrawal fails.
    pub free_used: i64,
}

impl WithdrawalFeeRules {
    /// The price of withdrawing `amount` from `balance` while `free_left` of the allowance is
    /// unused. The balance matters for the dust rule alone: whether it covers the debit is for
    /// the caller to see. `None` for an amount below 1 or a sum beyond 64 bits.
    pub fn quote(&self, amount: i64, free_left: i64, balance: i64) -> Option<WithdrawalQuote> {
        if amount < 1 {
            return None;
        }
        let free_used = amount.min(free_left.max(0));
        let is_dust = amount == balance && balance <= self.dust_free_minor;
        let fee = if is_dust { 0 } else { self.fee_on(amount - free_used)? };
        let debit = amount.checked_add(fee)?;
        Some(WithdrawalQuote { amount, fee, debit, free_used })
    }

    /// The largest withdrawal that `balance` covers including its fee: "withdraw all". `None`
    /// when the balance is too small for any. A few fen can stay behind.
    pub fn quote_all(&self, free_left: i64, balance: i64) -> Option<WithdrawalQuote> {
        let fits = |amount: i64| {
            self.quote(amount, free_left, balance).filter(|quote| quote.debit <= balance)
        };
        if let Some(everything) = fits(balance) {
            return Some(everything);
        }
        // The debit grows with the amount, so the largest that fits is found by halving.
        let (mut fitting, mut too_much) = (0, balance.max(1));
        while too_much - fitting > 1 {
            let middle = fitting + (too_much - fitting) / 2;
            if fits(middle).is_some() {
                fitting = middle;
            } else {
                too_much = middle;
            }
        }
        fits(fitting)
    }

    fn fee_on(&self, chargeable: i64) -> Option<i64> {
        if chargeable == 0 {
            return Some(0);
        }
        let share = divide_half_up(i128::from(chargeable) * i128::from(self.fee_bp), WHOLE_BP);
        i64::try_from(share).ok().map(|share| share.max(self.fee_min_minor))
    }
}

/// The fee a merchant pays on `paid` fen at `fee_bp` hundredths of a percent. `None` for a
/// negative sum or a fee beyond 64 bits.
pub fn merchant_fee(paid: i64, fee_bp: u32) -> Option<i64> {
    if paid < 0 {
        return None;
    }
    i64::try_from(divide_half_up(i128::from(paid) * i128::from(fee_bp), WHOLE_BP)).ok()
}

/// How much of `fee` the merchant has back once `refunded` of `paid` fen went back, all refunds
/// together. A single refund returns the difference of two totals, so many small refunds return
/// exactly what one large refund does, and a full refund returns the whole fee. `None` unless
/// `0 <= refunded <= paid`, `paid > 0` and `fee >= 0`.
pub fn fee_refund_total(fee: i64, paid: i64, refunded: i64) -> Option<i64> {
    if fee < 0 || paid < 1 || !(0..=paid).contains(&refunded) {
        return None;
    }
    i64::try_from(divide_half_up(i128::from(fee) * i128::from(refunded), i128::from(paid))).ok()
}

/// `dividend / divisor` rounded half-up; the dividend is not negative, the divisor positive.
fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    let (whole, rest) = (dividend / divisor, dividend % divisor);
    if rest * 2 >= divisor { whole + 1 } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: WithdrawalFeeRules =
        WithdrawalFeeRules { fee_bp: 10, fee_min_minor: 10, dust_free_minor: 10 };
    const PLENTY: i64 = 1_000_000_000_000;

    fn fee(amount: i64, free_left: i64) -> i64 {
        RULES.quote(amount, free_left, PLENTY).unwrap().fee
    }

    #[test]
    fn withdrawals_cost_a_tenth_of_a_percent_above_the_allowance() {
        for (amount, free_left, expected) in [
            (100_000, 100_000, 0),
            (150_000, 100_000, 50),
            (105_000, 100_000, 10),
            (1_000, 0, 10),
            (1, 0, 10),
            (10_049, 0, 10),
            (14_999, 0, 15),
            (1_234_567, 0, 1_235),
            (10_000_000, 100_000, 9_900),
            (10_000_000, 0, 10_000),
        ] {
            assert_eq!(fee(amount, free_left), expected, "{amount} with {free_left} free");
        }
    }

    #[test]
    fn a_quote_adds_up_and_names_the_used_allowance() {
        let quote = RULES.quote(150_000, 100_000, PLENTY).unwrap();
        assert_eq!(quote.debit, 150_050);
        assert_eq!(quote.free_used, 100_000);
        let quote = RULES.quote(500, 100_000, PLENTY).unwrap();
        assert_eq!((quote.debit, quote.free_used), (500, 500));
    }

    #[test]
    fn withdrawing_all_leaves_room_for_the_fee() {
        for (balance, free_left, amount, expected) in [
            (1_000_000, 0, 999_001, 999),
            (1_000_000, 100_000, 999_101, 899),
            (5_000, 0, 4_990, 10),
            (11, 0, 1, 10),
            (100_001, 100_000, 100_000, 0),
        ] {
            let quote = RULES.quote_all(free_left, balance).unwrap();
            assert_eq!((quote.amount, quote.fee), (amount, expected), "{balance}");
        }
    }

    #[test]
    fn dust_leaves_free_only_as_the_whole_balance() {
        let quote = RULES.quote_all(0, 10).unwrap();
        assert_eq!((quote.amount, quote.fee), (10, 0));
        assert_eq!(RULES.quote(10, 0, 11).unwrap().fee, 10);
        assert_eq!(RULES.quote(9, 0, 10).unwrap().fee, 10);
        assert_eq!(RULES.quote(11, 0, 11).unwrap().fee, 10);
    }

    #[test]
    fn nothing_can_leave_an_empty_balance() {
        assert_eq!(RULES.quote_all(100_000, 0), None);
        assert_eq!(RULES.quote_all(100_000, -5), None);
        let no_dust = WithdrawalFeeRules { dust_free_minor: 0, ..RULES };
        assert_eq!(no_dust.quote_all(0, 10), None);
    }

    #[test]
    fn impossible_amounts_have_no_price() {
        assert_eq!(RULES.quote(0, 0, 100), None);
        assert_eq!(RULES.quote(-1, 0, 100), None);
        assert_eq!(RULES.quote(i64::MAX, 0, i64::MAX), None);
        assert!(RULES.quote_all(0, i64::MAX).is_some());
    }

    #[test]
    fn merchant_fees_are_rounded_half_up() {
        assert_eq!(merchant_fee(83, 60), Some(0));
        assert_eq!(merchant_fee(84, 60), Some(1));
        assert_eq!(merchant_fee(10_000, 60), Some(60));
        assert_eq!(merchant_fee(10_000, 0), Some(0));
        assert_eq!(merchant_fee(-1, 60), None);
        assert_eq!(merchant_fee(i64::MAX, u32::MAX), None);
    }

    #[test]
    fn fees_come_back_in_proportion_and_in_full_at_the_end() {
        let totals = [33_333, 66_666, 100_001].map(|sum| fee_refund_total(3_000, 100_001, sum));
        assert_eq!(totals, [Some(1_000), Some(2_000), Some(3_000)]);
        assert_eq!(fee_refund_total(60, 10_000, 10_001), None);
        assert_eq!(fee_refund_total(60, 0, 0), None);
        assert_eq!(fee_refund_total(-1, 10, 5), None);
        assert_eq!(fee_refund_total(1, 10, -1), None);
    }

    proptest! {
        #[test]
        fn the_fee_grows_with_the_amount(a in 1..PLENTY, b in 1..PLENTY, free in 0..1_000_000i64) {
            let (small, large) = (a.min(b), a.max(b));
            prop_assert!(fee(small, free) <= fee(large, free));
        }

        #[test]
        fn an_allowance_never_makes_it_dearer(amount in 1..PLENTY, free in 0..PLENTY) {
            prop_assert!(fee(amount, free) <= fee(amount, 0));
        }

        #[test]
        fn splitting_saves_no_more_than_rounding(
            parts in prop::collection::vec(1..10_000_000i64, 1..6), free in 0..1_000_000i64
        ) {
            let whole = fee(parts.iter().sum(), free);
            let (mut left, mut split) = (free, 0);
            for part in &parts {
                let quote = RULES.quote(*part, left, PLENTY).unwrap();
                left -= quote.free_used;
                split += quote.fee;
            }
            prop_assert!(2 * (whole - split) <= parts.len() as i64 + 1);
        }

        #[test]
        fn withdrawing_all_fits_and_one_fen_more_does_not(
            balance in prop_oneof![0..2_000i64, 0..PLENTY], free in 0..1_000_000i64
        ) {
            match RULES.quote_all(free, balance) {
                None => prop_assert!(balance == 0),
                Some(quote) => {
                    prop_assert!(quote.debit <= balance);
                    let more = RULES.quote(quote.amount + 1, free, balance).unwrap();
                    prop_assert!(more.debit > balance);
                }
            }
        }

        #[test]
        fn refunds_in_parts_return_exactly_the_fee(
            parts in prop::collection::vec(1..1_000_000i64, 1..50), fee_bp in 0..10_000u32
        ) {
            let paid = parts.iter().sum();
            let fee = merchant_fee(paid, fee_bp).unwrap();
            let (mut refunded, mut returned) = (0, 0);
            for part in parts {
                refunded += part;
                let total = fee_refund_total(fee, paid, refunded).unwrap();
                prop_assert!(total >= returned);
                prop_assert!(total <= fee);
                returned = total;
            }
            prop_assert_eq!(returned, fee);
        }
    }
}
