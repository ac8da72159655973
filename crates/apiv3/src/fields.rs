//! Reading the fields of a JSON object one after another; the first that breaks a rule is
//! named by its JSON Pointer.

use std::ops::RangeInclusive;

use kernel::money::Amount;
use kernel::time::Timestamp;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::{FieldError, Location};
use crate::issue::Issue;
use crate::keys::PrivateKey;
use crate::notify_url::{self, UrlRule};
use crate::oaep;
use crate::sign::SERIAL_HEADER;
use crate::strict_json::push_step;

const TIME_BYTES_MAX: usize = 64;

/// Base64 of a ciphertext of 4096 bits, with room to spare.
const SEALED_BYTES_MAX: usize = 1024;

/// An object and where it stands in the body.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
}

impl<'a> Fields<'a> {
    /// The object at the top of a body.
    pub(crate) fn top(object: &'a Map<String, Value>) -> Self {
        Self { object, pointer: String::new() }
    }

    /// Whether the field is there, with whatever value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// A fault of this object's field.
    pub(crate) fn fault(&self, name: &str, issue: Issue) -> FieldError {
        FieldError::new(Location::Body, self.pointer_to(name), self.object.get(name), issue)
    }

    /// A text that must be there; `bytes` bounds its length.
    pub(crate) fn get_text(
        &self,
        name: &str,
        bytes: RangeInclusive<usize>,
    ) -> Result<&'a str, FieldError> {
        self.find_text(name, bytes)?.ok_or_else(|| self.fault(name, Issue::Missing))
    }

    /// A text that must be there; `characters` bounds its length. Words for people are so
    /// bounded: in bytes a Chinese text could have a third of it.
    pub(crate) fn get_words(
        &self,
        name: &str,
        characters: RangeInclusive<usize>,
    ) -> Result<&'a str, FieldError> {
        self.find_words(name, characters)?.ok_or_else(|| self.fault(name, Issue::Missing))
    }

    /// Such a text that may be absent.
    pub(crate) fn find_words(
        &self,
        name: &str,
        characters: RangeInclusive<usize>,
    ) -> Result<Option<&'a str>, FieldError> {
        let Some(text) = self.find_text(name, 0..=usize::MAX)? else { return Ok(None) };
        let length = text.chars().count();
        if characters.contains(&length) {
            return Ok(Some(text));
        }
        let (minimum, maximum) = (*characters.start(), *characters.end());
        Err(self.fault(name, Issue::Characters { length, minimum, maximum }))
    }

    /// A text that must be there and passes a check.
    pub(crate) fn get_checked(
        &self,
        name: &str,
        check: impl FnOnce(&str) -> Result<(), Issue>,
    ) -> Result<String, FieldError> {
        let text = self.get_text(name, 0..=usize::MAX)?;
        check(text).map_err(|issue| self.fault(name, issue))?;
        Ok(text.to_owned())
    }

    /// A text that may be absent; `bytes` bounds its length.
    pub(crate) fn find_text(
        &self,
        name: &str,
        bytes: RangeInclusive<usize>,
    ) -> Result<Option<&'a str>, FieldError> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.fault(name, Issue::Type("string")))?;
        check_length(text, bytes).map_err(|issue| self.fault(name, issue))?;
        Ok(Some(text))
    }

    /// One of some literals, if the field is there.
    pub(crate) fn find_literal(
        &self,
        name: &str,
        literals: &'static [&'static str],
    ) -> Result<Option<&'static str>, FieldError> {
        let Some(text) = self.find_text(name, 0..=usize::MAX)? else { return Ok(None) };
        let known = literals.iter().copied().find(|literal| *literal == text);
        known.map(Some).ok_or_else(|| self.fault(name, Issue::NotOneOf(literals)))
    }

    /// One of some literals that must be there.
    pub(crate) fn get_literal(
        &self,
        name: &str,
        literals: &'static [&'static str],
    ) -> Result<&'static str, FieldError> {
        self.find_literal(name, literals)?.ok_or_else(|| self.fault(name, Issue::Missing))
    }

    /// An amount in fen that must be there.
    pub(crate) fn get_amount(&self, name: &str) -> Result<Amount, FieldError> {
        let value = self.object.get(name).ok_or_else(|| self.fault(name, Issue::Missing))?;
        let fen = match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                number.as_i64().unwrap_or(i64::MAX)
            }
            _ => return Err(self.fault(name, Issue::Type("integer"))),
        };
        Amount::fen(fen).map_err(|_| {
            let issue = if fen < 1 {
                Issue::BelowMinimum(1)
            } else {
                Issue::AboveMaximum(Amount::MAX_MINOR)
            };
            self.fault(name, issue)
        })
    }

    /// A whole number from `minimum` on that must be there.
    pub(crate) fn get_integer(&self, name: &str, minimum: i64) -> Result<i64, FieldError> {
        self.find_integer(name, minimum)?.ok_or_else(|| self.fault(name, Issue::Missing))
    }

    /// A whole number from `minimum` on that may be absent.
    pub(crate) fn find_integer(&self, name: &str, minimum: i64) -> Result<Option<i64>, FieldError> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| self.fault(name, Issue::Type("integer")))?;
        if number < minimum {
            return Err(self.fault(name, Issue::BelowMinimum(minimum)));
        }
        Ok(Some(number))
    }

    /// A boolean that may be absent.
    pub(crate) fn find_boolean(&self, name: &str) -> Result<Option<bool>, FieldError> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.fault(name, Issue::Type("boolean")))
    }

    /// An RFC 3339 time with an offset that may be absent.
    pub(crate) fn find_time(&self, name: &str) -> Result<Option<Timestamp>, FieldError> {
        let Some(text) = self.find_text(name, 1..=TIME_BYTES_MAX)? else { return Ok(None) };
        let time = is_rfc3339(text).then(|| Timestamp::parse_rfc3339(text)).flatten();
        time.map(Some).ok_or_else(|| self.fault(name, Issue::Time))
    }

    /// A `notify_url` that must be there.
    pub(crate) fn get_url(
        &self,
        name: &str,
        bytes_max: usize,
        rule: UrlRule,
    ) -> Result<&'a str, FieldError> {
        self.find_url(name, bytes_max, rule)?.ok_or_else(|| self.fault(name, Issue::Missing))
    }

    /// A `notify_url` that may be absent.
    pub(crate) fn find_url(
        &self,
        name: &str,
        bytes_max: usize,
        rule: UrlRule,
    ) -> Result<Option<&'a str>, FieldError> {
        let Some(url) = self.find_text(name, 1..=bytes_max)? else { return Ok(None) };
        notify_url::check(url, rule).map_err(|fault| self.fault(name, Issue::Url(fault)))?;
        Ok(Some(url))
    }

    /// A sensitive field that may be absent, opened with the platform key that the request
    /// names.
    pub(crate) fn find_sealed(
        &self,
        name: &str,
        key: Option<&PrivateKey>,
    ) -> Result<Option<Zeroizing<String>>, FieldError> {
        let Some(sealed) = self.find_text(name, 0..=SEALED_BYTES_MAX)? else { return Ok(None) };
        let key = key.ok_or_else(|| {
            FieldError::new(Location::Header, SERIAL_HEADER.to_owned(), None, Issue::PlatformKey)
        })?;
        let opened = oaep::decrypt(key, sealed).ok_or_else(|| {
            FieldError::new(Location::Body, self.pointer_to(name), None, Issue::Unreadable)
        })?;
        Ok(Some(opened))
    }

    /// An object that must be there.
    pub(crate) fn get_object(&self, name: &str) -> Result<Fields<'a>, FieldError> {
        self.find_object(name)?.ok_or_else(|| self.fault(name, Issue::Missing))
    }

    /// An object that may be absent.
    pub(crate) fn find_object(&self, name: &str) -> Result<Option<Fields<'a>>, FieldError> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        let object = value.as_object().ok_or_else(|| self.fault(name, Issue::Type("object")))?;
        Ok(Some(Fields { object, pointer: self.pointer_to(name) }))
    }

    /// The items of an array, each with its pointer; empty if the field is absent.
    pub(crate) fn items(&self, name: &str) -> Result<Vec<(String, &'a Value)>, FieldError> {
        let Some(value) = self.object.get(name) else { return Ok(Vec::new()) };
        let array = value.as_array().ok_or_else(|| self.fault(name, Issue::Type("array")))?;
        let pointer = self.pointer_to(name);
        let place = |(index, item)| (format!("{pointer}/{index}"), item);
        Ok(array.iter().enumerate().map(place).collect())
    }

    /// The objects of an array; empty if the field is absent.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, FieldError> {
        let object = |(pointer, item): (String, &'a Value)| match item {
            Value::Object(object) => Ok(Fields { object, pointer }),
            other => {
                let issue = Issue::Type("object");
                Err(FieldError::new(Location::Body, pointer, Some(other), issue))
            }
        };
        self.items(name)?.into_iter().map(object).collect()
    }

    fn pointer_to(&self, name: &str) -> String {
        let mut pointer = self.pointer.clone();
        push_step(&mut pointer, name);
        pointer
    }
}

