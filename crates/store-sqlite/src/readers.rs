//! The reading side: a few connections that only read, each on a thread of its own.

use crate::connection::{self, Access, Options, Reach};
use crate::error::OpenError;
use crate::plan;
use rusqlite::{Connection, InterruptHandle};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use store::queries::Answer;
use store::{Kind, Queries, QueryError, Value};
use tokio::sync::oneshot;

/// How much reading goes on at once.
#[derive(Clone, Copy, Debug)]
pub struct ReaderOptions {
    /// How many queries run at the same time.
    pub threads: usize,
    /// How many queries may wait for a thread; the next one is refused.
    pub queue: usize,
    /// How long a query may run, at most a quarter more. A long one would keep the log from
    /// starting anew.
    pub time_limit: Duration,
    /// How the file is reached.
    pub reach: Reach,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self {
            threads: 4,
            queue: 1024,
            time_limit: Duration::from_secs(5),
            reach: Reach::default(),
        }
    }
}

type Rows = Result<Vec<Vec<Value>>, QueryError>;

struct Job {
    sql: String,
    parameters: Vec<Value>,
    kinds: Vec<Kind>,
    answer: oneshot::Sender<Rows>,
}

/// A pool of reading connections. Every query is a transaction of its own, so it sees all that was
/// committed before it started, and holds nobody up when it is over.
pub struct SqliteReaders {
    jobs: Option<SyncSender<Job>>,
    stop_watching: Option<mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl SqliteReaders {
    /// Opens the connections and starts their threads.
    pub fn open(path: &Path, options: ReaderOptions) -> Result<Self, OpenError> {
        let (jobs, waiting) = mpsc::sync_channel(options.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        let mut watched = Vec::new();
        for number in 0..options.threads.max(1) {
            let reached = Options { reach: options.reach, ..Options::default() };
            let connection = connection::open(path, Access::Read, &reached)?;
            let watch = Watch::new(connection.get_interrupt_handle());
            watched.push(Arc::clone(&watch));
            let waiting = Arc::clone(&waiting);
            let name = format!("reader-{number}");
            threads.push(spawn(name, move || read_all(&connection, &watch, &waiting)));
        }
        let (stop_watching, stopped) = mpsc::channel();
        let limit = options.time_limit;
        threads.push(spawn("reader-watch".into(), move || keep_time(&watched, limit, &stopped)));
        Ok(Self { jobs: Some(jobs), stop_watching: Some(stop_watching), threads })
    }
}

impl Queries for SqliteReaders {
    fn rows(&self, sql: String, parameters: Vec<Value>, kinds: Vec<Kind>) -> Answer<'_> {
        let (answer, answered) = oneshot::channel();
        let job = Job { sql, parameters, kinds, answer };
        let sent = self.jobs.as_ref().map(|jobs| jobs.try_send(job));
        Box::pin(async move {
            match sent {
                Some(Ok(())) => answered.await.unwrap_or_else(|_| Err(failed("reader ended"))),
                Some(Err(TrySendError::Full(_))) => Err(failed("too many queries are waiting")),
                Some(Err(TrySendError::Disconnected(_))) | None => Err(failed("readers ended")),
            }
        })
    }
}

impl Drop for SqliteReaders {
    fn drop(&mut self) {
        drop(self.jobs.take());
        drop(self.stop_watching.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn failed(what: impl ToString) -> QueryError {
    QueryError::Failed(what.to_string())
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let thread = std::thread::Builder::new().name(name);
    thread.spawn(run).expect("a thread can be started when the readers are opened")
}

fn read_all(connection: &Connection, watch: &Watch, waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits for it any more: the caller has gone.
        if job.answer.is_closed() {
            continue;
        }
        watch.begin();
        let rows = read(connection, &job);
        watch.end();
        let _ = job.answer.send(rows);
    }
}

fn read(connection: &Connection, job: &Job) -> Rows {
    let mut statement = connection.prepare_cached(&job.sql).map_err(failed)?;
    if statement.column_count() != job.kinds.len() {
        return Err(failed("the query answers other columns than it says"));
    }
    for (place, value) in job.parameters.iter().enumerate() {
        plan::bind_named(&mut statement, &format!("${}", place + 1), value).map_err(failed)?;
    }
    let mut rows = statement.raw_query();
    let mut answer = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let columns = job.kinds.iter().map(|kind| ("answer", *kind));
        answer.push(plan::read(row, "query", columns)?);
    }
    Ok(answer)
}

/// How many times the watch looks within the time limit.
const LOOKS: u32 = 4;

#[derive(Default)]
struct Running {
    is_on: bool,
    looks: u32,
}

/// One reader as the watch sees it. The interrupt is given under the same lock that begins and ends
/// a query, so that it never meets the next one.
struct Watch {
    running: Mutex<Running>,
    interrupt: InterruptHandle,
}

impl Watch {
    fn new(interrupt: InterruptHandle) -> Arc<Self> {
        Arc::new(Self { running: Mutex::default(), interrupt })
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        *self.lock() = Running { is_on: true, looks: 0 };
    }

    fn end(&self) {
        self.lock().is_on = false;
    }

    fn look(&self) {
        let mut running = self.lock();
        running.looks += 1;
        if running.is_on && running.looks > LOOKS {
            self.interrupt.interrupt();
        }
    }
}

fn keep_time(watched: &[Arc<Watch>], limit: Duration, stopped: &Receiver<()>) {
    while stopped.recv_timeout(limit / LOOKS) == Err(RecvTimeoutError::Timeout) {
        watched.iter().for_each(|watch| watch.look());
    }
}
