//! What the driver makes of a server that refuses, warns, hangs, or goes away.

use domain::ledger::{Batch, Entry};
use jiaozi_store_postgres::temporary::Server;
use jiaozi_store_postgres::{
    OpenError, Options, PostgresReaders, PostgresStore, ReaderOptions, Temporary, Url, migrate,
    weak_settings,
};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use store::conformance::{self, account, commit, insert};
use store::migrations::SchemaFault;
use store::{Commit, Kind, Queries, Store, Unavailable, Value, Write};

fn open(database: &Temporary) -> PostgresStore {
    PostgresStore::open(database.url(), Options::default()).expect("it was just made")
}

fn patient(database: &Temporary, commit_deadline: Duration) -> PostgresStore {
    let options = Options { commit_deadline, ..Options::default() };
    PostgresStore::open(database.url(), options).expect("it was just made")
}

/// Waits until a session of the database is in this state, then does this to it.
fn when(database: &Temporary, state: &str, then: &str) {
    let sessions = "FROM pg_stat_activity WHERE datname = current_database() \
                    AND pid <> pg_backend_pid()";
    let statements = format!(
        "DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 {sessions} AND {state}) LOOP \
         PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; \
         PERFORM {then}(pid) {sessions} AND {state}; END $$"
    );
    database.run(&statements).expect("a superuser may do so");
}

/// A server that waits for a standby that does not exist, from when `run` is called on.
struct Waiting {
    database: Temporary,
    _server: Server,
}

impl Waiting {
    fn new() -> Self {
        let server = Server::start(&[]).expect("a server can be started");
        let database = server.fresh().expect("a database can be made");
        Self { database, _server: server }
    }

    fn wait_for_standby(&self, name: &str) {
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'");
        self.database.run(&set).expect("a superuser may do so");
        self.database.run("SELECT pg_reload_conf()").expect("a superuser may do so");
        let check = format!(
            "DO $$ BEGIN IF current_setting('synchronous_standby_names') <> '{name}' \
             THEN RAISE 'not yet'; END IF; END $$"
        );
        // A new session starts with what the server has read by then.
        while self.database.run(&check).is_err() {}
    }
}

#[test]
fn commit_that_nobody_confirms_is_unknown_whether_it_hangs_is_cancelled_or_cut() {
    let waiting = Waiting::new();
    let mut store = patient(&waiting.database, Duration::from_secs(60));
    assert_eq!(commit(&mut store, Vec::new()), Commit::Done);
    waiting.wait_for_standby("nobody");

    for (seq, then) in [(2, "pg_cancel_backend"), (3, "pg_terminate_backend")] {
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| when(&waiting.database, "wait_event = 'SyncRep'", then));
            commit(&mut store, vec![insert(&account(seq, 0))])
        });
        assert!(matches!(outcome, Commit::Unknown(_)), "{then}: {outcome:?}");
        assert!(store.tip().is_err(), "the connection is given up");
        store.reconnect().unwrap();
        assert_eq!(store.tip().unwrap().seq, seq, "visible, and not yet durable");
    }

    let mut hasty = open(&waiting.database);
    let outcome = commit(&mut hasty, vec![insert(&account(4, 0))]);
    assert_eq!(outcome, Commit::Unknown("the commit took too long".into()));
    assert_eq!(hasty.tip().unwrap_err().to_string(), silent("not connected"));
    // The hanging batch keeps its turn, so nobody decides without it.
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| when(&waiting.database, "wait_event = 'advisory'", "pg_cancel_backend"));
        commit(&mut store, Vec::new())
    });
    assert!(matches!(outcome, Commit::Unavailable(_)), "{outcome:?}");
    waiting.wait_for_standby("");
    hasty.reconnect().unwrap();
    hasty.exclude_others().unwrap();
    assert_eq!(hasty.tip().unwrap().seq, 4);
    assert_eq!(commit(&mut hasty, Vec::new()), Commit::Done);
}

#[test]
fn connection_cut_before_the_commit_writes_nothing() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database);
    for is_excluding in [false, true] {
        let batch = Batch { seq: 1, ..store.tip().unwrap() };
        if is_excluding {
            store.exclude_others().unwrap();
        }
        when(&database, "backend_type = 'client backend'", "pg_terminate_backend");
        let outcome = store.commit(&batch, &[insert(&account(1, 0))]);
        assert!(matches!(outcome, Commit::Unknown(_) | Commit::Unavailable(_)), "{outcome:?}");
        assert!(store.tip().is_err());
        assert!(matches!(store.commit(&batch, &[]), Commit::Unavailable(_)));
        store.reconnect().unwrap();
        assert_eq!(store.tip().unwrap(), Batch::origin());
    }
    assert_eq!(commit(&mut store, Vec::new()), Commit::Done);
}

