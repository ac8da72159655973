//! Card numbers: which bank issued one, its check digit, and how the sandbox makes its own.

/// What a card draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKind {
    /// Money in an account (储蓄卡).
    Debit,
    /// A credit line (信用卡); needs an expiry month and a security code.
    Credit,
}

impl CardKind {
    /// `DEBIT` or `CREDIT`, as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "DEBIT",
            Self::Credit => "CREDIT",
        }
    }
}

/// A bank that the sandbox plays, with the ranges it issues from.
pub struct Issuer {
    /// Short code, such as `ICBC`.
    pub code: &'static str,
    /// Name in Chinese.
    pub zh: &'static str,
    /// Name in English.
    pub en: &'static str,
    debit: &'static [Range],
    credit: &'static [Range],
    debit_limit: Limit,
    credit_limit: Limit,
}

/// Leading digits and the whole length of a number.
type Range = (&'static str, usize);

/// What a bank lets one card pay: (one payment, one day), in whole yuan.
type Limit = (i64, i64);

/// The banks, in the order of the pages.
pub static ISSUERS: &[Issuer] = &[
    Issuer {
        code: "ICBC",
        zh: "工商银行",
        en: "Industrial and Commercial Bank of China",
        debit: &[("622202", 19), ("622203", 19), ("622208", 19), ("621226", 19), ("9558", 19)],
        credit: &[("622210", 16), ("622215", 16), ("427020", 16), ("451810", 16)],
        debit_limit: (30_000, 50_000),
        credit_limit: (10_000, 10_000),
    },
    Issuer {
        code: "CCB",
        zh: "建设银行",
        en: "China Construction Bank",
        debit: &[("621700", 19), ("622700", 19), ("436742", 19), ("622280", 19), ("621466", 16)],
        credit: &[("622166", 16), ("622708", 16), ("436745", 16)],
        debit_limit: (10_000, 10_000),
        credit_limit: (10_000, 10_000),
    },
    Issuer {
        code: "ABC",
        zh: "农业银行",
        en: "Agricultural Bank of China",
        debit: &[("622848", 19), ("622845", 19), ("622846", 19), ("621282", 19)],
        credit: &[("622836", 16), ("622838", 16), ("403361", 16)],
        debit_limit: (10_000, 10_000),
        credit_limit: (10_000, 10_000),
    },
    Issuer {
        code: "BOC",
        zh: "中国银行",
        en: "Bank of China",
        debit: &[("621661", 19), ("621660", 19), ("621663", 19), ("456351", 19)],
        credit: &[("622760", 16), ("622762", 16), ("409666", 16)],
        debit_limit: (10_000, 10_000),
        credit_limit: (10_000, 10_000),
    },
    Issuer {
        code: "COMM",
        zh: "交通银行",
        en: "Bank of Communications",
        debit: &[("622260", 19), ("622262", 19), ("622258", 17), ("405512", 17)],
        credit: &[("622252", 16), ("622253", 16), ("458123", 16)],
        debit_limit: (10_000, 20_000),
        credit_limit: (10_000, 20_000),
    },
    Issuer {
        code: "CMB",
        zh: "招商银行",
        en: "China Merchants Bank",
        debit: &[("621483", 16), ("621485", 16), ("622580", 16), ("622588", 16), ("410062", 16)],
        credit: &[("622575", 16), ("622577", 16), ("439225", 16)],
        debit_limit: (50_000, 50_000),
        credit_limit: (50_000, 50_000),
    },
    Issuer {
        code: "PSBC",
        zh: "邮储银行",
        en: "Postal Savings Bank of China",
        debit: &[("622188", 19), ("622150", 19), ("621098", 19), ("955100", 19)],
        credit: &[("622810", 16), ("622812", 16)],
        debit_limit: (5_000, 5_000),
        credit_limit: (5_000, 5_000),
    },
    Issuer {
        code: "CITIC",
        zh: "中信银行",
        en: "China CITIC Bank",
        debit: &[("622690", 16), ("622691", 16), ("621767", 16), ("620527", 19)],
        credit: &[("622678", 16), ("622680", 16)],
        debit_limit: (10_000, 20_000),
        credit_limit: (20_000, 20_000),
    },
    Issuer {
        code: "CEB",
        zh: "光大银行",
        en: "China Everbright Bank",
        debit: &[("622660", 16), ("622662", 16), ("622666", 16), ("621490", 16)],
        credit: &[("622650", 16), ("622655", 16)],
        debit_limit: (50_000, 50_000),
        credit_limit: (50_000, 50_000),
    },
    Issuer {
        code: "CMBC",
        zh: "民生银行",
        en: "China Minsheng Bank",
        debit: &[("622622", 16), ("622617", 16), ("621691", 16), ("415599", 16)],
        credit: &[("622600", 16), ("622603", 16)],
        debit_limit: (50_000, 50_000),
        credit_limit: (50_000, 50_000),
    },
    Issuer {
        code: "SPDB",
        zh: "浦发银行",
        en: "Shanghai Pudong Development Bank",
        debit: &[("622518", 16), ("622521", 16), ("621792", 16), ("621275", 19)],
        credit: &[("622177", 16), ("622228", 16)],
        debit_limit: (50_000, 50_000),
        credit_limit: (20_000, 50_000),
    },
    Issuer {
        code: "CIB",
        zh: "兴业银行",
        en: "Industrial Bank",
        debit: &[("622908", 18), ("622909", 18), ("438588", 18)],
        credit: &[("622901", 16), ("622902", 16)],
        debit_limit: (50_000, 50_000),
        credit_limit: (10_000, 20_000),
    },
    Issuer {
        code: "GDB",
        zh: "广发银行",
        en: "China Guangfa Bank",
        debit: &[("622568", 19), ("621462", 19), ("9111", 19)],
        credit: &[("622555", 16), ("622556", 16)],
        debit_limit: (30_000, 30_000),
        credit_limit: (10_000, 20_000),
    },
    Issuer {
        code: "PAB",
        zh: "平安银行",
        en: "Ping An Bank",
        debit: &[("621626", 19), ("623058", 19), ("622298", 16), ("622986", 16)],
        credit: &[("622155", 16), ("622156", 16)],
        debit_limit: (50_000, 50_000),
        credit_limit: (50_000, 50_000),
    },
    Issuer {
        code: "HXB",
        zh: "华夏银行",
        en: "Hua Xia Bank",
        debit: &[("622630", 16), ("622631", 16), ("621222", 16)],
        credit: &[("622636", 16), ("539867", 16)],
        debit_limit: (5_000, 20_000),
        credit_limit: (5_000, 20_000),
    },
];

/// Every number of a range that no bank above issues from belongs to this one.
static OTHER: Issuer = Issuer {
    code: "OTHER",
    zh: "其他银行",
    en: "Another bank",
    debit: &[],
    credit: &[],
    debit_limit: (5_000, 5_000),
    credit_limit: (5_000, 5_000),
};

impl Issuer {
    /// The first range of debit cards: leading digits and length.
    pub(crate) fn debit_range(&self) -> Option<(&'static str, usize)> {
        self.debit.first().copied()
    }

    /// The first range of credit cards: leading digits and length.
    pub(crate) fn credit_range(&self) -> Option<(&'static str, usize)> {
        self.credit.first().copied()
    }

    /// What this bank lets a card of the kind pay: (one payment, one day), in fen.
    pub(crate) fn limits_fen(&self, kind: CardKind) -> (i64, i64) {
        let (single, day) = match kind {
            CardKind::Debit => self.debit_limit,
            CardKind::Credit => self.credit_limit,
        };
        (single * 100, day * 100)
    }
}

/// The bank and kind of a card number: the longest matching prefix of the right length decides.
/// Unknown ranges are debit cards of [`OTHER`].
pub fn issuer_of(number: &str) -> (&'static Issuer, CardKind) {
    let mut best: (usize, &'static Issuer, CardKind) = (0, &OTHER, CardKind::Debit);
    for issuer in ISSUERS {
        for (ranges, kind) in [(issuer.debit, CardKind::Debit), (issuer.credit, CardKind::Credit)] {
            for (prefix, length) in ranges {
                if number.len() == *length && number.starts_with(prefix) && prefix.len() > best.0 {
                    best = (prefix.len(), issuer, kind);
                }
            }
        }
    }
    (best.1, best.2)
}

/// The issuer with this code, [`OTHER`] for any unknown one.
pub(crate) fn issuer(code: &str) -> &'static Issuer {
    ISSUERS.iter().find(|issuer| issuer.code == code).unwrap_or(&OTHER)
}

/// True for 14 to 19 digits whose last one is the right check digit.
pub fn is_card_number(number: &str) -> bool {
    (14..=19).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && luhn_sum(number.as_bytes(), false).is_multiple_of(10)
}

/// The card number of `length` digits that starts with `prefix` and carries `index` before its
/// check digit. The same three always make the same number.
///
/// # Panics
/// If the prefix and the index do not fit into the length.
pub fn card_number(prefix: &str, length: usize, index: u64) -> String {
    let width = length - prefix.len() - 1;
    let mut number = format!("{prefix}{index:0width$}");
    assert_eq!(number.len() + 1, length, "index {index} is too long for range {prefix}");
    let check = (10 - luhn_sum(number.as_bytes(), true) % 10) % 10;
    number.push_str(&check.to_string());
    number
}

/// The weighted sum from the right; `double_first` when the check digit is still missing.
fn luhn_sum(digits: &[u8], double_first: bool) -> u32 {
    let mut sum = 0;
    for (place, byte) in digits.iter().rev().enumerate() {
        let digit = u32::from(byte - b'0');
        let doubled = place.is_multiple_of(2) == double_first;
        sum += match (doubled, digit) {
            (true, 5..) => digit * 2 - 9,
            (true, _) => digit * 2,
            (false, _) => digit,
        };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_pass_and_a_wrong_check_digit_fails() {
        for good in ["4111111111111111", "6222020123456789015", "6214830123456781"] {
            assert!(is_card_number(good), "{good}");
        }
        for bad in ["4111111111111112", "6222020123456789014", "79927398713", "411111111111111x"] {
            assert!(!is_card_number(bad), "{bad}");
        }
    }

    #[test]
    fn made_numbers_are_valid_and_belong_to_the_bank_they_were_made_for() {
        for issuer in ISSUERS {
            let ranges = [(issuer.debit, CardKind::Debit), (issuer.credit, CardKind::Credit)];
            for (ranges, kind) in ranges {
                for (prefix, length) in ranges {
                    for index in [0, 1, 123_456, 999_999] {
                        let number = card_number(prefix, *length, index);
                        assert!(is_card_number(&number), "{number}");
                        let (found, found_kind) = issuer_of(&number);
                        assert_eq!((found.code, found_kind), (issuer.code, kind), "{number}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_number_of_no_known_range_belongs_to_another_bank() {
        assert_eq!(issuer_of("4111111111111111").0.code, "OTHER");
        assert_eq!(issuer_of("622202012345678901").0.code, "OTHER");
    }
}
