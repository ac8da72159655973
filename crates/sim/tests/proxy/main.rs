//! An engine on PostgreSQL, and the connection between them broken everywhere: after every few
//! bytes of a payment in both directions, around COMMIT, and while the loss is being settled.
//! Whatever is acknowledged is stored, whatever is not happened wholly or not at all, and the same
//! key again has one effect. The engine is ready again by itself.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use domain::order::{OrderPaid, PayOrderRefusal};
use engine::{Engine, Failed, Limits};
use jiaozi_sim::cluster::{Cluster, Replication};
use jiaozi_sim::payers::{
    Books, Hasty, Payer, Payment, found_town, open_engine, open_store, start_engine,
};
use jiaozi_sim::proxy::{Door, Fault, Moment, Passed, Plan, Proxy, Side};
use std::time::{Duration, Instant};
use store::Store;
use store_postgres::{Options, PostgresStore};

/// Short, so that a test of what happens after it is short too.
const DEADLINE: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);
const PEOPLE: u32 = 4;

type Answer = Result<OrderPaid, Failed<PayOrderRefusal>>;

/// A town behind a proxy.
struct Stand {
    engine: Engine,
    proxy: Proxy,
    books: Books,
    paid: u32,
    _cluster: Cluster,
}

impl Stand {
    fn new() -> Self {
        Self::with(|store| Box::new(store))
    }

    /// With something between the engine and the store, once the town is founded.
    fn with(between: impl Fn(PostgresStore) -> Box<dyn Store>) -> Self {
        let cluster = Cluster::start(Replication::None).unwrap();
        let direct = cluster.url(cluster.primary());
        store_postgres::migrate(&direct.parse().unwrap()).unwrap();
        let proxy = Proxy::start(cluster.primary()).unwrap();
        let options = Options { commit_deadline: DEADLINE, ..Options::default() };
        let limits = Limits { settle_deadline: PATIENCE, ..Limits::default() };
        let url = cluster.url(proxy.address());
        let engine = open_engine(&url, 1, options.clone(), limits);
        let rules = found_town(&engine, PEOPLE, 1_000_000);
        let engine = start_engine(between(open_store(&url, options)), 2, limits);
        engine.set_rules(rules);
        Self { engine, proxy, books: Books::open(&direct), paid: 0, _cluster: cluster }
    }

    /// A new order.
    fn order(&mut self) -> Payment {
        let payment = Payment { payer: Payer(self.paid % PEOPLE), number: self.paid };
        self.paid += 1;
        self.engine.run_blocking(payment.order()).unwrap();
        payment
    }

    /// Pays an order, with plans from here on, and without them again when it is answered.
    fn pay(&self, payment: Payment, plans: &[Plan]) -> Answer {
        self.proxy.plan(plans.iter().copied());
        let answer = self.engine.run_blocking(payment.pay(1));
        self.proxy.plan([]);
        answer
    }

    /// What must hold after any first answer: the same key again gives what is stored.
    fn settle(&self, payment: Payment, first: &Answer) {
        assert!(self.engine.wait_ready_blocking(PATIENCE), "ready again by itself");
        let numbers = [1, 2].map(|attempt| payment.transaction_id(attempt));
        let stored = self.books.find(payment);
        match first {
            Ok(paid) => assert_eq!(stored.as_ref(), Some(&paid.transaction_id), "acknowledged"),
            Err(Failed::Unknown) => {}
            Err(Failed::Busy { .. }) => assert_eq!(stored, None, "nothing was tried"),
            Err(other) => panic!("{payment:?} ended with {other:?}"),
        }
        let again = self.engine.run_blocking(payment.pay(2)).unwrap();
        assert!(numbers.contains(&again.transaction_id));
        assert!(stored.is_none_or(|stored| stored == again.transaction_id), "one effect");
        assert_eq!(self.books.find(payment), Some(again.transaction_id));
    }

    fn suffer(&mut self, plans: &[Plan]) -> Answer {
        let payment = self.order();
        let before = self.proxy.struck();
        let answer = self.pay(payment, plans);
        assert!(self.proxy.struck() > before, "{plans:?} strikes");
        self.settle(payment, &answer);
        answer
    }

    fn audit(&self) {
        assert_eq!(self.books.audit(), self.paid as usize);
    }
}

fn cut(at: Moment) -> Plan {
    Plan { at, fault: Fault::Cut }
}

/// Leaves the engine on a connection on which nothing is prepared, or all that a payment needs.
fn prepare(stand: &mut Stand, is_fresh: bool) -> Payment {
    if !is_fresh {
        let warm_up = stand.order();
        stand.settle(warm_up, &stand.pay(warm_up, &[]));
    }
    let payment = stand.order();
    if is_fresh {
        stand.proxy.cut();
    }
    payment
}

/// How many bytes that payment takes.
fn measure(stand: &mut Stand, is_fresh: bool) -> Passed {
    let payment = prepare(stand, is_fresh);
    stand.proxy.plan([]);
    let answer = stand.engine.run_blocking(payment.pay(1));
    let passed = stand.proxy.passed();
    stand.settle(payment, &answer);
    passed
}

