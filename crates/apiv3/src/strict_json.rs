//! Reading JSON that strangers sent: one meaning, bounded depth, text that a database stores.
//!
//! Refused beside broken syntax: a key that occurs twice, nesting deeper than the limit,
//! anything after the value, a byte order mark, invalid UTF-8, NUL, and on demand characters
//! outside the Basic Multilingual Plane. Numbers stay as written to the reader of a field: a
//! fraction, an exponent or more than 64 bits is no integer there.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::language::Language;

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Greatest length in bytes.
    pub bytes_max: usize,
    /// Greatest nesting of arrays and objects; a plain object has depth 1.
    pub depth_max: usize,
    /// Whether characters above U+FFFF are allowed.
    pub text: TextRange,
}

/// Which characters strings and keys may hold (NUL never).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRange {
    /// All of Unicode.
    Unicode,
    /// Characters that UTF-8 writes in at most 3 bytes.
    BasicPlane,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// Longer than the limit.
    TooLarge,
    /// Not UTF-8.
    Utf8,
    /// Not one JSON value.
    Syntax,
    /// Nested too deeply.
    TooDeep,
    /// A key twice in one object.
    DuplicateKey,
    /// A NUL character.
    Nul,
    /// A character above U+FFFF.
    OutsideBasicPlane,
    /// Not an object at the top.
    NotAnObject,
}

/// A fault and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// JSON Pointer to the value with the fault; empty for the whole body.
    pub pointer: String,
    /// The fault.
    pub fault: JsonFault,
}

/// Reads a body whose top must be an object.
///
/// # Errors
/// The first fault with its place.
pub fn read_object(body: &[u8], limits: &Limits) -> Result<Map<String, Value>, JsonError> {
    match read(body, limits)? {
        Value::Object(object) => Ok(object),
        _ => Err(whole(JsonFault::NotAnObject)),
    }
}

/// Reads a body with any value at the top.
///
/// # Errors
/// The first fault with its place.
pub fn read(body: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    if body.len() > limits.bytes_max {
        return Err(whole(JsonFault::TooLarge));
    }
    let text = std::str::from_utf8(body).map_err(|_| whole(JsonFault::Utf8))?;
    let reading = Reading { limits, pointer: RefCell::default(), found: RefCell::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Place { reading: &reading, depth: 0 }.deserialize(&mut deserializer);
    if let Some(found) = reading.found.take() {
        return Err(found);
    }
    let value = value.map_err(|_| whole(JsonFault::Syntax))?;
    deserializer.end().map_err(|_| whole(JsonFault::Syntax))?;
    Ok(value)
}

/// Adds one step to a JSON Pointer.
pub fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    for character in step.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

impl JsonFault {
    /// The fault in words.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::TooLarge => ("请求体过大", "the body is too large"),
            Self::Utf8 => ("请求体不是 UTF-8", "the body is not UTF-8"),
            Self::Syntax => ("请求体不是有效的 JSON", "the body is not valid JSON"),
            Self::TooDeep => ("JSON 嵌套过深", "the JSON is nested too deeply"),
            Self::DuplicateKey => ("键重复出现", "the key occurs twice"),
            Self::Nul => ("不能包含 NUL 字符", "must not contain NUL"),
            Self::OutsideBasicPlane => {
                ("不能包含 U+FFFF 以上的字符", "must not contain characters above U+FFFF")
            }
            Self::NotAnObject => ("请求体必须是 JSON 对象", "the body must be a JSON object"),
        };
        language.pick(chinese, english)
    }
}

fn whole(fault: JsonFault) -> JsonError {
    JsonError { pointer: String::new(), fault }
}

struct Reading<'a> {
    limits: &'a Limits,
    pointer: RefCell<String>,
    found: RefCell<Option<JsonError>>,
}

impl Reading<'_> {
    /// Keeps the fault with its place, and stops the reader with an error of its own type.
    fn stop<E: Error>(&self, fault: JsonFault) -> E {
        let pointer = self.pointer.borrow().clone();
        *self.found.borrow_mut() = Some(JsonError { pointer, fault });
        E::custom("refused")
    }

    fn check<E: Error>(&self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(self.stop(JsonFault::Nul));
        }
        let basic_only = self.limits.text == TextRange::BasicPlane;
        if basic_only && text.chars().any(|character| character > '\u{ffff}') {
            return Err(self.stop(JsonFault::OutsideBasicPlane));
        }
        Ok(())
    }

    /// Runs `inner` one step further down.
    fn step<T, E>(&self, step: &str, inner: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let length = self.pointer.borrow().len();
        push_step(&mut self.pointer.borrow_mut(), step);
        let result = inner();
        self.pointer.borrow_mut().truncate(length);
        result
    }
}

#[derive(Clone, Copy)]
struct Place<'a> {
    reading: &'a Reading<'a>,
    depth: usize,
}

impl Place<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.reading.limits.depth_max {
            return Err(self.reading.stop(JsonFault::TooDeep));
        }
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| self.reading.stop(JsonFault::Syntax))?;
        Ok(Value::Number(number))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.reading.check(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        loop {
            let step = array.len().to_string();
            match self.reading.step(&step, || items.next_element_seed(inside))? {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(key) = pairs.next_key::<String>()? {
            let value = self.reading.step(&key, || {
                self.reading.check(&key)?;
                if object.contains_key(&key) {
                    return Err(self.reading.stop(JsonFault::DuplicateKey));
                }
                pairs.next_value_seed(inside)
            })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
#[path = "strict_json_tests.rs"]
mod tests;
