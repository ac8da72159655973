//! What banks let a card pay at a time and in a day. Shown as "your bank's limit", never as a
//! promise: the bank decides. Every limit is a figure of the configuration.

use crate::rules::{FEN, Figure};
use crate::validate::bin_table::CardKind;

/// A bank's limits for one kind of card, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankLimit {
    /// The largest single payment.
    pub single_minor: i64,
    /// All payments of a day together.
    pub day_minor: i64,
}

const fn limit(key: &'static str, yuan: i64, doc: &'static str) -> Figure {
    Figure { key, default: yuan * 100, min: 1, max: FEN, doc }
}

macro_rules! bank_limits {
    ($($key:literal, $bank:literal: $debit:literal $debit_day:literal,
        $credit:literal $credit_day:literal;)+) => {
        /// Short codes in the order of the figures; the last row is for all other banks.
        const BANKS: &[&str] = &[$($bank),+];

        const FIGURES: [Figure; 4 * BANKS.len()] = [$(
            limit(concat!("bank_limit.", $key, ".debit.single"), $debit,
                concat!("Largest payment from a debit card of ", $bank, ", in fen.")),
            limit(concat!("bank_limit.", $key, ".debit.day"), $debit_day,
                concat!("Payments a day from a debit card of ", $bank, ", in fen.")),
            limit(concat!("bank_limit.", $key, ".credit.single"), $credit,
                concat!("Largest payment from a credit card of ", $bank, ", in fen.")),
            limit(concat!("bank_limit.", $key, ".credit.day"), $credit_day,
                concat!("Payments a day from a credit card of ", $bank, ", in fen.")),
        )+];
    };
}

// Debit single and day, credit single and day, in yuan.
bank_limits! {
    "icbc", "ICBC": 30_000 50_000, 10_000 10_000;
    "abc", "ABC": 10_000 10_000, 10_000 10_000;
    "boc", "BOC": 10_000 10_000, 10_000 10_000;
    "ccb", "CCB": 10_000 10_000, 10_000 10_000;
    "comm", "COMM": 10_000 20_000, 10_000 20_000;
    "psbc", "PSBC": 5_000 5_000, 5_000 5_000;
    "cmb", "CMB": 50_000 50_000, 50_000 50_000;
    "citic", "CITIC": 10_000 20_000, 20_000 20_000;
    "ceb", "CEB": 50_000 50_000, 50_000 50_000;
    "cmbc", "CMBC": 50_000 50_000, 50_000 50_000;
    "spdb", "SPDB": 50_000 50_000, 20_000 50_000;
    "cib", "CIB": 50_000 50_000, 10_000 20_000;
    "gdb", "GDB": 30_000 30_000, 10_000 20_000;
    "pab", "PAB": 50_000 50_000, 50_000 50_000;
    "hxb", "HXB": 5_000 20_000, 10_000 20_000;
    "other", "any other bank": 5_000 5_000, 5_000 5_000;
}

/// The limits of all banks: for each a row of debit single, debit day, credit single, credit day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankLimits([i64; FIGURES.len()]);

impl Default for BankLimits {
    fn default() -> Self {
        Self(FIGURES.map(|figure| figure.default))
    }
}

impl BankLimits {
    /// The figures: `bank_limit.<bank>.<debit or credit>.<single or day>`.
    pub const FIGURES: &'static [Figure] = &FIGURES;

    /// The limits of a bank, by its short code, for a kind of card.
    pub fn of(&self, bank: &str, kind: CardKind) -> BankLimit {
        let row = BANKS.iter().position(|known| *known == bank).unwrap_or(BANKS.len() - 1);
        let first = match kind {
            CardKind::Debit => 4 * row,
            CardKind::Credit | CardKind::SemiCredit => 4 * row + 2,
        };
        BankLimit { single_minor: self.0[first], day_minor: self.0[first + 1] }
    }

    /// Reads a figure by its key.
    pub fn figure(&self, key: &str) -> Option<i64> {
        place(key).map(|place| self.0[place])
    }

    /// Sets a figure by its key; `false` when there is no such key.
    pub fn set_figure(&mut self, key: &str, value: i64) -> bool {
        place(key).map(|place| self.0[place] = value).is_some()
    }
}

fn place(key: &str) -> Option<usize> {
    FIGURES.iter().position(|figure| figure.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::bin_table::Bank;

    #[test]
    fn a_bank_has_limits_for_each_kind_of_card() {
        let limits = BankLimits::default();
        let icbc = limits.of("ICBC", CardKind::Debit);
        assert_eq!((icbc.single_minor, icbc.day_minor), (3_000_000, 5_000_000));
        assert_eq!(limits.of("ICBC", CardKind::SemiCredit).single_minor, 1_000_000);
        assert_eq!(limits.of("CITIC", CardKind::Credit).day_minor, 2_000_000);
        assert_eq!(limits.of("SHBANK", CardKind::Debit).single_minor, 500_000);
    }

    #[test]
    fn a_key_sets_the_limit_of_its_bank_and_kind_and_no_other() {
        for figure in BankLimits::FIGURES {
            let parts: Vec<&str> = figure.key.split('.').collect();
            let mut limits = BankLimits::default();
            assert!(limits.set_figure(figure.key, 7), "{}", figure.key);
            let kind = if parts[2] == "debit" { CardKind::Debit } else { CardKind::Credit };
            let limit = limits.of(&parts[1].to_ascii_uppercase(), kind);
            let set = if parts[3] == "single" { limit.single_minor } else { limit.day_minor };
            assert_eq!(set, 7, "{}", figure.key);
            let changed = limits.0.iter().zip(BankLimits::default().0).filter(|(a, b)| **a != *b);
            assert_eq!(changed.count(), 1, "{}", figure.key);
        }
    }

    #[test]
    fn every_bank_of_the_list_is_known_and_a_day_holds_a_single_payment() {
        let limits = BankLimits::default();
        for bank in &BANKS[..BANKS.len() - 1] {
            assert!(Bank::find(bank).is_some(), "{bank}");
            for kind in [CardKind::Debit, CardKind::Credit] {
                let limit = limits.of(bank, kind);
                assert!(limit.single_minor <= limit.day_minor, "{bank}");
            }
        }
    }
}
