//! Databases for tests.

use crate::error::OpenError;
use crate::migrate::migrate;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes a database with the present schema in a folder and gives its path.
pub fn fresh(folder: &Path) -> Result<PathBuf, OpenError> {
    let path = folder.join("jiaozi.db");
    migrate(&path)?;
    Ok(path)
}

/// A database in a folder of its own, which goes when this is dropped.
#[derive(Debug)]
pub struct Temporary {
    folder: PathBuf,
    path: PathBuf,
}

impl Temporary {
    /// A database with the present schema.
    pub fn new() -> Result<Self, OpenError> {
        let temporary = Self::empty()?;
        migrate(&temporary.path)?;
        Ok(temporary)
    }

    /// A folder without a database in it yet.
    pub fn empty() -> Result<Self, OpenError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let process = std::process::id();
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = std::env::temp_dir().join(format!("jiaozi-{process}-{number}"));
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self { path: folder.join("jiaozi.db"), folder }),
                // Left by an earlier process of the same number that was killed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(OpenError::File { path: folder, source }),
            }
        }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder it lies in, for whatever else a test keeps.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A folder that cannot be removed is left to the system, which clears this place anyway.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