#[test]
fn a_payment_cut_after_any_byte_has_one_effect() {
    let mut stand = Stand::new();
    let (mut positions, mut unknowns) = (0, 0);
    let began = Instant::now();
    for is_fresh in [true, false] {
        let passed = measure(&mut stand, is_fresh);
        for (side, bytes) in [(Side::Client, passed.client), (Side::Server, passed.server)] {
            for position in (0..bytes).step_by(bytes as usize / 80 + 1) {
                let payment = prepare(&mut stand, is_fresh);
                let before = (stand.proxy.struck(), stand.engine.stats().unknowns);
                let answer = stand.pay(payment, &[cut(Moment::Bytes(side, position))]);
                positions += stand.proxy.struck() - before.0;
                unknowns += stand.engine.stats().unknowns - before.1;
                stand.settle(payment, &answer);
            }
        }
    }
    stand.audit();
    println!("{positions} positions, {unknowns} unknown outcomes, in {:?}", began.elapsed());
    assert!(positions >= 300, "{positions} positions");
    assert!(unknowns >= 20, "{unknowns} unknown outcomes");
}

#[test]
fn a_connection_lost_around_a_commit_is_settled_by_itself() {
    let mut stand = Stand::new();
    for at in [Moment::BeforeCommit, Moment::AfterCommit, Moment::CommitAnswered] {
        for fault in [Fault::Cut, Fault::HalfClose] {
            let unknowns = stand.engine.stats().unknowns;
            stand.suffer(&[Plan { at, fault }]).unwrap();
            assert_eq!(stand.engine.stats().unknowns, unknowns + 1, "{at:?} {fault:?}");
        }
    }
    stand.audit();
}

#[test]
fn a_connection_lost_again_while_the_loss_is_settled_is_settled_too() {
    let mut stand = Stand::new();
    for first in [Moment::BeforeCommit, Moment::CommitAnswered] {
        for (side, position) in [Side::Client, Side::Server]
            .into_iter()
            .flat_map(|side| (0..4_000).step_by(500).map(move |position| (side, position)))
        {
            let payment = stand.order();
            let answer = stand.pay(payment, &[cut(first), cut(Moment::Bytes(side, position))]);
            stand.settle(payment, &answer);
        }
        for second in [Moment::BeforeCommit, Moment::CommitAnswered] {
            stand.suffer(&[cut(first), cut(second), cut(second)]).unwrap();
        }
    }
    stand.audit();
}

#[test]
fn a_commit_or_answer_that_comes_after_the_deadline_is_settled() {
    let mut stand = Stand::new();
    for at in [Moment::BeforeCommit, Moment::CommitAnswered, Moment::Bytes(Side::Client, 0)] {
        stand.suffer(&[Plan { at, fault: Fault::Delay(DEADLINE * 2) }]).unwrap();
    }
    stand.suffer(&[Plan { at: Moment::CommitAnswered, fault: Fault::Silence }]).unwrap();
    // The server is not told that the client has gone: it frees what it holds after its own time.
    stand.suffer(&[Plan { at: Moment::BeforeCommit, fault: Fault::Silence }]).unwrap();
    // A delay within the deadline is no loss.
    let unknowns = stand.engine.stats().unknowns;
    let fault = Fault::Delay(DEADLINE / 50);
    stand.suffer(&[Plan { at: Moment::CommitAnswered, fault }]).unwrap();
    assert_eq!(stand.engine.stats().unknowns, unknowns);
    stand.audit();
}

#[test]
fn a_database_that_lets_nobody_in_is_waited_for() {
    let mut stand = Stand::new();
    for (door, at) in [(Door::Shut, Moment::BeforeCommit), (Door::Shut, Moment::CommitAnswered)] {
        let payment = stand.order();
        stand.proxy.set_door(door);
        std::thread::scope(|scope| {
            let paying = scope.spawn(|| stand.pay(payment, &[cut(at)]));
            let began = Instant::now();
            while stand.engine.ready() {
                assert!(began.elapsed() < PATIENCE, "a lost outcome closes the gate");
                std::thread::yield_now();
            }
            let other = stand.engine.run_blocking(payment.pay(2));
            assert!(matches!(other, Err(Failed::Busy { .. })), "{other:?}");
            stand.proxy.set_door(Door::Open);
            let answer = paying.join().unwrap();
            answer.as_ref().unwrap();
            stand.settle(payment, &answer);
        });
    }
    stand.audit();
}

#[test]
fn an_engine_that_took_a_lost_answer_for_a_yes_would_be_found() {
    let mut stand = Stand::with(|store| Box::new(Hasty(store)));
    let payment = stand.order();
    let answer = stand.pay(payment, &[cut(Moment::BeforeCommit)]);
    assert!(answer.is_ok(), "it says that it is done");
    assert_eq!(stand.books.find(payment), None, "and it is not");
}
