//! What the tests of the edge are run in: the real router over a real engine and a SQLite file,
//! with a clock that the test moves and random bytes that are the same in every run. Every exchange
//! is written down, so that a test compares the whole of it with a stored text.

mod call;
mod clock;

pub(crate) use call::{Answer, Call};

use crate::app::{AppParts, AppState, Limits};
use apiv3::signers::Signers;
use axum::Router;
use clock::{EngineShell, TestClock};
use domain::Rules;
use domain::ids::OtpId;
use domain::ledger::OpenSystemAccounts;
use domain::user::{OtpPurpose, otp_code};
use engine::Engine;
use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};
use kernel::{Currency, ExposeSecret};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};

/// Keys that are the same in every run.
pub(crate) fn keys() -> KeyRing {
    let mut byte = 0;
    KeyRing::from_source(|_| {
        byte += 1;
        Versions::try_new(vec![(1, Key32::new([byte; 32]))])
    })
    .unwrap()
}

/// See the module. It begins on 21 November 2026 at 10:00 in the business zone.
pub(crate) struct Stage {
    pub(crate) app: AppState,
    router: Router,
    clock: Arc<TestClock>,
    told: Mutex<Told>,
    database: Temporary,
}

/// What happened so far, with random texts replaced by names in order of appearance.
#[derive(Default)]
struct Told {
    text: String,
    names: HashMap<String, String>,
    counts: HashMap<String, usize>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With the state as the test wants it.
    pub(crate) async fn with(change: impl FnOnce(&mut AppState)) -> Self {
        let database = Temporary::new().unwrap();
        let clock = Arc::new(TestClock::default());
        let engine = start_engine(&database, &clock).await;
        let queries = SqliteReaders::open(database.path(), ReaderOptions::default()).unwrap();
        let mut app = AppState::from(AppParts {
            engine,
            queries: Arc::new(queries),
            keys: Arc::new(keys()),
            shell: clock.clone(),
            sandbox: None,
            people: None,
            inspector: None,
            metrics: Arc::new(String::new),
            callers: Arc::default(),
            signers: Arc::new(Signers::start(Box::new(|| false))),
            unsafe_switches: Arc::new([]),
            public_url: "https://wallet.example".into(),
            limits: Limits::default(),
        });
        change(&mut app);
        let router = crate::consumer_router(&app, Router::new());
        Self { app, router, clock, told: Mutex::default(), database }
    }

    /// Starts another engine on the same database, as another process would.
    pub(crate) async fn rival(&self) -> Engine {
        start_engine(&self.database, &self.clock).await
    }

    /// Ends the engine and starts it anew on what is stored.
    pub(crate) async fn restart(&mut self) {
        self.app.engine.shutdown().await;
        self.app.engine = self.rival().await;
        self.router = crate::consumer_router(&self.app, Router::new());
    }

    /// Where the database lies.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.database.folder()
    }

    /// Lets microseconds pass, on the real clock and so on business time.
    pub(crate) fn wait(&self, micros: i64) {
        self.clock.advance(micros);
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        Call::new(self, "GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        Call::new(self, "POST", path).body(body)
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Call<'_> {
        Call::new(self, "PUT", path).body(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        Call::new(self, "DELETE", path)
    }

    /// Writes a heading into what is told.
    pub(crate) fn tell(&self, heading: &str) {
        let mut told = self.told.lock().unwrap();
        writeln!(told.text, "## {heading}\n").unwrap();
    }

    /// Every exchange so far, to be compared with a stored text.
    pub(crate) fn told(&self) -> String {
        self.told.lock().unwrap().text.clone()
    }

    /// Asks for a code, without writing it down, and gives the challenge with its code.
    pub(crate) async fn challenge(&self, phone: &str, purpose: OtpPurpose) -> (String, String) {
        let body = json!({"phone": phone, "purpose": purpose.as_str()});
        let asked = self.post("/v1/otp-challenges", body).quietly().send().await;
        let id = asked.text("/id");
        let code = self.code(&id, purpose);
        (id, code)
    }

    /// The code of a challenge, as the message has it.
    pub(crate) fn code(&self, challenge: &str, purpose: OtpPurpose) -> String {
        let id: OtpId = challenge.parse().unwrap();
        let key = self.app.keys.otp.newest_key();
        otp_code(key, id, purpose).expose_secret().to_owned()
    }

    /// Registers the holder of a phone, without writing it down, and gives the session's token.
    pub(crate) async fn register(&self, phone: &str) -> String {
        let (id, code) = self.challenge(phone, OtpPurpose::Register).await;
        let body = json!({
            "otp_challenge": id, "phone": phone, "code": code, "device": {"name": "phone"},
        });
        self.post("/v1/users", body).quietly().send().await.text("/token")
    }
}

async fn start_engine(database: &Temporary, clock: &Arc<TestClock>) -> Engine {
    let store = SqliteStore::open(database.path(), Options::default()).unwrap();
    let shell = EngineShell(Arc::clone(clock));
    let (rules, limits) = (Arc::new(Rules::default()), engine::Limits::default());
    let engine = Engine::start(Box::new(store), shell, rules, limits).unwrap();
    assert!(engine.wait_ready().await);
    let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
    let system = engine.run(open).await.unwrap();
    engine.set_rules(Arc::new(Rules { system, ..Rules::default() }));
    engine
}

impl Told {
    /// The same text with a name for everything that is random.
    fn tidy(&mut self, text: &str) -> String {
        if let Some(known) = self.names.get(text) {
            return known.clone();
        }
        let kind = match text.split_once('_') {
            Some((kind, rest)) if rest.len() == 26 && kernel::id::decode(rest).is_ok() => kind,
            _ if text.len() == 28 && text.bytes().all(|byte| byte.is_ascii_digit()) => "payment",
            _ if text.len() == 43 && !text.contains([' ', '<']) => "token",
            _ => return text.to_owned(),
        };
        let count = self.counts.entry(kind.to_owned()).or_default();
        *count += 1;
        let name = format!("{kind}-{count}");
        self.names.insert(text.to_owned(), name.clone());
        name
    }

    fn tidy_value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.tidy(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.tidy_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.tidy_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
