//! The programs of PostgreSQL, for what the wallet is compared with on the same server, and for
//! what the server tells of itself.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// A database server that can be asked.
pub(super) struct Postgres {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    database: String,
}

impl Postgres {
    /// The server and database of an address.
    pub(super) fn of(address: &str) -> Result<Self, Box<dyn Error>> {
        let url = reqwest::Url::parse(address)?;
        let mut environment = vec![("PGUSER", plain(url.username()))];
        environment.extend(url.password().map(|password| ("PGPASSWORD", plain(password))));
        environment.extend(url.host_str().map(|host| ("PGHOST", host.to_owned())));
        environment.extend(url.port().map(|port| ("PGPORT", port.to_string())));
        let database = url.path().trim_start_matches('/').to_owned();
        Ok(Self { folder: programs()?, environment, database })
    }

    /// The same server, another database.
    pub(super) fn beside(&self, database: &str) -> Self {
        let (folder, environment) = (self.folder.clone(), self.environment.clone());
        Self { folder, environment, database: database.to_owned() }
    }

    /// Runs one of its programs on the database and gives what it printed.
    pub(super) async fn run(
        &self,
        program: &str,
        arguments: &[&str],
    ) -> Result<String, Box<dyn Error>> {
        let Output { status, stdout, stderr } = Command::new(self.folder.join(program))
            .args(arguments)
            .arg(&self.database)
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        if status.success() {
            return Ok(String::from_utf8_lossy(&stdout).into_owned());
        }
        Err(format!("{program} failed: {}", String::from_utf8_lossy(&stderr)).into())
    }

    /// Runs a statement and gives its one value.
    pub(super) async fn ask(&self, statement: &str) -> Result<String, Box<dyn Error>> {
        let quiet = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement];
        Ok(self.run("psql", &quiet).await?.trim().to_owned())
    }

    /// The process all others of the server belong to, if the server is on this machine.
    pub(super) async fn main_process(&self) -> Option<u32> {
        let statement = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
        let child: u32 = self.ask(statement).await.ok()?.parse().ok()?;
        let name = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        name.starts_with("postgres").then(|| super::process::parent(child)).flatten()
    }

    /// How often it has waited for its log to be on the disk.
    pub(super) async fn log_syncs(&self) -> Result<f64, Box<dyn Error>> {
        let old = "SELECT wal_sync FROM pg_stat_wal";
        let new = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'";
        match self.ask(old).await {
            Ok(count) => Ok(count.parse()?),
            Err(_) => Ok(self.ask(new).await?.parse()?),
        }
    }
}

/// Where the programs are: on the path, or where Debian puts them, the newest.
fn programs() -> Result<PathBuf, Box<dyn Error>> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    installed.sort();
    let all = on_path.chain(installed.into_iter().rev());
    let mut complete = all.filter(|folder| folder.join("pgbench").is_file());
    complete.next().ok_or_else(|| "pgbench is missing: install PostgreSQL's programs".into())
}

/// The text of a part of an address.
fn plain(encoded: &str) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let digits = (byte == b'%').then(|| rest.clone().take(2).collect::<Vec<u8>>());
        match digits.and_then(|digits| hex::decode(digits).ok()) {
            Some(decoded) if decoded.len() == 1 => {
                bytes.extend(decoded);
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_address_are_decoded() {
        for (encoded, text) in [("ann", "ann"), ("a%40b%2Fc", "a@b/c"), ("50%", "50%")] {
            assert_eq!(plain(encoded), text);
        }
    }
}
