//! How fast a commit and a load are on this machine: `cargo run -p jiaozi-store-postgres --example
//! measure`. Nothing is asserted about time.

use domain::ledger::{Account, Batch, Sign};
use domain::record::Record;
use jiaozi_store_postgres::{Options, PostgresStore, Temporary};
use kernel::Currency;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Commit, Store, Write};

const ROUNDS: usize = 200;

fn account(number: i64, balance: i64) -> Account {
    let sign = Sign::Credit;
    Account { number, currency: Currency::Cny, sign, balance, entries: 0, last_entry: 0 }
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (half, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("{what}: median {half:?}, 99 % within {most:?}");
}

fn commit(store: &mut PostgresStore, writes: &[Write]) -> Duration {
    let tip = store.tip().expect("the database answers");
    let batch = Batch { seq: tip.seq + 1, ..tip };
    let began = Instant::now();
    assert_eq!(store.commit(&batch, writes), Commit::Done);
    began.elapsed()
}

fn main() {
    let database = Temporary::new().expect("a database can be made");
    let mut store = PostgresStore::open(database.url(), Options::default()).expect("it opens");
    let rows = |from: i64| (from..from + 10_000).map(|number| account(number, 0));
    for from in (1..100_000).step_by(10_000) {
        let writes: Vec<Write> = rows(from).map(|row| Write::Insert(Arc::new(row))).collect();
        commit(&mut store, &writes);
    }
    let places = |round: usize| {
        let mut numbers: Vec<i64> =
            (0..256).map(|place| ((round * 7919 + place * 389) % 100_000) as i64 + 1).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    let (mut empty, mut loads, mut updates, mut tips) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        empty.push(commit(&mut store, &[]));
        let began = Instant::now();
        store.tip().expect("the database answers");
        tips.push(began.elapsed());
        let keys: Vec<_> =
            places(round).into_iter().map(|number| account(number, 0).row_key()).collect();
        let began = Instant::now();
        let loaded = store.load(&keys).expect("the database answers");
        loads.push(began.elapsed());
        let writes = loaded.into_iter().zip(places(round)).map(|((key, row), number)| {
            assert_eq!(key, account(number, 0).row_key());
            Write::Update(Arc::new(account(number, round as i64)), row.version)
        });
        updates.push(commit(&mut store, &writes.collect::<Vec<_>>()));
    }
    print("tip", tips);
    print("load of 256 rows", loads);
    print("commit of an empty batch", empty);
    print("commit of 256 updates", updates);
}
