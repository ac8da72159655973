//! Everything that a wallet leaves behind, and what can be found in it.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;
use store::{Kind, Queries, Value};
use store_postgres::{PostgresReaders, ReaderOptions as PostgresOptions, Url};
use store_sqlite::{ReaderOptions as SqliteOptions, SqliteReaders};

/// How long the reading of one column may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stored value and where it lies.
pub(crate) struct Stored {
    pub(crate) place: String,
    pub(crate) is_text: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Files that were copied, and every value of the database.
#[derive(Default)]
pub(crate) struct Haystack {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) values: Vec<Stored>,
}

/// Something that must not be found, and its name.
pub(crate) struct Canary {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Haystack {
    /// Adds every value of every table of a database file.
    pub(crate) async fn add_file(&mut self, path: &Path) {
        let readers =
            SqliteReaders::open(path, SqliteOptions { time_limit: PATIENCE, ..Default::default() })
                .unwrap();
        let list = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                    WHERE m.type = 'table'";
        let value = |column: &str| format!("typeof(\"{column}\"), hex(CAST(\"{column}\" AS BLOB))");
        self.add_all(&readers, list, value).await;
    }

    /// The same of a database on a server, what it keeps for itself included.
    pub(crate) async fn add_server(&mut self, url: &Url) {
        let readers = PostgresReaders::open(
            url,
            PostgresOptions { time_limit: PATIENCE, ..Default::default() },
        )
        .unwrap();
        let list = "SELECT table_name::text, column_name::text FROM information_schema.columns \
                    WHERE table_schema = 'public'";
        let value = |column: &str| {
            format!(
                "pg_typeof(\"{column}\")::text, encode(CASE pg_typeof(\"{column}\")::text \
                 WHEN 'bytea' THEN decode(substr(\"{column}\"::text, 3), 'hex') \
                 ELSE convert_to(\"{column}\"::text, 'UTF8') END, 'hex')"
            )
        };
        self.add_all(&readers, list, value).await;
    }

