//! The one place where typed input is brought into the form in which it is checked and stored.

use std::ops::RangeInclusive;

include!(concat!(env!("OUT_DIR"), "/letters.rs"));

/// Accents that follow their letter as a character of their own.
const COMBINING_MARKS: RangeInclusive<char> = '\u{300}'..='\u{36F}';

/// A number or document code as it is checked: full-width characters become ASCII, spaces and
/// hyphens go, letters become capitals. Other characters stay, so that a check can refuse them.
pub fn code(text: &str) -> String {
    text.chars()
        .map(to_ascii)
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// A name as it is stored and shown: full-width characters become ASCII, rare characters get
/// their one present code, no spaces around it and no two in a row.
pub fn name(text: &str) -> String {
    let unified: String = text.chars().map(to_ascii).map(to_unified_han).collect();
    unified.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Capitals without accents, for comparing names; characters of other scripts stay.
pub fn plain_capitals(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().filter(|c| !COMBINING_MARKS.contains(c)) {
        match LATIN.binary_search_by_key(&c, |(letter, _)| *letter) {
            Ok(found) => plain.push_str(LATIN[found].1),
            Err(_) => plain.push(c.to_ascii_uppercase()),
        }
    }
    plain
}

fn to_unified_han(c: char) -> char {
    match HAN.binary_search_by_key(&c, |(other, _)| *other) {
        Ok(found) => HAN[found].1,
        Err(_) => c,
    }
}

fn to_ascii(c: char) -> char {
    const OFFSET: u32 = 0xFEE0;
    match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - OFFSET).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lose_width_spaces_hyphens_and_small_letters() {
        assert_eq!(code("１１０１０１ 1990-0307　００２ｘ"), "11010119900307002X");
        assert_eq!(code("6222 0201‐2345–6789"), "6222020123456789");
        assert_eq!(code("１２"), "12");
        assert_eq!(code("12 é"), "12é");
    }

    #[test]
    fn names_keep_single_spaces_between_words() {
        assert_eq!(name("  Ｊｏｈｎ   Doe "), "John Doe");
    }

    #[test]
    fn accents_go_in_one_character_or_two() {
        for (typed, plain) in [
            ("Müller", "MULLER"),
            ("Mu\u{308}ller", "MULLER"),
            ("Łukasz Øst Straße Æsir", "LUKASZ OST STRASSE AESIR"),
            ("Nguyễn", "NGUYEN"),
            ("Иван", "Иван"),
        ] {
            assert_eq!(plain_capitals(typed), plain);
        }
    }

    #[test]
    fn rare_han_characters_get_one_code() {
        assert_eq!(name("王\u{E863}"), "王\u{4DAE}");
        assert_eq!(name("\u{F9E1}四"), "李四");
        assert_eq!(name("\u{FA0E}"), "\u{FA0E}");
    }

    #[test]
    fn every_variant_leads_to_a_character_that_is_no_variant() {
        assert!(HAN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(LATIN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(HAN.iter().all(|(_, stored)| to_unified_han(*stored) == *stored));
        assert!(LATIN.iter().all(|(_, plain)| plain.bytes().all(|b| b.is_ascii_uppercase())));
    }
}
