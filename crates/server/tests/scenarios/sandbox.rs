//! A sandbox as a process: its people's API, its database, its bank, and its business time.

use domain::job::Job;
use jiaozi_server::audit::Audit;
use jiaozi_server::demo::{Api, DemoFile};
use kernel::Timestamp;
use kernel::time::SECOND;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Value;
use store::queries::{Described, select};
use store_sqlite::{ReaderOptions, SqliteReaders, Temporary};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long anything may take that another process does.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(30);

/// How many people act at the same time.
const AT_ONCE: usize = 16;

/// A test card, as the bank's page for programs shows it.
#[derive(Clone, Deserialize)]
pub(crate) struct Card {
    pub(crate) card_number: String,
    pub(crate) bank: String,
    pub(crate) card_kind: String,
    pub(crate) scenario: String,
    pub(crate) phase: Option<String>,
}

/// See the module. Its processes end when it is dropped.
pub(crate) struct Sandbox {
    pub(crate) api: Api,
    pub(crate) readers: SqliteReaders,
    demo: DemoFile,
    bank: String,
    secret: String,
    http: reqwest::Client,
    child: Child,
    _folder: Temporary,
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        let folder = Temporary::empty().unwrap();
        let (child, output) = spawn(folder.folder());
        let mut bank = None;
        let mut lines = BufReader::new(output).lines();
        while bank.is_none() {
            let line = lines.next().expect("the sandbox did not start").unwrap();
            let rest = line.split("sandbox bank    ").nth(1);
            bank = rest.and_then(|rest| rest.split("/cards").next()).map(str::to_owned);
        }
        // Whoever prints into a pipe that nobody reads would wait one day.
        std::thread::spawn(move || lines.count());
        let file = folder.folder().join("demo.json");
        let demo: DemoFile = until("the demo file", async || {
            serde_json::from_str(&std::fs::read_to_string(&file).ok()?).ok()
        })
        .await;
        let secret = folder.folder().join("data/sandbox-bank/secret");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            api: Api::new(&http, &demo.consumer_api),
            readers: SqliteReaders::open(Path::new(&demo.database), ReaderOptions::default())
                .unwrap(),
            demo,
            bank: bank.unwrap(),
            secret: std::fs::read_to_string(secret).unwrap().trim().to_owned(),
            http,
            child,
            _folder: folder,
        }
    }

    /// Every card with a documented behaviour.
    pub(crate) async fn cards(&self) -> Vec<Card> {
        #[derive(Deserialize)]
        struct Page {
            cards: Vec<Card>,
        }
        self.ask_bank::<Page>("/scenarios.json").await.cards
    }

    /// Reads from the bank with the wallet's secret.
    pub(crate) async fn ask_bank<T: DeserializeOwned>(&self, path: &str) -> T {
        let request = self.http.get(format!("{}{path}", self.bank)).bearer_auth(&self.secret);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// Business time.
    pub(crate) async fn now(&self) -> Timestamp {
        self.advance(0).await
    }

    /// Moves business time forward and gives it.
    async fn advance(&self, seconds: i64) -> Timestamp {
        Timestamp::parse_rfc3339(&self.api.advance(seconds).await.unwrap()).unwrap()
    }

    /// Moves business time forward and waits until everything was done that is due then.
    pub(crate) async fn pass(&self, seconds: i64) {
        // The time is told in whole seconds, and what it left out has passed too.
        let now = self.advance(seconds).await.plus(SECOND);
        until("the worker", async || {
            let due = [Value::Int(now.micros())];
            let jobs = self.rows::<Job>("due_at <= $1 LIMIT 1", &due).await;
            jobs.is_empty().then_some(())
        })
        .await;
    }

    /// Committed rows that meet a condition.
    pub(crate) async fn rows<R: Described>(&self, condition: &str, values: &[Value]) -> Vec<R> {
        select(&self.readers, condition, values.to_vec()).await.unwrap()
    }

    pub(crate) async fn audit(&self) -> Audit {
        Audit::of(&self.demo.database).await.unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // One that ended already has nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Path) -> (Child, ChildStdout) {
    let anywhere = "127.0.0.1:0";
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaozi"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("JIAOZI_")) {
        command.env_remove(name);
    }
    let mut child = command
        .args(["serve", "--sandbox", "--demo-people"])
        .args(["--listen", anywhere, "--merchant-listen", anywhere, "--data"])
        .arg(folder.join("data"))
        .arg("--demo-file")
        .arg(folder.join("demo.json"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    (child, output)
}

/// Looks again and again until there is something.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited too long for {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Does it for all, some of them at a time; gives the results in any order.
pub(crate) async fn each<T, R, F>(items: Vec<T>, act: impl Fn(T) -> F) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut acting = JoinSet::new();
    for item in items {
        let (places, acted) = (Arc::clone(&places), act(item));
        acting.spawn(async move {
            let _place = places.acquire().await.unwrap();
            acted.await
        });
    }
    acting.join_all().await
}
