//! Where the last incremental audit ended: a small file in the data folder. Who may change the
//! database may change this file too; a head that is kept elsewhere is what tells.

use crate::audit::{AsOf, parse_head};
use crate::config::Config;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use store::verify::Head;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifiedError {
    /// It cannot be read or written.
    #[error("failed to use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It does not say what it should.
    #[error("{0} is no note of an audit; remove it to audit everything again")]
    Unreadable(PathBuf),
}

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Which database was audited, without a password.
    database: String,
    /// The head it had, as `SEQ:HASH`.
    head: String,
}

/// See the module.
pub(crate) struct Verified {
    path: PathBuf,
    database: String,
}

impl Verified {
    /// The file of an installation.
    pub(crate) fn beside(config: &Config) -> Self {
        Self { path: config.verified_file(), database: config.location.to_string() }
    }

    /// The head that was verified last; `None` before the first audit, and for another database.
    pub(crate) fn head(&self) -> Result<Option<Head>, VerifiedError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.failed(source)),
        };
        let unreadable = || VerifiedError::Unreadable(self.path.clone());
        let note: Note = serde_json::from_str(&text).map_err(|_| unreadable())?;
        if note.database != self.database {
            return Ok(None);
        }
        parse_head(&note.head).map(Some).map_err(|_| unreadable())
    }

    /// Keeps the head of an audit that found nothing.
    pub(crate) fn keep(&self, as_of: &AsOf) -> Result<(), VerifiedError> {
        if as_of.seq == 0 {
            return Ok(());
        }
        let head = format!("{}:{}", as_of.seq, as_of.hash);
        let note = Note { database: self.database.clone(), head };
        let text = serde_json::to_string_pretty(&note).expect("two texts are JSON");
        // Whole or not at all, so that a crash leaves the note of the audit before.
        let new = self.path.with_extension("json.new");
        let written = fs::write(&new, text + "\n").and_then(|()| fs::rename(&new, &self.path));
        written.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> VerifiedError {
        VerifiedError::File { path: self.path.clone(), source }
    }
}
