//! Where PostgreSQL's programs are, and as whom they may run.

use crate::error::OpenError;
use std::path::{Path, PathBuf};
use std::process::Command;

const OLDEST: u32 = 15;
const MISSING: &str = "initdb and postgres 15 or later are needed \
                       (Debian: apt-get install postgresql; macOS: brew install postgresql)";

/// The folder of the newest PostgreSQL that is new enough: one that the PATH leads to goes first.
pub(super) fn find() -> Result<PathBuf, OpenError> {
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
    let found = folders.into_iter().find(|folder| major(folder) >= Some(OLDEST));
    found.ok_or_else(|| OpenError::Temporary(MISSING.into()))
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

/// A user and its group.
pub(super) type Person = (u32, u32);

/// As whom a server is run by the superuser, whom it refuses to serve.
pub(super) fn someone_else() -> Result<Person, OpenError> {
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
}
