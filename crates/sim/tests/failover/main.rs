//! A primary and its synchronous standby under load: the primary is killed or cut off again and
//! again, the standby takes over, and nothing acknowledged is lost or happens twice.
//! `JIAOZI_TEST_SEED` brings back the choices of a run, `JIAOZI_TEST_CYCLES` changes its length.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod clients;
mod story;

use engine::Limits;
use jiaozi_sim::cluster::{Cluster, Replication};
use jiaozi_sim::payers::{
    Books, Hasty, Payer, Payment, found_town, open_engine, open_store, start_engine,
};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use store_postgres::Options;
use story::{Failure, Story, missing};

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}

#[test]
fn nothing_acknowledged_is_lost_when_primaries_fail_again_and_again() {
    let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    let seed = number("JIAOZI_TEST_SEED").unwrap_or_else(fresh);
    let cycles = number("JIAOZI_TEST_CYCLES").unwrap_or(24);
    println!("JIAOZI_TEST_SEED={seed} JIAOZI_TEST_CYCLES={cycles}");
    let mut story = Story::begin(seed);
    for (cycle, failure) in (1..=cycles).zip(Failure::ALL.into_iter().cycle()) {
        let before = story.clients.acknowledged();
        story.cycle(failure);
        println!("{cycle}: {failure:?}, {} payments", story.clients.acknowledged() - before);
    }
    let (clients, outage) = (story.clients.clone(), story.longest_outage);
    story.end();
    let told = clients.told.lock().unwrap();
    println!(
        "failover: {cycles} cycles, {} payments acknowledged, 0 lost, 0 doubled, {} unknown and \
         all resolved, the last after {:.1} s, longest outage {:.1} s",
        told.payments.len(),
        told.unknown,
        told.longest_unknown.as_secs_f64(),
        outage.as_secs_f64(),
    );
}

#[test]
fn a_failover_to_a_standby_that_nobody_waits_for_loses_payments_and_that_is_seen() {
    let mut cluster = Cluster::start(Replication::Asynchronous).unwrap();
    let url = cluster.url(cluster.primary());
    store_postgres::migrate(&url.parse().unwrap()).unwrap();
    let engine = open_engine(&url, 1, Options::default(), Limits::default());
    found_town(&engine, 1, 1_000_000);
    let mut told = BTreeMap::new();
    let mut pay = |number| {
        let payment = Payment { payer: Payer(0), number };
        engine.run_blocking(payment.order()).unwrap();
        let paid = engine.run_blocking(payment.pay(1)).unwrap();
        told.insert(payment.out_trade_no(), paid.transaction_id);
    };
    (0..10).for_each(&mut pay);
    let caught_up = "SELECT pg_current_wal_flush_lsn() <= flush_lsn FROM pg_stat_replication";
    cluster.ask_until(caught_up, "t").unwrap();
    let silence = cluster.silence_standby().unwrap();
    (10..30).for_each(&mut pay);
    cluster.kill_primary().unwrap();
    drop(silence);
    cluster.promote().unwrap();
    let stored = Books::open(&cluster.url(cluster.primary())).all();
    assert_eq!(missing(&told, &stored).len(), 20, "acknowledged and lost");
}

#[test]
fn an_engine_that_took_a_cancelled_wait_for_a_yes_would_be_found() {
    let mut cluster = Cluster::start(Replication::Synchronous).unwrap();
    let url = cluster.url(cluster.primary());
    store_postgres::migrate(&url.parse().unwrap()).unwrap();
    let rules = found_town(&open_engine(&url, 1, Options::default(), Limits::default()), 1, 1_000);
    let store = Box::new(Hasty(open_store(&url, Options::default())));
    let engine = start_engine(store, 2, Limits::default());
    engine.set_rules(rules);
    let payment = Payment { payer: Payer(0), number: 0 };
    engine.run_blocking(payment.order()).unwrap();
    let silence = cluster.silence_standby().unwrap();
    let paid = std::thread::spawn(move || engine.run_blocking(payment.pay(1)));
    let end = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity \
               WHERE wait_event = 'SyncRep'";
    cluster.ask_until(end, "1").unwrap();
    assert!(paid.join().unwrap().is_ok(), "it says that it is done");
    cluster.kill_primary().unwrap();
    drop(silence);
    cluster.promote().unwrap();
    let stored = Books::open(&cluster.url(cluster.primary())).find(payment);
    assert_eq!(stored, None, "and it is not");
}
