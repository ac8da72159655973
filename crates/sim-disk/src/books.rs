//! All that a database says, without what depends on when it was said: times, and how commands were
//! cut into batches. Two runs of one script come to the same books.

use crate::script::Script;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::path::Path;
use store::registry;

/// Rows in words, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books(BTreeMap<&'static str, Vec<String>>);

/// Tables that depend on how often somebody asked, or on nothing but the batches.
const PASSED_OVER: [&str; 2] = ["batch", "order_by_prepay"];
/// Columns of the same sort.
const MASKED: [&str; 3] = ["batch", "place", "attempts"];
/// A number above this is a time in microseconds: no sum of money is so large here.
const TIMES: i64 = 1_000_000_000_000_000;

/// A connection that only reads, for [`Books::read`] and [`integrity`].
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags_and_vfs(path, flags, crate::VFS)
}

impl Books {
    /// Reads a database on which this script is played. Answers that are kept for a day only are
    /// left out when days go by: whoever asks again finds whether they are there.
    pub(crate) fn read(connection: &Connection, script: &Script) -> rusqlite::Result<Self> {
        let mut books = Self::default();
        for entry in registry::all() {
            let table = entry.table;
            let is_answers = table.name.starts_with("idempotency");
            if PASSED_OVER.contains(&table.name) || is_answers && script.has_days() {
                continue;
            }
            let is_masked: Vec<bool> =
                table.columns.iter().map(|column| MASKED.contains(&column.name)).collect();
            let names = store::ddl::quoted_list(table.columns.iter().map(|column| column.name));
            let sql = format!("SELECT {names} FROM \"{}\"", table.name);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            // The two tables of kept answers take turns.
            let name = if is_answers { "idempotency" } else { table.name };
            let of_table = books.0.entry(name).or_default();
            while let Some(row) = rows.next()? {
                of_table.push(words(row, &is_masked)?);
            }
        }
        books.0.values_mut().for_each(|rows| rows.sort_unstable());
        Ok(books)
    }

    /// The first difference, in words.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let empty = Vec::new();
        self.0.iter().find_map(|(table, rows)| {
            let others = other.0.get(table).unwrap_or(&empty);
            let only_here = rows.iter().find(|row| !others.contains(row));
            let only_there = others.iter().find(|row| !rows.contains(row));
            let differs = rows != others;
            differs.then(|| format!("{table}: found {only_here:?}, expected {only_there:?}"))
        })
    }
}

/// What SQLite itself says about the file; `ok` when all is well.
pub(crate) fn integrity(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))
}

fn words(row: &Row<'_>, is_masked: &[bool]) -> rusqlite::Result<String> {
    let mut words = String::new();
    for (place, is_masked) in is_masked.iter().enumerate() {
        if *is_masked {
            continue;
        }
        let written = match row.get_ref(place)? {
            ValueRef::Null => write!(words, "- "),
            ValueRef::Integer(time) if time > TIMES => write!(words, "T "),
            ValueRef::Integer(number) => write!(words, "{number} "),
            ValueRef::Real(number) => write!(words, "{number} "),
            ValueRef::Text(text) => write!(words, "{} ", mask(&String::from_utf8_lossy(text))),
            ValueRef::Blob(bytes) => {
                let mut hasher = DefaultHasher::new();
                bytes.hash(&mut hasher);
                write!(words, "{:x} ", hasher.finish())
            }
        };
        written.expect("a string takes all that is written to it");
    }
    Ok(words)
}

/// A text with `T` in place of every time, in microseconds or as people write it.
pub(crate) fn mask(text: &str) -> String {
    const WRITTEN: usize = "2026-11-21T16:04:03+08:00".len();
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        masked.push_str(&rest[..start]);
        rest = &rest[start..];
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        let is_written =
            digits == 4 && rest.get(..WRITTEN).is_some_and(|time| time.ends_with("+08:00"));
        let end = if is_written { WRITTEN } else { digits };
        masked.push_str(if is_written || digits == 16 { "T" } else { &rest[..end] });
        rest = &rest[end..];
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_are_masked() {
        let text = "paid_at: Timestamp(1795248120000000), amount: 1000, id: 42001";
        assert_eq!(mask(text), "paid_at: Timestamp(T), amount: 1000, id: 42001");
        assert_eq!(mask("paid_at: 2026-11-21T16:04:03+08:00, n: 4200"), "paid_at: T, n: 4200");
        assert_eq!(mask(""), "");
    }
}
