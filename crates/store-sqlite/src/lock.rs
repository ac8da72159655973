//! One server works on a database file: a second one is refused, by whatever name it finds it.

use crate::error::OpenError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Held by the server as long as it runs. The system ends it with the process, however that ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock of a database file, or refuses when another server has it. The lock is a file
    /// beside it, which says which process holds it and stays when the lock is gone.
    pub fn acquire(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database)?;
        let failed = |source| OpenError::File { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let open = options.open(&path);
        let mut file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(database.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Beside the file itself, not beside a link to it.
fn lock_path(database: &Path) -> Result<PathBuf, OpenError> {
    let failed = |source| OpenError::File { path: database.to_owned(), source };
    let mut path = database.canonicalize().map_err(failed)?.into_os_string();
    path.push(".lock");
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;

    #[test]
    fn second_server_on_a_file_is_refused_until_the_first_ends() {
        let database = Temporary::new().unwrap();
        let lock = ServerLock::acquire(database.path()).unwrap();
        assert!(matches!(ServerLock::acquire(database.path()), Err(OpenError::InUse(_))));
        drop(lock);
        ServerLock::acquire(database.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn second_server_that_comes_by_a_link_is_refused_too() {
        let (database, other) = (Temporary::new().unwrap(), Temporary::empty().unwrap());
        std::os::unix::fs::symlink(database.path(), other.path()).unwrap();
        let _lock = ServerLock::acquire(database.path()).unwrap();
        assert!(matches!(ServerLock::acquire(other.path()), Err(OpenError::InUse(_))));
    }
}
