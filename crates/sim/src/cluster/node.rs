//! One server: starting it, asking it, and killing it.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};
use store_postgres::temporary::Programs;

/// How long a server may take to do what it is told.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often we look.
pub(super) const GLANCE: Duration = Duration::from_millis(10);

/// The only user of the servers.
pub(super) const USER: &str = "jiaozi";

/// One server.
pub(super) struct Node {
    /// What the other one knows it by.
    pub(super) name: &'static str,
    /// The folder of its data.
    pub(super) data: PathBuf,
    /// Where it listens, while it runs or when it last ran.
    pub(super) address: SocketAddr,
    process: Option<Child>,
}

impl Node {
    pub(super) fn new(name: &'static str, folder: &Path) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { name, data: folder.join(name), address, process: None }
    }

    /// Starts the server with these settings, on a free port, and waits until it answers.
    pub(super) fn start(
        &mut self,
        programs: &Programs,
        password: &str,
        settings: &[(&str, &str)],
    ) -> io::Result<()> {
        // Free now; a server that finds it taken after all ends, and the test says so.
        self.address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let log_path = self.data.with_extension("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(&log_path)?;
        let mut command = programs.command("postgres");
        command.arg("-D").arg(&self.data).arg("-p").arg(self.address.port().to_string());
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.arg("-c").arg(format!("cluster_name={}", self.name));
        command.stdout(log.try_clone()?).stderr(log);
        let mut process = command.spawn()?;
        let began = Instant::now();
        while self.ask(programs, password, "SELECT 1").is_err() {
            let is_over = process.try_wait()?.is_some() || began.elapsed() > PATIENCE;
            if is_over {
                let log = fs::read_to_string(&log_path).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(8).collect();
                return Err(io::Error::other(format!("{} does not start: {last:?}", self.name)));
            }
            sleep(GLANCE);
        }
        self.process = Some(process);
        Ok(())
    }

    /// Runs statements and gives what they print, columns separated by `|`.
    pub(super) fn ask(&self, programs: &Programs, password: &str, sql: &str) -> io::Result<String> {
        let mut command = programs.command("psql");
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, "-d"]);
        command.arg(conninfo(self.address, "postgres"));
        command.env("PGPASSWORD", password).env("PGCONNECT_TIMEOUT", "5");
        programs.run(command)
    }

    /// `kill -9` of the server and of every process it has, as a power cut would end them.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let children = children(process.id());
        let all: Vec<u32> = std::iter::once(process.id()).chain(children.iter().copied()).collect();
        signal("KILL", &all);
        process.wait()?;
        wait_until("the processes of a killed server end", || {
            children.iter().all(|child| is_dead(*child))
        })
    }

    /// Ends the server without a checkpoint, in order otherwise.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        signal("QUIT", &[process.id()]);
        process.wait().map(|_| ())
    }

    /// Removes the data of a server that does not run, and the memory it left behind.
    pub(super) fn remove(&self) -> io::Result<()> {
        let left = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let segment = left.lines().nth(6).and_then(|line| line.split_whitespace().nth(1));
        if let Some(segment) = segment {
            // It may be gone already.
            let _ = Command::new("ipcrm").args(["-m", segment]).output();
        }
        fs::remove_dir_all(&self.data)
    }
}

/// How PostgreSQL's own programs are told where to connect.
pub(super) fn conninfo(address: SocketAddr, database: &str) -> String {
    format!("host={} port={} user={USER} dbname={database}", address.ip(), address.port())
}

/// Sends a signal; a process that is gone already is no matter.
pub(super) fn signal(name: &str, processes: &[u32]) {
    let numbers = processes.iter().map(ToString::to_string);
    let script = r#"signal=$1; shift; for one; do kill "-$signal" "$one"; done 2>/dev/null"#;
    let _ = Command::new("sh").args(["-c", script, "sh", name]).args(numbers).status();
}

/// Waits for something that real processes do.
pub(super) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> io::Result<()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("waited in vain until {what}")));
        }
        sleep(GLANCE);
    }
    Ok(())
}

fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| stat(*number).is_some_and(|(_, its)| its == parent)).collect()
}

/// A process that nobody has waited for yet counts as dead.
fn is_dead(process: u32) -> bool {
    stat(process).is_none_or(|(state, _)| matches!(state, 'Z' | 'X'))
}

/// The state of a process, and its parent.
fn stat(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before the last parenthesis may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
