//! The sandbox bank as a child process: started with us, started again if it dies, ended with us.
//! It ends when its standard input closes, so it also ends when we are killed.

use crate::cli::SandboxBankFlags;
use crate::key_file;
use domain::catalogue::{Code, Source};
use kernel::SecretString;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

/// What the child says before its address.
const READY: &str = "ready ";
const START_TIME: Duration = Duration::from_secs(20);
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// Longer than the wallet waits for a bank, so that a late answer is late.
const LATE_AFTER: Duration = Duration::from_secs(8);

/// A running sandbox bank: our own child, or another server's.
#[derive(Clone)]
pub(crate) struct BankProcess {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What we show to it.
    pub(crate) secret: SecretString,
}

impl BankProcess {
    /// Starts the child, which tells us what it does at `callback_url`, and keeps it running as
    /// long as the runtime lives.
    pub(crate) async fn start(folder: &Path, callback_url: String) -> io::Result<Self> {
        let secret = SecretString::from(secret(folder)?);
        let mut arguments = Arguments { folder: folder.to_owned(), callback_url, port: 0 };
        let (child, address) = arguments.spawn().await?;
        arguments.port = address.port();
        tokio::spawn(keep(child, arguments));
        Ok(Self { address, secret })
    }

    /// The one that another server runs, for a server beside it.
    pub(crate) fn elsewhere(url: &str, secret: SecretString) -> io::Result<Self> {
        let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').parse());
        match address {
            Some(Ok(address)) => Ok(Self { address, secret }),
            _ => Err(io::Error::other(
                "a sandbox finds the sandbox bank of another server at http://address:port only",
            )),
        }
    }
}

/// What the child is started with.
struct Arguments {
    folder: PathBuf,
    callback_url: String,
    port: u16,
}

impl Arguments {
    async fn spawn(&self) -> io::Result<(Child, SocketAddr)> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["sandbox-bank", "--child", "--data"])
            .arg(&self.folder)
            .args(["--callback-url", &self.callback_url, "--port", &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in a terminal goes to a whole group; the bank ends after us, not before.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().expect("standard output is a pipe");
        let mut lines = BufReader::new(output).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                let address = line.strip_prefix(READY).and_then(|address| address.parse().ok());
                if let Some(address) = address {
                    return Ok(address);
                }
            }
            Err(io::Error::other("the sandbox bank ended before it was ready"))
        };
        let late = |_| Err(io::Error::other("the sandbox bank did not get ready in time"));
        let address = tokio::time::timeout(START_TIME, ready).await.unwrap_or_else(late)?;
        Ok((child, address))
    }
}

async fn keep(mut child: Child, arguments: Arguments) {
    loop {
        // Waiting would close its standard input, which ends it: that stays with us.
        let _input = child.stdin.take();
        let status = child.wait().await;
        tracing::error!(?status, "the sandbox bank ended; starting it again");
        child = loop {
            tokio::time::sleep(RESTART_PAUSE).await;
            match arguments.spawn().await {
                Ok((child, _)) => break child,
                Err(error) => tracing::error!(%error, "failed to start the sandbox bank"),
            }
        };
    }
}

/// Runs the bank in this process: what `jiaozi sandbox-bank` does.
pub(crate) async fn run(flags: SandboxBankFlags) -> Result<(), String> {
    let secret = secret(&flags.data).map_err(|error| error.to_string())?;
    let config = sandbox_bank::Config {
        data_dir: flags.data,
        listen: flags.listen,
        port: flags.port,
        secret,
        scenarios: scenarios(),
        callback_url: flags.callback_url,
        late_after: LATE_AFTER,
        end_with_stdin: flags.child,
    };
    let (ready, is_ready) = oneshot::channel();
    tokio::spawn(async move {
        if let Ok(address) = is_ready.await {
            // Not through the log: the parent reads this line.
            say!("{READY}{address}");
        }
    });
    sandbox_bank::run(config, ready, crate::signals::end()).await.map_err(|error| {
        let cause =
            std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
        format!("{error}{cause}")
    })
}

/// A scenario card for every failure that a bank can cause.
fn scenarios() -> String {
    Code::all().filter(|code| code.is_caused_by(Source::Bank)).fold(
        String::new(),
        |mut list, code| {
            let _ = writeln!(list, "{code}");
            list
        },
    )
}

/// The secret between wallet and bank, made once.
fn secret(folder: &Path) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join("secret");
    let read = || key_file::read_secret(&path).map_err(io::Error::other);
    if let Some(secret) = read()? {
        return Ok(secret.trim().to_owned());
    }
    let secret = hex::encode(*key_file::random());
    key_file::write_secret(&path, secret.as_bytes())?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_that_a_bank_can_cause_has_a_scenario() {
        let cards = sandbox_bank::scenario_cards(&scenarios()).unwrap();
        for code in Code::all().filter(|code| code.is_caused_by(Source::Bank)) {
            assert!(cards.iter().any(|card| card.scenario == code.as_str()), "{code}");
        }
    }

    #[test]
    fn the_secret_is_made_once() {
        let folder = store_sqlite::Temporary::empty().unwrap();
        let first = secret(folder.folder()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(secret(folder.folder()).unwrap(), first);
    }
}
