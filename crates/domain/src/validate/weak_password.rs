//! Payment passwords that are too easy to guess: six digits leave no room for a birthday. Whether
//! a password was used before is decided where the stored hashes are.

use crate::catalogue::Code;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Three keys in a line on a keypad; two of them make a password.
const WALKS: [&str; 8] = ["123", "456", "789", "147", "258", "369", "159", "357"];

/// Passwords that many people choose, beyond those the other rules catch.
const COMMON: [&str; 14] = [
    "520520", "131452", "521521", "201314", "112233", "123321", "666888", "168168", "521314",
    "520131", "112358", "314159", "142857", "121314",
];

/// What is known about the person, for guesses that start from it.
#[derive(Clone, Default)]
pub struct KnownAboutPerson {
    /// The verified date of birth.
    pub birth_date: Option<Date>,
    /// The numbers of verified documents.
    pub documents: Vec<String>,
    /// Bound phone numbers, in any form.
    pub phones: Vec<String>,
    /// The last digits of bound cards, as many of the last six as are known.
    pub card_tails: Vec<String>,
}
print_without_content!(KnownAboutPerson);

/// What makes a password weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakReason {
    /// At most two different digits, or a pair or triple repeated.
    Repeated,
    /// Every step is one up, or every step one down.
    Sequential,
    /// Two lines on a keypad.
    Keypad,
    /// One that many people choose.
    Common,
    /// The last six digits of a document number.
    IdTail,
    /// A form of the birth date, or six digits in a row of a document number.
    Birthday,
    /// Six digits in a row of a bound phone number.
    PhoneTail,
    /// The end of a bound card's number.
    CardTail,
}

impl WeakReason {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Sequential => "sequential",
            Self::Keypad => "keypad",
            Self::Common => "common",
            Self::IdTail => "id_tail",
            Self::Birthday => "birthday",
            Self::PhoneTail => "phone_tail",
            Self::CardTail => "card_tail",
        }
    }
}

/// Why a payment password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentPasswordError {
    /// Not exactly six digits.
    Format,
    /// Too easy to guess.
    Weak(WeakReason),
}

impl PaymentPasswordError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        match self {
            Self::Format => Code::PayPasswordFormat,
            Self::Weak(_) => Code::PayPasswordTooWeak,
        }
    }
}

/// Checks a new payment password against the rules and what is known about the person.
pub fn check(password: &str, person: &KnownAboutPerson) -> Result<(), PaymentPasswordError> {
    let is_six_digits = password.len() == 6 && password.bytes().all(|b| b.is_ascii_digit());
    if !is_six_digits {
        return Err(PaymentPasswordError::Format);
    }
    match weakness(password, person) {
        Some(reason) => Err(PaymentPasswordError::Weak(reason)),
        None => Ok(()),
    }
}

