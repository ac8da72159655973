//! Names of people: Chinese ones in Han characters, and ones in Latin letters.

use super::normalise;
use crate::catalogue::Code;

/// A name on a card can be cut off; from this length on, the beginning alone is enough.
const CUT_NAME_LENGTH: usize = 20;

/// A name that can be the name of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    text: String,
    /// One word for Han names; capitals without accents and punctuation for Latin ones.
    words: Vec<String>,
}
print_without_content!(PersonName);

/// The name has characters, a length or a form that no name has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError;

impl NameError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        Code::IdNameInvalid
    }
}

impl PersonName {
    /// Reads a name as typed: 2 to 30 Han characters with a middle dot between parts, or 2 to 60
    /// Latin letters, spaces and `,.'-`, accents allowed.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        let text = normalise::name(typed);
        if let Some(text) = han(&text) {
            return Ok(Self { words: vec![text.clone()], text });
        }
        let words = latin_words(&text).ok_or(NameError)?;
        Ok(Self { text, words })
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both are the same name. Accents, punctuation and spaces do not count in Latin
    /// names, and surname and given names may stand in either order.
    pub fn matches(&self, other: &PersonName) -> bool {
        let wanted = other.words.concat();
        self.orders().any(|words| words.concat() == wanted)
    }

    /// Like [`Self::matches`] for the name printed on a card, which may be cut off after its
    /// 20th character or later.
    pub fn matches_card(&self, on_card: &PersonName) -> bool {
        let cut = on_card.words.join(" ");
        self.matches(on_card)
            || (cut.chars().count() >= CUT_NAME_LENGTH
                && self.orders().any(|words| words.join(" ").starts_with(&cut)))
    }

    /// The name with its words moved around the end: surname last, surname first.
    fn orders(&self) -> impl Iterator<Item = Vec<String>> {
        (0..self.words.len()).map(|first| {
            let mut words = self.words.clone();
            words.rotate_left(first);
            words
        })
    }
}

fn han(text: &str) -> Option<String> {
    let unified = text.replace(['•', '・', '･', '.'], "·");
    let count = unified.chars().filter(|c| *c != '·').count();
    let parts_are_han = unified.split('·').all(|part| !part.is_empty() && part.chars().all(is_han));
    ((2..=30).contains(&count) && parts_are_han).then_some(unified)
}

fn is_han(c: char) -> bool {
    matches!(
        c,
        '\u{3007}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{323AF}'
    )
}

fn latin_words(text: &str) -> Option<Vec<String>> {
    let plain = normalise::plain_capitals(text).replace('’', "'");
    let allowed = |c: char| c.is_ascii_uppercase() || " ,.'-".contains(c);
    if !(2..=60).contains(&plain.chars().count()) || !plain.chars().all(allowed) {
        return None;
    }
    let words: Vec<String> = plain
        .split([' ', ',', '-'])
        .map(|word| word.replace(['.', '\''], ""))
        .filter(|word| !word.is_empty())
        .collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PersonName {
        PersonName::parse(text).unwrap()
    }

    #[test]
    fn chinese_names_have_two_to_thirty_characters() {
        assert_eq!(name("张三").as_str(), "张三");
        assert_eq!(name(" 欧阳丽 ").as_str(), "欧阳丽");
        assert_eq!(name(&"张".repeat(30)).as_str().chars().count(), 30);
        for bad in ["张", "", &"张".repeat(31), "张3", "张 三", "张three"] {
            assert_eq!(PersonName::parse(bad), Err(NameError), "{bad}");
        }
        assert_eq!(NameError.code(), Code::IdNameInvalid);
    }

    #[test]
    fn a_middle_dot_stands_between_parts_only() {
        for typed in [
            "阿卜杜拉·买买提",
            "阿卜杜拉•买买提",
            "阿卜杜拉・买买提",
            "阿卜杜拉.买买提",
            "阿卜杜拉．买买提",
            "阿卜杜拉･买买提",
        ] {
            assert_eq!(name(typed).as_str(), "阿卜杜拉·买买提");
        }
        for bad in ["·张三", "张三·", "张··三", "·"] {
            assert_eq!(PersonName::parse(bad), Err(NameError), "{bad}");
        }
    }

    #[test]
    fn rare_characters_match_in_every_encoding() {
        assert_eq!(name("王\u{FA0E}").as_str(), "王\u{FA0E}");
        assert!(name("王\u{E863}").matches(&name("王\u{4DAE}")));
        assert!(name("\u{F9E1}四").matches(&name("李四")));
        assert_eq!(name("王\u{20000}").as_str(), "王\u{20000}");
        assert!(!name("张三").matches(&name("张叁")));
    }

    #[test]
    fn latin_names_match_without_accents_punctuation_and_order() {
        let full = name("Müller, José-María");
        for same in
            ["MULLER JOSE MARIA", "Jose Maria Muller", "JOSEMARIA MULLER", "Ｍuller jose-maria"]
        {
            assert!(full.matches(&name(same)), "{same}");
        }
        assert!(name("O'Neil John").matches(&name("John O’NEIL")));
        assert!(!full.matches(&name("MULLER JOSE")));
        assert!(!name("JOHN DOE").matches(&name("JANE DOE")));
    }

    #[test]
    fn latin_names_have_two_to_sixty_letters() {
        for bad in ["J", "..", "John3", "Jo/hn", &"A".repeat(61), "Иван Иванов"] {
            assert_eq!(PersonName::parse(bad), Err(NameError), "{bad}");
        }
    }

    #[test]
    fn a_card_name_may_be_cut_from_its_twentieth_character_on() {
        let full = name("Wolfeschlegelstein Hubert Blaine");
        assert!(full.matches_card(&name("WOLFESCHLEGELSTEIN HUBERT ")));
        assert!(full.matches_card(&name("HUBERT BLAINE WOLFESCHLEGE")));
        assert!(full.matches_card(&name("Hubert Blaine Wolfeschlegelstein")));
        assert!(!full.matches_card(&name("WOLFESCHLEGELSTEIN")));
        assert!(!full.matches_card(&name("WOLFESCHLEGELSTEIN HUMBERT")));
    }
}
