//! The statements that create every table, written from the descriptions for both dialects. Their
//! output is committed as a numbered migration; a test compares the two.

use crate::registry::Registered;
use crate::table::{Arrangement, Class, Column, Table};
use crate::value::Kind;
use std::fmt::Write;

/// A database's way of writing SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite from 3.51.3.
    Sqlite,
    /// PostgreSQL from 15.
    Postgres,
}

/// The statements that create these tables in an empty database.
pub fn create(dialect: Dialect, tables: &[Registered]) -> String {
    let mut out = String::from(
        "-- Written from the table descriptions by `make ddl`; never edited by hand.\n",
    );
    if dialect == Dialect::Postgres {
        out.push_str(POSTGRES_HEAD);
    }
    for entry in tables {
        out.push('\n');
        create_table(&mut out, dialect, entry.table);
        create_indexes(&mut out, entry.table);
        match dialect {
            Dialect::Sqlite => sqlite_triggers(&mut out, entry.table),
            Dialect::Postgres => {
                postgres_triggers(&mut out, entry.table);
                postgres_grant(&mut out, entry.table);
                postgres_comments(&mut out, entry.table);
            }
        }
    }
    if dialect == Dialect::Sqlite {
        sqlite_statistics(&mut out, tables);
    }
    out
}

/// What SQLite's planner believes of tables with secondary indexes. Without figures it takes the
/// key's first column, which is the same in every row, for as good as an index, and reads the whole
/// book. The figures say no more than that tables are large and that indexes find few rows.
fn sqlite_statistics(out: &mut String, tables: &[Registered]) {
    let figures = |columns: usize, rows: u64, found: u64| {
        let between = std::iter::repeat_n(found, columns.saturating_sub(1));
        let all = [rows, rows].into_iter().chain(between).chain([1]);
        all.map(|figure| figure.to_string()).collect::<Vec<_>>().join(" ")
    };
    line(out, "\nANALYZE sqlite_schema;");
    for table in tables.iter().map(|entry| entry.table).filter(|table| !table.indexes.is_empty()) {
        let mut believe = |index: &str, figures: &str| {
            let (table, index, figures) = (literal(table.name), literal(index), literal(figures));
            let values = format!("{table}, {index}, {figures}");
            line(out, &format!("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ({values});"));
        };
        // The key's index has the table's name where rows lie in it, and one of SQLite's elsewhere.
        let key_index = match table.arrangement {
            Arrangement::ByKey => table.name.to_owned(),
            Arrangement::ByArrival => format!("sqlite_autoindex_{}_1", table.name),
        };
        believe(&key_index, &figures(table.key, 1_000_000, 10_000));
        for index in table.indexes {
            let columns = index.columns.split(',').count();
            let rows = if index.filter.is_empty() { 1_000_000 } else { 10_000 };
            believe(&format!("{}_{}", table.name, index.name), &figures(columns, rows, 10));
        }
    }
}

/// The role and the function that the tables' grants and triggers name. The role is what the
/// server connects as, so that a wrong statement of ours is stopped by the database too.
const POSTGRES_HEAD: &str = "
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiaozi_app') THEN
        CREATE ROLE jiaozi_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- Another database of this server makes it at the same moment.
END $$;

CREATE FUNCTION jiaozi_forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '% is forbidden on %', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$;
";

impl Dialect {
    fn column_type(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Sqlite, Kind::Int) => "INTEGER",
            (Self::Sqlite, Kind::Text) => "TEXT COLLATE BINARY",
            (Self::Sqlite, Kind::Bytes) => "BLOB",
            (Self::Postgres, Kind::Int) => "bigint",
            (Self::Postgres, Kind::Text) => "text COLLATE \"C\"",
            (Self::Postgres, Kind::Bytes) => "bytea",
        }
    }
}

/// The columns of a table as they are stored: the book first, and the version last where rows
/// carry one.
fn stored_columns(table: &Table) -> Vec<Column> {
    let int = |name, doc| Column { name, kind: Kind::Int, nullable: false, doc };
    let mut columns = vec![int("book", "The book it belongs to.")];
    columns.extend_from_slice(table.columns);
    if table.is_versioned() {
        columns.push(int("version", "The batch that last wrote it."));
    }
    columns
}

