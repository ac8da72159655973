//! The secret keys of an installation: a file in the data folder that nobody else can read, or the
//! environment. They are made once, by `jiaozi keys make` or by a sandbox; everywhere else a
//! missing key stops the program, because data sealed under a lost key is lost.

use aws_lc_rs::rand;
use kernel::crypto::{Key32, WrapKey};
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
    #[error("key `{purpose}` is missing: `jiaozi keys make` makes it in {file}, or set {variable}")]
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
    /// No further version of it can be added.
    #[error("no version can be added to key `{purpose}`: {why}")]
    Fixed {
        /// The purpose.
        purpose: String,
        /// Why not.
        why: String,
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

/// Loads the keys; the environment wins over the file. A file that was made before a purpose
/// existed gets its key, if nothing that is kept can need an older one; what else is missing was
/// lost.
pub(crate) fn load(path: &Path) -> Result<KeyRing, KeyError> {
    let missing = missing(path)?;
    if path.exists() && missing.iter().all(|purpose| KeyRing::NOTHING_KEPT.contains(purpose)) {
        make(path, missing)?;
    }
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

/// The purposes that have a key neither in the file nor in the environment.
pub(crate) fn missing(path: &Path) -> Result<Vec<&'static str>, KeyError> {
    let file = read(path)?;
    let is_missing = |purpose: &&str| {
        !file.contains_key(*purpose) && std::env::var_os(variable_of(purpose)).is_none()
    };
    Ok(KeyRing::PURPOSES.into_iter().filter(is_missing).collect())
}

/// Makes a fresh key for every purpose that has none, and names these. What is there stays as it
/// is.
pub(crate) fn make_missing(path: &Path) -> Result<Vec<&'static str>, KeyError> {
    make(path, missing(path)?)
}

fn make(path: &Path, missing: Vec<&'static str>) -> Result<Vec<&'static str>, KeyError> {
    if missing.is_empty() {
        return Ok(missing);
    }
    let mut text = read_secret(path)?.unwrap_or_else(|| Zeroizing::new(OPENING.to_owned()));
    for purpose in &missing {
        text.push_str(&format!("\n[{purpose}]\n{}", *line(1)));
    }
    write_secret(path, text.as_bytes()).map_err(file_error(path))?;
    Ok(missing)
}

/// Adds a fresh version, which writes from the next start on, and gives its number. The older ones
/// still read.
pub(crate) fn add_version(path: &Path, purpose: &str) -> Result<u8, KeyError> {
    let fixed = |why: &str| KeyError::Fixed { purpose: purpose.into(), why: why.into() };
    if purpose == "blind_index" {
        return Err(fixed("what was indexed under the present one would not be found any more"));
    }
    if std::env::var_os(variable_of(purpose)).is_some() {
        return Err(fixed("it is set in the environment, add it there"));
    }
    let file = read(path)?;
    let versions = file.get(purpose).ok_or_else(|| fixed("there is none in the file"))?;
    let newest = from_file(path, versions)?.newest();
    let next = newest.checked_add(1).ok_or_else(|| fixed("it has 255 already"))?;
    let text = read_secret(path)?.unwrap_or_default();
    let table = format!("[{purpose}]\n");
    let (before, after) =
        text.split_once(&table).ok_or_else(|| fixed("its table begins in an unusual way"))?;
    let new = Zeroizing::new([before, &table, &line(next), after].concat());
    write_secret(path, new.as_bytes()).map_err(file_error(path))?;
    Ok(next)
}

const OPENING: &str =
    "# The secret keys of this wallet. Without them its data is lost: keep a copy apart.\n";

/// A line with a fresh key.
fn line(version: u8) -> Zeroizing<String> {
    let key = Zeroizing::new(hex::encode(random()));
    Zeroizing::new(format!("{version} = \"{}\"\n", *key))
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
    use kernel::crypto::keyed_hash;
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
    fn a_key_that_is_missing_is_made_and_the_others_stay() {
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("keys.toml");
        let otp = format!("# ours\n[otp]\n3 = \"{}\"", hex::encode(*random()));
        write_secret(&path, otp.as_bytes()).unwrap();
        let made = make_missing(&path).unwrap();
        assert_eq!(made.len(), KeyRing::PURPOSES.len() - 1);
        assert!(fs::read_to_string(&path).unwrap().starts_with(&otp));
        assert_eq!(load_with(&path, none).unwrap().otp.newest(), 3);
        assert_eq!(make_missing(&path).unwrap(), [""; 0]);
    }

    #[test]
    fn a_file_of_an_earlier_version_gets_what_it_cannot_have_and_nothing_that_was_lost() {
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("keys.toml");
        make_missing(&path).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        let without = |purpose: &str| {
            let (before, rest) = whole.split_once(&format!("[{purpose}]\n")).unwrap();
            let after = rest.split_once("\n").unwrap().1;
            fs::write(&path, [before, after].concat()).unwrap();
        };
        without("payment_code");
        load(&path).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("[payment_code]"));
        without("card_data");
        let lost = load(&path);
        assert!(matches!(lost, Err(KeyError::Missing { purpose: "card_data", .. })));
    }

    #[test]
    fn a_new_version_writes_and_the_old_one_still_reads() {
        let folder = Temporary::empty().unwrap();
        let path = folder.folder().join("keys.toml");
        make_missing(&path).unwrap();
        let before = load_with(&path, none).unwrap();
        assert_eq!(add_version(&path, "personal_data").unwrap(), 2);
        let ring = load_with(&path, none).unwrap();
        assert_eq!(ring.personal_data.newest(), 2);
        let old = ring.personal_data.key(1).unwrap();
        assert_eq!(keyed_hash(old, &[b"x"]), before.personal_data.hash(&[b"x"]));
        let refused = add_version(&path, "blind_index").unwrap_err().to_string();
        assert!(refused.contains("would not be found"), "{refused}");
        assert!(matches!(add_version(&path, "nothing"), Err(KeyError::Fixed { .. })));
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
