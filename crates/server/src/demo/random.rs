//! Made-up people and numbers, new at each run unless a seed was given.

use super::people::PASSWORD;
use aws_lc_rs::rand;
use http_api::{Shell, SystemShell};
use kernel::Timestamp;
use kernel::crypto::sha256;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A seed and how often it was drawn from.
static SEEDED: OnceLock<(u64, AtomicU64)> = OnceLock::new();

/// Has everything here drawn from a seed, in this process, from now on. The first seed stays.
pub(crate) fn seed(seed: u64) {
    SEEDED.get_or_init(|| (seed, AtomicU64::new(0)));
}

/// Random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut [u8]) {
    let Some((seed, drawn)) = SEEDED.get() else {
        return rand::fill(bytes).expect("the system gives random bytes");
    };
    for part in bytes.chunks_mut(32) {
        let place = drawn.fetch_add(1, Ordering::Relaxed);
        let hash = sha256(&[b"demo", &seed.to_be_bytes(), &place.to_be_bytes()]);
        part.copy_from_slice(&hash[..part.len()]);
    }
}

/// What the demo merchant is drawn from: numbers of a seed if there is one, and the real clock.
#[derive(Default)]
pub(crate) struct DemoShell(SystemShell);

impl Shell for DemoShell {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        fill(bytes);
    }
}

/// A number below `end`.
pub fn below(end: u64) -> u64 {
    u64::from_be_bytes(bytes()) % end
}

/// An idempotency key.
pub fn key() -> String {
    hex::encode(bytes::<16>())
}

/// A mainland mobile number in a range nobody's message goes to from here. It never holds
/// [`PASSWORD`], which would then be refused as easy to guess.
pub fn phone() -> String {
    let mut drawn = std::iter::repeat_with(|| below(100_000_000));
    first_phone(&mut drawn).expect("drawing does not end")
}

fn first_phone(tails: &mut impl Iterator<Item = u64>) -> Option<String> {
    tails.map(|tail| format!("139{tail:08}")).find(|phone| !phone.contains(PASSWORD))
}

/// A valid resident ID of a grown person.
pub fn resident_id() -> String {
    let (year, month, day) = (1970 + below(30), 1 + below(12), 1 + below(28));
    let digits = format!("110101{year}{month:02}{day:02}{:03}", below(1000));
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        digits.bytes().zip(weights).map(|(d, weight)| u32::from(d - b'0') * weight).sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{digits}{}", char::from(check))
}

/// The two machine-readable lines of a passport with a number of its own.
pub fn passport() -> [String; 2] {
    let number = format!("L{:08}", below(100_000_000));
    let born = format!("{:02}{:02}{:02}", 70 + below(30), 1 + below(12), 1 + below(28));
    let (expires, rest) = ("350415", "<".repeat(14));
    let (n, b, e) = (mrz_check(&number), mrz_check(&born), mrz_check(expires));
    let composite = mrz_check(&format!("{number}{n}{born}{b}{expires}{e}{rest}<"));
    let second = format!("{number}{n}UTO{born}{b}F{expires}{e}{rest}<{composite}");
    [format!("{:<<44}", "P<UTOERIKSSON<<ANNA<MARIA"), second]
}

fn mrz_check(text: &str) -> u32 {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let weights = [7, 3, 1].into_iter().cycle();
    text.bytes().zip(weights).map(|(byte, weight)| value(byte) * weight).sum::<u32>() % 10
}

/// A number of a debit card of China Merchants Bank that plays no scenario.
pub fn debit_card() -> String {
    checked(format!("621483{}", 100_000_000 + below(900_000_000)))
}

/// A number of a debit card of China Merchants Bank whose bank takes ten minutes to pay.
pub(crate) fn slow_card() -> String {
    checked(format!("6214830086{:05}", below(100_000)))
}

/// A number of a debit card of China Merchants Bank whose bank takes eight days to pay.
pub(crate) fn late_card() -> String {
    checked(format!("6214830088{:05}", below(100_000)))
}

/// A number of a debit card of China Merchants Bank that pays but takes nothing back.
pub(crate) fn one_way_card() -> String {
    checked(format!("6214830091{:05}", below(100_000)))
}

fn checked(digits: String) -> String {
    let check = (0..10).find(|check| is_luhn(&format!("{digits}{check}")));
    format!("{digits}{}", check.expect("one of ten digits makes the sum right"))
}

fn is_luhn(number: &str) -> bool {
    let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_phone_makes_the_password_of_the_story_weak() {
        let inside: u64 = format!("{PASSWORD}55").parse().unwrap();
        let mut drawn = [inside, 12_345_678].into_iter();
        assert_eq!(first_phone(&mut drawn).as_deref(), Some("13912345678"));
    }
}
