//! Everything about a book stays within the book, so that books can be spread over machines: every
//! key begins with it, no table points at another, and every statement says of each table that it
//! reads which book it means.

use jiaozi_store::ddl::{Dialect, create};
use jiaozi_store::registry;
use jiaozi_store::verify::invariants;
use std::path::Path;

/// What is wrong with the statements that create tables.
fn ddl_offences(sql: &str) -> Vec<String> {
    let mut offences = Vec::new();
    for line in sql.lines().map(str::trim) {
        let is_key = line.starts_with("PRIMARY KEY") || line.contains("UNIQUE");
        let is_index = line.starts_with("CREATE INDEX");
        let points_elsewhere = line.contains("REFERENCES") || line.contains("FOREIGN KEY");
        if points_elsewhere || ((is_key || is_index) && !line.contains("(\"book\", ")) {
            offences.push(line.to_owned());
        }
    }
    offences
}

#[test]
fn every_key_begins_with_the_book_and_no_table_points_at_another() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        assert_eq!(ddl_offences(&create(dialect, registry::all())), [""; 0]);
    }
    for planted in [
        "PRIMARY KEY (\"id\", \"book\")",
        "CREATE UNIQUE INDEX \"a_b\" ON \"a\" (\"id\");",
        "CREATE INDEX \"a_b\" ON \"a\" (\"due_at\");",
        "UNIQUE (\"id\"),",
        "\"wallet\" bigint REFERENCES \"wallet\",",
    ] {
        assert_eq!(ddl_offences(planted).len(), 1, "{planted}");
    }
}

/// The parts of a statement that each read tables of their own: subqueries apart, and what UNION
/// joins.
fn parts(sql: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![String::new()];
    for c in sql.chars() {
        match c {
            '(' => open.push(String::new()),
            ')' if open.len() > 1 => {
                let inner = open.pop().unwrap_or_default();
                let outer = open.last_mut().expect("the outermost part stays open");
                // A bracket that is no subquery belongs to what is around it. One that is filled in
                // later is looked at where it is written.
                let is_filled_in = inner.starts_with('{') && outer.trim_end().ends_with("FROM");
                if inner.trim_start().starts_with("SELECT") || is_filled_in {
                    outer.push_str(" subquery ");
                    done.push(inner);
                } else {
                    outer.push_str(&format!(" {inner} "));
                }
            }
            c => open.last_mut().expect("the outermost part stays open").push(c),
        }
    }
    done.append(&mut open);
    done.iter().flat_map(|part| part.split("UNION ALL")).map(str::to_owned).collect()
}

/// Words that end a table's name and alias.
const ENDS: [&str; 11] =
    ["ON", "JOIN", "LEFT", "WHERE", "GROUP", "ORDER", "LIMIT", "AND", "HAVING", "INNER", "CROSS"];

/// Tables that a part reads, each with the name that its columns carry.
fn tables(part: &str) -> Vec<(String, String)> {
    let spaced = part.replace(',', " , ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut found = Vec::new();
    let mut is_from = false;
    for (place, word) in words.iter().enumerate() {
        let starts = *word == "FROM" || *word == "JOIN" || (is_from && *word == ",");
        is_from = match *word {
            "FROM" => true,
            "WHERE" | "GROUP" | "ORDER" | "HAVING" => false,
            _ => is_from,
        };
        let Some(name) = words.get(place + 1).filter(|_| starts) else { continue };
        let name = name.trim_matches('"');
        if registry::registered(name).is_none() && !name.starts_with('{') {
            continue;
        }
        let alias = words.get(place + 2).filter(|word| !ENDS.contains(word));
        let alias = alias.filter(|word| word.chars().all(char::is_alphanumeric));
        found.push((name.to_owned(), alias.map_or(String::new(), |alias| (*alias).to_owned())));
    }
    found
}

/// Tables of a statement for which it names no book.
fn offenders(sql: &str) -> Vec<String> {
    let mut offenders = Vec::new();
    for part in parts(sql) {
        let words = part.replace('"', "").split_whitespace().collect::<Vec<_>>().join(" ");
        let text = format!(" {words} ");
        for (table, alias) in tables(&part) {
            let said = match alias.as_str() {
                "" => [" WHERE book = ".to_owned(), " AND book = ".to_owned()],
                alias => [format!(" {alias}.book = "), format!(" = {alias}.book ")],
            };
            // Conditions that are filled in later begin with the book where they are written.
            let is_open =
                text.contains(" WHERE {") || (table.starts_with('{') && !text.contains(" WHERE "));
            if !is_open && !said.iter().any(|said| text.contains(said)) {
                offenders.push(format!("{table} {alias} in {part}"));
            }
        }
    }
    offenders
}

#[test]
fn every_rule_of_the_audit_names_its_book() {
    for invariant in invariants::ALL {
        assert_eq!(offenders(invariant.sql), [""; 0], "{}", invariant.rule);
    }
}

#[test]
fn statement_that_forgets_a_book_is_found() {
    for (sql, count) in [
        ("SELECT 1 FROM wallet WHERE book = 1 AND id = $1", 0),
        ("SELECT 1 FROM \"wallet\" WHERE \"book\" = 1", 0),
        ("SELECT 1 FROM wallet", 1),
        ("SELECT SUM(balance) FROM account", 1),
        ("SELECT 1 FROM wallet w JOIN card c ON c.book = w.book WHERE w.book = 1", 0),
        ("SELECT 1 FROM wallet w JOIN card c ON c.wallet = w.id WHERE w.book = 1", 1),
        ("SELECT 1 FROM wallet w, (SELECT 1 FROM card) c WHERE w.book = 1", 1),
        ("SELECT 1 FROM wallet w, card c WHERE w.book = 1", 1),
        ("SELECT 1 FROM wallet WHERE book = 1 UNION ALL SELECT 1 FROM card", 1),
        ("SELECT 1 FROM {table} WHERE id = 1", 1),
        ("SELECT 1 FROM pg_stat_activity", 0),
    ] {
        assert_eq!(offenders(sql).len(), count, "{sql}: {:?}", offenders(sql));
    }
}

/// The texts between quotes of a source file that are statements. A line that ends in a backslash
/// goes on where the next one's words begin.
fn statements(source: &str) -> Vec<String> {
    let lines = source.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.map(|line| format!("{line}\n")).collect();
    let mut found = Vec::new();
    let mut text: Option<String> = None;
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match (&mut text, c) {
            (None, '"') => text = Some(String::new()),
            (None, _) => {}
            (Some(_), '"') => found.extend(text.take()),
            (Some(text), '\\') => match chars.next() {
                Some('\n') | None => text.push(' '),
                Some(other) => text.push(other),
            },
            (Some(text), c) => text.push(c),
        }
    }
    found.retain(|text| text.contains("SELECT ") && text.contains(" FROM "));
    found
}

/// Statements of our own over the tables of the product, wherever they are written. What is read
/// of one table through [`store::queries`] gets its book there.
#[test]
fn every_statement_in_the_sources_names_its_book() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for name in ["store", "http", "worker", "server", "engine"] {
        let mut folders = vec![crates.join(name).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the sources are there") {
                let path = entry.expect("the sources are there").path();
                if path.is_dir() {
                    let is_ours = !path.ends_with("tests") && !path.ends_with("bench");
                    folders.extend(is_ours.then_some(path));
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let source = std::fs::read_to_string(&path).expect("the sources are there");
                    for sql in statements(&source) {
                        seen += 1;
                        assert_eq!(offenders(&sql), [""; 0], "{}", path.display());
                    }
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} statements were found");
}