/// A name that may be a word of the language.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Names with commas between.
pub fn quoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// The same SQL with every column of the table in quotes, so that whoever describes a table need
/// not know the reserved words of two languages. What is in quotes already stays as it is.
fn quote_columns(table: &Table, sql: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_column = |word: &str| stored_columns(table).iter().any(|column| column.name == word);
    let mut out = String::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' | '"' => rest[1..].find(first).map(|end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)),
            _ => Some(first.len_utf8()),
        };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        if is_column(token) {
            out.push_str(&quoted(token))
        } else {
            out.push_str(token)
        }
        rest = after;
    }
    out
}

fn create_table(out: &mut String, dialect: Dialect, table: &Table) {
    if dialect == Dialect::Sqlite {
        line(out, &format!("-- {}", table.doc));
    }
    line(out, &format!("CREATE TABLE {} (", quoted(table.name)));
    for column in stored_columns(table) {
        let (name, kind) = (quoted(column.name), dialect.column_type(column.kind));
        let null = if column.nullable { "" } else { " NOT NULL" };
        let doc = match dialect {
            Dialect::Sqlite => format!(" -- {}", column.doc),
            Dialect::Postgres => String::new(),
        };
        line(out, &format!("    {name} {kind}{null},{doc}"));
    }
    for check in table.checks {
        line(out, &format!("    CHECK ({}),", quote_columns(table, check)));
    }
    let key = std::iter::once("book").chain(table.key_columns().iter().map(|column| column.name));
    line(out, &format!("    PRIMARY KEY ({})", quoted_list(key)));
    line(
        out,
        match (dialect, table.arrangement) {
            (Dialect::Sqlite, Arrangement::ByKey) => ") STRICT, WITHOUT ROWID;",
            (Dialect::Sqlite, Arrangement::ByArrival) => ") STRICT;",
            (Dialect::Postgres, _) => ");",
        },
    );
}

fn create_indexes(out: &mut String, table: &Table) {
    for index in table.indexes {
        let name = quoted(&format!("{}_{}", table.name, index.name));
        let filter = match index.filter {
            "" => String::new(),
            filter => format!(" WHERE {}", quote_columns(table, filter)),
        };
        let (columns, table) = (quote_columns(table, index.columns), quoted(table.name));
        line(out, &format!("CREATE INDEX {name} ON {table} (\"book\", {columns}){filter};"));
    }
}

/// The condition that an update touches what never changes; nothing when the table fixes nothing.
fn fixed_differs(table: &Table, differs: &str) -> Option<String> {
    let key = table.key_columns().iter().map(|column| column.name);
    let names = std::iter::once("book").chain(key).chain(table.fixed.iter().copied());
    let compare = |name| format!("OLD.\"{name}\" {differs} NEW.\"{name}\"");
    let conditions: Vec<String> = names.map(compare).collect();
    (!table.fixed.is_empty()).then(|| conditions.join("\n    OR "))
}

fn sqlite_triggers(out: &mut String, table: &Table) {
    let mut forbid = |event: &str, what: &str, when: &str| {
        let trigger = quoted(&format!("{}_{event}", table.name));
        let on = quoted(table.name);
        line(out, &format!("CREATE TRIGGER {trigger} BEFORE {what} ON {on}{when}"));
        let message = literal(&format!("{event} is forbidden on {}", table.name));
        line(out, &format!("BEGIN SELECT RAISE(ABORT, {message}); END;"));
    };
    if table.class == Class::Appended {
        forbid("update", "UPDATE", "");
    }
    if !table.is_removable() {
        forbid("delete", "DELETE", "");
    }
    if let Some(when) = fixed_differs(table, "IS NOT") {
        forbid("rename", "UPDATE", &format!("\nWHEN {when}"));
    }
}

fn postgres_triggers(out: &mut String, table: &Table) {
    let mut forbid = |event: &str, what: &str, each: &str| {
        let trigger = quoted(&format!("{}_{event}", table.name));
        let on = quoted(table.name);
        line(out, &format!("CREATE TRIGGER {trigger} BEFORE {what} ON {on}"));
        line(out, &format!("    FOR EACH {each} EXECUTE FUNCTION jiaozi_forbid();"));
    };
    if table.class == Class::Appended {
        forbid("update", "UPDATE", "ROW");
    }
    if !table.is_removable() {
        forbid("delete", "DELETE", "ROW");
        forbid("truncate", "TRUNCATE", "STATEMENT");
    }
    if let Some(when) = fixed_differs(table, "IS DISTINCT FROM") {
        forbid("rename", "UPDATE", &format!("ROW\n    WHEN ({when})"));
    }
}

