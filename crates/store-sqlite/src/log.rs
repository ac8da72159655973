//! The write-ahead log after a failed sync, when what is read is not what is on the disk.
//!
//! A system that could not write changes may keep them readable and call them clean, so the next
//! sync succeeds without writing them. A batch whose commit failed that way is found in the log by
//! whoever opens it next, also after a restart; batches acknowledged behind it would be lost with
//! it in a power cut. So before anything in the log is believed, all of it is written once more and
//! synced. After a clean end there is no log, and this costs nothing.

use crate::connection::Options;
use crate::error::OpenError;
use rusqlite::Connection;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read and written back at a time.
const CHUNK: usize = 1 << 20;

/// Makes what the log of a database holds durable. Others cannot write to it meanwhile.
pub(crate) fn secure(
    connection: &Connection,
    path: &Path,
    options: &Options,
) -> Result<(), OpenError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let log = log_path(path);
    let written = (options.reach.write_again)(&log);
    connection.execute_batch("ROLLBACK")?;
    written.map_err(|source| OpenError::File { path: log, source })
}

fn log_path(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Writes what a file holds to it once more and syncs it.
pub(crate) fn write_again(path: &Path) -> std::io::Result<()> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut chunk = vec![0; CHUNK];
    let mut at = 0;
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&chunk[..length])?;
        at += length as u64;
    }
    if at == 0 { Ok(()) } else { file.sync_all() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;

    #[test]
    fn what_is_written_again_stays_as_it_was() {
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("log");
        write_again(&path).unwrap();
        assert!(!path.exists());
        let bytes: Vec<u8> = (0..CHUNK * 2 + 7).map(|number| number as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        write_again(&path).unwrap();
        assert!(std::fs::read(&path).unwrap() == bytes);
    }
}
