//! Finding PostgreSQL's programs, and running them as somebody who may: it refuses to run as root.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who runs the servers when root would.
const SERVANTS: [&str; 2] = ["postgres", "nobody"];

/// Where the programs lie and who runs them.
pub(super) struct Programs {
    folder: PathBuf,
    /// User and group; `None` when it is ourselves.
    servant: Option<(u32, u32)>,
}

impl Programs {
    pub(super) fn find() -> io::Result<Self> {
        let asked = Command::new("pg_config").arg("--bindir").output();
        let asked = asked.ok().and_then(|answer| String::from_utf8(answer.stdout).ok());
        let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = installed.map(|one| one.path().join("bin")).collect();
        folders.sort_by_key(|folder| version(folder));
        folders.extend(asked.map(|folder| PathBuf::from(folder.trim())));
        let is_whole = |folder: &PathBuf| {
            ["postgres", "initdb", "pg_basebackup", "pg_rewind", "psql"]
                .iter()
                .all(|program| folder.join(program).exists())
        };
        let folder = folders.into_iter().rev().find(is_whole);
        let missing = "PostgreSQL's server and client programs are not installed \
                       (Debian: apt-get install postgresql)";
        let folder = folder.ok_or_else(|| io::Error::other(missing))?;
        let is_root = fs::metadata("/proc/self")?.uid() == 0;
        Ok(Self { folder, servant: if is_root { Some(servant()?) } else { None } })
    }

    /// Makes a folder that only they can read.
    pub(super) fn make_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        self.give(path)
    }

    /// Gives a file or folder to who runs the servers.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        let Some((user, group)) = self.servant else { return Ok(()) };
        chown(path, Some(user), Some(group))
    }

    /// One of the programs, in a group of its own: what a terminal sends does not reach it.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.stdin(Stdio::null()).process_group(0).current_dir("/").env("LC_ALL", "C");
        if let Some((user, group)) = self.servant {
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs one to its end and gives what it printed.
    pub(super) fn run(&self, mut command: Command) -> io::Result<String> {
        let answer = command.output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if answer.status.success() {
            return Ok(text(&answer.stdout));
        }
        let program = command.get_program().to_string_lossy().into_owned();
        Err(io::Error::other(format!("{program}: {}", text(&answer.stderr))))
    }
}

/// The number in `…/15/bin`.
fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn servant() -> io::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2);
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    let found = SERVANTS.iter().find_map(|name| find(name));
    found.ok_or_else(|| io::Error::other("no user to run PostgreSQL as: it refuses root"))
}
