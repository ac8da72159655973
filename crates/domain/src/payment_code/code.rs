//! The 18 digits of a payment code: a prefix of two, and sixteen that say, to who has the key,
//! which device showed them and when.
//!
//! The sixteen are an encryption of exactly sixteen digits (a Feistel network over a keyed hash),
//! so no code is stored, none can be told from random digits, and none can be made without the key.
//! The key of the network changes with the epoch, so that a code never comes back.

use crate::rules::Rules;
use kernel::crypto::{Key32, keyed_hash};
use kernel::keys::Versions;
use kernel::{SecretString, Timestamp};

/// Locators are below this.
const LOCATORS: i64 = 10_000_000_000;
/// Codes of one epoch are told apart by their second; it is a little less than six days.
const EPOCH_S: i64 = 500_000;
/// Each half of the sixteen digits is below this.
const HALF: u64 = 100_000_000;
/// Four rounds are enough to look random; more leave room.
const ROUNDS: u8 = 10;

/// Whether the person let the digits of a code be seen, and with that be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// Only the pictures were shown.
    Hidden,
    /// The digits were shown: the payment password is always asked.
    Shown,
}

/// What a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeContent {
    /// Which wallet's device shows it: 0 to 9,999,999,999.
    pub locator: i64,
    /// When it was made, in seconds of business time since 1970.
    pub issued_s: i64,
    /// Whether its digits were shown.
    pub digits: Digits,
}

impl CodeContent {
    /// The code that says this.
    pub fn write(&self, keys: &Versions, rules: &Rules) -> SecretString {
        let (epoch, second) =
            (self.issued_s.div_euclid(EPOCH_S), self.issued_s.rem_euclid(EPOCH_S));
        let place = second * 2 + i64::from(self.digits == Digits::Shown);
        let plain = self.locator.rem_euclid(LOCATORS) * (2 * EPOCH_S) + place;
        let key = keys.newest_key();
        let sixteen = encrypt(key, epoch, plain.unsigned_abs());
        SecretString::from(format!("{}{sixteen:016}", prefix(key, sixteen, rules)))
    }

    fn read(key: &Key32, epoch: i64, sixteen: u64) -> Option<Self> {
        let plain = i64::try_from(decrypt(key, epoch, sixteen)).ok()?;
        let (locator, place) = (plain / (2 * EPOCH_S), plain % (2 * EPOCH_S));
        let digits = if place % 2 == 1 { Digits::Shown } else { Digits::Hidden };
        Some(Self { locator, issued_s: epoch * EPOCH_S + place / 2, digits })
    }
}

/// A code as a merchant presents it. Under a key or in an epoch that is not its own it says
/// nonsense; what is stored tells which of its meanings is true. Prints nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedCode {
    meanings: Vec<CodeContent>,
}

impl PresentedCode {
    /// Reads 18 digits with one of our prefixes; `None` for anything else.
    pub fn read(keys: &Versions, text: &str, now: Timestamp, rules: &Rules) -> Option<Self> {
        let is_code = text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (head, tail) = text.split_at_checked(2).filter(|_| is_code)?;
        let (head, sixteen) = (head.parse::<i64>().ok()?, tail.parse::<u64>().ok()?);
        if !(rules.code_prefix_first..=rules.code_prefix_last).contains(&head) {
            return None;
        }
        let epoch = now.seconds().div_euclid(EPOCH_S);
        let mut meanings = Vec::new();
        for (_, key) in keys.all().filter(|(_, key)| prefix(key, sixteen, rules) == head) {
            let epochs = [epoch, epoch - 1, epoch + 1];
            meanings
                .extend(epochs.iter().filter_map(|epoch| CodeContent::read(key, *epoch, sixteen)));
        }
        Some(Self { meanings })
    }

    pub(super) fn meanings(&self) -> &[CodeContent] {
        &self.meanings
    }
}

impl std::fmt::Debug for PresentedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedCode(***)")
    }
}

/// The prefix follows from the digits behind it, so that no code has two spellings.
fn prefix(key: &Key32, sixteen: u64, rules: &Rules) -> i64 {
    let hash = keyed_hash(key, &[b"payment code prefix", &sixteen.to_be_bytes()]);
    let choices = (rules.code_prefix_last - rules.code_prefix_first).max(0) + 1;
    rules.code_prefix_first + i64::from(hash[0]) % choices
}

fn encrypt(key: &Key32, epoch: i64, plain: u64) -> u64 {
    let (mut left, mut right) = (plain / HALF, plain % HALF);
    for round in 0..ROUNDS {
        (left, right) = (right, (left + stir(key, epoch, round, right)) % HALF);
    }
    left * HALF + right
}

fn decrypt(key: &Key32, epoch: i64, code: u64) -> u64 {
    let (mut left, mut right) = (code / HALF, code % HALF);
    for round in (0..ROUNDS).rev() {
        (left, right) = ((right + HALF - stir(key, epoch, round, left)) % HALF, left);
    }
    left * HALF + right
}

