//! The consumer API as an app calls it.

use reqwest::Method;
use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, Instant};

/// Something did not go as the story tells it.
#[derive(Debug)]
pub struct Differs(pub String);

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Differs {}

impl From<reqwest::Error> for Differs {
    fn from(error: reqwest::Error) -> Self {
        Self(format!("no answer: {}", error.without_url()))
    }
}

/// What a step of the story gives.
pub type Told<T> = Result<T, Differs>;

/// How long the story waits for what a worker does.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(30);

/// A caller of the consumer API, logged in or not.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Api {
    /// A caller of the server at `base` who is not logged in.
    pub fn new(http: &reqwest::Client, base: &str) -> Self {
        Self { http: http.clone(), base: base.trim_end_matches('/').to_owned(), token: None }
    }

    /// The same caller with a session.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Sends a request and gives status and body; writing requests carry a new key.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Told<(u16, Value)> {
        let is_write = method != Method::GET;
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = request.header("accept-language", "en");
        if is_write {
            request = request.header("idempotency-key", super::random::key());
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).map_err(|_| Differs(format!("{path}: not JSON")))?
        };
        Ok((status, body))
    }

    /// Sends a request that must succeed.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> Told<Value> {
        let (status, answer) = self.call(method.clone(), path, Some(&body)).await?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        Err(Differs(format!("{method} {path}: {status} {answer}")))
    }

    /// Posts what must succeed.
    pub async fn post(&self, path: &str, body: Value) -> Told<Value> {
        self.send(Method::POST, path, body).await
    }

    /// Reads what must be there.
    pub async fn get(&self, path: &str) -> Told<Value> {
        match self.call(Method::GET, path, None).await? {
            (200, answer) => Ok(answer),
            (status, answer) => Err(Differs(format!("GET {path}: {status} {answer}"))),
        }
    }

    /// Sends what must be refused with this code, and gives the problem document.
    pub async fn refused(
        &self,
        method: Method,
        path: &str,
        body: Value,
        code: &str,
    ) -> Told<Value> {
        let (status, answer) = self.call(method, path, Some(&body)).await?;
        if status >= 400 && answer["code"] == code {
            return Ok(answer);
        }
        Err(Differs(format!("{path}: expected {code}, got {status} {answer}")))
    }

    /// Reads until a worker has brought the object's state to one of these.
    pub async fn until(&self, path: &str, states: &[&str]) -> Told<Value> {
        let began = Instant::now();
        loop {
            let object = self.get(path).await?;
            if object["state"].as_str().is_some_and(|state| states.contains(&state)) {
                return Ok(object);
            }
            if began.elapsed() > PATIENCE {
                return Err(Differs(format!("{path}: still {object}, waited for {states:?}")));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits for the code of a message to a phone that is newer than `after`; gives both.
    pub async fn code_for(&self, phone: &str, after: i64) -> Told<(String, i64)> {
        let began = Instant::now();
        loop {
            let inbox = self.get(&format!("/sandbox/v1/inbox?to={phone}&after={after}")).await?;
            let messages = inbox["messages"].as_array().or(inbox.as_array());
            let newest = messages.and_then(|all| all.first());
            if let Some((Some(code), Some(id))) =
                newest.map(|message| (message["code"].as_str(), message["id"].as_i64()))
            {
                return Ok((code.to_owned(), id));
            }
            if began.elapsed() > PATIENCE {
                return Err(Differs(format!("no message arrived for {}", &phone[..3])));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The id of the newest message to a phone, 0 for none.
    pub(super) async fn newest_message(&self, phone: &str) -> Told<i64> {
        let inbox = self.get(&format!("/sandbox/v1/inbox?to={phone}")).await?;
        Ok(inbox.pointer("/messages/0/id").and_then(Value::as_i64).unwrap_or(0))
    }

    /// The server's metrics, as text.
    pub async fn metrics(&self) -> Told<String> {
        let answer = self.http.get(format!("{}/metrics", self.base)).send().await?;
        Ok(answer.text().await?)
    }

    /// Moves the sandbox's business time forward.
    pub async fn advance(&self, seconds: i64) -> Told<String> {
        let answer = self.post("/sandbox/v1/clock", json!({ "advance_seconds": seconds })).await?;
        text(&answer, "/now")
    }
}

/// The text at a JSON Pointer.
pub fn text(value: &Value, pointer: &str) -> Told<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| Differs(format!("no text {pointer} in {value}")))
}

/// The number at a JSON Pointer.
pub fn number(value: &Value, pointer: &str) -> Told<i64> {
    let found = value.pointer(pointer).and_then(Value::as_i64);
    found.ok_or_else(|| Differs(format!("no number {pointer} in {value}")))
}

/// Compares what is with what should be.
pub fn same<T: PartialEq + fmt::Debug>(what: &str, is: T, should: T) -> Told<()> {
    if is == should { Ok(()) } else { Err(Differs(format!("{what}: {is:?}, expected {should:?}"))) }
}
