//! How fast the audit is on SQLite:
//! `cargo run --release --package jiaozi-store-sqlite --example audit_speed -- FILE PAYMENTS`
//! seeds the payments if there is no such file yet, audits it, and prints what it took.
#![expect(clippy::unwrap_used, reason = "a measurement stops where it fails")]

mod seeding;
#[expect(dead_code, reason = "the tests' story has more than a measurement needs")]
#[path = "../../tests/verify/story.rs"]
mod story;

use jiaozi_store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, migrate};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::verify::verify;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().unwrap_or_else(|| "audit-speed.db".into()));
    let payments = arguments.next().map_or(1_000_000, |text| text.parse().unwrap());
    if !path.exists() {
        migrate(&path).unwrap();
        let begun = Instant::now();
        let store = SqliteStore::open(&path, Options::default()).unwrap();
        let engine = tokio::task::spawn_blocking(|| story::engine(Box::new(store))).await.unwrap();
        seeding::seed(&engine, payments).await;
        engine.shutdown().await;
        println!("seeded {payments} payments in {:.1} s", begun.elapsed().as_secs_f64());
    }
    let time_limit = Duration::from_secs(600);
    let options = ReaderOptions { time_limit, ..ReaderOptions::default() };
    let readers = SqliteReaders::open(&path, options).unwrap();
    let begun = Instant::now();
    let last = std::sync::Mutex::new(("", begun));
    let report = verify(&readers, &|what, done, of| {
        let mut last = last.lock().unwrap();
        if last.0 != what && std::env::var_os("JIAOZI_TEST_STEPS").is_some() {
            println!("{:8.2} s {done:>9} of {of:>9} {what}", begun.elapsed().as_secs_f64());
            *last = (what, Instant::now());
        }
    })
    .await
    .unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: ?");
    println!(
        "audited {} journals, {} rows in {seconds:.1} s, {:.0} rows/s; {memory}; {} findings",
        report.journals,
        report.rows,
        report.rows as f64 / seconds,
        report.findings.len(),
    );
}
