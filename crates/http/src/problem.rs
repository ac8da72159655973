//! Failures as callers see them: one catalogue code with its text in the reader's language, what
//! can be done, and whether trying again helps.
//!
//! A handler returns a [`Problem`] without knowing the reader; the outermost layer, which knows the
//! language and the request's id, writes the document.

use crate::spelling::RetryText;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::catalogue::{Code, Language, Param, Params, Retry, Status};
use engine::{Failed, Failure};
use kernel::Timestamp;
use serde::Serialize;
use std::time::Duration;
use store::QueryError;
use utoipa::ToSchema;

/// A failed call.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    code: Code,
    params: Params,
    field: Option<String>,
    reason: Option<&'static str>,
    retry_after_s: Option<u32>,
    checked_text: Option<String>,
}

impl Problem {
    /// A failure with this code.
    pub fn new(code: Code) -> Self {
        let (field, reason, retry_after_s, checked_text) = (None, None, None, None);
        Self { code, params: Params::default(), field, reason, retry_after_s, checked_text }
    }

    /// A request that is not what the route takes; `field` is a JSON Pointer, or empty.
    pub fn invalid(field: impl Into<String>) -> Self {
        Self::new(Code::ParamInvalid).at(field)
    }

    /// Values for the placeholders of the texts.
    #[must_use]
    pub fn with(self, params: Params) -> Self {
        Self { params, ..self }
    }

    /// The field of the request at fault, as a JSON Pointer; empty for none.
    #[must_use]
    pub fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()).filter(|field| !field.is_empty()), ..self }
    }

    /// A stable word that says more than the code: the part of a value at fault, or what is weak.
    #[must_use]
    pub fn because(self, reason: Option<&'static str>) -> Self {
        Self { reason, ..self }
    }

    /// The text whose signature was checked and found wrong; for developers alone, in a sandbox.
    #[must_use]
    pub fn checked(self, text: Option<String>) -> Self {
        Self { checked_text: text, ..self }
    }

    /// Asks the caller to wait this long (seconds), in the header `Retry-After`.
    #[must_use]
    pub fn after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The catalogue's code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status; a code that the server never answers with would be our fault, so 500.
    pub fn status(&self) -> StatusCode {
        match self.code.status() {
            Status::Http(status) if status >= 400 => StatusCode::from_u16(status)
                .expect("the build of the catalogue lets only real statuses through"),
            Status::Http(_) | Status::Client => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The document for a reader.
    pub fn document(&self, language: Language, trace_id: &str) -> ProblemDocument {
        let mut params = self.params.clone();
        if let Some(seconds) = self.retry_after_s.filter(|_| params.get("time").is_none()) {
            params.0.push(("time", Param::Text(wait(seconds, language))));
        }
        let Explanation { code, message, remedies, retry } =
            Explanation::new(self.code, &params, language);
        ProblemDocument {
            code,
            status: self.status().as_u16(),
            message,
            field: self.field.clone(),
            reason: self.reason,
            checked_text: self.checked_text.clone(),
            remedies,
            retry,
            trace_id: trace_id.to_owned(),
        }
    }

    /// The answer for a reader.
    pub fn answer(&self, language: Language, trace_id: &str) -> Response {
        let mut response = (self.status(), Json(self.document(language, trace_id))).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Carries itself to the outermost layer, which writes the document for the reader.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let field = failure.field.map(|field| field.into_owned());
        Self { params: failure.params, field, ..Self::new(failure.code) }
    }
}

impl<R: Refusal> From<Failed<R>> for Problem {
    fn from(failed: Failed<R>) -> Self {
        let problem = Self::from(failed.failure());
        match failed {
            Failed::Busy { retry_after } => problem.after(seconds_up(retry_after)),
            Failed::Stale | Failed::Unknown => problem.after(1),
            Failed::Refused(_) | Failed::Replayed(_) | Failed::KeyConflict | Failed::Defect => {
                problem
            }
        }
    }
}

/// A wait in words that stand where the catalogue names a time.
fn wait(seconds: u32, language: Language) -> String {
    match (language, seconds) {
        (Language::ZhCn, _) => format!("{seconds} 秒"),
        (Language::En, 1) => "1 second".to_owned(),
        (Language::En, _) => format!("{seconds} seconds"),
    }
}

fn seconds_up(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Failed(reason) => {
                tracing::warn!(%reason, "read failed");
                Self::new(Code::SystemBusy).after(1)
            }
            QueryError::Corrupt(corrupt) => {
                tracing::error!(%corrupt, "stored row is not readable");
                Self::new(Code::SystemError)
            }
        }
    }
}

