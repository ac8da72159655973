//! The audit finds every fault that is planted into a finished story, and nothing in the story
//! itself.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod incremental;
mod planted;
mod running;
mod story;
mod tampers;

use engine::Engine;
use jiaozi_store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};
use std::path::Path;
use store::verify::{Receipt, Report, verify};

/// A finished story in one file: what the log held is in it.
async fn played(play: fn(&Engine)) -> Temporary {
    let database = Temporary::new().unwrap();
    let path = database.path().to_owned();
    let play = move || {
        let store = SqliteStore::open(&path, Options::default()).unwrap();
        play(&story::engine(Box::new(store)));
        let file = rusqlite::Connection::open(&path).unwrap();
        file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    };
    tokio::task::spawn_blocking(play).await.unwrap();
    database
}

async fn audit(path: &Path) -> Report {
    let readers = SqliteReaders::open(path, ReaderOptions::default()).unwrap();
    verify(&readers, &|_, _, _| ()).await.unwrap()
}

/// A connection to a file that nothing stops any more: neither triggers nor conditions.
fn attack(path: &Path) -> rusqlite::Connection {
    let file = rusqlite::Connection::open(path).unwrap();
    let triggers: Vec<String> = file
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        file.execute_batch(&format!("DROP TRIGGER \"{trigger}\"")).unwrap();
    }
    file.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF").unwrap();
    file
}

struct File(rusqlite::Connection);

impl tampers::Attacker for File {
    async fn run(&mut self, sql: &str) -> Result<u64, String> {
        self.0.execute_batch(sql).map_err(|error| error.to_string())?;
        Ok(self.0.changes())
    }

    fn bytes(hex: &str) -> String {
        format!("x'{hex}'")
    }
}

/// 1,000, or as many as `JIAOZI_TEST_TAMPERS` says; `JIAOZI_TEST_SEED` is the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_tamper_with_the_ledger_is_found() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("JIAOZI_TEST_SEED").unwrap_or(1);
    let count = number("JIAOZI_TEST_TAMPERS").unwrap_or(1_000);
    let played = played(|engine| {
        story::play(engine);
        story::play_more(engine, 10, 50);
    })
    .await;
    let readers = SqliteReaders::open(played.path(), ReaderOptions::default()).unwrap();
    let mut file = File(attack(played.path()));
    tampers::all_are_found(&readers, &mut file, first..first + count).await;
}

/// Every journal's receipt holds against the hash of its batch, and an altered one does not.
async fn receipts_prove_themselves(path: &Path) {
    let readers = SqliteReaders::open(path, ReaderOptions::default()).unwrap();
    assert_eq!(Receipt::of(&readers, 999).await.unwrap(), None);
    for number in 1..=9 {
        let receipt = Receipt::of(&readers, number).await.unwrap().unwrap();
        let published = receipt.batch.hash;
        assert!(receipt.proves(&published), "journal {number}");
        let mut altered = receipt.clone();
        altered.posted.entries[0].amount += 1;
        assert!(!altered.proves(&published));
        let mut moved = receipt.clone();
        moved.batch.root = [0; 32];
        moved.batch = moved.batch.sealed();
        assert!(!moved.proves(&published));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_planted_fault_is_found_and_a_good_story_is_silent() {
    let played = played(story::play).await;
    let path = played.path();
    let report = audit(path).await;
    assert_eq!(report.findings, []);
    assert!(report.journals >= 9, "the story moved money: {report:?}");

    receipts_prove_themselves(path).await;

    let readers = SqliteReaders::open(path, ReaderOptions::default()).unwrap();
    planted::each_is_found(&readers, &mut File(attack(path))).await;
}

#[test]
fn every_rule_is_documented_in_its_words() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify.md");
    let document = std::fs::read_to_string(document).unwrap();
    for (rule, says) in store::verify::rules() {
        let line = format!("| {rule} | {says} |");
        assert!(document.contains(&line), "docs/verify.md lacks: {line}");
    }
}
