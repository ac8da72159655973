//! The secret keys of an installation: a file in the data folder that nobody else can read, or the
//! environment. They are made once, by a sandbox; everywhere else a missing key stops the program,
//! because data sealed under a lost key is lost.

use aws_lc_rs::rand;
use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// Not in the file and not in the environment.
    #[error("key `{purpose}` is missing: add it to {file}, or set {variable}")]
    Missing {
        /// The purpose.
        purpose: &'static str,
        /// Where it was looked for.
        file: PathBuf,
        /// The variable that can hold it.
        variable: String,
    },
    /// Others on this machine can read the file.
    #[error("key file {0} can be read by others: run `chmod 600` on it")]
    Readable(PathBuf),
    /// Not as it should be written; the text itself is not shown.
    #[error("keys in {place}: {what}")]
    Malformed {
        /// The file or variable.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read or written.
    #[error("failed to use key file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

type File = BTreeMap<String, BTreeMap<String, String>>;

/// Loads the keys; the environment wins over the file.
pub(crate) fn load(path: &Path) -> Result<KeyRing, KeyError> {
    load_with(path, |name| std::env::var(name).ok())
}

fn load_with(path: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<KeyRing, KeyError> {
    let file = read(path)?;
    let mut failed = None;
    let ring = KeyRing::from_source(|purpose| {
        let name = variable_of(purpose);
        let versions = match variable(&name) {
            Some(text) => from_variable(&name, &Zeroizing::new(text)),
            None => from_file(path, file.get(purpose)?),
        };
        versions.map_err(|error| failed = Some(error)).ok()
    });
    ring.map_err(|purpose| {
        failed.unwrap_or_else(|| KeyError::Missing {
            purpose,
            file: path.to_owned(),
            variable: variable_of(purpose),
        })
    })
}

/// Makes a key file with one fresh key per purpose; leaves one that exists as it is.
pub(crate) fn make_missing(path: &Path) -> Result<(), KeyError> {
    if path.exists() {
        return Ok(());
    }
    let mut text = Zeroizing::new(String::from(
        "# The secret keys of this wallet. Without them its data is lost: keep a copy apart.\n",
    ));
    for purpose in KeyRing::PURPOSES {
        let key = Zeroizing::new(hex::encode(random()));
        text.push_str(&format!("\n[{purpose}]\n1 = \"{}\"\n", *key));
    }
    write_secret(path, text.as_bytes()).map_err(file_error(path))
}

/// 32 bytes that nobody can guess.
pub(crate) fn random() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(bytes.as_mut()).expect("the operating system gives random bytes");
    bytes
}

/// Writes a file that only its owner can read; it appears whole or not at all.
pub(crate) fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    // A draft that an earlier process left half written is made anew, with its own rights.
    let _ = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

/// Reads a file that only its owner may be able to read; `None` when there is none.
pub(crate) fn read_secret(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    let rights = match fs::metadata(path) {
        Ok(metadata) => metadata.mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(file_error(path)(source)),
    };
    if rights & 0o077 != 0 {
        return Err(KeyError::Readable(path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(file_error(path))?;
    Ok(Some(Zeroizing::new(text)))
}

fn read(path: &Path) -> Result<File, KeyError> {
    let Some(text) = read_secret(path)? else { return Ok(File::new()) };
    // The parser's own message would quote the line, and with it a key.
    toml::from_str::<File>(&text).map_err(|_| KeyError::Malformed {
        place: path.display().to_string(),
        what: "a purpose is a table, a version is a key with 64 hex digits in quotes".to_owned(),
    })
}

fn variable_of(purpose: &str) -> String {
    format!("JIAOZI_KEY_{}", purpose.to_ascii_uppercase())
}

fn from_file(path: &Path, versions: &BTreeMap<String, String>) -> Result<Versions, KeyError> {
    let pairs = versions.iter().map(|(version, key)| (version.as_str(), key.as_str()));
    versions_of(&path.display().to_string(), pairs)
}

/// Reads `1:<hex>,2:<hex>`.
fn from_variable(name: &str, text: &str) -> Result<Versions, KeyError> {
    let pairs = text.split(',').map(|pair| pair.split_once(':').unwrap_or((pair, "")));
    versions_of(name, pairs)
}

fn versions_of<'a>(
    place: &str,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Versions, KeyError> {
    let malformed = |what: &str| KeyError::Malformed { place: place.into(), what: what.into() };
    let mut keys = Vec::new();
    for (version, key) in pairs {
        let version: u8 = version.trim().parse().map_err(|_| malformed("a version is 1 to 255"))?;
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(key.trim(), bytes.as_mut())
            .map_err(|_| malformed("a key has 64 hex digits"))?;
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(malformed("a key of one repeated byte is no secret"));
        }
        keys.push((version, Key32::new(*bytes)));
    }
    Versions::try_new(keys).ok_or_else(|| malformed("a version is there twice, or none is"))
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::File { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use store_sqlite::Temporary;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("keys.toml");
        assert!(matches!(load_with(&path, none), Err(KeyError::Missing { .. })));
        make_missing(&path).unwrap();
        let first = fs::read(&path).unwrap();
        make_missing(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        let ring = load_with(&path, none).unwrap();
        assert_ne!(ring.otp.hash(&[b"x"]), ring.openid.hash(&[b"x"]), "each purpose has its own");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(load_with(&path, none), Err(KeyError::Readable(_))));
    }

    #[test]
    fn a_variable_wins_over_the_file() {
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("keys.toml");
        make_missing(&path).unwrap();
        let (one, two) = (hex::encode(*random()), hex::encode(*random()));
        let variable = |name: &str| (name == "JIAOZI_KEY_OTP").then(|| format!("1:{one},7:{two}"));
        let ring = load_with(&path, variable).unwrap();
        assert_eq!(ring.otp.all().map(|(version, _)| version).collect::<Vec<_>>(), [7, 1]);
    }

    #[test]
    fn bad_keys_are_refused_without_showing_them() {
        let good = hex::encode(*random());
        for bad in [
            String::new(),
            good.clone(),
            format!("1:{}", &good[1..]),
            format!("1:{good},1:{good}"),
            format!("256:{good}"),
            format!("1:{}", "00".repeat(32)),
        ] {
            let error = from_variable("JIAOZI_KEY_OTP", &bad).unwrap_err().to_string();
            assert!(!error.contains(&good[1..]), "{error}");
        }
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("keys.toml");
        write_secret(&path, format!("otp = \"{good}\"").as_bytes()).unwrap();
        let error = load_with(&path, none).unwrap_err().to_string();
        assert!(!error.contains(&good), "{error}");
    }
}
