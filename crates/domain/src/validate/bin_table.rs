//! Which bank a card number belongs to. The rows are data (`catalogue/bins.txt`), sorted and
//! checked by the build.

use super::card_number::{CardNumber, Network};
use crate::catalogue::{Code, Language};

include!(concat!(env!("OUT_DIR"), "/bins.rs"));

/// A bank that issues cards.
#[derive(Debug, PartialEq, Eq)]
pub struct Bank {
    /// The short code, for example `ICBC`.
    pub code: &'static str,
    /// The Chinese name.
    pub zh: &'static str,
    /// The English name.
    pub en: &'static str,
}

impl Bank {
    /// Every bank of the table.
    pub fn all() -> &'static [Bank] {
        &BANKS
    }

    /// The bank with this short code.
    pub fn find(code: &str) -> Option<&'static Bank> {
        BANKS.iter().find(|bank| bank.code == code)
    }

    /// The name in a language.
    pub fn name(&self, language: Language) -> &'static str {
        match language {
            Language::ZhCn => self.zh,
            Language::En => self.en,
        }
    }
}

/// What a card draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// The holder's own account.
    Debit,
    /// A credit line.
    Credit,
    /// The holder's own account first, then a small credit line.
    SemiCredit,
}

impl CardKind {
    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "DEBIT",
            Self::Credit => "CREDIT",
            Self::SemiCredit => "SEMI_CREDIT",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(text: &str) -> Option<CardKind> {
        [Self::Debit, Self::Credit, Self::SemiCredit].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The bank type that merchants see, such as `ICBC_DEBIT`. They know no semi-credit cards; those
/// count as credit cards.
pub fn bank_type(bank_code: &str, kind: CardKind) -> String {
    let kind = match kind {
        CardKind::Debit => CardKind::Debit,
        CardKind::Credit | CardKind::SemiCredit => CardKind::Credit,
    };
    format!("{bank_code}_{}", kind.as_str())
}

struct Bin {
    prefix: &'static str,
    length: usize,
    kind: CardKind,
    bank: &'static Bank,
}

/// What a card number tells about its card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardFacts {
    /// The issuing bank.
    pub bank: &'static Bank,
    /// What the card draws on.
    pub kind: CardKind,
    /// The network that carries its payments.
    pub network: Network,
}

/// No row of the table fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownBin;

impl UnknownBin {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        Code::CardBinUnknown
    }
}

/// Finds the bank: the longest prefix that fits a number of this length decides.
pub fn lookup(card: &CardNumber) -> Result<CardFacts, UnknownBin> {
    let digits = card.digits();
    let bin = BINS
        .iter()
        .filter(|bin| bin.length == digits.len() && digits.starts_with(bin.prefix))
        .max_by_key(|bin| bin.prefix.len())
        .ok_or(UnknownBin)?;
    // Domestic debit cards run on the domestic network whatever their prefix looks like; so do
    // the prefixes that no other network of the table's banks uses.
    let network = match (bin.kind, card.network()) {
        (CardKind::Debit, _) | (_, None | Some(Network::Maestro)) => Network::UnionPay,
        (CardKind::Credit | CardKind::SemiCredit, Some(network)) => network,
    };
    Ok(CardFacts { bank: bin.bank, kind: bin.kind, network })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(digits: &str) -> Result<(&'static str, CardKind, Network), UnknownBin> {
        let found = lookup(&CardNumber::parse(digits).unwrap())?;
        Ok((found.bank.code, found.kind, found.network))
    }

    /// Completes a prefix to a number of this length with a right Luhn digit.
    fn complete(prefix: &str, length: usize) -> String {
        let body = format!("{prefix:0<width$}", width = length - 1);
        let candidates = (0..10).map(|digit| format!("{body}{digit}"));
        candidates.into_iter().find(|number| CardNumber::parse(number).is_ok()).unwrap()
    }

    #[test]
    fn domestic_cards_name_bank_and_kind() {
        for (digits, bank, kind) in [
            ("6222020123456789015", "ICBC", CardKind::Debit),
            ("6217000123456789019", "CCB", CardKind::Debit),
            ("6228480123456789015", "ABC", CardKind::Debit),
            ("6216610123456789013", "BOC", CardKind::Debit),
            ("6222600123456789013", "COMM", CardKind::Debit),
            ("6214830123456781", "CMB", CardKind::Debit),
            ("6225880123456783", "CMB", CardKind::Debit),
            ("6225750123456788", "CMB", CardKind::Credit),
            ("6210980123456789018", "PSBC", CardKind::Debit),
            ("6226900123456788", "CITIC", CardKind::Debit),
            ("6226660123456788", "CEB", CardKind::Debit),
            ("6226220123456781", "CMBC", CardKind::Debit),
            ("622908012345678907", "CIB", CardKind::Debit),
            ("6225180123456788", "SPDB", CardKind::Debit),
            ("6225680123456789019", "GDB", CardKind::Debit),
            ("6221550123456786", "PAB", CardKind::Credit),
            ("6226300123456781", "HXB", CardKind::Debit),
        ] {
            assert_eq!(facts(digits), Ok((bank, kind, Network::UnionPay)), "{digits}");
        }
    }

    #[test]
    fn the_length_decides_between_two_banks_with_one_prefix() {
        for (prefix, length, bank, kind) in [
            ("622303", 18, "ICBC", CardKind::Debit),
            ("622303", 16, "NJCB", CardKind::Credit),
            ("622309", 19, "CZBANK", CardKind::Debit),
            ("622309", 18, "ICBC", CardKind::Debit),
            ("9558", 19, "ICBC", CardKind::Debit),
        ] {
            let found = facts(&complete(prefix, length));
            assert_eq!(found, Ok((bank, kind, Network::UnionPay)));
        }
        assert_eq!(facts(&complete("622303", 19)), Err(UnknownBin));
    }

    #[test]
    fn every_row_can_be_found() {
        for bin in &BINS {
            let card = CardNumber::parse(&complete(bin.prefix, bin.length)).unwrap();
            let found = lookup(&card).unwrap();
            assert_eq!((found.bank, found.kind), (bin.bank, bin.kind), "{}", bin.prefix);
        }
        assert_eq!(BANKS.len(), 24);
    }

    #[test]
    fn credit_cards_keep_the_network_of_their_prefix() {
        for (prefix, length, network) in [
            ("427020", 16, Network::Visa),
            ("524047", 16, Network::Mastercard),
            ("370247", 15, Network::AmericanExpress),
            ("622210", 16, Network::UnionPay),
        ] {
            assert_eq!(facts(&complete(prefix, length)), Ok(("ICBC", CardKind::Credit, network)));
        }
    }

    #[test]
    fn foreign_cards_are_not_in_the_table() {
        assert_eq!(facts("4242424242424242"), Err(UnknownBin));
        assert_eq!(UnknownBin.code(), Code::CardBinUnknown);
    }

    #[test]
    fn merchants_see_a_bank_type() {
        assert_eq!(bank_type("ICBC", CardKind::Debit), "ICBC_DEBIT");
        assert_eq!(bank_type("CMB", CardKind::Credit), "CMB_CREDIT");
        assert_eq!(bank_type("ABC", CardKind::SemiCredit), "ABC_CREDIT");
    }

    #[test]
    fn banks_have_names_in_both_languages() {
        let bank = Bank::find("ICBC").unwrap();
        assert_eq!(bank.name(Language::ZhCn), "工商银行");
        assert_eq!(bank.name(Language::En), "Industrial and Commercial Bank of China");
        assert_eq!(Bank::find("NONE"), None);
    }
}
