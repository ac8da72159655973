//! A primary and its standby on the loopback interface: real servers, in a folder of their own,
//! which are killed, promoted and brought back. They go when the process that started them goes,
//! however it ends.

mod node;
mod shell;
#[cfg(test)]
mod tests;

use node::{Node, USER, conninfo, signal, wait_until};
pub use shell::RealShell;
use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use store_postgres::temporary::Programs;

/// Whether a COMMIT waits for the standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// It is answered when the standby has it on its disk, and not at all while there is none.
    Synchronous,
    /// It is answered when the primary has it: a failover may lose it.
    Asynchronous,
    /// There is no standby.
    None,
}

/// How a dead primary becomes the standby of its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// With its own data, wound back to where the histories part.
    Rewound,
    /// With a new copy.
    Copied,
}

/// Ends what is left and removes the folder once its input ends, which it does when we are gone.
const JANITOR: &str = r#"
trap '' INT TERM HUP
read -r _
for file in "$1"/*/postmaster.pid; do
  [ -f "$file" ] && read -r pid < "$file" && kill -QUIT "$pid" 2>/dev/null && left="$left $pid"
done
for pid in $left; do
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null && sleep 0.1; done
  kill -9 "$pid" 2>/dev/null
done
rm -rf "$1"
"#;

/// What both servers have besides PostgreSQL's defaults. Those that make a commit durable are left
/// alone.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = '32MB'
dynamic_shared_memory_type = mmap
wal_keep_size = '512MB'
restart_after_crash = off
";

/// See the module.
pub struct Cluster {
    programs: Programs,
    folder: PathBuf,
    password: String,
    replication: Replication,
    nodes: [Node; 2],
    /// Which of the two takes writes.
    primary: usize,
    janitor: Child,
}

impl Cluster {
    /// Makes both servers and waits until the standby follows.
    pub fn start(replication: Replication) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let programs = Programs::find(&["pg_basebackup", "pg_rewind", "psql"]);
        let programs = programs.map_err(io::Error::other)?;
        let number = COUNT.fetch_add(1, Relaxed);
        let name = format!("jiaozi-cluster-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        programs.make_folder(&folder)?;
        let mut janitor = Command::new("sh");
        janitor.args(["-c", JANITOR, "sh"]).arg(&folder).stdin(Stdio::piped());
        let janitor = std::os::unix::process::CommandExt::process_group(&mut janitor, 0).spawn()?;
        let nodes = [Node::new("left", &folder), Node::new("right", &folder)];
        let password = random_word()?;
        let mut cluster =
            Self { programs, folder, password, replication, nodes, primary: 0, janitor };
        cluster.initialise()?;
        cluster.start_node(0)?;
        if replication != Replication::None {
            cluster.rejoin(Return::Copied)?;
        }
        Ok(cluster)
    }

    fn initialise(&self) -> io::Result<()> {
        let file = self.folder.join("password");
        fs::write(&file, &self.password)?;
        self.programs.give(&file)?;
        let mut command = self.programs.command("initdb");
        command.arg("-D").arg(&self.nodes[0].data).arg("--pwfile").arg(&file);
        command.args(["--no-sync", "--data-checksums", "--encoding=UTF8", "--locale=C"]);
        command.args(["--username", USER, "--auth=password", "--wal-segsize=4"]);
        self.programs.run(command)?;
        // In the file, because winding back starts the server in a way that knows nothing else.
        let mut file =
            fs::OpenOptions::new().append(true).open(self.nodes[0].data.join("postgresql.conf"))?;
        file.write_all(SETTINGS.as_bytes())
    }

    fn start_node(&mut self, which: usize) -> io::Result<()> {
        let other = match self.replication {
            Replication::Synchronous => self.nodes[1 - which].name,
            Replication::Asynchronous | Replication::None => "",
        };
        // A base backup in progress must not count as the standby: so no `*`.
        let settings = [("synchronous_standby_names", other)];
        self.nodes[which].start(&self.programs, &self.password, &settings)
    }

    /// Where the server that takes writes listens.
    pub fn primary(&self) -> SocketAddr {
        self.nodes[self.primary].address
    }

    /// The URL of the database when it is reached at this address.
    pub fn url(&self, address: SocketAddr) -> String {
        format!("postgres://{USER}:{}@{address}/postgres", self.password)
    }

    /// Runs statements on the primary and gives what they print, columns separated by `|`.
    pub fn ask(&self, sql: &str) -> io::Result<String> {
        self.nodes[self.primary].ask(&self.programs, &self.password, sql)
    }

    /// The same on the other server: the standby, or an old primary that still lives.
    pub fn ask_other(&self, sql: &str) -> io::Result<String> {
        self.nodes[1 - self.primary].ask(&self.programs, &self.password, sql)
    }

    /// Waits until statements print this on the primary.
    pub fn ask_until(&self, sql: &str, expected: &str) -> io::Result<()> {
        let what = format!("{sql} gives {expected}");
        wait_until(&what, || self.ask(sql).is_ok_and(|answer| answer == expected))
    }

    /// `kill -9` of the primary and all its processes.
    pub fn kill_primary(&mut self) -> io::Result<()> {
        self.nodes[self.primary].kill()
    }

    /// Makes the standby the primary. The old one, dead or not, is not told.
    pub fn promote(&mut self) -> io::Result<()> {
        let standby = &self.nodes[1 - self.primary];
        let promoted =
            standby.ask(&self.programs, &self.password, "SELECT pg_promote(true, 60)")?;
        if promoted != "t" {
            return Err(io::Error::other("the standby was not promoted"));
        }
        self.primary = 1 - self.primary;
        Ok(())
    }

    /// Brings the old primary, which is killed if it still runs, back as the standby, and waits
    /// until it follows.
    pub fn rejoin(&mut self, way: Return) -> io::Result<()> {
        let which = 1 - self.primary;
        self.nodes[which].kill()?;
        let (data, source) = (self.nodes[which].data.clone(), conninfo(self.primary(), "postgres"));
        let mut command = match way {
            Return::Copied => {
                if data.exists() {
                    self.nodes[which].remove()?;
                }
                let mut command = self.programs.command("pg_basebackup");
                command.arg("-D").arg(&data).arg("-d").arg(source);
                command.args(["-X", "stream", "-c", "fast", "--no-sync", "-R"]);
                command
            }
            Return::Rewound => {
                // Only a checkpoint writes the new history's number where it is looked for.
                self.ask("CHECKPOINT")?;
                let mut command = self.programs.command("pg_rewind");
                command.arg("-D").arg(&data).arg("--source-server").arg(source);
                command.args(["--no-sync", "-R"]);
                command
            }
        };
        command.env("PGPASSWORD", &self.password);
        self.programs.run(command)?;
        self.start_node(which)?;
        let state = match self.replication {
            Replication::Synchronous => "streaming|sync",
            Replication::Asynchronous | Replication::None => "streaming|async",
        };
        self.ask_until("SELECT state, sync_state FROM pg_stat_replication", state)
    }

    /// Stops the primary from sending anything to the standby: a standby that has fallen silent.
    pub fn silence_standby(&self) -> io::Result<Silence> {
        let senders = self.ask("SELECT pid FROM pg_stat_replication")?;
        let senders: Vec<u32> = senders.lines().filter_map(|line| line.parse().ok()).collect();
        if senders.is_empty() {
            return Err(io::Error::other("no standby follows"));
        }
        signal("STOP", &senders);
        Ok(Silence { senders })
    }
}

/// A standby that hears nothing, until this is dropped.
pub struct Silence {
    senders: Vec<u32>,
}

impl Drop for Silence {
    fn drop(&mut self) {
        signal("CONT", &self.senders);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            // What does not end in order is killed by the janitor.
            let _ = node.stop();
        }
        drop(self.janitor.stdin.take());
        let _ = self.janitor.wait();
    }
}

fn random_word() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