    async fn add_all(&mut self, readers: &dyn Queries, list: &str, value: impl Fn(&str) -> String) {
        let kinds = || vec![Kind::Text, Kind::Text];
        let columns = readers.rows(list.into(), Vec::new(), kinds()).await.unwrap();
        assert!(columns.len() > 100, "a dump of {} columns", columns.len());
        for column in columns {
            let [Value::Text(table), Value::Text(column)] = column.as_slice() else { panic!() };
            let value = value(column);
            let read = format!("SELECT {value} FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
            for row in readers.rows(read, Vec::new(), kinds()).await.unwrap() {
                let [Value::Text(kind), Value::Text(hex)] = row.as_slice() else { panic!() };
                self.values.push(Stored {
                    place: format!("{table}.{column}"),
                    is_text: kind == "text",
                    bytes: hex::decode(hex).unwrap(),
                });
            }
        }
    }

    /// Where these can be found, as they are or written in another way.
    pub(crate) fn find(&self, canaries: &[Canary]) -> Vec<String> {
        let values = self.values.iter().map(|one| (&one.place, &one.bytes));
        let files = self.files.iter().map(|(place, bytes)| (place, bytes));
        let mut found = BTreeSet::new();
        for (place, bytes) in values.chain(files) {
            for Canary { name, text } in canaries {
                for (form, needle) in forms(text) {
                    if bytes.as_slice() == text.as_bytes() || contains(bytes, &needle) {
                        found.insert(format!("{name} as {form} in {place}"));
                    }
                }
            }
        }
        found.into_iter().collect()
    }

    /// Text columns with something that looks like a card number or a resident ID.
    pub(crate) fn find_numbers(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        for Stored { place, bytes, .. } in self.values.iter().filter(|one| one.is_text) {
            for run in bytes.split(|byte| !byte.is_ascii_alphanumeric()) {
                // No card begins with 1; a time in microseconds does.
                let is_card = (13..=19).contains(&run.len())
                    && run[0] != b'1'
                    && std::str::from_utf8(run).is_ok_and(sandbox_bank::is_card_number);
                if is_card || is_resident_id(run) {
                    found.insert(format!("{} in {place}", String::from_utf8_lossy(run)));
                }
            }
        }
        found.into_iter().collect()
    }

    /// Stored hashes that somebody without the key file could compute from one of these, with
    /// anything that is stored as salt or key. Who tries all values of six digits finds nothing
    /// else than who tries the right one.
    pub(crate) fn find_hashes(&self, canaries: &[Canary]) -> Vec<String> {
        let mut hashes: HashMap<[u8; 16], &str> = HashMap::new();
        let mut salts: BTreeSet<Vec<u8>> = BTreeSet::new();
        salts.extend([vec![], vec![0; 32], b"jiaozi".to_vec(), b"secret".to_vec()]);
        for Stored { place, bytes, is_text } in &self.values {
            let decoded = is_text.then(|| hex::decode(bytes).ok()).flatten();
            for bytes in [Some(bytes.clone()), decoded].into_iter().flatten() {
                if let Some(start) = bytes.first_chunk().filter(|_| bytes.len() >= 20) {
                    hashes.insert(*start, place);
                }
                if bytes.len() <= 64 {
                    salts.insert(hex::encode(&bytes).into_bytes());
                    salts.insert(bytes);
                }
            }
        }
        let mut found = BTreeSet::new();
        for Canary { name, text } in canaries {
            for salt in &salts {
                for hash in computed(text.as_bytes(), salt) {
                    if let Some(place) = hash.first_chunk().and_then(|start| hashes.get(start)) {
                        found.insert(format!("a guessable hash of {name} in {place}"));
                    }
                }
            }
        }
        found.into_iter().collect()
    }
}

/// What a hash of a secret with a salt is usually made like.
fn computed(secret: &[u8], salt: &[u8]) -> Vec<Vec<u8>> {
    let sha = |parts: &[&[u8]]| digest::digest(&digest::SHA256, &parts.concat()).as_ref().to_vec();
    let mac = |key: &[u8], data: &[u8]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref().to_vec()
    };
    vec![
        sha(&[salt, secret]),
        sha(&[secret, salt]),
        sha(&[salt, b":", secret]),
        sha(&[salt, b"\0", secret]),
        mac(salt, secret),
        mac(secret, salt),
    ]
}

fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    if bytes.len() <= 4 {
        // So few digits are everywhere: they count as a value of their own.
        return vec![("a value", format!("\"{text}\"").into_bytes())];
    }
    let wide: Vec<u16> = text.encode_utf16().collect();
    let mut forms = vec![
        ("plain text", bytes.to_vec()),
        ("hexadecimal", hex::encode(bytes).into_bytes()),
        ("hexadecimal capitals", hex::encode_upper(bytes).into_bytes()),
        ("base64", STANDARD_NO_PAD.encode(bytes).into_bytes()),
        ("UTF-16", wide.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
        ("big-endian UTF-16", wide.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ("reversed text", text.chars().rev().collect::<String>().into_bytes()),
    ];
    if bytes.len() >= 9 {
        // Inside a longer text the groups of three bytes begin elsewhere.
        for skipped in 1..=2 {
            let whole = (bytes.len() - skipped) / 3 * 3;
            let inner = STANDARD.encode(&bytes[skipped..skipped + whole]);
            forms.push(("base64 inside more", inner.into_bytes()));
        }
    }
    forms
}

/// Short digits are only themselves where no more digits or hexadecimal ones surround them, and not
/// behind a point, where a log has fractions of a second.
fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let is_short = needle.len() <= 6 && needle.iter().all(u8::is_ascii_digit);
    let is_more = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let places = memmem(bytes, needle);
    places.into_iter().any(|at| {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(at + needle.len());
        !is_short
            || !(before.is_some_and(|byte| is_more(&byte) || byte == b'.')
                || after.is_some_and(is_more))
    })
}

fn memmem(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let first = needle[0];
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.map(|(at, _)| at).filter(|at| bytes[*at..].starts_with(needle)).collect()
}

fn is_resident_id(run: &[u8]) -> bool {
    let Some((digits, [check])) = run.split_last_chunk::<1>() else { return false };
    if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize =
        digits.iter().zip(weights).map(|(d, weight)| usize::from(d - b'0') * weight).sum();
    b"10X98765432"[sum % 11] == check.to_ascii_uppercase()
}