/// `application/problem+json`: every answer from status 400 up.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Stable code of the catalogue, to be quoted to customer service.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, in the reader's language.
    pub message: String,
    /// JSON Pointer to the field of the request at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A stable word that says more than the code: the part of a machine-readable line whose check
    /// fails (`number`, `birth_date`, `expiry`, `optional`, `composite`), or what makes a payment
    /// password weak (`repeated`, `sequential`, `keypad`, `common`, `id_tail`, `birthday`,
    /// `phone_tail`, `card_tail`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// In a sandbox alone: the text whose signature was checked and found wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_text: Option<String>,
    /// What the reader can try, in this order.
    pub remedies: Vec<RemedyText>,
    /// Whether trying again helps.
    pub retry: RetryAdvice,
    /// Names this request in the logs.
    pub trace_id: String,
}

/// Something a person can try.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RemedyText {
    /// Stable id of the remedy.
    pub id: &'static str,
    /// The advice, in the reader's language.
    pub text: String,
}

/// Whether, and when, the same request can succeed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RetryAdvice {
    /// `now`, `later`, `after_fix`, `query` (read the state first, never repeat) or `no`.
    #[schema(value_type = RetryText)]
    pub class: &'static str,
    /// When a limit or a lock ends, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<String>,
    /// How many tries of a secret are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<i64>,
}

impl RetryAdvice {
    fn new(class: Retry, params: &Params) -> Self {
        let reset_at = match params.get("time") {
            Some(Param::Time(micros)) => Some(Timestamp::from_micros(*micros).rfc3339()),
            _ => None,
        };
        let attempts_left = match params.get("n") {
            Some(Param::Number(left)) => Some(*left),
            _ => None,
        };
        Self { class: class.as_str(), reset_at, attempts_left }
    }
}

/// What the catalogue says about a code to one reader. In the body of an object it is a notice:
/// something to know about an object that is not a failed call.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct Explanation {
    /// Stable code of the catalogue.
    pub code: &'static str,
    /// The text in the reader's language.
    pub message: String,
    /// What the reader can try, in this order.
    pub remedies: Vec<RemedyText>,
    /// Whether trying again helps.
    pub retry: RetryAdvice,
}

impl Explanation {
    /// Fills the texts of a code.
    pub fn new(code: Code, params: &Params, language: Language) -> Self {
        let remedy = |remedy: &domain::catalogue::Remedy| RemedyText {
            id: remedy.id,
            text: remedy.text(language, code, params),
        };
        Self {
            code: code.as_str(),
            message: code.text(language, params),
            remedies: code.remedies().iter().map(remedy).collect(),
            retry: RetryAdvice::new(code.retry(), params),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_time_and_tries_left_are_told_apart_from_the_text() {
        let params =
            Params(vec![("n", Param::Number(2)), ("time", Param::Time(1_763_719_500_000_000))]);
        let problem = Problem::new(Code::OtpInvalid).with(params).at("/code");
        let document = problem.document(Language::En, "req_1");
        assert_eq!(document.status, 422);
        assert_eq!(document.message, "Wrong code; 2 tries left");
        assert_eq!(document.field.as_deref(), Some("/code"));
        assert_eq!(document.retry.attempts_left, Some(2));
        assert_eq!(document.retry.reset_at.as_deref(), Some("2025-11-21T18:05:00+08:00"));
    }

    #[test]
    fn who_has_to_wait_a_little_is_told_how_long() {
        let remedy = |problem: Problem, language| {
            problem.document(language, "req_1").remedies.swap_remove(0).text
        };
        let busy = || Problem::new(Code::SystemBusy).after(1);
        assert_eq!(remedy(busy(), Language::ZhCn), "请于 1 秒 后再试");
        assert_eq!(remedy(busy(), Language::En), "Try again after 1 second");
        let limited = Problem::new(Code::RateLimited).after(30);
        assert_eq!(remedy(limited, Language::En), "Try again after 30 seconds");
        assert_eq!(busy().document(Language::En, "req_1").retry.reset_at, None);
    }

    #[test]
    fn a_notice_never_becomes_the_status_of_a_failed_call() {
        for code in Code::all() {
            assert!(Problem::new(code).status().as_u16() >= 400, "{code}");
        }
    }
}