#[test]
fn connection_cut_or_cancelled_while_it_waits_for_its_turn_writes_nothing() {
    let database = Temporary::new().unwrap();
    let mut holder = open(&database);
    let mut store = patient(&database, Duration::from_secs(60));
    for then in ["pg_cancel_backend", "pg_terminate_backend"] {
        holder.exclude_others().unwrap();
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| when(&database, "wait_event = 'advisory'", then));
            commit(&mut store, vec![insert(&account(1, 0))])
        });
        assert!(matches!(outcome, Commit::Unavailable(_)), "{then}: {outcome:?}");
        holder.abandon();
        store.reconnect().unwrap();
        assert_eq!(store.tip().unwrap(), Batch::origin());
    }
}

fn signal(name: &str, process: &Value) {
    let Value::Int(process) = process else { panic!("{process:?} is no process") };
    let sent = Command::new("kill").args([name, &process.to_string()]).status();
    assert!(sent.expect("kill can be run").success(), "kill {name} {process}");
}

#[tokio::test]
async fn server_that_falls_silent_is_given_up() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database);
    let readers = PostgresReaders::open(database.url(), ReaderOptions::default()).unwrap();
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
               AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let sessions = readers.rows(sql.into(), Vec::new(), vec![Kind::Int]).await.unwrap();
    let [session] = &sessions[..] else { panic!("the store has one session, not {sessions:?}") };
    signal("-STOP", &session[0]);
    let answer = store.tip();
    signal("-CONT", &session[0]);
    assert_eq!(answer.unwrap_err().to_string(), silent("no answer in time"));
    assert_eq!(store.tip().unwrap_err().to_string(), silent("not connected"));
    store.reconnect().unwrap();
    assert_eq!(commit(&mut store, Vec::new()), Commit::Done);
}

fn silent(why: &str) -> String {
    Unavailable::Away(why.into()).to_string()
}

#[test]
fn open_transaction_goes_when_a_batch_cannot_be_sent() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database);
    store.exclude_others().unwrap();
    let entry = Entry { journal: 1, account: 1, amount: 5, balance: 5, number: 1, previous: 0 };
    let outcome = commit(&mut store, vec![Write::Update(Arc::new(entry), 1)]);
    assert!(matches!(outcome, Commit::Data(_)), "{outcome:?}");
    assert!(store.tip().is_err(), "the transaction goes with its connection");
    assert_eq!(commit(&mut open(&database), Vec::new()), Commit::Done);
}

#[test]
fn paused_process_lets_the_others_through() {
    let database = Temporary::new().unwrap();
    let mut paused = open(&database);
    let mut store = patient(&database, Duration::from_secs(60));
    paused.exclude_others().unwrap();
    let batch = Batch { seq: 1, ..paused.tip().unwrap() };
    assert_eq!(commit(&mut store, vec![insert(&account(1, 0))]), Commit::Done);
    let outcome = paused.commit(&batch, &[insert(&account(1, 5))]);
    assert!(matches!(outcome, Commit::Unknown(_) | Commit::Unavailable(_)), "{outcome:?}");
    paused.reconnect().unwrap();
    assert_eq!(paused.tip().unwrap().seq, 1);
    assert_eq!(commit(&mut paused, Vec::new()), Commit::Done);
}

#[test]
fn history_and_what_an_account_is_are_kept_by_triggers() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database);
    conformance::write_history(&mut store);
    for sql in conformance::REWRITES.into_iter().chain(["TRUNCATE entry"]) {
        let refused = database.run(sql).unwrap_err().to_string();
        assert!(refused.contains("23514"), "{sql}: {refused}");
    }
    database.run(conformance::ALLOWED).unwrap();
}

#[test]
fn server_may_work_as_a_role_that_cannot_rewrite_history() {
    let database = Temporary::new().unwrap();
    let role = format!("server_{}", database.url().database());
    database.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x' IN ROLE jiaozi_app")).unwrap();
    let url = with_user(database.url(), &role, "x");
    let mut store = PostgresStore::open(&url, Options::default()).unwrap();
    assert_eq!(commit(&mut store, vec![insert(&account(1, 5))]), Commit::Done);
    assert_eq!(commit(&mut store, vec![Write::Update(Arc::new(account(1, 6)), 1)]), Commit::Done);
    let rewrite = format!("SET ROLE {role}; UPDATE batch SET now = 0");
    assert!(database.run(&rewrite).unwrap_err().to_string().contains("42501"));
}

