//! Random tampers with what the hash chain covers, as somebody with the database file in hand would
//! make them: any column of any row edited, rows deleted, inserted, swapped.

use domain::ledger::Batch;
use store::ddl::{quoted, quoted_list};
use store::queries::select;
use store::verify::{Head, Options, audit};
use store::{Kind, Queries, Table, Value, registered};

const TABLES: [&str; 5] = ["batch", "journal", "entry", "account", "account_path"];

/// Somebody who can run any statement, and whom no trigger or condition stops.
pub trait Attacker {
    /// Runs statements and gives how many rows the last one changed, or what was in the way.
    fn run(&mut self, sql: &str) -> impl Future<Output = Result<u64, String>>;
    /// Bytes as this database writes them.
    fn bytes(hex: &str) -> String;
}

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    fn draw(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }
}

/// A table as it was before.
struct Good {
    table: &'static Table,
    columns: Vec<(&'static str, Kind)>,
    rows: Vec<Vec<Value>>,
}

impl Good {
    async fn read(queries: &dyn Queries, name: &str) -> Self {
        let table = registered(name).unwrap().table;
        let mut columns = vec![("book", Kind::Int)];
        columns.extend(table.columns.iter().map(|column| (column.name, column.kind)));
        columns.extend(table.is_versioned().then_some(("version", Kind::Int)));
        let names = quoted_list(columns.iter().map(|column| column.0));
        let sql = format!("SELECT {names} FROM {}", quoted(name));
        let kinds = columns.iter().map(|column| column.1).collect();
        let rows = queries.rows(sql, Vec::new(), kinds).await.unwrap();
        Self { table, columns, rows }
    }

    /// The condition that is true of one row alone.
    fn only<A: Attacker>(&self, row: &[Value]) -> String {
        let key = self.columns.iter().zip(row).take(1 + self.table.key);
        let equal =
            key.map(|((name, _), value)| format!("{} = {}", quoted(name), write::<A>(value)));
        equal.collect::<Vec<_>>().join(" AND ")
    }

