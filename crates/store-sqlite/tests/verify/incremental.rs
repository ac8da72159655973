//! An audit from where the last one ended, and heads that were published.

use crate::{attack, played, story};
use jiaozi_store_sqlite::{Options as Settings, ReaderOptions, SqliteReaders, SqliteStore};
use std::path::Path;
use store::verify::{Head, Options, Report, audit};

async fn audit_from(path: &Path, since: i64, published: Vec<Head>) -> Report {
    let readers = SqliteReaders::open(path, ReaderOptions::default()).unwrap();
    audit(&readers, &Options { since, published }, &|_, _, _| ()).await.unwrap()
}

fn rules(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn audit_from_the_last_one_sees_what_came_after() {
    let played = played(story::play).await;
    let path = played.path().to_owned();
    let first = audit_from(&path, 0, vec![]).await;
    assert_eq!(first.findings, []);
    let go_on = {
        let path = path.clone();
        move || {
            let store = SqliteStore::open(&path, Settings::default()).unwrap();
            let engine = story::engine(Box::new(store));
            story::play_more(&engine, 10, 8);
            story::play_more(&engine, 20, 8);
        }
    };
    tokio::task::spawn_blocking(go_on).await.unwrap();
    let since = first.as_of.seq;
    let second = audit_from(&path, since, vec![first.as_of]).await;
    assert_eq!(second.findings, []);
    assert_eq!((second.since, second.as_of.seq > since), (since, true));
    let whole = audit_from(&path, 0, vec![first.as_of, second.as_of]).await;
    assert_eq!(whole.findings, []);
    assert_eq!(whole.journals, first.journals + second.journals);

    let file = attack(&path);
    let with = async |change: &str, undo: &str, since: i64, published: Vec<Head>| {
        assert!(file.execute(change, []).unwrap() > 0, "{change}");
        let report = audit_from(&path, since, published).await;
        file.execute(undo, []).unwrap();
        rules(&report)
    };
    let newest = "(SELECT MAX(journal) FROM entry)";
    let more = format!("UPDATE entry SET balance = balance + 1 WHERE journal = {newest}");
    let less = format!("UPDATE entry SET balance = balance - 1 WHERE journal = {newest}");
    assert!(with(&more, &less, since, vec![]).await.contains(&"L10"));
    let more = "UPDATE account SET balance = balance + 1 WHERE entries > 0";
    let less = "UPDATE account SET balance = balance - 1 WHERE entries > 0";
    assert!(with(more, less, since, vec![]).await.contains(&"L5"));
    let more = "UPDATE account SET version = version + 1 WHERE entries = 0";
    let less = "UPDATE account SET version = version - 1 WHERE entries = 0";
    assert_eq!(with(more, less, since, vec![]).await, [""; 0], "written before: a whole audit's");
    assert!(with(more, less, 0, vec![]).await.contains(&"A3"));
    let more = "UPDATE entry SET balance = balance + 1 WHERE journal = 2";
    let less = "UPDATE entry SET balance = balance - 1 WHERE journal = 2";
    assert_eq!(with(more, less, since, vec![]).await, [""; 0], "an old row: a whole audit's");
    assert!(with(more, less, 0, vec![]).await.contains(&"C1"));
    // The batch that the last audit ended at is not the same any more.
    let more = format!("UPDATE batch SET now = now + 1 WHERE seq = {since}");
    let less = format!("UPDATE batch SET now = now - 1 WHERE seq = {since}");
    assert!(with(&more, &less, since, vec![]).await.contains(&"H1"));
    assert_eq!(audit_from(&path, 0, vec![]).await.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn head_that_was_published_must_still_be_there() {
    let played = played(story::play).await;
    let path = played.path();
    let head = audit_from(path, 0, vec![]).await.as_of;
    let other = Head { hash: [1; 32], ..head };
    let later = Head { seq: head.seq + 1, ..head };
    for (heads, found) in
        [(vec![head], &[][..]), (vec![other], &["H1"]), (vec![head, later], &["H1"])]
    {
        assert_eq!(rules(&audit_from(path, 0, heads).await), found);
    }
    // The end of the chain is cut off so that what is left is a good chain.
    let file = attack(path);
    let cut = "DELETE FROM retry; DELETE FROM batch WHERE seq = (SELECT MAX(seq) FROM batch)";
    file.execute_batch(cut).unwrap();
    assert_eq!(rules(&audit_from(path, 0, vec![]).await), [""; 0]);
    assert_eq!(rules(&audit_from(path, 0, vec![head]).await), ["H1"]);
}
