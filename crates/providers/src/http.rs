//! One HTTP connection to the sandbox: shared secret, time limit, capped answers.

use std::time::Duration;

use kernel::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{RequestId, Unclear};

/// Longest answer that is read, but for statements.
const ANSWER_MAX: usize = 64 * 1024;
/// Longest statement that is read.
const STATEMENT_MAX: usize = 32 * 1024 * 1024;

/// Where the sandbox is and how to talk to it; cheap to clone, connections are shared.
#[derive(Clone)]
pub struct Connection {
    client: reqwest::Client,
    base_url: String,
    secret: SecretString,
}

/// A client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("failed to make an HTTP client")]
pub struct ConnectionError(#[from] reqwest::Error);

/// What came back besides an unclear answer.
pub(crate) enum Reply<T> {
    /// A business answer.
    Answer(T),
    /// The provider says that it never saw such a request.
    NotSeen,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

impl Connection {
    /// Talks to `base_url`, such as `http://127.0.0.1:4000`; `time_limit` covers a whole exchange.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn try_new(
        base_url: &str,
        secret: SecretString,
        time_limit: Duration,
    ) -> Result<Self, ConnectionError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(time_limit.min(Duration::from_secs(5)))
            .timeout(time_limit)
            .build()?;
        Ok(Self { client, base_url: base_url.trim_end_matches('/').to_owned(), secret })
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply<T>, Unclear> {
        let url = format!("{}{path}", self.base_url);
        self.exchange(self.client.post(url).json(body), ANSWER_MAX).await
    }

    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        path: &str,
        id: &RequestId,
    ) -> Result<Reply<T>, Unclear> {
        let url = format!("{}{path}/{id}", self.base_url);
        self.exchange(self.client.get(url), ANSWER_MAX).await
    }

    pub(crate) async fn get_long<T: DeserializeOwned>(
        &self,
        path_and_query: &str,
    ) -> Result<Reply<T>, Unclear> {
        let url = format!("{}{path_and_query}", self.base_url);
        self.exchange(self.client.get(url), STATEMENT_MAX).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        cap: usize,
    ) -> Result<Reply<T>, Unclear> {
        let request = request.bearer_auth(self.secret.expose_secret());
        let response = request.send().await.map_err(unclear)?;
        let status = response.status().as_u16();
        let body = read(response, cap).await?;
        match status {
            200 => match serde_json::from_slice(&body) {
                Ok(answer) => Ok(Reply::Answer(answer)),
                Err(_) => Err(Unclear::Unreadable),
            },
            404 => match serde_json::from_slice::<ErrorBody>(&body) {
                Ok(body) if body.error == "NOT_SEEN" => Ok(Reply::NotSeen),
                // Any other 404 is a wrong address, which says nothing about the request.
                _ => Err(Unclear::Status(404)),
            },
            other => Err(Unclear::Status(other)),
        }
    }
}

async fn read(mut response: reqwest::Response, cap: usize) -> Result<Vec<u8>, Unclear> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unclear)? {
        if body.len() + chunk.len() > cap {
            return Err(Unclear::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unclear(error: reqwest::Error) -> Unclear {
    if error.is_timeout() { Unclear::TimedOut } else { Unclear::Connection }
}

/// The clock of the sandbox, which follows the business clock.
pub struct SandboxClock(Connection);

#[derive(Serialize, Deserialize)]
struct ClockBody {
    offset_us: i64,
}

impl SandboxClock {
    /// Over this connection.
    pub fn new(connection: Connection) -> Self {
        Self(connection)
    }

    /// Raises the clock's offset to so many microseconds ahead of real time, never back; answers
    /// the offset that holds now.
    ///
    /// # Errors
    /// When the sandbox did not clearly answer; sending again is harmless.
    pub async fn raise_offset(&self, offset_us: i64) -> Result<i64, Unclear> {
        match self.0.post("/clock", &ClockBody { offset_us }).await? {
            Reply::Answer(ClockBody { offset_us }) => Ok(offset_us),
            Reply::NotSeen => Err(Unclear::Unreadable),
        }
    }
}
