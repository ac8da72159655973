//! The repository as the rules see it: the texts, and which paths exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// Folders at the root that are made by tools, not by us.
const SKIPPED_AT_ROOT: [&str; 3] = [".git", "target", "data"];
/// A folder that is made by tools wherever it stands.
const SKIPPED: &str = "node_modules";

/// All files of a repository; contents only of those that are text.
#[derive(Debug, Default)]
pub struct Tree {
    texts: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads everything below `root` except what tools made.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn load(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    /// A tree of texts that exist only in memory.
    #[must_use]
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            for (end, _) in path.match_indices('/') {
                tree.paths.insert(path[..end].to_owned());
            }
            tree.paths.insert(path.to_owned());
            tree.texts.insert(path.to_owned(), text.to_owned());
        }
        tree
    }

    /// Every text with its path from the root.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a file or folder of this path is in the tree. The empty path is the root.
    pub(crate) fn has(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let at_root = prefix.is_empty() && SKIPPED_AT_ROOT.contains(&name.as_str());
            if at_root || name == SKIPPED {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                match fs::read(entry.path()) {
                    Ok(bytes) => self.keep_text(&path, bytes),
                    // Editors and other builds remove their scratch files while we look.
                    Err(gone) if gone.kind() == io::ErrorKind::NotFound => continue,
                    Err(other) => return Err(other),
                }
            }
            self.paths.insert(path);
        }
        Ok(())
    }

    fn keep_text(&mut self, path: &str, bytes: Vec<u8>) {
        if bytes.contains(&0) {
            return;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            self.texts.insert(path.to_owned(), text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_files_are_read_and_what_tools_made_is_not() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let tree = Tree::load(&root).expect("the repository can be read");
        assert!(tree.has("crates/tidy/src/tree.rs") && tree.has("crates/tidy/src"));
        assert!(!tree.has(".git") && !tree.has("target"));
        assert!(tree.texts().any(|(path, _)| path == "Makefile"));
    }
}
