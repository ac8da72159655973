//! The machine-readable zone of travel documents (ICAO 9303): passports (TD3, two lines of 44) and
//! identity cards (TD1, three lines of 30). A wrong check digit is reported with its field, so the
//! person knows what to compare.

use super::normalise;
use crate::catalogue::Code;
use jiff::ToSpan;
use jiff::civil::Date;
use std::ops::Range;

/// How far ahead a document can be valid; it settles the century of a two-digit year.
const LONGEST_VALIDITY_YEARS: i32 = 20;

/// A part of the zone that has a check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzField {
    /// The document number.
    Number,
    /// The date of birth.
    BirthDate,
    /// The last day of validity.
    Expiry,
    /// The issuer's own data, for example a personal number.
    Optional,
    /// The check digit over the others.
    Composite,
}

impl MrzField {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::BirthDate => "birth_date",
            Self::Expiry => "expiry",
            Self::Optional => "optional",
            Self::Composite => "composite",
        }
    }
}

/// What is wrong with a zone. Check digits come before dates, the document's own before the
/// composite one; the first failure is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzError {
    /// The line with this number (from 1) has a wrong length, character or document code.
    Line(u8),
    /// The check digit of this field does not fit.
    CheckDigit(MrzField),
    /// The date in this field does not exist.
    Date(MrzField),
    /// The document is not valid any more.
    Expired,
}

impl MrzError {
    /// The code in the failure catalogue.
    pub fn code(self) -> Code {
        match self {
            Self::Line(_) | Self::CheckDigit(_) | Self::Date(_) => Code::PassportMrzInvalid,
            Self::Expired => Code::IdDocExpired,
        }
    }

    /// The field to look at, where it is known.
    pub fn field(self) -> Option<MrzField> {
        match self {
            Self::Line(_) => None,
            Self::CheckDigit(field) | Self::Date(field) => Some(field),
            Self::Expired => Some(MrzField::Expiry),
        }
    }
}

/// What a zone says, after every check passed.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    /// The kind of document, for example `P` or `I`.
    pub document_code: String,
    /// The issuer, one to three letters as ICAO uses them.
    pub issuer: String,
    /// The surname; for a single name, all of it.
    pub surname: String,
    /// The given names, possibly empty.
    pub given_names: String,
    /// The document number.
    pub number: String,
    /// The nationality, one to three letters.
    pub nationality: String,
    /// The date of birth.
    pub birth_date: Date,
    /// `M` or `F`, if stated.
    pub sex: Option<char>,
    /// The last day on which the document is valid.
    pub expiry: Date,
    /// The issuer's own data, possibly empty.
    pub optional: String,
}
print_without_content!(Mrz);

impl Mrz {
    /// Reads the two lines of a passport. `today` is the civil date in the business zone.
    pub fn parse_td3(first: &str, second: &str, today: Date) -> Result<Mrz, MrzError> {
        let first = line(first, 44).filter(|l| l.starts_with('P')).ok_or(MrzError::Line(1))?;
        let second = line(second, 44).ok_or(MrzError::Line(2))?;
        let optional = &second[28..42];
        let is_unchecked = text(optional).is_empty() && &second[42..43] == "<";
        check(&second[..9], &second[9..10], MrzField::Number)?;
        check(&second[13..19], &second[19..20], MrzField::BirthDate)?;
        check(&second[21..27], &second[27..28], MrzField::Expiry)?;
        if !is_unchecked {
            check(optional, &second[42..43], MrzField::Optional)?;
        }
        let all = parts(&second, &[0..10, 13..20, 21..43]);
        check(&all, &second[43..44], MrzField::Composite)?;
        Self {
            optional: text(optional),
            number: text(&second[..9]),
            ..Self::of_person(&first[..5], &first[5..], &second[10..13], &second[13..28], today)?
        }
        .valid_on(today)
    }

    /// Reads the three lines of an identity card. `today` is the civil date in the business zone.
    pub fn parse_td1(lines: [&str; 3], today: Date) -> Result<Mrz, MrzError> {
        let first = line(lines[0], 30)
            .filter(|l| l.starts_with(['A', 'C', 'I']))
            .ok_or(MrzError::Line(1))?;
        let second = line(lines[1], 30).ok_or(MrzError::Line(2))?;
        let third = line(lines[2], 30).ok_or(MrzError::Line(3))?;
        let (number, digit, optional) = td1_number(&first);
        check(&number, &digit, MrzField::Number)?;
        check(&second[..6], &second[6..7], MrzField::BirthDate)?;
        check(&second[8..14], &second[14..15], MrzField::Expiry)?;
        let all = first[5..].to_owned() + &parts(&second, &[0..7, 8..15, 18..29]);
        check(&all, &second[29..30], MrzField::Composite)?;
        let own_data = [text(&optional), text(&second[18..29])];
        Self {
            optional: own_data.join(" ").trim().to_owned(),
            number: text(&number),
            ..Self::of_person(&first[..5], &third, &second[15..18], &second[..15], today)?
        }
        .valid_on(today)
    }

