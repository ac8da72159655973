//! The socket in the data folder. Who can open it is the operator: its rights are its lock.

use super::perform::Operator;
use super::request::{Answer, Request};
use crate::home::Home;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

const LINE_MAX: u64 = 64 * 1024;
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// A socket that takes requests as long as the server runs.
pub(crate) struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    /// Listens. Whatever lies at the path is left from a server that is gone: its folder is our
    /// home.
    pub(crate) fn bind(path: PathBuf, _home: &Home) -> io::Result<Self> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { path, listener })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays is removed by the next server.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Performs requests until `ending` turns true.
pub(crate) async fn serve(socket: Socket, operator: Operator, mut ending: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = socket.listener.accept() => accepted,
            _ = ending.wait_for(|ending| *ending) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let operator = operator.clone();
                tokio::spawn(tokio::time::timeout(ANSWER_TIME, async move {
                    if let Err(error) = answer(stream, &operator).await {
                        tracing::warn!(%error, "operator's connection broke");
                    }
                }));
            }
            Err(error) => tracing::warn!(%error, "failed to accept an operator's connection"),
        }
    }
}

async fn answer(stream: UnixStream, operator: &Operator) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LINE_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => operator.perform(&request).await,
        Err(_) => Answer::Failed("this server does not know such a request".to_owned()),
    };
    writer.write_all(&to_line(&answer)?).await
}

/// Asks a running server; `None` when there is none.
pub(super) async fn ask(path: &Path, request: &Request) -> io::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if is_nobody_there(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    stream.write_all(&to_line(request)?).await?;
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line).await?;
    if read == 0 {
        return Err(io::Error::other("the server ended before it answered: look before repeating"));
    }
    Ok(Some(serde_json::from_str(&line)?))
}

fn is_nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn to_line(value: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
