//! What the failover tests stand on: that a standby has what was committed, that it does not when
//! it hears nothing, and that nothing is left behind.

use super::{Cluster, Replication, Return};
use std::time::Instant;

#[test]
fn what_was_committed_survives_primaries_that_die_one_after_another() {
    let began = Instant::now();
    let mut cluster = Cluster::start(Replication::Synchronous).unwrap();
    println!("up after {:?}", began.elapsed());
    cluster.ask("CREATE TABLE kept (number int)").unwrap();
    for (number, way) in (1..).zip([Return::Copied, Return::Rewound, Return::Rewound]) {
        cluster.ask(&format!("INSERT INTO kept VALUES ({number})")).unwrap();
        let before = cluster.primary();
        cluster.kill_primary().unwrap();
        let began = Instant::now();
        cluster.promote().unwrap();
        println!("promoted after {:?}", began.elapsed());
        assert_ne!(cluster.primary(), before);
        assert_eq!(cluster.ask("SELECT count(*) FROM kept").unwrap(), number.to_string());
        cluster.rejoin(way).unwrap();
        println!("{way:?} after {:?}", began.elapsed());
    }
    let folder = cluster.folder.clone();
    drop(cluster);
    assert!(!folder.exists());
}

#[test]
fn a_silent_standby_holds_a_commit_up_and_may_lack_it() {
    let mut cluster = Cluster::start(Replication::Synchronous).unwrap();
    cluster.ask("CREATE TABLE kept (number int)").unwrap();
    let silence = cluster.silence_standby().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| cluster.ask("INSERT INTO kept VALUES (1)"));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        cluster.ask_until(waits, "1").unwrap();
        assert!(!writer.is_finished());
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
                      WHERE wait_event = 'SyncRep'";
        assert_eq!(cluster.ask(cancel).unwrap(), "t");
        assert_eq!(writer.join().unwrap().unwrap(), "", "the server calls it done");
    });
    assert_eq!(cluster.ask("SELECT count(*) FROM kept").unwrap(), "1");
    cluster.kill_primary().unwrap();
    drop(silence);
    cluster.promote().unwrap();
    assert_eq!(cluster.ask("SELECT count(*) FROM kept").unwrap(), "0");
}