/// Checks a length in bytes.
pub(crate) fn check_length(text: &str, bytes: RangeInclusive<usize>) -> Result<(), Issue> {
    let length = text.len();
    if length < *bytes.start() {
        return Err(Issue::TooShort { length, minimum: *bytes.start() });
    }
    if length > *bytes.end() {
        return Err(Issue::TooLong { length, maximum: *bytes.end() });
    }
    Ok(())
}

/// `2018-06-08T10:34:56+08:00`, with an optional fraction, or `Z` for the offset. The values of
/// the digits are checked by the calendar afterwards.
fn is_rfc3339(text: &str) -> bool {
    let fits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                b'+' => byte == b'+' || byte == b'-',
                other => byte == other,
            })
    };
    let Some((time, rest)) = text.split_at_checked(19) else { return false };
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if !(1..=9).contains(&(fraction.len() - offset.len())) {
                return false;
            }
            offset
        }
        None => rest,
    };
    fits(time, "0000-00-00T00:00:00") && (offset == "Z" || fits(offset, "+00:00"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Fields<'_> {
        Fields::top(value.as_object().unwrap())
    }

    #[test]
    fn only_integers_from_one_fen_are_amounts() {
        for (text, issue) in [
            ("0", Issue::BelowMinimum(1)),
            ("-5", Issue::BelowMinimum(1)),
            ("100000000000", Issue::AboveMaximum(Amount::MAX_MINOR)),
            ("9223372036854775808", Issue::AboveMaximum(Amount::MAX_MINOR)),
            ("99999999999999999999", Issue::Type("integer")),
            ("1.0", Issue::Type("integer")),
            ("1e3", Issue::Type("integer")),
            ("-0", Issue::Type("integer")),
            ("\"10\"", Issue::Type("integer")),
            ("null", Issue::Type("integer")),
            ("true", Issue::Type("integer")),
            ("[1]", Issue::Type("integer")),
        ] {
            let value: Value = serde_json::from_str(&format!("{{\"total\":{text}}}")).unwrap();
            let fault = object(&value).get_amount("total").unwrap_err();
            assert_eq!((fault.field.as_str(), fault.issue), ("/total", issue), "{text}");
        }
        let value = json!({"total": 99_999_999_999_i64});
        assert_eq!(object(&value).get_amount("total").unwrap().minor(), Amount::MAX_MINOR);
        assert_eq!(object(&json!({})).get_amount("total").unwrap_err().issue, Issue::Missing);
    }

    #[test]
    fn lengths_count_bytes() {
        let value = json!({"text": "中文"});
        assert_eq!(object(&value).get_text("text", 1..=6).unwrap(), "中文");
        let fault = object(&value).get_text("text", 1..=5).unwrap_err();
        assert_eq!(fault.issue, Issue::TooLong { length: 6, maximum: 5 });
        assert_eq!(fault.value, Some(json!(6)));
    }

    #[test]
    fn lengths_of_words_count_characters() {
        let value = json!({"text": "中文"});
        assert_eq!(object(&value).get_words("text", 1..=2).unwrap(), "中文");
        let fault = object(&value).get_words("text", 1..=1).unwrap_err();
        assert_eq!(fault.issue, Issue::Characters { length: 2, minimum: 1, maximum: 1 });
    }

    #[test]
    fn times_need_rfc_3339_with_an_offset() {
        let read = |text: &str| object(&json!({"t": text})).find_time("t").map(Option::unwrap);
        let expected = Timestamp::parse_rfc3339("2018-06-08T02:34:56Z").unwrap();
        assert_eq!(read("2018-06-08T10:34:56+08:00"), Ok(expected));
        assert_eq!(read("2018-06-08T02:34:56Z"), Ok(expected));
        assert_eq!(read("2018-06-08T02:34:56.120Z"), Ok(expected.plus(120_000)));
        for bad in [
            "2018-06-08",
            "2018-06-08T10:34:56",
            "2018-06-08 10:34:56+08:00",
            "20180608T103456Z",
            "2018-06-08T10:34:56+0800",
            "2018-06-08T10:34:56.+08:00",
            "2018-02-30T10:34:56Z",
            "2018-06-08T25:34:56Z",
            "2018-06-08T10:34:56Z[Asia/Shanghai]",
            "1528425296",
            "2018-06-08T10:34:5中+08:00",
        ] {
            assert_eq!(read(bad).unwrap_err().issue, Issue::Time, "{bad}");
        }
    }

    #[test]
    fn faults_inside_are_named_by_pointer() {
        let value = json!({"a": {"list": [{"x": 1}, 2]}});
        let inner = object(&value).get_object("a").unwrap();
        let fault = inner.objects("list").err().unwrap();
        assert_eq!((fault.field.as_str(), fault.issue), ("/a/list/1", Issue::Type("object")));
        assert_eq!(object(&value).find_boolean("a").unwrap_err().issue, Issue::Type("boolean"));
        assert_eq!(object(&value).find_object("b").err(), None);
    }
}
