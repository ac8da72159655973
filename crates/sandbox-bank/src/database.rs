//! The bank's own SQLite file, and its clock: real time plus an offset that only grows.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;

use crate::failure::Failure;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS clock (
    id INTEGER PRIMARY KEY CHECK (id = 1), offset_us INTEGER NOT NULL CHECK (offset_us >= 0)
) STRICT;
INSERT OR IGNORE INTO clock VALUES (1, 0);
CREATE TABLE IF NOT EXISTS attempt (
    request TEXT PRIMARY KEY, count INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS signing (
    request_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, card_number TEXT NOT NULL,
    phone TEXT NOT NULL, state TEXT NOT NULL, code TEXT, otp TEXT, otp_until_us INTEGER,
    tries INTEGER NOT NULL, due_us INTEGER, token TEXT UNIQUE
) STRICT;
CREATE INDEX IF NOT EXISTS signing_due ON signing (due_us) WHERE due_us IS NOT NULL;
CREATE TABLE IF NOT EXISTS confirmation (
    request_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, answer TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY, card_number TEXT NOT NULL, revoked INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS operation (
    kind TEXT NOT NULL, request_id TEXT NOT NULL, fingerprint BLOB NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), bank_ref TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT,
    later_us INTEGER, later_status TEXT, later_code TEXT,
    PRIMARY KEY (kind, request_id)
) STRICT;
CREATE TABLE IF NOT EXISTS line (
    id INTEGER PRIMARY KEY, bank TEXT NOT NULL, card_number TEXT NOT NULL,
    bank_ref TEXT NOT NULL, request_id TEXT NOT NULL, direction TEXT NOT NULL,
    amount INTEGER NOT NULL, at_us INTEGER NOT NULL, day TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS line_day ON line (day, bank);
CREATE TABLE IF NOT EXISTS callback (
    id INTEGER PRIMARY KEY, body TEXT NOT NULL, due_us INTEGER NOT NULL,
    retry_us INTEGER NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS callback_due ON callback (due_us) WHERE state = 'WAITING';
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    purpose TEXT NOT NULL, text TEXT NOT NULL, at_us INTEGER NOT NULL, shown INTEGER NOT NULL,
    refused TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS identity_check (
    request_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, answer TEXT NOT NULL,
    due_us INTEGER
) STRICT;
";

/// The one connection, used by one request at a time.
#[derive(Clone)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens or makes the file; waits up to ten seconds for an earlier process to let go of it.
    pub fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` in one transaction with the bank's time in microseconds. Commits when it
    /// succeeds, else changes nothing.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, i64) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let connection = self.0.clone();
        let task = tokio::task::spawn_blocking(move || {
            // A panic rolls its transaction back, so what a poisoned lock guards is still sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = real_us() + offset_us(&tx)?;
            let done = work(&tx, now)?;
            tx.commit()?;
            Ok(done)
        });
        task.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

/// The real time in microseconds since 1970.
pub(crate) fn real_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// How far the bank's clock runs ahead of the real one, in microseconds.
pub(crate) fn offset_us(tx: &Transaction<'_>) -> Result<i64, rusqlite::Error> {
    tx.query_row("SELECT offset_us FROM clock", [], |row| row.get(0))
}

/// Raises the offset; a smaller one changes nothing.
pub(crate) fn raise_offset(tx: &Transaction<'_>, offset_us: i64) -> Result<(), rusqlite::Error> {
    tx.execute("UPDATE clock SET offset_us = max(offset_us, ?1)", params![offset_us])?;
    Ok(())
}

/// Counts one more attempt of a request and returns its number, from 1.
pub(crate) fn count_attempt(tx: &Transaction<'_>, request: &str) -> Result<i64, rusqlite::Error> {
    tx.query_row(
        "INSERT INTO attempt VALUES (?1, 1) ON CONFLICT DO UPDATE SET count = count + 1
         RETURNING count",
        params![request],
        |row| row.get(0),
    )
}

/// What makes two requests the same: SHA-256 of the content in one fixed spelling.
pub(crate) fn fingerprint(request: &impl Serialize) -> Result<[u8; 32], Failure> {
    let bytes = serde_json::to_vec(request)?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    Ok(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// True when the request was seen with the same content, false when it was never seen.
pub(crate) fn seen(
    tx: &Transaction<'_>,
    query: &str,
    key: impl rusqlite::Params,
    fingerprint: &[u8; 32],
) -> Result<bool, Failure> {
    let stored: Option<Vec<u8>> = tx.query_row(query, key, |row| row.get(0)).optional()?;
    match stored {
        None => Ok(false),
        Some(stored) if stored == fingerprint => Ok(true),
        Some(_) => Err(Failure::Conflict),
    }
}

/// Random lower-case hexadecimal text from `bytes` random bytes.
pub(crate) fn random_hex(bytes: usize) -> String {
    hex::encode(random(bytes))
}

/// `digits` random decimal digits, leading zeros kept.
pub(crate) fn random_digits(digits: usize) -> String {
    let mut text = String::with_capacity(digits);
    while text.len() < digits {
        // Bytes from 250 on are thrown away, so that every digit is equally likely.
        let fair = random(digits).into_iter().filter(|byte| *byte < 250);
        text.extend(fair.map(|byte| char::from(b'0' + byte % 10)).take(digits - text.len()));
    }
    text
}

fn random(bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut buffer).expect("the system gives random bytes");
    buffer
}

/// The calendar day in China, `2026-11-21`, of a time in microseconds.
pub(crate) fn business_day(at_us: i64) -> String {
    zoned(at_us).strftime("%Y-%m-%d").to_string()
}

/// Date and time in China for people, `2026-11-21 18:05:00`.
pub(crate) fn business_time(at_us: i64) -> String {
    zoned(at_us).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn zoned(at_us: i64) -> jiff::Zoned {
    let china = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    jiff::Timestamp::from_microsecond(at_us).unwrap_or_default().to_zoned(china)
}