fn weakness(password: &str, person: &KnownAboutPerson) -> Option<WeakReason> {
    if is_repeated(password) {
        return Some(WeakReason::Repeated);
    }
    if is_sequential(password) {
        return Some(WeakReason::Sequential);
    }
    if COMMON.contains(&password) {
        return Some(WeakReason::Common);
    }
    if is_walk(&password[..3]) && is_walk(&password[3..]) {
        return Some(WeakReason::Keypad);
    }
    if person.documents.iter().any(|number| digits(number).ends_with(password)) {
        return Some(WeakReason::IdTail);
    }
    if is_birthday(password, person.birth_date)
        || person.documents.iter().any(|number| digits(number).contains(password))
    {
        return Some(WeakReason::Birthday);
    }
    if person.phones.iter().any(|phone| digits(phone).contains(password)) {
        return Some(WeakReason::PhoneTail);
    }
    let is_card_tail = |tail: &String| tail.len() >= 4 && password.ends_with(tail.as_str());
    person.card_tails.iter().any(is_card_tail).then_some(WeakReason::CardTail)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn is_repeated(password: &str) -> bool {
    let different: BTreeSet<u8> = password.bytes().collect();
    different.len() <= 2 || password[..2].repeat(3) == password || password[..3] == password[3..]
}

fn is_sequential(password: &str) -> bool {
    let steps: BTreeSet<u8> =
        password.as_bytes().windows(2).map(|pair| (pair[1] + 10 - pair[0]) % 10).collect();
    steps == BTreeSet::from([1]) || steps == BTreeSet::from([9])
}

fn is_walk(three: &str) -> bool {
    let backwards: String = three.chars().rev().collect();
    WALKS.iter().any(|walk| *walk == three || *walk == backwards)
}

fn is_birthday(password: &str, birth_date: Option<Date>) -> bool {
    let Some(date) = birth_date else { return false };
    let (year, month, day) = (date.year(), date.month(), date.day());
    let short = year % 100;
    [
        format!("{short:02}{month:02}{day:02}"),
        format!("{month:02}{day:02}{short:02}"),
        format!("{day:02}{month:02}{short:02}"),
        format!("{year}{month:02}"),
        format!("{year}{month}{day}"),
    ]
    .iter()
    .any(|form| form == password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn person() -> KnownAboutPerson {
        KnownAboutPerson {
            birth_date: Some(date(1990, 3, 7)),
            documents: vec!["110101199003070011".to_owned()],
            phones: vec!["+8613800138000".to_owned()],
            card_tails: vec!["9015".to_owned(), "456783".to_owned()],
        }
    }

    fn reason(password: &str) -> Option<WeakReason> {
        match check(password, &person()) {
            Ok(()) => None,
            Err(PaymentPasswordError::Weak(reason)) => Some(reason),
            Err(PaymentPasswordError::Format) => panic!("{password} has six digits"),
        }
    }

    #[test]
    fn weak_passwords_are_refused_with_their_reason() {
        for (reason_wanted, passwords) in [
            (WeakReason::Repeated, &["000000", "111222", "121212", "123123", "520520"][..]),
            (WeakReason::Sequential, &["123456", "654321", "456789", "890123", "210987"]),
            (WeakReason::Keypad, &["147258", "258369", "159357", "789456", "963741"]),
            (WeakReason::Birthday, &["900307", "030790", "070390", "199003", "199037", "101199"]),
            (WeakReason::IdTail, &["070011"]),
            (WeakReason::PhoneTail, &["138000", "800138", "138001", "001380"]),
            (WeakReason::CardTail, &["729015", "456783"]),
            (WeakReason::Common, &["131452", "201314", "112233", "123321"]),
        ] {
            for password in passwords {
                assert_eq!(reason(password), Some(reason_wanted), "{password}");
            }
        }
        for password in ["521521", "666888", "168168"] {
            assert!(reason(password).is_some(), "{password}");
        }
    }

    #[test]
    fn good_passwords_are_accepted() {
        for password in ["739204", "405862", "918274"] {
            assert_eq!(check(password, &person()), Ok(()), "{password}");
        }
        assert_eq!(check("900307", &KnownAboutPerson::default()), Ok(()));
    }

    #[test]
    fn a_password_is_six_ascii_digits() {
        for password in ["", "12345", "1234567", "73920a", "７39204", "７３", "73 204"] {
            assert_eq!(check(password, &person()), Err(PaymentPasswordError::Format));
        }
        assert_eq!(PaymentPasswordError::Format.code(), Code::PayPasswordFormat);
    }

    #[test]
    fn an_x_at_the_end_of_a_document_number_does_not_count() {
        let documents = vec!["11010119900307002X".to_owned()];
        let person = KnownAboutPerson { documents, ..KnownAboutPerson::default() };
        let refused = Err(PaymentPasswordError::Weak(WeakReason::IdTail));
        assert_eq!(check("307002", &person), refused);
        assert_eq!(PaymentPasswordError::Weak(WeakReason::IdTail).code(), Code::PayPasswordTooWeak);
    }
}
