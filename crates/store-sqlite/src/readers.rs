//! The reading side: a few connections that only read, each on a thread of its own.

use crate::connection::{self, Access, Options, Reach};
use crate::error::OpenError;
use crate::plan;
use rusqlite::{Connection, InterruptHandle};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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

/// What waits for a thread. Whoever puts something in wakes one thread at most, and one that is
/// through with a query takes the next without sleeping.
struct Queue {
    places: usize,
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    is_over: bool,
}

impl Queue {
    fn new(places: usize) -> Self {
        Self { places, waiting: Mutex::default(), came: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false` when there is no place.
    fn put(&self, job: Job) -> bool {
        let mut waiting = self.lock();
        if waiting.jobs.len() >= self.places {
            return false;
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.came.notify_one();
        true
    }

    /// The next; nothing once all is done.
    fn take(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.is_over {
                return None;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self) {
        self.lock().is_over = true;
        self.came.notify_all();
    }
}

/// A pool of reading connections. Every query is a transaction of its own, so it sees all that was
/// committed before it started, and holds nobody up when it is over.
pub struct SqliteReaders {
    queue: Arc<Queue>,
    stop_watching: Option<mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl SqliteReaders {
    /// Opens the connections and starts their threads.
    pub fn open(path: &Path, options: ReaderOptions) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(options.queue));
        // Dropped, and with it the threads that have begun, if one of the connections fails.
        let mut readers = Self { queue, stop_watching: None, threads: Vec::new() };
        let mut watched = Vec::new();
        for number in 0..options.threads.max(1) {
            let reached = Options { reach: options.reach, ..Options::default() };
            let connection = connection::open(path, Access::Read, &reached)?;
            let watch = Watch::new(connection.get_interrupt_handle());
            watched.push(Arc::clone(&watch));
            let queue = Arc::clone(&readers.queue);
            let run = move || read_all(&connection, &watch, &queue);
            readers.threads.push(spawn(format!("reader-{number}"), run));
        }
        let (stop_watching, stopped) = mpsc::channel();
        let limit = options.time_limit;
        let watch = move || keep_time(&watched, limit, &stopped);
        readers.threads.push(spawn("reader-watch".into(), watch));
        readers.stop_watching = Some(stop_watching);
        Ok(readers)
    }
}

impl Queries for SqliteReaders {
    fn rows(&self, sql: String, parameters: Vec<Value>, kinds: Vec<Kind>) -> Answer<'_> {
        let (answer, answered) = oneshot::channel();
        let job = Job { sql, parameters, kinds, answer };
        let is_waiting = self.queue.put(job);
        Box::pin(async move {
            if !is_waiting {
                return Err(failed("too many queries are waiting"));
            }
            answered.await.unwrap_or_else(|_| Err(failed("reader ended")))
        })
    }
}

impl Drop for SqliteReaders {
    fn drop(&mut self) {
        self.queue.end();
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

fn read_all(connection: &Connection, watch: &Watch, waiting: &Queue) {
    while let Some(job) = waiting.take() {
        // Nobody waits for it any more: the caller has gone.
        if job.answer.is_closed() {
            continue;
        }
        watch.begin();
        let rows = guarded(|| read(connection, &job));
        watch.end();
        let _ = job.answer.send(rows);
    }
}

/// A defect costs one query, not the thread that others wait for.
fn guarded(read: impl FnOnce() -> Rows) -> Rows {
    let rows = catch_unwind(AssertUnwindSafe(read));
    rows.unwrap_or_else(|_| Err(failed("the query panicked")))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn job(sql: &str) -> Job {
        let (answer, _) = oneshot::channel();
        Job { sql: sql.into(), parameters: Vec::new(), kinds: Vec::new(), answer }
    }

    #[test]
    fn a_query_that_panics_is_a_query_that_failed() {
        let rows = guarded(|| panic!("a query panics in a test"));
        assert!(matches!(rows, Err(QueryError::Failed(_))), "{rows:?}");
    }

    #[test]
    fn queries_wait_in_order_up_to_a_number_and_are_all_read_before_the_end() {
        let queue = Queue::new(2);
        let taken = || queue.take().map(|job| job.sql);
        assert_eq!(["1", "2", "3"].map(|sql| queue.put(job(sql))), [true, true, false]);
        assert_eq!(taken().as_deref(), Some("1"));
        assert!(queue.put(job("4")), "a place is free again");
        queue.end();
        assert_eq!([taken(), taken(), taken()], [Some("2".into()), Some("4".into()), None]);
    }

    #[test]
    fn a_thread_that_waits_gets_what_comes_and_learns_of_the_end() {
        let queue = Arc::new(Queue::new(1));
        let waiting = Arc::clone(&queue);
        let reader = std::thread::spawn(move || {
            std::iter::from_fn(|| waiting.take()).map(|job| job.sql).collect::<Vec<_>>()
        });
        while !queue.put(job("1")) {}
        while !queue.put(job("2")) {}
        queue.end();
        assert_eq!(reader.join().unwrap(), ["1", "2"]);
    }
}
