//! What the driver makes of a database that refuses, is held up, or is full.

use jiaozi_store_sqlite::{Options, SqliteStore, Temporary};
use rusqlite::Connection;
use std::time::Duration;
use store::conformance::{self, account, commit, insert};
use store::{Commit, Store, Write};

fn open(database: &Temporary, options: Options) -> SqliteStore {
    SqliteStore::open(database.path(), options).expect("it was just made")
}

fn impatient() -> Options {
    Options { busy_timeout: Duration::ZERO, ..Options::default() }
}

#[test]
fn database_that_another_writer_holds_is_unavailable_and_nothing_is_written() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database, impatient());
    let other = Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(commit(&mut store, Vec::new()), Commit::Unavailable(_)));
    assert!(store.exclude_others().is_err());
    assert_eq!(store.tip().unwrap().seq, 0);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(commit(&mut store, Vec::new()), Commit::Done);
}

#[test]
fn value_of_another_type_is_refused_by_the_database_itself() {
    let database = Temporary::new().unwrap();
    let connection = Connection::open(database.path()).unwrap();
    for sql in [
        "INSERT INTO account VALUES (1, 1, 'CNY', 'CREDIT', 'much', 0, 0, 1)",
        "INSERT INTO account VALUES (1, 1, 'CNY', 'CREDIT', NULL, 0, 0, 1)",
        "INSERT INTO account VALUES (1, 1, 'CNY', 'CREDIT', -1, 0, 0, 1)",
        "INSERT INTO account VALUES (1, 1, 'CNY', 'DEBIT', 1, 0, 0, 1)",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn history_and_what_an_account_is_are_kept_by_triggers() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database, Options::default());
    conformance::write_history(&mut store);
    let connection = Connection::open(database.path()).unwrap();
    for sql in conformance::REWRITES {
        let error = connection.execute(sql, []).unwrap_err();
        let code = error.sqlite_error().unwrap().extended_code;
        assert_eq!(code, rusqlite::ffi::SQLITE_CONSTRAINT_TRIGGER, "{sql}: {error}");
    }
    assert_eq!(connection.execute(conformance::ALLOWED, []).unwrap(), 1);
}

#[test]
fn log_starts_anew_after_its_bound_and_a_reader_that_holds_on_only_delays_it() {
    let database = Temporary::new().unwrap();
    let options = Options { checkpoint_pages: 20, log_limit_pages: 60, ..Options::default() };
    let mut store = open(&database, options);
    let mut log = database.path().as_os_str().to_owned();
    log.push("-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let mut number = 0;
    let mut run = |store: &mut SqliteStore, batches: i64| {
        for _ in 0..batches {
            let rows: Vec<Write> = (1..=40).map(|n| insert(&account(number + n, 0))).collect();
            number += 40;
            assert_eq!(commit(store, rows), Commit::Done);
        }
    };

    run(&mut store, 300);
    let bounded = length();
    assert!(bounded < 400 * 4096, "{bounded}");

    let reader = Connection::open(database.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM account;").unwrap();
    run(&mut store, 300);
    let held = length();
    assert!(held > 2 * bounded, "{held} after {bounded}");
    reader.execute_batch("COMMIT").unwrap();
    run(&mut store, 300);
    assert!(length() < held / 2, "{} after {held}", length());
}