    /// The parts both forms share; `dates` is birth date, check, sex, expiry, check.
    fn of_person(
        head: &str,
        names: &str,
        nationality: &str,
        dates: &str,
        today: Date,
    ) -> Result<Mrz, MrzError> {
        let (surname, given_names) = names.split_once("<<").unwrap_or((names, ""));
        let far = today.saturating_add(LONGEST_VALIDITY_YEARS.years());
        Ok(Mrz {
            document_code: text(&head[..2]),
            issuer: text(&head[2..]),
            surname: text(surname),
            given_names: text(given_names),
            number: String::new(),
            nationality: text(nationality),
            birth_date: latest_date(&dates[..6], today)
                .ok_or(MrzError::Date(MrzField::BirthDate))?,
            sex: dates[7..8].chars().find(|sex| matches!(sex, 'M' | 'F')),
            expiry: latest_date(&dates[8..14], far).ok_or(MrzError::Date(MrzField::Expiry))?,
            optional: String::new(),
        })
    }

    fn valid_on(self, today: Date) -> Result<Mrz, MrzError> {
        if self.expiry < today { Err(MrzError::Expired) } else { Ok(self) }
    }
}

fn line(typed: &str, length: usize) -> Option<String> {
    let line = normalise::code(typed);
    let is_known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'<';
    (line.len() == length && line.bytes().all(is_known)).then_some(line)
}

fn text(field: &str) -> String {
    field.split('<').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn parts(line: &str, ranges: &[Range<usize>]) -> String {
    ranges.iter().map(|range| &line[range.clone()]).collect()
}

/// Document number, its check digit and the issuer's own data of the first line of a TD1. A
/// number of more than nine characters goes on in the issuer's field, followed by its check digit.
fn td1_number(first: &str) -> (String, String, String) {
    let (number, digit, optional) = (&first[5..14], &first[14..15], &first[15..]);
    let more = optional.split('<').next().unwrap_or_default();
    if digit == "<" && more.len() > 1 {
        let (more, digit) = more.split_at(more.len() - 1);
        let rest = &optional[more.len() + 1..];
        return (format!("{number}{more}"), digit.to_owned(), rest.to_owned());
    }
    (number.to_owned(), digit.to_owned(), optional.to_owned())
}

fn check(content: &str, digit: &str, field: MrzField) -> Result<(), MrzError> {
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'Z' => u32::from(b - b'A') + 10,
        _ => 0,
    };
    let sum: u32 =
        content.bytes().zip([7, 3, 1].into_iter().cycle()).map(|(b, w)| value(b) * w).sum();
    if digit == (sum % 10).to_string() { Ok(()) } else { Err(MrzError::CheckDigit(field)) }
}

