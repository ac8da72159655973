//! Moving the write-ahead log into the database file: most of it beside the writer on a thread of
//! its own, and a short rest by the writer between two batches, after which the log starts anew.

use crate::connection::{self, Access, Options};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Watches the log of one writer.
pub(crate) struct Checkpoints {
    path: PathBuf,
    options: Options,
    pages: Arc<AtomicU32>,
    asked_at: u32,
    finished_at: u32,
    beside: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Checkpoints {
    pub(crate) fn new(path: &Path, options: &Options) -> Self {
        Self {
            path: path.to_owned(),
            options: options.clone(),
            pages: Arc::default(),
            asked_at: 0,
            finished_at: 0,
            beside: None,
        }
    }

    /// Lets a new connection of the writer report the length of the log at each commit.
    pub(crate) fn watch(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        let pages = Arc::clone(&self.pages);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, now: i32| {
            pages.store(now.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Called between two batches.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.asked_at || pages < self.finished_at {
            (self.asked_at, self.finished_at) = (0, 0);
        }
        let since_finished = pages - self.finished_at;
        if pages >= self.options.log_limit_pages && since_finished >= self.options.checkpoint_pages
        {
            self.finish(connection, pages);
        } else if pages - self.asked_at >= self.options.checkpoint_pages {
            self.asked_at = pages;
            self.ask();
        }
    }

    /// Never waits: a reader that holds on to an old state makes it end early, and it is tried
    /// again after some more pages; while the other thread is at it, at the next batch.
    fn finish(&mut self, connection: &Connection, pages: u32) {
        match passive(connection) {
            Ok(Progress::Busy) => {}
            Ok(Progress::Moved) => self.finished_at = pages,
            Err(error) => tracing::warn!(%error, "checkpoint by the writer failed"),
        }
    }

    fn ask(&mut self) {
        let (sender, _) = self.beside.get_or_insert_with(|| {
            let (sender, receiver) = sync_channel(1);
            let (path, options) = (self.path.clone(), self.options.clone());
            let thread = std::thread::Builder::new().name("checkpoint".into());
            let thread = thread.spawn(move || run(&path, &options, &receiver));
            (sender, thread.expect("a thread can be started"))
        });
        // A full channel means that a checkpoint is already asked for.
        let _ = sender.try_send(());
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.beside.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

fn run(path: &Path, options: &Options, asked: &Receiver<()>) {
    let mut connection = None;
    while asked.recv().is_ok() {
        if connection.is_none() {
            match connection::open(path, Access::Write, options) {
                Ok(opened) => connection = Some(opened),
                Err(error) => tracing::warn!(%error, "checkpoint connection failed"),
            }
        }
        if let Some(Err(error)) = connection.as_ref().map(passive) {
            tracing::warn!(%error, "checkpoint failed");
            connection = None;
        }
    }
}

enum Progress {
    Busy,
    Moved,
}

fn passive(connection: &Connection) -> rusqlite::Result<Progress> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(0))?;
    Ok(if busy == 0 { Progress::Moved } else { Progress::Busy })
}
