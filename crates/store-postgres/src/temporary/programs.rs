//! Where PostgreSQL's programs are, and running them as somebody who may: a server refuses to run
//! as root.

use crate::error::OpenError;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const OLDEST: u32 = 15;
const MISSING: &str = "initdb, postgres and client programs 15 or later are needed \
                       (Debian: apt-get install postgresql; macOS: brew install postgresql)";

/// A user and its group.
type Person = (u32, u32);

/// Where the programs lie and who runs them.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
    /// `None` when it is ourselves.
    servant: Option<Person>,
}

impl Programs {
    /// The newest PostgreSQL that is new enough and has these programs besides the server's own:
    /// one that the PATH leads to goes first.
    pub fn find(besides: &[&str]) -> Result<Self, OpenError> {
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
        if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
            folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
        let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .collect();
        installed.sort_by_key(|folder| std::cmp::Reverse(major(folder)));
        folders.extend(installed);
        let is_whole = |folder: &PathBuf| {
            major(folder) >= Some(OLDEST)
                && besides.iter().all(|program| folder.join(program).is_file())
        };
        let found = folders.into_iter().find(is_whole);
        let folder = found.ok_or_else(|| OpenError::Temporary(MISSING.into()))?;
        let servant = if is_root() { Some(someone_else()?) } else { None };
        Ok(Self { folder, servant })
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a folder that only who runs them can read.
    pub fn make_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        self.give(path)
    }

    /// Gives a file or folder to who runs them.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        let Some((user, group)) = self.servant else { return Ok(()) };
        chown(path, Some(user), Some(group))
    }

    /// One of the programs.
    pub fn command(&self, program: &str) -> Command {
        self.by_servant(self.folder.join(program))
    }

    /// Any program, run by who runs the servers, in a group of its own: what a terminal sends does
    /// not reach it.
    pub(super) fn by_servant(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).process_group(0).current_dir("/").env("LC_ALL", "C");
        if let Some((user, group)) = self.servant {
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs one to its end and gives what it printed, or else what it complained of.
    pub fn run(&self, mut command: Command) -> io::Result<String> {
        let answer = command.output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if answer.status.success() {
            return Ok(text(&answer.stdout));
        }
        let program = command.get_program().to_string_lossy().into_owned();
        Err(io::Error::other(format!("{program}: {}", text(&answer.stderr))))
    }
}

/// The version of the server in this folder, if it has one that can also be set up.
fn major(folder: &Path) -> Option<u32> {
    let server = folder.join("postgres");
    if !folder.join("initdb").is_file() || !server.is_file() {
        return None;
    }
    let output = Command::new(server).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_numeric()))?;
    number.split(|c: char| !c.is_numeric()).next()?.parse().ok()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// As whom a server is run by the superuser, whom it refuses to serve.
fn someone_else() -> Result<Person, OpenError> {
    let text = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = ["postgres", "nobody"].into_iter().find_map(|name| person(&text, name));
    found.ok_or_else(|| OpenError::Temporary("there is no user postgres or nobody".into()))
}

fn person(users: &str, name: &str) -> Option<Person> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_is_found_by_its_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:7:8::/:/bin/sh\n\
                     postgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(person(users, "postgres"), Some((101, 104)));
        assert_eq!(person(users, "nobody"), None);
    }

    #[test]
    fn program_that_is_missing_is_told() {
        assert!(matches!(Programs::find(&["pg_nothing"]), Err(OpenError::Temporary(_))));
    }
}
