//! Audits of a database that goes on being written to.

use crate::{played, story};
use jiaozi_store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use store::queries::Answer;
use store::verify::{self, verify};
use store::{Kind, Queries, Value};

/// Before every statement of an audit a little more happens in the wallet.
struct Between<Q> {
    readers: Q,
    ask: mpsc::Sender<()>,
    done: std::sync::Mutex<mpsc::Receiver<()>>,
    is_on: Arc<AtomicBool>,
}

impl<Q: Queries> Queries for Between<Q> {
    fn rows(&self, sql: String, parameters: Vec<Value>, kinds: Vec<Kind>) -> Answer<'_> {
        if self.is_on.load(Ordering::Relaxed) {
            self.ask.send(()).unwrap();
            self.done.lock().unwrap().recv().unwrap();
        }
        self.readers.rows(sql, parameters, kinds)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_written_during_an_audit_is_no_finding() {
    let played = played(story::play).await;
    let path = played.path().to_owned();
    let (ask, asked) = mpsc::channel();
    let (tell, done) = mpsc::channel();
    let rounds = Arc::new(AtomicU32::new(0));
    let wallet = {
        let (path, rounds) = (path.clone(), Arc::clone(&rounds));
        tokio::task::spawn_blocking(move || {
            let store = SqliteStore::open(&path, Options::default()).unwrap();
            let engine = story::engine(Box::new(store));
            while asked.recv().is_ok() {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                story::go_on(&engine, round);
                tell.send(()).unwrap();
            }
        })
    };
    let is_on = Arc::new(AtomicBool::new(true));
    let readers = SqliteReaders::open(&path, ReaderOptions::default()).unwrap();
    let done = std::sync::Mutex::new(done);
    let between = Between { readers, ask, done, is_on: Arc::clone(&is_on) };
    let report = verify(&between, &|_, _, _| ()).await.unwrap();
    assert_eq!(report.findings, []);
    assert!(rounds.load(Ordering::Relaxed) > 50, "much happened meanwhile");

    // The next audit starts where this one ended, again while the wallet goes on.
    let from = report.as_of;
    let options = verify::Options { since: from.seq, published: vec![from] };
    let next = verify::audit(&between, &options, &|_, _, _| ()).await.unwrap();
    assert_eq!(next.findings, []);
    assert!(next.journals > 50, "and saw it: {next:?}");
    is_on.store(false, Ordering::Relaxed);
    assert_eq!(verify(&between, &|_, _, _| ()).await.unwrap().findings, []);
    drop(between);
    wallet.await.unwrap();
}
