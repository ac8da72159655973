//! Error answers: a code, a text, and for parameter and signature errors a detail.

use serde::Serialize;
use serde_json::Value;

use crate::authorization::SignatureFault;
use crate::code::Code;
use crate::issue::Issue;
use crate::language::Language;

const MESSAGE_CHARS_MAX: usize = 256;
const ECHO_BYTES_MAX: usize = 256;

/// Where the offending field was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// The JSON body; the field is a JSON Pointer.
    Body,
    /// A variable of the path.
    UriTemplate,
    /// A variable of the query string.
    Query,
    /// An HTTP header.
    Header,
}

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// JSON Pointer in a body (empty for the whole body), else the variable's name.
    pub field: String,
    /// Where it was.
    pub location: Location,
    /// The offending value, or the length when the length offends; absent when there is none.
    pub value: Option<Value>,
    /// What is wrong.
    pub issue: Issue,
}

impl FieldError {
    /// A fault of a field. `value` is echoed if it is short and no container.
    #[must_use]
    pub fn new(location: Location, field: String, value: Option<&Value>, issue: Issue) -> Self {
        let value = match (&issue, value) {
            (
                Issue::TooShort { length, .. }
                | Issue::TooLong { length, .. }
                | Issue::Characters { length, .. },
                _,
            ) => Some(Value::from(*length)),
            (_, Some(Value::String(text))) if text.len() > ECHO_BYTES_MAX => None,
            (_, Some(Value::Null | Value::Array(_) | Value::Object(_)) | None) => None,
            (_, Some(value)) => Some(value.clone()),
        };
        Self { field, location, value, issue }
    }
}

/// An error answer before its language is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The code, which decides the HTTP status.
    pub code: Code,
    texts: Option<(&'static str, &'static str)>,
    number: Option<u32>,
    detail: Option<Box<Detail>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Detail {
    Field(FieldError),
    /// JSON Pointer of what in the body the code is about.
    Place(String),
    Signature(SignatureFault),
}

impl ApiError {
    /// An error with the standard text of its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, texts: None, number: None, detail: None }
    }

    /// An error with a more exact text, Chinese and English.
    #[must_use]
    pub const fn saying(code: Code, chinese: &'static str, english: &'static str) -> Self {
        Self { code, texts: Some((chinese, english)), number: None, detail: None }
    }

    /// PARAM_ERROR for one field.
    #[must_use]
    pub fn field(error: FieldError) -> Self {
        Self::detailed(Code::ParamError, Detail::Field(error))
    }

    fn detailed(code: Code, detail: Detail) -> Self {
        Self { detail: Some(Box::new(detail)), ..Self::new(code) }
    }

    /// The same error with a number of its own in `Request-ID`.
    #[must_use]
    pub(crate) fn numbered(self, number: u32) -> Self {
        Self { number: Some(number), ..self }
    }

    /// The number behind the `-` of `Request-ID`; never 0.
    #[must_use]
    pub fn result_number(&self) -> u32 {
        self.number.unwrap_or_else(|| self.code.result_number())
    }

    /// The same error, told to be about one place of the body; a field error knows its own.
    #[must_use]
    pub fn about(mut self, pointer: String) -> Self {
        self.detail.get_or_insert_with(|| Box::new(Detail::Place(pointer)));
        self
    }

    /// SIGN_ERROR.
    #[must_use]
    pub fn signature(fault: SignatureFault) -> Self {
        Self::detailed(Code::SignError, Detail::Signature(fault))
    }

    /// The faulty field, for a PARAM_ERROR.
    #[must_use]
    pub fn field_error(&self) -> Option<&FieldError> {
        match self.detail.as_deref() {
            Some(Detail::Field(error)) => Some(error),
            Some(Detail::Place(_) | Detail::Signature(_)) | None => None,
        }
    }

    /// The exact bytes of the answer's body.
    #[must_use]
    pub fn body(&self, language: Language) -> Vec<u8> {
        let wire = WireError {
            code: self.code.as_str(),
            message: self.message(language),
            detail: self.detail.as_deref().and_then(|detail| detail.to_wire(language)),
        };
        serde_json::to_vec(&wire).expect("an error of strings and numbers is JSON")
    }

    fn message(&self, language: Language) -> String {
        let text = match (self.detail.as_deref(), self.texts) {
            (Some(Detail::Field(error)), _) => format!(
                "{}: {} {}",
                self.code.text(language),
                error.field,
                error.issue.text(language)
            ),
            (Some(Detail::Signature(fault)), _) => {
                format!("{}: {}", self.code.text(language), fault.text(language))
            }
            (Some(Detail::Place(_)) | None, Some((chinese, english))) => {
                language.pick(chinese, english).to_owned()
            }
            (Some(Detail::Place(_)) | None, None) => self.code.text(language).to_owned(),
        };
        text.chars().take(MESSAGE_CHARS_MAX).collect()
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::field(error)
    }
}

impl Detail {
    fn to_wire(&self, language: Language) -> Option<Value> {
        match self {
            Self::Field(error) => {
                let mut wire = serde_json::json!({
                    "field": error.field,
                    "location": error.location,
                    "issue": error.issue.text(language),
                });
                if let Some(value) = &error.value {
                    wire["value"] = value.clone();
                }
                Some(wire)
            }
            Self::Place(pointer) => {
                Some(serde_json::json!({ "field": pointer, "location": Location::Body }))
            }
            Self::Signature(fault) => fault.to_wire(),
        }
    }
}

#[derive(Serialize)]
struct WireError {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(error: &ApiError, language: Language) -> Value {
        serde_json::from_slice(&error.body(language)).unwrap()
    }

    #[test]
    fn a_plain_error_has_code_and_message_only() {
        let body = ApiError::new(Code::OrderNotExist).body(Language::Chinese);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"code":"ORDER_NOT_EXIST","message":"订单不存在"}"#
        );
        let exact = ApiError::saying(Code::InvalidRequest, "201 商户订单号重复", "repeated");
        assert_eq!(json(&exact, Language::English)["message"], "repeated");
    }

    #[test]
    fn a_field_error_points_at_the_field() {
        let value = Value::from(0);
        let error = ApiError::field(FieldError::new(
            Location::Body,
            "/amount/total".into(),
            Some(&value),
            Issue::BelowMinimum(1),
        ));
        assert_eq!(
            json(&error, Language::English),
            serde_json::json!({
                "code": "PARAM_ERROR",
                "message": "invalid parameter: /amount/total must not be less than 1",
                "detail": {
                    "field": "/amount/total",
                    "location": "body",
                    "value": 0,
                    "issue": "must not be less than 1",
                },
            })
        );
    }

    #[test]
    fn an_offending_length_is_the_value_and_null_is_never_sent() {
        let issue = Issue::TooShort { length: 4, minimum: 6 };
        let short = FieldError::new(Location::UriTemplate, "out_trade_no".into(), None, issue);
        assert_eq!(json(&short.into(), Language::Chinese)["detail"]["value"], 4);
        let null = FieldError::new(
            Location::Body,
            "/attach".into(),
            Some(&Value::Null),
            Issue::Type("string"),
        );
        let body = ApiError::from(null).body(Language::Chinese);
        assert!(!String::from_utf8(body).unwrap().contains("null"));
    }

    #[test]
    fn messages_end_after_256_characters() {
        let field = format!("/{}", "x".repeat(400));
        let error = FieldError::new(Location::Body, field, None, Issue::Missing);
        let message = json(&error.into(), Language::Chinese)["message"].clone();
        assert_eq!(message.as_str().unwrap().chars().count(), 256);
    }
}
