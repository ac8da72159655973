//! Turns the data files of this crate into Rust before it is compiled: the failure catalogue into
//! the type `Code`, the tables of card prefixes and of letters into sorted arrays. A bad row stops
//! the build with the file and the line.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=catalogue");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR for a build script");
    let write = |name: &str, text: String| {
        fs::write(Path::new(&out).join(name), text).expect("OUT_DIR can be written");
    };
    write("failures.rs", failures(&Table::read("catalogue/failures.txt")));
    write("bins.rs", bins(&Table::read("catalogue/bins.txt")));
    write("letters.rs", letters(&Table::read("catalogue/letters.txt")));
}

/// A data file: rows of columns, grouped under headings like `[codes]`.
struct Table {
    file: &'static str,
    rows: Vec<Row>,
}

struct Row {
    heading: String,
    line: usize,
    columns: Vec<String>,
}

impl Table {
    fn read(file: &'static str) -> Table {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{file}: {e}"));
        let mut heading = String::new();
        let mut rows = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                heading = name.to_owned();
                continue;
            }
            let columns = line.split('|').map(|column| column.trim().to_owned()).collect();
            rows.push(Row { heading: heading.clone(), line: index + 1, columns });
        }
        Table { file, rows }
    }

    /// The rows under one heading, each checked to have `N` columns, none of them empty.
    fn under<const N: usize>(&self, heading: &str) -> Vec<(usize, [&str; N])> {
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.heading == heading) {
            let columns: Vec<&str> = row.columns.iter().map(String::as_str).collect();
            let columns: [&str; N] = columns
                .try_into()
                .unwrap_or_else(|_| self.stop(row.line, &format!("{N} columns expected")));
            if columns.iter().any(|column| column.is_empty()) {
                self.stop(row.line, "a column is empty");
            }
            found.push((row.line, columns));
        }
        found
    }

    fn stop(&self, line: usize, why: &str) -> ! {
        panic!("{}:{line}: {why}", self.file)
    }
}

/// `CARD_3DS_FAILED` to `Card3dsFailed`.
fn variant(code: &str) -> String {
    let mut name = String::new();
    for word in code.split('_') {
        name.push_str(&word[..1]);
        name.push_str(&word[1..].to_lowercase());
    }
    name
}

/// The names of the placeholders of a text.
fn placeholders(text: &str) -> Vec<String> {
    let names = text.split('{').skip(1);
    names.map(|rest| rest.split('}').next().unwrap_or_default().to_owned()).collect()
}

fn failures(table: &Table) -> String {
    let remedies = table.under::<3>("remedies");
    let mut names: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let (mut remedy_rows, mut variants, mut entries) =
        (String::new(), String::new(), String::new());
    for (line, [id, zh, en]) in &remedies {
        if seen.contains(id) {
            table.stop(*line, "this remedy is listed twice");
        }
        seen.push(id);
        same_placeholders(table, *line, zh, en, &mut names);
        let _ = writeln!(remedy_rows, "Remedy {{ id: {id:?}, zh: {zh:?}, en: {en:?} }},");
    }
    seen.clear();
    for (line, [code, status, sources, retry, wanted, cause, zh, en]) in table.under::<8>("codes") {
        if seen.contains(&code) {
            table.stop(line, "this code is listed twice");
        }
        if !code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_') {
            table.stop(line, "a code is written in capitals, digits and `_`");
        }
        seen.push(code);
        same_placeholders(table, line, zh, en, &mut names);
        let name = variant(code);
        let status = status_of(table, line, status);
        let sources = each(sources, |source| source_of(table, line, source));
        let retry = retry_of(table, line, retry);
        let wanted = each(wanted, |id| match remedies.iter().position(|(_, row)| row[0] == id) {
            Some(index) => format!("REMEDIES[{index}]"),
            None => table.stop(line, "unknown remedy"),
        });
        let about = cause.replace('<', "\\<").replace('>', "\\>");
        let about = format!("`{code}`: {about}.");
        let _ = writeln!(variants, "#[doc = {about:?}]\n{name},");
        let _ = writeln!(
            entries,
            "Entry {{ code: Code::{name}, text: {code:?}, status: {status}, \
             sources: &[{sources}], retry: Retry::{retry}, remedies: &[{wanted}], \
             cause: {cause:?}, zh: {zh:?}, en: {en:?} }},"
        );
    }
    let (codes, remedy_count) = (seen.len(), remedies.len());
    format!(
        "/// Every way a request can fail. One variant per row of the catalogue.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         pub enum Code {{\n{variants}}}\n\
         const REMEDIES: [Remedy; {remedy_count}] = [\n{remedy_rows}];\n\
         static ENTRIES: [Entry; {codes}] = [\n{entries}];\n\
         pub(crate) const PLACEHOLDERS: &[&str] = &{names:?};\n"
    )
}

