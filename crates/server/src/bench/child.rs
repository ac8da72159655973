//! The server under test: this program again, in a process of its own, so that its CPU time and
//! memory are its own.

use super::flags::UnderTest;
use super::place::Place;
use std::error::Error;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A running server. It ends when its standard input closes, so also when this process is killed.
pub(super) struct Server {
    child: Child,
    /// Where `/v1` is served.
    pub(super) consumer: SocketAddr,
    /// Where `/v3` is served.
    pub(super) merchant: SocketAddr,
    /// Where its figures are.
    operations: SocketAddr,
}

impl Server {
    /// Starts it on the database of the folder and waits until it is ready.
    pub(super) async fn start(place: &Place, does: UnderTest) -> Result<Self, Box<dyn Error>> {
        let does = match does {
            UnderTest::Quiet => "quiet",
            UnderTest::Notifying => "notifying",
        };
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--under-test", does, "--data"])
            .arg(place.data())
            .arg("--config")
            .arg(place.configuration())
            .envs(place.address()?.map(|address| ("JIAOZI_DATABASE", address)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let mut addresses = Vec::new();
        while addresses.len() < 3 {
            let line = lines.next_line().await?.ok_or("the server ended before it was ready")?;
            addresses.extend(address_in(&line));
        }
        // It prints no more; a full pipe would stop it, a closed one does not.
        drop(lines);
        let [consumer, merchant, operations] = <[SocketAddr; 3]>::try_from(addresses)
            .map_err(|_| "the server told its addresses twice")?;
        Ok(Self { child, consumer, merchant, operations })
    }

    /// Its process.
    pub(super) fn process(&self) -> Result<u32, Box<dyn Error>> {
        self.child.id().ok_or_else(|| "the server has ended".into())
    }

    /// What it has counted, as text.
    pub(super) async fn metrics(&self) -> Result<String, Box<dyn Error>> {
        let url = format!("http://{}/metrics", self.operations);
        Ok(reqwest::get(url).await?.error_for_status()?.text().await?)
    }

    /// Asks it to end and waits for that.
    pub(super) async fn end(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }
}

/// The address of the first URL of a line.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split('/').next()?.parse().ok()
}
