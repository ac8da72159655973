use super::*;
use engine::Position;
use std::sync::Mutex;
use tokio::sync::{Notify, Semaphore};

/// Rows in memory. Numbers below 10 panic, those below 20 fail, those below 40 hang until let go.
struct Rows {
    rows: Mutex<BTreeMap<u32, Timestamp>>,
    runs: Mutex<HashMap<u32, u32>>,
    changed: Notify,
    gate: Semaphore,
}

fn lane_of(row: u32) -> &'static str {
    if row < 40 { "slow" } else { "quick" }
}

impl Work for Arc<Rows> {
    type Item = (u32, Timestamp);
    type Key = u32;

    const NAME: &'static str = "test";
    const AT_ONCE: usize = 8;
    const PER_LANE: usize = 4;

    async fn list(
        &self,
        _held: &Held,
        full_lanes: Vec<String>,
        limit: usize,
    ) -> Result<Vec<(u32, Timestamp)>, QueryError> {
        let rows = self.rows.lock().unwrap();
        let rows = rows.iter().map(|(row, due)| (*row, *due));
        let open = rows.filter(|(row, _)| !full_lanes.iter().any(|lane| lane == lane_of(*row)));
        Ok(open.take(limit).collect())
    }

    fn key(item: &(u32, Timestamp)) -> u32 {
        item.0
    }

    fn due_at(item: &(u32, Timestamp)) -> Timestamp {
        item.1
    }

    fn lane(item: &(u32, Timestamp)) -> String {
        lane_of(item.0).to_owned()
    }

    async fn run(self: Arc<Self>, (row, _): (u32, Timestamp)) -> bool {
        *self.runs.lock().unwrap().entry(row).or_default() += 1;
        match row {
            0..10 => panic!("row {row}"),
            10..20 => return false,
            20..40 => drop(self.gate.acquire().await),
            _ => {}
        }
        self.rows.lock().unwrap().remove(&row);
        self.changed.notify_one();
        true
    }
}

struct Still;

impl shell::Shell for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_000)
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}

/// Runs the rows, all due but those from 1,000 on, until `done` holds of them.
async fn run(rows: impl IntoIterator<Item = u32>, done: impl Fn(&Rows) -> bool) -> Arc<Rows> {
    let due = |row: u32| Timestamp::from_seconds(if row < 1_000 { 999 } else { 9_999 });
    let rows = Arc::new(Rows {
        rows: Mutex::new(rows.into_iter().map(|row| (row, due(row))).collect()),
        runs: Mutex::default(),
        changed: Notify::new(),
        gate: Semaphore::new(0),
    });
    let (_position, watched) = watch::channel(Position::default());
    let (_held, held) = watch::channel(Held::new([(0, (0, 0))].into()));
    let (stop, stopping) = watch::channel(false);
    let pulse = Pulse::watching(watched, Arc::new(Still));
    let runner = Runner::new(Arc::clone(&rows)).go(pulse, held, stopping);
    let runner = tokio::spawn(runner);
    while !done(&rows) {
        let changed = shell::within(Duration::from_secs(20), rows.changed.notified()).await;
        assert!(changed.is_some(), "the rows are worked");
    }
    rows.gate.add_permits(1_000);
    stop.send_replace(true);
    runner.await.unwrap();
    rows
}

fn left(rows: &Rows) -> Vec<u32> {
    rows.rows.lock().unwrap().keys().copied().collect()
}

#[tokio::test]
async fn panics_and_failures_stop_nothing_and_are_not_tried_without_rest() {
    let rows = run([1, 2, 11, 12].into_iter().chain(100..300), |rows| left(rows).len() == 4).await;
    assert_eq!(left(&rows), [1, 2, 11, 12]);
    let runs = rows.runs.lock().unwrap();
    assert!((100..300).all(|row| runs[&row] == 1));
    assert!([1, 2, 11, 12].iter().all(|row| runs[row] <= 2), "{runs:?}");
}

#[tokio::test]
async fn a_lane_that_hangs_leaves_the_others_their_places() {
    let rows = run((20..40).chain(100..120), |rows| left(rows).iter().all(|row| *row < 40)).await;
    let runs = rows.runs.lock().unwrap();
    assert_eq!((20..40).filter(|row| runs.contains_key(row)).count(), 4);
    assert_eq!(left(&rows).len(), 16, "what was begun is finished before the end");
}

#[tokio::test]
async fn what_is_not_due_is_left_alone() {
    let rows = run([100, 1_000, 1_001], |rows| left(rows).len() == 2).await;
    assert_eq!(left(&rows), [1_000, 1_001]);
}
