//! A throw-away server: set up in a temporary folder, listening on this machine only, with the
//! durability that a real one has. It ends with the process that started it, however that ends.

use super::programs::Programs;
use crate::connection::{Link, Session};
use crate::error::OpenError;
use crate::migrate;
use crate::url::Url;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Starts the server, waits until the other end of its standard input is closed, which the system
/// does when that process ends, and takes everything away.
const KEEPER: &str = r#"
trap '' HUP INT TERM
"$1/postgres" -D "$2/data" </dev/null >"$2/log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
cd /
rm -rf "$2"
"#;

/// How long a server may take to answer first.
const START: Duration = Duration::from_secs(60);

/// A throw-away server.
#[derive(Debug)]
pub struct Server {
    keeper: Child,
    folder: PathBuf,
    port: u16,
    password: String,
    template: Mutex<bool>,
}

impl Server {
    /// The one server of this process, started when it is first asked for.
    pub fn shared() -> Result<&'static Self, OpenError> {
        static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
        let started = SHARED.get_or_init(|| Self::start(&[]).map_err(|error| error.to_string()));
        started.as_ref().map_err(|why| OpenError::Temporary(why.clone()))
    }

    /// Starts a server with settings besides the usual ones, each a name and a value. Blocks; may
    /// be called from asynchronous code too.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self, OpenError> {
        let programs = Programs::find(&[])?;
        let password = random().map_err(failed)?;
        let folder = set_up(&programs, &password).map_err(failed)?;
        let mut started = Err(OpenError::Temporary("it was never tried".into()));
        // The port may be taken by somebody else between being given to us and being used.
        for _ in 0..5 {
            started = Self::try_start(&programs, &folder, &password, settings);
            match &started {
                Err(_) if log(&folder).contains("Address already in use") => {}
                _ => break,
            }
        }
        if started.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        started
    }

    fn try_start(
        programs: &Programs,
        folder: &Path,
        password: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self, OpenError> {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(failed)?.port();
        configure(folder, port, settings).map_err(failed)?;
        let mut keeper = programs.by_servant("sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(programs.folder()).arg(folder);
        keeper.stdin(Stdio::piped());
        let keeper = keeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(failed)?;
        let server = Self {
            keeper,
            folder: folder.to_owned(),
            port,
            password: password.to_owned(),
            template: Mutex::new(false),
        };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    fn wait_until_it_answers(&self) -> Result<(), OpenError> {
        let since = Instant::now();
        let url = self.url("postgres");
        loop {
            let answer = crate::runtime::once(Link::connect(&url, Session::Change));
            let Err(error) = answer else { return Ok(()) };
            let log = log(&self.folder);
            let ends = |line: &str| line.contains("FATAL") && !line.contains("starting up");
            if log.lines().any(ends) || since.elapsed() > START {
                return Err(OpenError::Temporary(format!("{error}\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address of one of its databases, for a user who may do everything.
    pub fn url(&self, database: &str) -> Url {
        let url = format!("postgres://jiaozi:{}@127.0.0.1:{}/{database}", self.password, self.port);
        url.parse().expect("the address of our own server is well formed")
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The database that has the present schema and is copied from.
    pub(super) fn template(&self) -> Result<&'static str, OpenError> {
        const NAME: &str = "migrated";
        let mut is_made = self.template.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_made {
            super::run(&self.url("postgres"), &format!("CREATE DATABASE {NAME}"))?;
            migrate(&self.url(NAME))?;
            *is_made = true;
        }
        Ok(NAME)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn failed(error: std::io::Error) -> OpenError {
    OpenError::Temporary(error.to_string())
}

/// 128 random bits as text.
fn random() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes the folder with an empty cluster in it.
fn set_up(programs: &Programs, password: &str) -> std::io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("jiaozi-postgres-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    // Left by an earlier process of the same number that was killed together with its keeper.
    let _ = fs::remove_dir_all(&folder);
    let secret = folder.join("password");
    let fill = || {
        programs.make_folder(&folder)?;
        fs::write(&secret, password)?;
        programs.give(&secret)?;
        let mut initdb = programs.command("initdb");
        initdb.arg("--pgdata").arg(folder.join("data")).arg("--pwfile").arg(&secret);
        initdb.args(["--no-sync", "--username=jiaozi", "--auth=scram-sha-256"]);
        initdb.args(["--no-locale", "--encoding=UTF8"]);
        programs.run(initdb)?;
        fs::remove_file(&secret)
    };
    let filled = fill();
    if filled.is_err() {
        let _ = fs::remove_dir_all(&folder);
    }
    filled.map(|()| folder)
}

fn configure(folder: &Path, port: u16, settings: &[(&str, &str)]) -> std::io::Result<()> {
    let port = port.to_string();
    let usual = [
        ("listen_addresses", "127.0.0.1"),
        ("port", &port),
        ("unix_socket_directories", ""),
        ("max_connections", "200"),
        ("log_min_messages", "fatal"),
        ("logging_collector", "off"),
    ];
    let line = |(name, value): &(&str, &str)| format!("{name} = '{value}'\n");
    let text: String = usual.iter().chain(settings).map(line).collect();
    // The last word on every setting.
    fs::write(folder.join("data/postgresql.auto.conf"), text)
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
