//! What banks let a card pay at a time and in a day. Shown as "your bank's limit", never as a
//! promise: the bank decides.

use crate::validate::bin_table::CardKind;

/// A bank's limits for one kind of card, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankLimit {
    /// The largest single payment.
    pub single_minor: i64,
    /// All payments of a day together.
    pub day_minor: i64,
}

/// Bank, then debit single and day, credit single and day, in yuan.
const LIMITS: &[(&str, [i64; 4])] = &[
    ("ICBC", [30_000, 50_000, 10_000, 10_000]),
    ("ABC", [10_000, 10_000, 10_000, 10_000]),
    ("BOC", [10_000, 10_000, 10_000, 10_000]),
    ("CCB", [10_000, 10_000, 10_000, 10_000]),
    ("COMM", [10_000, 20_000, 10_000, 20_000]),
    ("PSBC", [5_000, 5_000, 5_000, 5_000]),
    ("CMB", [50_000, 50_000, 50_000, 50_000]),
    ("CITIC", [10_000, 20_000, 20_000, 20_000]),
    ("CEB", [50_000, 50_000, 50_000, 50_000]),
    ("CMBC", [50_000, 50_000, 50_000, 50_000]),
    ("SPDB", [50_000, 50_000, 20_000, 50_000]),
    ("CIB", [50_000, 50_000, 10_000, 20_000]),
    ("GDB", [30_000, 30_000, 10_000, 20_000]),
    ("PAB", [50_000, 50_000, 50_000, 50_000]),
    ("HXB", [5_000, 20_000, 10_000, 20_000]),
];

/// Banks that are not in the list.
const OTHERS: [i64; 4] = [5_000, 5_000, 5_000, 5_000];

/// The limits of a bank, by its short code, for a kind of card.
pub fn bank_limit(bank: &str, kind: CardKind) -> BankLimit {
    let row = LIMITS.iter().find(|(code, _)| *code == bank).map_or(OTHERS, |(_, row)| *row);
    let [debit_single, debit_day, credit_single, credit_day] = row.map(|yuan| yuan * 100);
    match kind {
        CardKind::Debit => BankLimit { single_minor: debit_single, day_minor: debit_day },
        CardKind::Credit | CardKind::SemiCredit => {
            BankLimit { single_minor: credit_single, day_minor: credit_day }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::bin_table::Bank;

    #[test]
    fn a_bank_has_limits_for_each_kind_of_card() {
        let icbc = bank_limit("ICBC", CardKind::Debit);
        assert_eq!((icbc.single_minor, icbc.day_minor), (3_000_000, 5_000_000));
        assert_eq!(bank_limit("ICBC", CardKind::Credit).single_minor, 1_000_000);
        assert_eq!(bank_limit("SHBANK", CardKind::Debit).single_minor, 500_000);
    }

    #[test]
    fn every_bank_of_the_list_is_known_and_a_day_holds_a_single_payment() {
        for (bank, [debit_single, debit_day, credit_single, credit_day]) in LIMITS {
            assert!(Bank::find(bank).is_some(), "{bank}");
            assert!(debit_single <= debit_day && credit_single <= credit_day, "{bank}");
        }
    }
}
