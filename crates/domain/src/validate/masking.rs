//! How personal data is shown: enough to be recognised by its owner, not enough to be used.

use super::card_number::CardNumber;

/// Surnames of two characters; after any other first character the given name begins.
const TWO_CHARACTER_SURNAMES: [&str; 28] = [
    "欧阳", "司马", "上官", "诸葛", "司徒", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文",
    "夏侯", "东方", "南宫", "端木", "独孤", "轩辕", "钟离", "闻人", "东郭", "司空", "呼延", "澹台",
    "公冶", "申屠", "太史", "百里",
];

/// A person's own name: the first character of every word stays (`张*`, `J*** D**`).
pub fn own_name(name: &str) -> String {
    let masked = name.split(' ').map(keep_first).collect::<Vec<_>>();
    masked.join(" ")
}

/// The name of someone who is about to be paid: the surname goes (`*三`, `**丽`). Latin names are
/// masked like one's own.
pub fn payee_name(name: &str) -> String {
    if name.is_ascii() {
        return own_name(name);
    }
    let is_double = TWO_CHARACTER_SURNAMES.iter().any(|surname| name.starts_with(surname))
        && name.chars().count() > 2;
    let hidden = if is_double { 2 } else { 1 };
    "*".repeat(hidden) + &name.chars().skip(hidden).collect::<String>()
}

/// A document number: the first three and last four characters stay (`110***********0011`), of
/// one shorter than 14 the first and the last three.
pub fn document(number: &str) -> String {
    if number.chars().count() >= 14 { keep_ends(number, 3, 4) } else { keep_ends(number, 1, 3) }
}

/// A phone number in the international form: `138****5678` on the mainland; elsewhere the first
/// three digits and the last two, without telling the length.
pub fn phone(international: &str) -> String {
    match international.strip_prefix("+86") {
        Some(national) => keep_ends(national, 3, 4),
        None => {
            let characters: Vec<char> = international.chars().collect();
            let head: String = characters.iter().take(4).collect();
            let tail: String = characters.iter().skip(characters.len().max(6) - 2).collect();
            format!("{head}****{tail}")
        }
    }
}

/// A card as its owner sees it: `**** **** **** 9015`.
pub fn card_shown(tail: &str) -> String {
    format!("**** **** **** {tail}")
}

/// A card as it may be stored: `622202******9015`.
pub fn card_stored(card: &CardNumber) -> String {
    format!("{}******{}", &card.digits()[..6], card.tail())
}

fn keep_first(word: &str) -> String {
    keep_ends(word, 1, 0)
}

/// Hides what is neither in the first `head` nor in the last `tail` characters; hides all but the
/// first when the text is too short for both.
fn keep_ends(text: &str, head: usize, tail: usize) -> String {
    let count = text.chars().count();
    let (head, tail) = if count > head + tail { (head, tail) } else { (1, 0) };
    text.chars()
        .enumerate()
        .map(|(place, c)| if place < head || place + tail >= count { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_keep_the_first_character_of_every_word() {
        assert_eq!(own_name("张三"), "张*");
        assert_eq!(own_name("欧阳小丽"), "欧***");
        assert_eq!(own_name("John Doe"), "J*** D**");
    }

    #[test]
    fn payee_names_lose_the_surname() {
        assert_eq!(payee_name("张三"), "*三");
        assert_eq!(payee_name("欧阳丽"), "**丽");
        assert_eq!(payee_name("张小丽"), "*小丽");
        assert_eq!(payee_name("欧阳"), "*阳");
        assert_eq!(payee_name("John Doe"), "J*** D**");
    }

    #[test]
    fn documents_keep_their_ends() {
        assert_eq!(document("110101199003070011"), "110***********0011");
        assert_eq!(document("E12345678"), "E*****678");
        assert_eq!(document("1234"), "1***");
    }

    #[test]
    fn phones_keep_their_ends() {
        assert_eq!(phone("+8613812345678"), "138****5678");
        assert_eq!(phone("+14155550123"), "+141****23");
        assert_eq!(phone("+3721234"), "+372****34");
    }

    #[test]
    fn cards_show_four_digits_and_store_ten() {
        let card = CardNumber::parse("6222020123456789015").unwrap();
        assert_eq!(card_shown(card.tail()), "**** **** **** 9015");
        assert_eq!(card_stored(&card), "622202******9015");
    }
}