/// The latest date that is written like `yymmdd` and not after `limit`.
fn latest_date(yymmdd: &str, limit: Date) -> Option<Date> {
    if !yymmdd.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year: i16 = yymmdd[..2].parse().ok()?;
    let (month, day) = (yymmdd[2..4].parse().ok()?, yymmdd[4..].parse().ok()?);
    let century = limit.year() / 100 * 100;
    [century, century - 100]
        .into_iter()
        .filter_map(|century| Date::new(century + year, month, day).ok())
        .find(|date| *date <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const ICAO_1: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    const ICAO_2: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const CHINESE_2: &str = "E123456782CHN9001011M3001019<<<<<<<<<<<<<<<2";
    const TODAY: Date = date(2026, 11, 21);

    fn chinese_1() -> String {
        format!("{:<<44}", "P<CHNZHANG<<SAN")
    }

    #[test]
    fn the_specimen_of_the_standard_is_read() {
        let mrz = Mrz::parse_td3(ICAO_1, ICAO_2, date(2012, 4, 15)).unwrap();
        assert_eq!((mrz.surname.as_str(), mrz.given_names.as_str()), ("ERIKSSON", "ANNA MARIA"));
        assert_eq!((mrz.document_code.as_str(), mrz.issuer.as_str()), ("P", "UTO"));
        assert_eq!((mrz.number.as_str(), mrz.nationality.as_str()), ("L898902C3", "UTO"));
        assert_eq!((mrz.birth_date, mrz.sex), (date(1974, 8, 12), Some('F')));
        assert_eq!((mrz.expiry, mrz.optional.as_str()), (date(2012, 4, 15), "ZE184226B"));
    }

    #[test]
    fn a_document_is_not_valid_after_its_last_day() {
        let late = Mrz::parse_td3(ICAO_1, ICAO_2, TODAY);
        assert_eq!(late, Err(MrzError::Expired));
        assert_eq!(MrzError::Expired.code(), Code::IdDocExpired);
    }

    #[test]
    fn other_passports_are_read() {
        for (second, number, nationality, birth_date, expiry) in [
            (
                "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4",
                "C01X00T47",
                "D",
                date(1964, 8, 12),
                date(2027, 2, 28),
            ),
            (CHINESE_2, "E12345678", "CHN", date(1990, 1, 1), date(2030, 1, 1)),
            (
                "1234567897USA8506151F3206146<<<<<<<<<<<<<<<0",
                "123456789",
                "USA",
                date(1985, 6, 15),
                date(2032, 6, 14),
            ),
        ] {
            let mrz = Mrz::parse_td3(&chinese_1(), second, TODAY).unwrap();
            assert_eq!((mrz.number.as_str(), mrz.nationality.as_str()), (number, nationality));
            assert_eq!((mrz.birth_date, mrz.expiry), (birth_date, expiry));
        }
        let mrz = Mrz::parse_td3(&chinese_1(), CHINESE_2, TODAY).unwrap();
        assert_eq!((mrz.surname.as_str(), mrz.given_names.as_str()), ("ZHANG", "SAN"));
    }

    #[test]
    fn a_wrong_check_digit_names_its_field() {
        for (second, field, name) in [
            ("E123456783CHN9001011M3001019<<<<<<<<<<<<<<<2", MrzField::Number, "number"),
            ("E123456782CHN9001012M3001019<<<<<<<<<<<<<<<2", MrzField::BirthDate, "birth_date"),
            ("E123456782CHN9001011M3001018<<<<<<<<<<<<<<<2", MrzField::Expiry, "expiry"),
            ("L898902C36UTO7408122F1204159ZE184226B<<<<<20", MrzField::Optional, "optional"),
            ("E123456782CHN9001011M3001019<<<<<<<<<<<<<<<3", MrzField::Composite, "composite"),
        ] {
            let error = Mrz::parse_td3(&chinese_1(), second, date(2012, 1, 1)).unwrap_err();
            assert_eq!(error, MrzError::CheckDigit(field), "{second}");
            assert_eq!(error.code(), Code::PassportMrzInvalid);
            assert_eq!(error.field().map(MrzField::as_str), Some(name));
        }
    }

    #[test]
    fn an_identity_card_is_read() {
        let lines = [
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ];
        let mrz = Mrz::parse_td1(lines, date(2012, 1, 1)).unwrap();
        assert_eq!((mrz.number.as_str(), mrz.surname.as_str()), ("D23145890", "ERIKSSON"));
        assert_eq!((mrz.birth_date, mrz.expiry), (date(1974, 8, 12), date(2012, 4, 15)));
        let wrong = [lines[0], "7408122F1204159UTO<<<<<<<<<<<7", lines[2]];
        let error = Mrz::parse_td1(wrong, date(2012, 1, 1)).unwrap_err();
        assert_eq!(error, MrzError::CheckDigit(MrzField::Composite));
    }

    #[test]
    fn a_long_card_number_goes_on_in_the_issuers_field() {
        let first = "I<UTOD23145890<AB112234566<<<<";
        let (number, digit, rest) = td1_number(first);
        assert_eq!((number.as_str(), digit.as_str()), ("D23145890AB11223456", "6"));
        assert_eq!(text(&rest), "");
    }

    #[test]
    fn lines_of_another_form_are_refused() {
        for (first, second, line) in [
            ("P<CHN", CHINESE_2, 1),
            (ICAO_2, CHINESE_2, 1),
            (ICAO_1, &CHINESE_2[1..], 2),
            (ICAO_1, "E12345678*CHN9001011M3001019<<<<<<<<<<<<<<<2", 2),
            (ICAO_1, "", 2),
        ] {
            assert_eq!(Mrz::parse_td3(first, second, TODAY), Err(MrzError::Line(line)));
        }
    }

    #[test]
    fn two_digit_years_mean_the_past_for_births_and_at_most_twenty_years_ahead_for_expiry() {
        assert_eq!(latest_date("261121", TODAY), Some(TODAY));
        assert_eq!(latest_date("261122", TODAY), Some(date(1926, 11, 22)));
        assert_eq!(latest_date("000229", TODAY), Some(date(2000, 2, 29)));
        let far = date(2046, 11, 21);
        assert_eq!(latest_date("461121", far), Some(date(2046, 11, 21)));
        assert_eq!(latest_date("470101", far), Some(date(1947, 1, 1)));
        assert_eq!(latest_date("261301", far), None);
        assert_eq!(latest_date("26<<01", far), None);
    }
}
