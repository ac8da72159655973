//! The data folder as the home of one running server: two would take each other's socket, bank and
//! name. The name tells its work from that of servers elsewhere on the same database.

use crate::key_file;
use kernel::crypto::sha256;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why no server can live in a folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// Another one does.
    #[error(
        "another server works on the data folder {0}: give each server a folder of its own \
         (`--data`), with a copy of its keys.toml"
    )]
    InUse(PathBuf),
    /// The file system says no.
    #[error("failed to use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Held as long as the server runs. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Home {
    name: String,
    _file: File,
}

impl Home {
    /// Moves into a folder, which is there.
    pub(crate) fn enter(folder: &Path) -> Result<Self, HomeError> {
        let path = folder.join("server.id");
        let failed = |source| HomeError::File { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HomeError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let id = id(&mut file).map_err(failed)?;
        Ok(Self { name: name(&id, &folder.canonicalize().map_err(failed)?), _file: file })
    }

    /// The name of whatever server lives here. The next one has the same, and so takes over at once
    /// what this one leaves when it dies: it could not be here otherwise.
    pub(crate) fn server_name(&self) -> &str {
        &self.name
    }
}

/// Drawn once for a folder.
fn id(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    if text.trim().len() == 64 {
        return Ok(text);
    }
    let id = hex::encode(*key_file::random());
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(id.as_bytes())?;
    Ok(id)
}

/// A copy of a folder elsewhere, on this machine or another, is another server.
fn name(id: &str, folder: &Path) -> String {
    // A system without the file has its folders to itself.
    let machine = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    let place = folder.as_os_str().as_bytes();
    let hash = sha256(&[id.trim().as_bytes(), b"\0", &machine, b"\0", place]);
    format!("server-{}", hex::encode(&hash[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_at_a_time_lives_in_a_folder_and_keeps_its_name() {
        let folder = store_sqlite::Temporary::empty().unwrap();
        let home = Home::enter(folder.folder()).unwrap();
        let name = home.server_name().to_owned();
        assert!(matches!(Home::enter(folder.folder()), Err(HomeError::InUse(_))));
        drop(home);
        assert_eq!(Home::enter(folder.folder()).unwrap().server_name(), name);
    }

    #[test]
    fn a_copied_folder_is_another_server() {
        let (first, second) =
            (store_sqlite::Temporary::empty().unwrap(), store_sqlite::Temporary::empty().unwrap());
        let name = Home::enter(first.folder()).unwrap().server_name().to_owned();
        let file = |folder: &store_sqlite::Temporary| folder.folder().join("server.id");
        std::fs::copy(file(&first), file(&second)).unwrap();
        assert_ne!(Home::enter(second.folder()).unwrap().server_name(), name);
    }
}
