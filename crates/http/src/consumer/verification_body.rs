//! What a person submits about themselves, read field by field: every failing check names its
//! field, and in a machine-readable line also the part.

use crate::extract::Wire;
use crate::problem::Problem;
use domain::Rules;
use domain::catalogue::Code;
use domain::validate::age;
use domain::validate::mrz::{Mrz, MrzError, MrzField};
use domain::validate::name::PersonName;
use domain::validate::passport::{PassportKind, PassportNumber};
use domain::validate::resident_id::ResidentId;
use domain::wallet::DocumentKind;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Longest version of a consent text, in characters.
const CONSENT_MAX: usize = 64;

/// One document, and the consent to its check.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitVerificationBody {
    /// The version of the text in which the person agreed, separately and for this purpose, to this
    /// check of their identity: 1 to 64 letters, digits, `.`, `_` and `-`.
    #[schema(example = "identity-2026-11", min_length = 1, max_length = 64)]
    #[serde(default)]
    consent: Option<String>,
    /// A resident ID, or a residence permit with a number of that form. Exactly one document is
    /// sent.
    #[serde(default)]
    resident_id: Option<ResidentIdBody>,
    /// A passport.
    #[serde(default)]
    passport: Option<PassportBody>,
}

impl Wire for SubmitVerificationBody {}

/// A resident ID.
#[derive(Deserialize, ToSchema)]
#[schema(as = ResidentId)]
#[serde(deny_unknown_fields)]
struct ResidentIdBody {
    /// The name as on the document.
    #[schema(example = "张三")]
    name: String,
    /// The 18 characters of the number.
    #[schema(example = "11010119900307002X")]
    number: String,
}

/// The machine-readable zone of a passport.
#[derive(Deserialize, ToSchema)]
#[schema(as = Passport)]
#[serde(deny_unknown_fields)]
struct PassportBody {
    /// The first of the two lines, 44 characters.
    #[schema(example = "P<CHNZHANG<<SAN<<<<<<<<<<<<<<<<<<<<<<<<<<<<<")]
    mrz_line_1: String,
    /// The second line, 44 characters.
    #[schema(example = "E123456782CHN9001011M3001019<<<<<<<<<<<<<<<2")]
    mrz_line_2: String,
}

/// A person as far as their own words can be checked.
pub(super) struct Person {
    pub(super) document: DocumentKind,
    /// The issuing state of a passport, otherwise empty.
    pub(super) issuer: String,
    pub(super) number: Zeroizing<String>,
    pub(super) name: PersonName,
    pub(super) consent: String,
}

impl SubmitVerificationBody {
    /// Reads the document as of the business day `today`.
    pub(super) fn read(self, today: Date, rules: &Rules) -> Result<Person, Problem> {
        let consent = self.consent.ok_or(Problem::new(Code::ConsentRequired).at("/consent"))?;
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !(1..=CONSENT_MAX).contains(&consent.len()) || !consent.bytes().all(is_known) {
            return Err(Problem::invalid("/consent"));
        }
        match (self.resident_id, self.passport) {
            (Some(resident_id), None) => resident_id.read(consent, today, rules),
            (None, Some(passport)) => passport.read(consent, today, rules),
            (Some(_), Some(_)) => Err(Problem::invalid("/passport")),
            (None, None) => Err(Problem::invalid("/resident_id")),
        }
    }
}

impl ResidentIdBody {
    fn read(self, consent: String, today: Date, rules: &Rules) -> Result<Person, Problem> {
        const NUMBER: &str = "/resident_id/number";
        let name = PersonName::parse(&self.name)
            .map_err(|error| Problem::new(error.code()).at("/resident_id/name"))?;
        let id = ResidentId::parse(&self.number, today)
            .map_err(|error| Problem::new(error.code()).at(NUMBER))?;
        age::check(id.birth_date(), today, rules)
            .map_err(|error| Problem::new(error.code()).at(NUMBER))?;
        Ok(Person {
            document: DocumentKind::ResidentId,
            issuer: String::new(),
            number: Zeroizing::new(id.as_str().to_owned()),
            name,
            consent,
        })
    }
}

impl PassportBody {
    fn read(self, consent: String, today: Date, rules: &Rules) -> Result<Person, Problem> {
        let mrz = Mrz::parse_td3(&self.mrz_line_1, &self.mrz_line_2, today).map_err(mrz_problem)?;
        let number = PassportNumber::parse(&mrz.number, PassportKind::Other)
            .map_err(|error| at_part(error.code(), MrzField::Number))?;
        let name = PersonName::parse(format!("{} {}", mrz.surname, mrz.given_names).trim())
            .map_err(|error| Problem::new(error.code()).at(LINE_1))?;
        age::check(mrz.birth_date, today, rules)
            .map_err(|error| at_part(error.code(), MrzField::BirthDate))?;
        Ok(Person {
            document: DocumentKind::Passport,
            issuer: mrz.issuer,
            number: Zeroizing::new(number.as_str().to_owned()),
            name,
            consent,
        })
    }
}

const LINE_1: &str = "/passport/mrz_line_1";
const LINE_2: &str = "/passport/mrz_line_2";

fn mrz_problem(error: MrzError) -> Problem {
    let line = if error == MrzError::Line(1) { LINE_1 } else { LINE_2 };
    Problem::new(error.code()).at(line).because(error.field().map(MrzField::as_str))
}

fn at_part(code: Code, part: MrzField) -> Problem {
    Problem::new(code).at(LINE_2).because(Some(part.as_str()))
}
