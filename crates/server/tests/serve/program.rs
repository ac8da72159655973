//! The program as a user starts it, on ports that the system gives.

use reqwest::StatusCode;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use store_sqlite::Temporary;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Who types what the operator's staff types.
pub(crate) const STAFF: &str = "amy";

/// The program with a data folder.
pub(crate) struct Program {
    folder: Temporary,
    data: PathBuf,
    /// Its database server, if the database is not a file.
    pub(crate) server: Option<Arc<store_postgres::Temporary>>,
}

impl Program {
    /// On SQLite.
    pub(crate) fn on_a_file() -> Self {
        let folder = Temporary::empty().unwrap();
        Self { data: folder.folder().join("data"), folder, server: None }
    }

    /// On an empty PostgreSQL database.
    pub(crate) fn on_a_server() -> Self {
        let database = store_postgres::Temporary::empty().unwrap();
        Self { server: Some(Arc::new(database)), ..Self::on_a_file() }
    }

    /// Another one on the same database, with the same keys.
    pub(crate) fn beside(&self) -> Self {
        let beside = Self { server: self.server.clone(), ..Self::on_a_file() };
        std::fs::create_dir(beside.data()).unwrap();
        std::fs::copy(self.data.join("keys.toml"), beside.data.join("keys.toml")).unwrap();
        beside
    }

    /// The folder around the data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.folder()
    }

    /// Where servers write what they log.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder().join("log")
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaozi"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("JIAOZI_")) {
            command.env_remove(name);
        }
        command.env_remove("SUDO_USER").env("USER", STAFF);
        if let Some(server) = &self.server {
            command.env("JIAOZI_DATABASE", server.url().revealed());
        }
        command.args(arguments).arg("--data").arg(&self.data).stdin(Stdio::null());
        command
    }

    /// Runs to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended(self.command(arguments).output().unwrap())
    }

    /// Starts a sandbox and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Running {
        self.serve_with(&[])
    }

    /// The same with more in its environment.
    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Running {
        self.start(&[], variables)
    }

    /// The same with demo people.
    pub(crate) fn serve_people(&self, flags: &[&str]) -> Running {
        self.start(&[&["--demo-people"], flags].concat(), &[])
    }

    fn start(&self, flags: &[&str], variables: &[(&str, &str)]) -> Running {
        let anywhere = "127.0.0.1:0";
        let listen = ["serve", "--sandbox", "--listen", anywhere, "--merchant-listen", anywhere];
        let doors = ["--tls-listen", anywhere, "--proxy-listen", anywhere];
        let mut command = self.command(&[&listen[..], &doors, flags].concat());
        // All that can be logged by us: where secrets would be found first.
        command.env("JIAOZI_LOG_FILTER", "debug").envs(variables.iter().copied());
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for line in lines {
            let line = line.unwrap();
            let first = line.split("http://").nth(1);
            addresses.extend(first.map(|rest| {
                let end = rest.find('/').unwrap();
                rest[..end].parse::<SocketAddr>().unwrap()
            }));
            if addresses.len() == 3 {
                break;
            }
        }
        let [consumer, merchant, bank] = addresses.try_into().unwrap_or_else(|_| {
            panic!("it did not start: {}", std::fs::read_to_string(self.log()).unwrap())
        });
        Running { child, consumer, merchant, bank }
    }
}

/// A program that ended.
pub(crate) struct Ended(Output);

impl Ended {
    /// What it printed; it must have succeeded.
    pub(crate) fn text(&self) -> String {
        assert!(self.0.status.success(), "{}", String::from_utf8_lossy(&self.0.stderr));
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// Why it failed; it must have.
    pub(crate) fn error(&self) -> String {
        assert!(!self.0.status.success());
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}

/// A server that runs; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    consumer: SocketAddr,
    pub(crate) merchant: SocketAddr,
    bank: SocketAddr,
}

impl Running {
    /// Waits until the commands of developers find the sandbox.
    pub(crate) async fn until_developers_are_told(&self, program: &Program) {
        while !program.data().join("sandbox.json").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// The address of the sandbox bank.
    pub(crate) fn bank(&self) -> String {
        format!("http://{}", self.bank)
    }

    /// The address of the merchants' API.
    pub(crate) fn merchants(&self) -> String {
        format!("http://{}", self.merchant)
    }

    /// The address of the people's API.
    pub(crate) fn people(&self) -> String {
        format!("http://{}", self.consumer)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.consumer);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("http://{}{path}", self.consumer);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Sends bytes to the merchants' listener and gives the head of what comes back.
    pub(crate) async fn raw_merchant(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.merchant).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed too early");
        }
        String::from_utf8(answer).unwrap()
    }

    /// A connection that breaks when the bank ends.
    pub(crate) async fn connect_to_bank(&self) -> TcpStream {
        TcpStream::connect(self.bank).await.unwrap()
    }

    pub(crate) async fn wait_for_close(mut stream: TcpStream) {
        // A reset is an end like any other.
        let _ = stream.read(&mut [0; 1]).await;
    }

    /// Asks it to end, as the system does.
    pub(crate) fn end(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    /// Ends it without a word.
    pub(crate) fn kill(self) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended already has nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
