//! What all clients share: where the server is now, and requests that are sent until they are
//! answered.

use crate::dice::Dice;
use jiaozi_server::demo::Shop;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long something may take that must happen by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(40);

/// Within that much business time the bank ends what it was told to do, in seconds.
pub(crate) const BANK_ENDS_S: i64 = 3 * 3_600;

/// The server as the clients know it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// How many servers there were.
    pub(crate) epoch: u64,
    /// Where the people's API is; nothing while there is no server.
    pub(crate) base: Option<String>,
    /// Whether the story is to end.
    pub(crate) finishing: bool,
}

/// See the module.
pub(crate) struct World {
    pub(crate) http: reqwest::Client,
    pub(crate) place: watch::Receiver<Place>,
    pub(crate) shop: Shop,
    /// Requests answered.
    pub(crate) completed: AtomicU64,
    /// Requests whose answer got lost at least once.
    pub(crate) unknown: AtomicU64,
    /// How far business time was moved at least, in seconds.
    pub(crate) advanced: AtomicI64,
    /// The same with what is under way; not less.
    pub(crate) advancing: AtomicI64,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// An earlier answer to the same request got lost.
    pub(crate) was_unknown: bool,
}

impl Answer {
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text at a place of a body that must have one.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {pointer}: {self:?}")).to_owned()
    }

    pub(crate) fn done(self) -> Self {
        assert!(self.is_done(), "{self:?}");
        self
    }
}

/// A caller of the people's API, perhaps with a session.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) world: Arc<World>,
    pub(crate) token: Option<String>,
}

impl Caller {
    /// Sends a request with a key, the same again until it is answered.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value, key: &str) -> Answer {
        self.world
            .until_answered(|base| {
                let url = format!("{base}{path}");
                let mut request = self.world.http.request(method.clone(), url);
                if method != Method::GET {
                    request = request.json(body);
                }
                if !key.is_empty() {
                    request = request.header("idempotency-key", key);
                }
                if let Some(token) = &self.token {
                    request = request.bearer_auth(token);
                }
                async move {
                    let response = request.send().await.ok()?;
                    let status = response.status().as_u16();
                    let bytes = response.bytes().await.ok()?;
                    Some((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
                }
            })
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value, dice: &mut Dice) -> Answer {
        self.send(Method::POST, path, &body, &dice.key()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &Value::Null, "").await
    }

    /// Reads until the state is one of these.
    pub(crate) async fn until(&self, path: &str, states: &[&str]) -> Value {
        let began = Instant::now();
        loop {
            let object = self.get(path).await.done().body;
            if object["state"].as_str().is_some_and(|state| states.contains(&state)) {
                return object;
            }
            assert!(began.elapsed() < PATIENCE, "stuck, not {states:?}: {path} {object}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The same for what may have to wait for the bank: it may have been told late, because the
    /// server was killed before it could, and is asked again only after a while of business time.
    pub(crate) async fn until_bank(&self, path: &str, states: &[&str]) -> Value {
        for _ in 0..20 {
            let began = Instant::now();
            while began.elapsed() < PATIENCE / 30 {
                let object = self.get(path).await.done().body;
                if object["state"].as_str().is_some_and(|state| states.contains(&state)) {
                    return object;
                }
                tokio::time::sleep(PAUSE).await;
            }
            self.world.advance(BANK_ENDS_S).await;
        }
        self.until(path, states).await
    }

    /// The newest code sent to a phone after a message, with the message; nothing if business time
    /// went on since it was asked for, because nobody sends a code that is too old.
    pub(crate) async fn code(&self, phone: &str, (after, at): (i64, i64)) -> Option<(String, i64)> {
        let began = Instant::now();
        loop {
            let answer = self.get(&format!("/sandbox/v1/inbox?to={phone}&after={after}")).await;
            let newest = &answer.body["messages"][0];
            if let (Some(code), Some(id)) = (newest["code"].as_str(), newest["id"].as_i64()) {
                return Some((code.to_owned(), id));
            }
            if self.world.may_have_advanced(at) && began.elapsed() > PATIENCE / 30 {
                return None;
            }
            assert!(began.elapsed() < PATIENCE, "no code arrives: {answer:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl World {
    /// Sends a merchant's request until it is answered.
    pub(crate) async fn merchant(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
    ) -> Answer {
        let call = async || match self.shop.call(method, target, body).await {
            Ok(answer) => Some(answer),
            Err(lost) => {
                let lost = lost.to_string();
                assert!(!lost.contains("signature"), "{lost}");
                None
            }
        };
        self.until_answered(|_| call()).await
    }

    /// Moves business time forward.
    pub(crate) async fn advance(self: &Arc<Self>, seconds: i64) {
        let caller = Caller { world: Arc::clone(self), token: None };
        let body = json!({ "advance_seconds": seconds });
        self.advancing.fetch_add(seconds, Relaxed);
        caller.send(Method::POST, "/sandbox/v1/clock", &body, "").await.done();
        self.advanced.fetch_add(seconds, Relaxed);
    }

    /// Whether business time may have been moved since `advanced` was `at`.
    pub(crate) fn may_have_advanced(&self, at: i64) -> bool {
        self.advancing.load(Relaxed) != at
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.place.borrow().epoch
    }

    pub(crate) fn is_finishing(&self) -> bool {
        self.place.borrow().finishing
    }

    async fn until_answered<F>(&self, send: impl Fn(String) -> F) -> Answer
    where
        F: Future<Output = Option<(u16, Value)>>,
    {
        let began = Instant::now();
        let mut place = self.place.clone();
        let mut was_unknown = false;
        let mut last = None;
        loop {
            let up = place.wait_for(|place| place.base.is_some()).await.unwrap().clone();
            let told = send(up.base.unwrap()).await;
            match told {
                Some((status, body)) if !matches!(status, 500 | 503 | 504) => {
                    self.completed.fetch_add(1, Relaxed);
                    return Answer { status, body, was_unknown };
                }
                told => last = told.or(last),
            }
            if !was_unknown {
                self.unknown.fetch_add(1, Relaxed);
            }
            was_unknown = true;
            assert!(began.elapsed() < 2 * PATIENCE, "never answered; the last was {last:?}");
            // The server is gone, or its bank: look again when that is known to have changed.
            let _ = tokio::time::timeout(4 * PAUSE, place.changed()).await;
        }
    }
}