fn stir(key: &Key32, epoch: i64, round: u8, half: u64) -> u64 {
    let parts: [&[u8]; 4] = [b"payment code", &epoch.to_be_bytes(), &[round], &half.to_be_bytes()];
    let hash = keyed_hash(key, &parts);
    let (head, _) = hash.split_first_chunk::<8>().expect("a hash has 32 bytes");
    u64::from_be_bytes(*head) % HALF
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ExposeSecret;
    use proptest::prelude::*;

    const NOW_S: i64 = 1_795_226_400;

    fn ring(tags: &[u8]) -> Versions {
        let keys = tags.iter().map(|tag| (*tag, Key32::new([*tag; 32]))).collect();
        Versions::try_new(keys).unwrap()
    }

    fn content(locator: i64, issued_s: i64) -> CodeContent {
        CodeContent { locator, issued_s, digits: Digits::Hidden }
    }

    fn text(content: &CodeContent, tags: &[u8]) -> String {
        content.write(&ring(tags), &Rules::default()).expose_secret().to_owned()
    }

    fn meanings(text: &str, tags: &[u8], now_s: i64) -> Option<Vec<CodeContent>> {
        let now = Timestamp::from_seconds(now_s);
        let code = PresentedCode::read(&ring(tags), text, now, &Rules::default())?;
        Some(code.meanings)
    }

    proptest! {
        #[test]
        fn a_code_says_what_was_written(locator in 0..LOCATORS, age in 0..EPOCH_S, shown: bool) {
            let digits = if shown { Digits::Shown } else { Digits::Hidden };
            let written = CodeContent { digits, ..content(locator, NOW_S - age) };
            let text = text(&written, &[1]);
            prop_assert_eq!(text.len(), 18);
            prop_assert!(("10".."16").contains(&&text[..2]));
            prop_assert!(meanings(&text, &[1], NOW_S).unwrap().contains(&written));
        }
    }

    #[test]
    fn sixteen_digits_are_encrypted_one_to_one() {
        let key = Key32::new([1; 32]);
        for plain in [0, 1, HALF - 1, HALF, 9_999_999_999_999_999] {
            let code = encrypt(&key, 7, plain);
            assert!(code < HALF * HALF);
            assert_eq!(decrypt(&key, 7, code), plain);
            assert_ne!(encrypt(&key, 8, plain), code, "another epoch, another code");
        }
    }

    #[test]
    fn neighbours_in_time_or_place_share_nothing_that_can_be_seen() {
        let first = text(&content(1, NOW_S), &[1]);
        for other in [content(1, NOW_S + 1), content(2, NOW_S)] {
            let other = text(&other, &[1]);
            let same = first.bytes().zip(other.bytes()).skip(2).filter(|(a, b)| a == b).count();
            assert!(same < 8, "{first} {other}");
        }
    }

    #[test]
    fn every_prefix_is_used_and_none_can_be_exchanged() {
        let mut seen = std::collections::BTreeSet::new();
        for second in 0..200 {
            let written = content(77, NOW_S - second);
            let text = text(&written, &[1]);
            let other = if text.starts_with("10") { "11" } else { "10" };
            let respelt = meanings(&format!("{other}{}", &text[2..]), &[1], NOW_S).unwrap();
            assert_eq!(respelt, []);
            seen.insert(text[..2].to_owned());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["10", "11", "12", "13", "14", "15"]);
    }

    #[test]
    fn a_code_of_an_older_live_key_is_read_and_one_of_a_retired_key_is_not() {
        let written = content(5, NOW_S);
        let old = text(&written, &[1]);
        assert!(meanings(&old, &[1, 2], NOW_S).unwrap().contains(&written));
        assert!(!meanings(&old, &[2], NOW_S).unwrap().contains(&written));
    }

    #[test]
    fn a_code_never_comes_back() {
        let written = content(5, NOW_S);
        let old = text(&written, &[1]);
        for epochs in 2..40 {
            let then = NOW_S + epochs * EPOCH_S;
            let fresh = meanings(&old, &[1], then).unwrap();
            assert!(fresh.iter().all(|meaning| meaning.locator != 5), "{epochs} epochs later");
        }
    }

    #[test]
    fn anything_but_18_digits_with_our_prefix_is_no_code() {
        for good in ["134567890123456789", "100000000000000000"] {
            assert!(meanings(good, &[1], NOW_S).is_some(), "{good}");
        }
        for bad in [
            "",
            "160000000000000000",
            "090000000000000000",
            "13456789012345678",
            "1345678901234567890",
            "13456789012345678a",
            "1３4567890123456",
            "+34567890123456789",
        ] {
            assert_eq!(meanings(bad, &[1], NOW_S), None, "{bad}");
        }
    }
}