#[test]
fn unreadable_row_is_told_with_its_place() {
    let database = Temporary::new().unwrap();
    let mut store = open(&database);
    database.run("INSERT INTO account VALUES (1, 2, '???', 'CREDIT', 0, 0, 0, 1)").unwrap();
    let Err(Unavailable::Corrupt(corrupt)) = store.first("account", 9) else {
        panic!("a currency that is none was read");
    };
    assert_eq!((corrupt.table, corrupt.column), ("account", "currency"));
}

#[test]
fn settings_that_lose_payments_are_refused_unless_that_is_wanted() {
    let database = Temporary::new().unwrap();
    assert!(weak_settings(database.url()).unwrap().is_empty());
    for weak in ["off", "local"] {
        let name = database.url().database();
        let set = format!("ALTER DATABASE {name} SET synchronous_commit = {weak}");
        database.run(&set).unwrap();
        let refused = PostgresStore::open(database.url(), Options::default()).err();
        let setting = "synchronous_commit";
        assert!(matches!(refused, Some(OpenError::WeakSetting { setting: it }) if it == setting));
        assert_eq!(weak_settings(database.url()).unwrap(), [setting]);
    }

    let settings = [("fsync", "off"), ("full_page_writes", "off")];
    let server = Server::start(&settings).unwrap();
    let database = server.fresh().unwrap();
    let refused = PostgresStore::open(database.url(), Options::default()).err();
    assert!(matches!(refused, Some(OpenError::WeakSetting { setting: "fsync" })), "{refused:?}");
    assert_eq!(weak_settings(database.url()).unwrap(), ["fsync", "full_page_writes"]);
    let options = Options { unsafe_settings: true, ..Options::default() };
    let mut store = PostgresStore::open(database.url(), options).unwrap();
    assert_eq!(commit(&mut store, Vec::new()), Commit::Done);
}

#[test]
fn copy_of_another_server_is_refused() {
    let database = Temporary::new().unwrap();
    let name = database.url().database();
    database.run(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).unwrap();
    let refused = PostgresStore::open(database.url(), Options::default()).err();
    assert!(matches!(refused, Some(OpenError::ReadOnly)), "{refused:?}");
    let refused = PostgresReaders::open(database.url(), ReaderOptions::default()).err();
    assert!(matches!(refused, Some(OpenError::ReadOnly)), "{refused:?}");
}

#[test]
fn schema_is_made_once_by_whoever_comes_first_and_others_are_refused() {
    let database = Temporary::empty().unwrap();
    let refused = PostgresStore::open(database.url(), Options::default()).err();
    assert!(
        matches!(refused, Some(OpenError::Schema(SchemaFault::Behind { found: 0, .. }))),
        "{refused:?}"
    );
    let applied: Vec<_> = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| migrate(database.url())));
        both.into_iter().flat_map(|one| one.join().unwrap().unwrap()).collect()
    });
    assert_eq!(applied, ["first"]);
    assert!(migrate(database.url()).unwrap().is_empty());
    open(&database);

    database.run("INSERT INTO schema_migration VALUES (99, 'later', '')").unwrap();
    let refused = PostgresStore::open(database.url(), Options::default()).err();
    assert!(
        matches!(refused, Some(OpenError::Schema(SchemaFault::Newer { found: 99, .. }))),
        "{refused:?}"
    );
    assert!(matches!(migrate(database.url()), Err(OpenError::Schema(SchemaFault::Newer { .. }))));
    database.run("DELETE FROM schema_migration WHERE number = 99").unwrap();
    database.run("UPDATE schema_migration SET sha256 = ''").unwrap();
    let refused = PostgresStore::open(database.url(), Options::default()).err();
    assert!(
        matches!(refused, Some(OpenError::Schema(SchemaFault::Altered { number: 1, .. }))),
        "{refused:?}"
    );
}

fn with_user(url: &Url, user: &str, password: &str) -> Url {
    let (_, place) = url
        .to_string()
        .split_once('@')
        .map(|(a, b)| (a.len(), b.to_owned()))
        .expect("a URL has a place");
    format!("postgres://{user}:{password}@{place}").parse().expect("it is a URL again")
}

#[test]
fn password_is_in_no_text() {
    let database = Temporary::new().unwrap();
    let wrong = with_user(database.url(), "jiaozi", "hunter2");
    let refused = PostgresStore::open(&wrong, Options::default()).err().unwrap();
    assert!(matches!(refused, OpenError::Unreachable { .. }), "{refused:?}");
    let texts = [format!("{refused} {refused:?}"), format!("{wrong} {wrong:?}")];
    assert!(texts.iter().all(|text| !text.contains("hunter2")), "{texts:?}");
    for bad in ["postgres://a:hunter2@", "mysql://a:hunter2@b/c", "postgres://a:hunter2@b:x/c"] {
        let refused = bad.parse::<Url>().unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused}");
    }
}