    fn row(&self, dice: &mut Dice) -> &[Value] {
        &self.rows[dice.draw(self.rows.len())]
    }
}

fn write<A: Attacker>(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        // The lowest number cannot be written as minus its opposite.
        Value::Int(i64::MIN) => format!("({} - 1)", i64::MIN + 1),
        Value::Int(number) => format!("({number})"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Bytes(bytes) => A::bytes(&kernel::id::Hex(bytes).to_string()),
    }
}

/// Another value that somebody might put into this column.
fn other(dice: &mut Dice, good: &Good, column: usize, old: &Value) -> Value {
    if dice.draw(2) == 0 {
        return good.row(dice)[column].clone();
    }
    match old {
        Value::Int(number) => Value::Int(match dice.draw(6) {
            0 => number.wrapping_add(1),
            1 => number.wrapping_sub(1),
            2 => number.wrapping_neg(),
            3 => i64::MAX,
            4 => i64::MIN,
            _ => dice.draw(1_000_000) as i64,
        }),
        Value::Text(text) => Value::Text(match dice.draw(3) {
            0 => format!("{text}0"),
            1 => String::new(),
            _ => text.chars().rev().collect(),
        }),
        Value::Bytes(bytes) => {
            let mut bytes = bytes.clone();
            match dice.draw(4) {
                0 => bytes.clear(),
                _ => {
                    let place = dice.draw(bytes.len());
                    bytes[place] ^= 1 << dice.draw(8);
                }
            }
            Value::Bytes(bytes)
        }
        Value::Null => Value::Null,
    }
}

/// One tamper as a statement.
fn draw<A: Attacker>(dice: &mut Dice, good: &Good) -> String {
    let (table, columns) = (quoted(good.table.name), &good.columns);
    let row = good.row(dice);
    match dice.draw(5) {
        0 => format!("DELETE FROM {table} WHERE {}", good.only::<A>(row)),
        1 => {
            // Some part of the key is another one, otherwise it would not be one more row.
            let mut row = row.to_vec();
            let part = 1 + dice.draw(good.table.key);
            row[part] = other(dice, good, part, &row[part]);
            let names = quoted_list(columns.iter().map(|column| column.0));
            let values: Vec<String> = row.iter().map(write::<A>).collect();
            format!("INSERT INTO {table} ({names}) VALUES ({})", values.join(", "))
        }
        2 => {
            // Two rows change places: each gets what the other says, but for the key.
            let others = good.row(dice);
            let rest = || columns.iter().enumerate().skip(1 + good.table.key);
            let swap = |(place, (name, _)): (usize, &(&str, Kind))| {
                let (name, first) = (quoted(name), good.only::<A>(row));
                let (mine, others) = (write::<A>(&row[place]), write::<A>(&others[place]));
                format!("{name} = CASE WHEN {first} THEN {others} ELSE {mine} END")
            };
            let changes: Vec<String> = rest().map(swap).collect();
            let both = format!("{} OR {}", good.only::<A>(row), good.only::<A>(others));
            let differ = row.iter().zip(others).skip(1 + good.table.key).any(|(a, b)| a != b);
            let differ = if differ { "1 = 1" } else { "1 = 0" };
            format!("UPDATE {table} SET {} WHERE {differ} AND ({both})", changes.join(", "))
        }
        _ => {
            let place = dice.draw(columns.len());
            let new = write::<A>(&other(dice, good, place, &row[place]));
            let name = quoted(columns[place].0);
            let only = good.only::<A>(row);
            format!("UPDATE {table} SET {name} = {new} WHERE {only} AND {name} <> {new}")
        }
    }
}

/// Keeps a table's rows for [`restore`].
pub async fn save<A: Attacker>(attacker: &mut A, name: &str) {
    let (table, saved) = (quoted(name), quoted(&format!("saved_{name}")));
    let save =
        format!("DROP TABLE IF EXISTS {saved}; CREATE TABLE {saved} AS SELECT * FROM {table}");
    attacker.run(&save).await.unwrap();
}

/// Gives a table the rows back that it had.
pub async fn restore<A: Attacker>(attacker: &mut A, name: &str) {
    let (table, saved) = (quoted(name), quoted(&format!("saved_{name}")));
    let restore = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {saved}");
    attacker.run(&restore).await.unwrap();
}

/// Makes so many tampers one after the other, each on the good database, and audits each.
///
/// # Panics
///
/// When a tamper is not found; the message has its seed, with which it is the first one.
pub async fn all_are_found<A: Attacker>(
    queries: &dyn Queries,
    attacker: &mut A,
    seeds: std::ops::Range<u64>,
) {
    let mut good = Vec::new();
    for name in TABLES {
        good.push(Good::read(queries, name).await);
        save(attacker, name).await;
    }
    let newest = select::<Batch>(queries, "1 = 1 ORDER BY seq DESC LIMIT 1", Vec::new()).await;
    let newest = newest.unwrap().remove(0);
    let published = vec![Head { seq: newest.seq, hash: newest.hash }];
    let options = Options { since: 0, published };
    let clean = audit(queries, &options, &|_, _, _| ()).await.unwrap();
    assert_eq!(clean.findings, [], "the story itself is good");
    for seed in seeds {
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let (name, statement) = loop {
            let good = &good[dice.draw(TABLES.len())];
            let statement = draw::<A>(&mut dice, good);
            // What changes nothing is no tamper; a row that is there already cannot be put in.
            if matches!(attacker.run(&statement).await, Ok(changed) if changed > 0) {
                break (good.table.name, statement);
            }
        };
        let report = audit(queries, &options, &|_, _, _| ()).await;
        let report = report.unwrap_or_else(|error| panic!("seed {seed}: {statement}: {error}"));
        assert!(!report.findings.is_empty(), "seed {seed} is not found: {statement}");
        // A chain whose end is cut off is a shorter good chain: only what was published tells.
        if report.findings.iter().all(|finding| finding.rule == "H1") {
            let cut = statement.starts_with("DELETE") && name == "batch";
            assert!(cut, "seed {seed} is found by the published head alone: {statement}");
        }
        restore(attacker, name).await;
    }
    let clean = audit(queries, &options, &|_, _, _| ()).await.unwrap();
    assert_eq!(clean.findings, [], "the last tamper was taken back");
}