fn postgres_grant(out: &mut String, table: &Table) {
    let rights = match table.class {
        Class::Appended => "SELECT, INSERT",
        Class::Kept | Class::Mark => "SELECT, INSERT, UPDATE",
        Class::Removable => "SELECT, INSERT, UPDATE, DELETE",
    };
    let table = quoted(table.name);
    line(out, &format!("REVOKE ALL ON {table} FROM PUBLIC;"));
    line(out, &format!("GRANT {rights} ON {table} TO jiaozi_app;"));
}

fn postgres_comments(out: &mut String, table: &Table) {
    let name = quoted(table.name);
    line(out, &format!("COMMENT ON TABLE {name} IS {};", literal(table.doc)));
    for column in stored_columns(table) {
        let (column_name, doc) = (quoted(column.name), literal(column.doc));
        line(out, &format!("COMMENT ON COLUMN {name}.{column_name} IS {doc};"));
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations;
    use crate::registry::all;
    use std::collections::BTreeSet;

    fn first_migration_is_fresh(dialect: Dialect, folder: &str, committed: &str) {
        let path = format!("{}/migrations/{folder}/0001_first.sql", env!("CARGO_MANIFEST_DIR"));
        let fresh = create(dialect, all());
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&path, fresh).expect("the migrations folder is writable");
        } else {
            assert!(fresh == committed, "{path} is behind the table descriptions: run `make ddl`");
        }
    }

    #[test]
    fn committed_sqlite_migration_is_what_the_descriptions_say() {
        first_migration_is_fresh(Dialect::Sqlite, "sqlite", migrations::SQLITE[0].sql);
    }

    #[test]
    fn committed_postgres_migration_is_what_the_descriptions_say() {
        first_migration_is_fresh(Dialect::Postgres, "postgres", migrations::POSTGRES[0].sql);
    }

    #[test]
    fn columns_are_quoted_in_conditions_and_texts_are_left_alone() {
        let table = crate::registry::registered("batch").unwrap().table;
        for (sql, expected) in [
            ("offset >= 0", "\"offset\" >= 0"),
            ("\"offset\">0 AND seq<now", "\"offset\">0 AND \"seq\"<\"now\""),
            ("id = 'now seq' OR nower = now_", "\"id\" = 'now seq' OR nower = now_"),
            ("length(id)", "length(\"id\")"),
            ("turn", "\"turn\""),
        ] {
            assert_eq!(quote_columns(table, sql), expected);
        }
    }

    #[test]
    fn every_description_is_whole() {
        let mut names = BTreeSet::new();
        for entry in all() {
            let table = entry.table;
            assert!(names.insert(table.name), "two tables are called {}", table.name);
            assert!((1..=table.columns.len()).contains(&table.key), "{}", table.name);
            assert!(table.key_columns().iter().all(|column| !column.nullable), "{}", table.name);
            let columns: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
            for taken in ["book", "version"] {
                assert!(!columns.contains(taken), "{}.{taken} is added by itself", table.name);
            }
            let is_changed = table.class != Class::Appended;
            assert!(is_changed || table.fixed.is_empty(), "{} never changes at all", table.name);
            for fixed in table.fixed {
                assert!(columns.contains(fixed), "{}.{fixed} is no column", table.name);
            }
            for doc in table.columns.iter().map(|column| column.doc).chain([table.doc]) {
                assert!(doc.ends_with('.') && !doc.contains('\n'), "{}: {doc:?}", table.name);
            }
        }
    }

    #[test]
    fn rows_that_are_written_once_can_be_neither_changed_nor_removed() {
        for entry in all().iter().filter(|entry| entry.table.class == Class::Appended) {
            let sql = create(Dialect::Sqlite, &[*entry]);
            for event in ["UPDATE", "DELETE"] {
                let trigger = format!("BEFORE {event} ON \"{}\"", entry.table.name);
                assert!(sql.contains(&trigger), "{}", entry.table.name);
            }
        }
    }
}
