//! A primary that fails again and again under load, in every way we know.

use crate::clients::Clients;
use engine::{Limits, Shell};
use jiaozi_sim::cluster::{Cluster, RealShell, Replication, Return};
use jiaozi_sim::payers::{Books, Payer, Payment, found_town, open_engine};
use jiaozi_sim::proxy::{Door, Proxy};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};
use store_postgres::Options;

const PEOPLE: u32 = 8;
/// Who pays while a wait is cancelled.
const PATIENT: Payer = Payer(PEOPLE);
const PATIENCE: Duration = Duration::from_secs(60);
/// Short, so that failovers bring about unknown outcomes.
const DEADLINE: Duration = Duration::from_secs(1);

const WAITING: &str = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// How a primary fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// It is killed.
    Killed,
    /// It is killed after the standby has heard nothing for a while.
    KilledWhileSilent,
    /// It lives on where nobody reaches it.
    CutOff,
    /// The standby falls silent, an administrator ends every wait for it, and it comes back; then
    /// the primary is killed.
    WaitCancelled,
    /// The same, and the primary is killed before the standby hears of anything.
    WaitCancelledAndLost,
    /// An administrator ends the sessions that wait, not the waits.
    WaiterTerminated,
}

impl Failure {
    pub(crate) const ALL: [Self; 6] = [
        Self::Killed,
        Self::WaitCancelled,
        Self::KilledWhileSilent,
        Self::WaitCancelledAndLost,
        Self::CutOff,
        Self::WaiterTerminated,
    ];
}

pub(crate) struct Story {
    pub(crate) clients: Arc<Clients>,
    pub(crate) longest_outage: Duration,
    cluster: Cluster,
    proxies: [Proxy; 2],
    threads: Vec<JoinHandle<()>>,
    dice: RealShell,
    patient_payments: u32,
}

impl Story {
    pub(crate) fn begin(seed: u64) -> Self {
        let cluster = Cluster::start(Replication::Synchronous).unwrap();
        let direct = cluster.url(cluster.primary());
        store_postgres::migrate(&direct.parse().unwrap()).unwrap();
        let proxies = [(); 2].map(|()| Proxy::start(cluster.primary()).unwrap());
        let options = Options { commit_deadline: DEADLINE, ..Options::default() };
        let limits = Limits { settle_deadline: DEADLINE, ..Limits::default() };
        let mut seeds = seed..;
        let engines = [0, 1].map(|which: usize| {
            let url = cluster.url(proxies[which].address());
            open_engine(&url, seeds.next().unwrap(), options.clone(), limits)
        });
        let rules = found_town(&engines[0], PEOPLE + 1, 1_000_000);
        engines[1].set_rules(rules);
        let clients = Arc::new(Clients {
            engines,
            used: AtomicUsize::new(2),
            stopping: AtomicBool::default(),
            quiet: std::sync::RwLock::default(),
            told: std::sync::Mutex::default(),
        });
        let threads = (0..PEOPLE).map(|payer| {
            let clients = Arc::clone(&clients);
            std::thread::spawn(move || clients.live(Payer(payer)))
        });
        let threads = threads.collect();
        let (longest_outage, patient_payments) = (Duration::ZERO, 0);
        let dice = RealShell::new(!seed);
        Self { clients, longest_outage, cluster, proxies, threads, dice, patient_payments }
    }

    fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.dice.random(&mut bytes);
        u64::from_be_bytes(bytes) % end
    }

    /// Waits until so many more payments are acknowledged.
    fn let_pay(&self, more: u64) {
        let goal = self.clients.acknowledged() + usize::try_from(more).unwrap();
        let began = Instant::now();
        while self.clients.acknowledged() < goal {
            assert!(began.elapsed() < PATIENCE, "nothing goes on");
            assert!(self.threads.iter().all(|thread| !thread.is_finished()), "a client gave up");
            sleep(Duration::from_millis(1));
        }
    }

    /// One failure, what is left of the money, and two servers again.
    pub(crate) fn cycle(&mut self, failure: Failure) {
        self.clients.used.store(if self.below(3) == 0 { 1 } else { 2 }, SeqCst);
        self.let_pay(1 + self.below(200));
        let failed_at = Instant::now();
        match failure {
            Failure::Killed => self.fail_over(),
            Failure::KilledWhileSilent => {
                let silence = self.cluster.silence_standby().unwrap();
                self.cluster.ask_until(WAITING, "t").unwrap();
                self.cluster.kill_primary().unwrap();
                drop(silence);
                self.fail_over();
            }
            Failure::CutOff => self.cut_off(),
            Failure::WaitCancelled => self.end_waits("pg_cancel_backend", false),
            Failure::WaitCancelledAndLost => self.end_waits("pg_cancel_backend", true),
            Failure::WaiterTerminated => self.end_waits("pg_terminate_backend", false),
        }
        self.check();
        let way = if self.below(2) == 0 { Return::Rewound } else { Return::Copied };
        self.cluster.rejoin(way).unwrap();
        self.let_pay(1);
        self.longest_outage = self.longest_outage.max(failed_at.elapsed());
    }

    fn fail_over(&mut self) {
        self.cluster.kill_primary().unwrap();
        self.cluster.promote().unwrap();
        self.lead_to_primary();
    }

    fn lead_to_primary(&self) {
        for proxy in &self.proxies {
            proxy.switch(self.cluster.primary());
        }
    }

    /// The old primary lives and nobody reaches it; nothing is written there once there is another.
    fn cut_off(&mut self) {
        for proxy in &self.proxies {
            proxy.set_door(Door::Shut);
            proxy.cut();
        }
        self.cluster.promote().unwrap();
        let last = "SELECT max(seq) FROM batch";
        let before = self.cluster.ask_other(last).unwrap();
        self.lead_to_primary();
        for proxy in &self.proxies {
            proxy.set_door(Door::Open);
        }
        self.cluster.ask_until(WAITING, "t").unwrap();
        assert_eq!(self.cluster.ask_other(last).unwrap(), before, "the old primary is fenced");
    }

    /// The standby falls silent, one payment waits for it, and an administrator ends every wait.
    /// The same key comes to both engines meanwhile, and neither may answer.
    fn end_waits(&mut self, how: &str, is_lost: bool) {
        let clients = Arc::clone(&self.clients);
        let quiet = clients.quiet.write().unwrap();
        clients.used.store(2, SeqCst);
        self.patient_payments += 1;
        let payment = Payment { payer: PATIENT, number: self.patient_payments };
        clients.order(payment);
        let silence = self.cluster.silence_standby().unwrap();
        let payers = [1, 1_000_000].map(|first| {
            let clients = Arc::clone(&clients);
            std::thread::spawn(move || clients.pay(payment, first))
        });
        let end = format!(
            "SELECT count({how}(pid)) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        );
        for _ in 0..3 + self.below(4) {
            self.cluster.ask_until(&end, "t").unwrap();
            assert!(payers.iter().all(|payer| !payer.is_finished()), "answered too early");
        }
        let visible = Books::open(&self.cluster.url(self.cluster.primary())).find(payment);
        assert!(visible.is_some(), "the primary shows what the standby does not have");
        if is_lost {
            self.cluster.kill_primary().unwrap();
            drop(silence);
            self.cluster.promote().unwrap();
            let there = Books::open(&self.cluster.url(self.cluster.primary())).find(payment);
            assert_eq!(there, None, "what was visible is gone");
            self.lead_to_primary();
            self.cluster.rejoin(Return::Copied).unwrap();
        } else {
            drop(silence);
        }
        let numbers = payers.map(|payer| payer.join().unwrap());
        assert_eq!(numbers[0], numbers[1], "one effect");
        self.fail_over();
        let there = Books::open(&self.cluster.url(self.cluster.primary())).find(payment);
        assert_eq!(there.as_ref(), Some(&numbers[0]), "the standby had what was answered");
        drop(quiet);
    }

    /// Whatever was acknowledged so far is on the present primary.
    fn check(&self) {
        let acknowledged = self.clients.told.lock().unwrap().payments.clone();
        let stored = Books::open(&self.cluster.url(self.cluster.primary())).all();
        assert_eq!(missing(&acknowledged, &stored), [] as [&String; 0], "acknowledged and lost");
    }

    /// Everybody finishes; then what they were told is what is stored, no more and no less.
    pub(crate) fn end(mut self) {
        self.clients.stopping.store(true, SeqCst);
        for thread in std::mem::take(&mut self.threads) {
            thread.join().unwrap();
        }
        let books = Books::open(&self.cluster.url(self.cluster.primary()));
        assert_eq!(books.all(), self.clients.told.lock().unwrap().payments);
        books.audit();
    }
}

/// What was acknowledged and is not stored, or not so.
pub(crate) fn missing<'t>(
    acknowledged: &'t BTreeMap<String, String>,
    stored: &BTreeMap<String, String>,
) -> Vec<&'t String> {
    let is_there = |(order, number): &(&String, &String)| stored.get(*order) == Some(*number);
    acknowledged.iter().filter(|one| !is_there(one)).map(|(order, _)| order).collect()
}
