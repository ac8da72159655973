//! The sandbox that the story plays in: one that runs, or one of its own.

use super::DemoFile;
use super::client::Differs;
use crate::cli::DemoFlags;
use crate::database::without_password;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// How long a sandbox may take to start and to make its demo people.
const PATIENCE: Duration = Duration::from_secs(120);

/// See the module.
pub(crate) struct Sandbox {
    /// Where it is and who is in it.
    pub(crate) demo: DemoFile,
    /// The database as the caller named it, with a password if it has one.
    named: Option<String>,
    own: Option<(Child, PathBuf)>,
}

impl Sandbox {
    /// The sandbox whose file was named, the one that runs on the data folder, or a new one.
    pub(crate) async fn find(flags: &DemoFlags) -> Result<Self, Box<dyn Error>> {
        if let Some(file) = &flags.demo_file {
            return Ok(Self { demo: read(file)?, named: flags.server(), own: None });
        }
        let running = flags.data.join("demo.json");
        if let Ok(demo) = read(&running)
            && flags.database.as_deref().is_none_or(|named| is_on(&demo, named))
            && answers(&demo).await
        {
            return Ok(Self { demo, named: flags.server(), own: None });
        }
        say!("no such sandbox is running; starting one for the story");
        Self::start(flags).await
    }

    /// The database, for the audit.
    pub(crate) fn database(&self) -> &str {
        self.named.as_deref().unwrap_or(&self.demo.database)
    }

    async fn start(flags: &DemoFlags) -> Result<Self, Box<dyn Error>> {
        let name = format!("jiaozi-demo-{}", hex::encode(super::random::bytes::<6>()));
        let folder = std::env::temp_dir().join(name);
        let file = folder.join("demo.json");
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--sandbox", "--demo-people"])
            .args(["--listen", "127.0.0.1:0", "--merchant-listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(&folder)
            .arg("--demo-file")
            .arg(&file)
            // Not as a flag, which everybody on the machine could read.
            .env("JIAOZI_DATABASE", flags.database.as_deref().unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let began = Instant::now();
        loop {
            if let Ok(demo) = read(&file) {
                return Ok(Self { demo, named: flags.server(), own: Some((child, folder)) });
            }
            if let Some(status) = child.try_wait()? {
                return Err(format!("the sandbox ended at once: {status}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err("the sandbox does not get ready".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends a sandbox of our own and removes its folder.
    pub(crate) async fn end(self) {
        let Some((mut child, folder)) = self.own else { return };
        let _ = child.kill().await;
        let _ = std::fs::remove_dir_all(folder);
    }
}

impl DemoFlags {
    /// The address of a database server, if one was named.
    fn server(&self) -> Option<String> {
        self.database.clone().filter(|named| named.contains("://"))
    }
}

/// Whether a sandbox has the database that was named. One that was thrown away is never named.
fn is_on(demo: &DemoFile, named: &str) -> bool {
    let is_file = !demo.database.contains("://");
    match named {
        "" | "sqlite" => is_file,
        named => without_password(named) == demo.database,
    }
}

fn read(file: &Path) -> Result<DemoFile, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Differs(format!("no demo file {}: {error}", file.display())))?;
    Ok(serde_json::from_str(&text)?)
}

async fn answers(demo: &DemoFile) -> bool {
    let Ok(http) = reqwest::Client::builder().no_proxy().build() else { return false };
    let ready = http.get(format!("{}/readyz", demo.consumer_api)).send().await;
    ready.is_ok_and(|answer| answer.status().is_success())
}