fn status_of(table: &Table, line: usize, text: &str) -> String {
    match (text, text.parse::<u16>()) {
        ("client", _) => "Status::Client".to_owned(),
        (_, Ok(n @ (202 | 400..=599))) => format!("Status::Http({n})"),
        _ => table.stop(line, "the status is `client`, 202 or 400 to 599"),
    }
}

fn source_of(table: &Table, line: usize, text: &str) -> String {
    match text {
        "client" | "us" | "bank" | "authority" | "carrier" | "provider" => {
            format!("Source::{}", variant(&text.to_uppercase()))
        }
        _ => table.stop(line, "unknown source"),
    }
}

fn retry_of(table: &Table, line: usize, text: &str) -> String {
    match text {
        "now" | "later" | "after_fix" | "query" | "no" => variant(&text.to_uppercase()),
        _ => table.stop(line, "unknown retry class"),
    }
}

fn each(words: &str, mut one: impl FnMut(&str) -> String) -> String {
    words.split_whitespace().map(&mut one).collect::<Vec<_>>().join(", ")
}

/// Both languages of a text must tell the same things.
fn same_placeholders(table: &Table, line: usize, zh: &str, en: &str, names: &mut Vec<String>) {
    let (mut of_zh, mut of_en) = (placeholders(zh), placeholders(en));
    of_zh.sort();
    of_en.sort();
    if of_zh != of_en {
        table.stop(line, "the two texts have different placeholders");
    }
    for name in of_zh {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

fn bins(table: &Table) -> String {
    let (mut banks, mut prefixes) = (String::new(), Vec::new());
    let rows = table.under::<4>("banks");
    for (index, (line, [code, zh, en, samples])) in rows.iter().enumerate() {
        let _ = writeln!(banks, "Bank {{ code: {code:?}, zh: {zh:?}, en: {en:?} }},");
        for sample in samples.split(',') {
            let (prefix, shape) = sample
                .trim()
                .split_once(' ')
                .unwrap_or_else(|| table.stop(*line, "a sample is `prefix kind-and-length`"));
            let (kind, length) = shape.split_at(1);
            let kind = match kind {
                "D" => "Debit",
                "C" => "Credit",
                "S" => "SemiCredit",
                _ => table.stop(*line, "the kind is D, C or S"),
            };
            if !(3..=9).contains(&prefix.len()) || !prefix.bytes().all(|b| b.is_ascii_digit()) {
                table.stop(*line, "a prefix has 3 to 9 digits");
            }
            match length.parse::<usize>() {
                Ok(length @ 14..=19) => prefixes.push((prefix, length, kind, index, *line)),
                _ => table.stop(*line, "a card number has 14 to 19 digits"),
            }
        }
    }
    prefixes.sort_by_key(|(prefix, length, ..)| (*prefix, *length));
    for pair in prefixes.windows(2) {
        if pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1 {
            table.stop(pair[1].4, &format!("{} is listed twice with one length", pair[1].0));
        }
    }
    let mut rows_out = String::new();
    for (prefix, length, kind, bank, _) in &prefixes {
        let _ = writeln!(
            rows_out,
            "Bin {{ prefix: {prefix:?}, length: {length}, kind: CardKind::{kind}, \
             bank: &BANKS[{bank}] }},"
        );
    }
    let (bank_count, count) = (rows.len(), prefixes.len());
    format!(
        "static BANKS: [Bank; {bank_count}] = [\n{banks}];\n\
         static BINS: [Bin; {count}] = [\n{rows_out}];\n"
    )
}

fn letters(table: &Table) -> String {
    let hex = |line: usize, text: &str| match u32::from_str_radix(text, 16).map(char::from_u32) {
        Ok(Some(c)) => c,
        _ => table.stop(line, "a character is written as a hexadecimal number"),
    };
    let mut han: Vec<(char, char)> = Vec::new();
    for (line, [stored, others]) in table.under::<2>("han") {
        let stored = hex(line, stored);
        han.extend(others.split_whitespace().map(|other| (hex(line, other), stored)));
    }
    let mut latin: Vec<(char, &str)> = Vec::new();
    for (_, [plain, others]) in table.under::<2>("latin") {
        latin.extend(others.chars().map(|other| (other, plain)));
    }
    han.sort_unstable();
    latin.sort_unstable();
    let (han_count, latin_count) = (han.len(), latin.len());
    format!(
        "static HAN: [(char, char); {han_count}] = {han:?};\n\
         static LATIN: [(char, &str); {latin_count}] = {latin:?};\n"
    )
}
