//! The server as a process that can be killed, and its bank.

use jiaozi_server::demo::DemoFile;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything of another process may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// The data folder and the database on which servers follow one another.
pub(crate) struct Place {
    folder: PathBuf,
    /// A database server that outlives them, with `JIAOZI_TEST_DATABASE=postgres`.
    database: Option<store_postgres::Temporary>,
}

impl Place {
    pub(crate) fn new(folder: &Path) -> Self {
        let is_server = std::env::var("JIAOZI_TEST_DATABASE").is_ok_and(|kind| kind == "postgres");
        let database = is_server.then(|| store_postgres::Temporary::empty().unwrap());
        Self { folder: folder.to_owned(), database }
    }

    fn log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.folder.join("log")).unwrap()
    }

    /// What one shows to the bank.
    pub(crate) fn bank_secret(&self) -> String {
        std::fs::read_to_string(self.folder.join("data/sandbox-bank/secret")).unwrap()
    }

    /// The last lines that the servers logged.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn spawn(&self) -> (Child, BufReader<std::process::ChildStdout>) {
        let anywhere = "127.0.0.1:0";
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaozi"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("JIAOZI_")) {
            command.env_remove(name);
        }
        if let Some(database) = &self.database {
            command.env("JIAOZI_DATABASE", database.url().revealed());
        }
        let mut child = command
            .args(["serve", "--sandbox", "--demo-people"])
            .args(["--listen", anywhere, "--merchant-listen", anywhere])
            .arg("--data")
            .arg(self.folder.join("data"))
            .arg("--demo-file")
            .arg(self.folder.join("demo.json"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(self.log())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        (child, output)
    }

    /// Starts a server and waits until it answers.
    pub(crate) fn start(&self) -> Server {
        let demo_file = self.folder.join("demo.json");
        let _ = std::fs::remove_file(&demo_file);
        let (child, mut output) = self.spawn();
        let mut server = Server { child, demo: None, bank: None };
        let mut line = String::new();
        while server.bank.is_none() {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "it did not start");
            if let Some(rest) = line.split("sandbox bank    http://").nth(1) {
                server.bank = rest.split('/').next().unwrap().parse().ok();
            }
        }
        // Whoever prints into a pipe that nobody reads would wait one day.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let mut demo: DemoFile = poll("the demo file", || {
            serde_json::from_str(&std::fs::read_to_string(&demo_file).ok()?).ok()
        });
        if let Some(database) = &self.database {
            demo.database = database.url().revealed(); // The file leaves out the password.
        }
        server.demo = Some(demo);
        server
    }

    /// Starts a server and kills it before it is ready, after so many looks at it.
    pub(crate) fn start_and_kill(&self, looks: u64) {
        let (mut child, output) = self.spawn();
        for _ in 0..looks {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        drop(output);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// A running server; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    demo: Option<DemoFile>,
    bank: Option<SocketAddr>,
}

impl Server {
    pub(crate) fn demo(&self) -> &DemoFile {
        self.demo.as_ref().unwrap()
    }

    /// Where the bank is.
    pub(crate) fn bank(&self) -> SocketAddr {
        self.bank.unwrap()
    }

    /// A connection that breaks when the bank ends.
    pub(crate) fn hold_bank(&self) -> Held {
        let stream = TcpStream::connect(self.bank.unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Held(stream)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `kill -9` to the bank alone; waits until another one is there.
    pub(crate) fn kill_bank(&self) {
        let before = self.bank_process().expect("a bank is running");
        let killed = Command::new("kill").args(["-9", &before.to_string()]).status().unwrap();
        assert!(killed.success());
        let held = || TcpStream::connect(self.bank.unwrap()).ok();
        poll("another bank", || self.bank_process().filter(|after| *after != before));
        poll("the bank's port", held);
    }

    /// The process of the bank: the only child of the server.
    fn bank_process(&self) -> Option<u32> {
        let parent = format!(" {} ", self.child.id());
        std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // `id (name) state parent ..`; a zombie waits for its parent and is no bank.
            let (state, rest) = stat.rsplit_once(") ")?.1.split_at(1);
            (state != "Z" && rest.starts_with(&parent)).then_some(id)
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was killed already has nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection to a bank.
pub(crate) struct Held(TcpStream);

impl Held {
    /// Waits until the bank is gone.
    pub(crate) fn wait_for_end(mut self) {
        use std::io::Read;
        match self.0.read(&mut [0; 1]) {
            Ok(0) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            other => panic!("the bank outlives its server: {other:?}"),
        }
    }
}

fn poll<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(PAUSE);
    }
}
