//! The program with a data folder of its own.

use jiaozi_server::demo::DemoFile;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// See the module.
pub(crate) struct Program {
    data: PathBuf,
}

impl Program {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { data: folder.join("data") }
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaozi"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("JIAOZI_")) {
            command.env_remove(name);
        }
        command.args(arguments).arg("--data").arg(&self.data).stdin(Stdio::null());
        command
    }

    /// Runs to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended(self.command(arguments).output().unwrap())
    }

    /// Runs to its end while nobody reads what it prints.
    pub(crate) fn run_unread(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = self.command(arguments).stdout(writer).output().unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }

    /// Starts a sandbox with its demo people and waits until all is there.
    pub(crate) fn serve(&self) -> Running {
        let file = self.data.with_extension("demo.json");
        // One of an earlier start tells of nobody any more.
        let _ = std::fs::remove_file(&file);
        let mut command = self.command(&["serve", "--sandbox", "--demo-people"]);
        for (name, value) in
            [("LISTEN", "127.0.0.1:0"), ("MERCHANT_LISTEN", "127.0.0.1:0"), ("LOG_FILTER", "warn")]
        {
            command.env(format!("JIAOZI_{name}"), value);
        }
        command.arg("--demo-file").arg(&file).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        let demo = loop {
            if let Ok(text) = std::fs::read_to_string(&file) {
                break serde_json::from_str(&text).unwrap();
            }
            assert!(child.try_wait().unwrap().is_none(), "it ended at once");
            assert!(began.elapsed() < Duration::from_secs(120), "it does not get ready");
            std::thread::sleep(Duration::from_millis(20));
        };
        Running { child, demo }
    }
}

/// A program that ended.
pub(crate) struct Ended(Output);

impl Ended {
    /// What it printed; it must have succeeded.
    pub(crate) fn text(&self) -> String {
        assert!(self.0.status.success(), "{}", String::from_utf8_lossy(&self.0.stderr));
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    /// Why it failed; it must have.
    pub(crate) fn error(&self) -> String {
        assert!(!self.0.status.success());
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}

/// A server that runs; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) demo: DemoFile,
}

impl Running {
    /// Asks it to end, as the system does.
    pub(crate) fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended already has nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
