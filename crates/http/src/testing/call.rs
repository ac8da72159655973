//! One request of a test, and its answer.

use super::Stage;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use serde_json::Value;
use std::fmt::Write as _;
use tower::ServiceExt;

/// A request that is being put together.
pub(crate) struct Call<'s> {
    stage: &'s Stage,
    method: String,
    path: String,
    token: Option<String>,
    key: Option<String>,
    language: Option<&'static str>,
    body: Option<Vec<u8>>,
    is_told: bool,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The text at a JSON Pointer.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let text = self.body.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no {pointer} in {}", self.body)).to_owned()
    }

    /// Status, code and field of a problem.
    pub(crate) fn problem(&self) -> (u16, &str, Option<&str>) {
        let code = self.body["code"].as_str().unwrap_or_else(|| panic!("no code: {}", self.body));
        (self.status, code, self.body["field"].as_str())
    }
}

impl<'s> Call<'s> {
    pub(super) fn new(stage: &'s Stage, method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        let (token, key, language, body) = (None, None, None, None);
        Self { stage, method, path, token, key, language, body, is_told: true }
    }

    /// With a session.
    pub(crate) fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// With an idempotency key, lengthened to what the header asks for.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.key = Some(format!("{key:-<16}"));
        self
    }

    /// For a reader of a language.
    pub(crate) fn language(mut self, header: &'static str) -> Self {
        self.language = Some(header);
        self
    }

    /// With a body in JSON.
    pub(super) fn body(self, body: Value) -> Self {
        self.bytes(body.to_string().as_bytes())
    }

    /// With these bytes for a body.
    pub(crate) fn bytes(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Without writing it down.
    pub(crate) fn quietly(mut self) -> Self {
        self.is_told = false;
        self
    }

    /// Sends it through the router.
    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &self.key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(language) = self.language {
            request = request.header(ACCEPT_LANGUAGE, language);
        }
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let sent = self.body.clone().map_or(Body::empty(), Body::from);
        let request = request.body(sent).unwrap();
        let response = self.stage.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        if self.is_told {
            self.write_down(&answer);
        }
        answer
    }

    fn write_down(&self, answer: &Answer) {
        let mut told = self.stage.told.lock().unwrap();
        let path: Vec<String> = self.path.split('/').map(|step| told.tidy(step)).collect();
        writeln!(told.text, "{} {}", self.method, path.join("/")).unwrap();
        if let Some(Ok(mut sent)) = self.body.as_deref().map(serde_json::from_slice::<Value>) {
            told.tidy_value(&mut sent);
            writeln!(told.text, "{sent}").unwrap();
        }
        writeln!(told.text, "-> {}", answer.status).unwrap();
        if !answer.body.is_null() {
            let mut body = answer.body.clone();
            told.tidy_value(&mut body);
            let pretty = serde_json::to_string_pretty(&body).unwrap();
            writeln!(told.text, "{pretty}").unwrap();
        }
        told.text.push('\n');
    }
}
