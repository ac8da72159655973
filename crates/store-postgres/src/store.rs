//! The writing side: one connection, driven by the engine's thread.

use crate::commit;
use crate::connection::{Link, Options, READ, Session};
use crate::error::OpenError;
use crate::flight::{Flight, Step, fly};
use crate::migrate;
use crate::outcome::away;
use crate::plan::{self, Plan, Plans};
use crate::runtime::Own;
use crate::url::Url;
use crate::wire;
use domain::ledger::Batch;
use domain::record::RowKey;
use std::future::Future;
use std::time::Duration;
use store::table::Described;
use store::{Commit, Corrupt, Loaded, Registered, Store, Unavailable, Value, Write, registry};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// A writing handle on a database.
pub struct PostgresStore {
    url: Url,
    options: Options,
    plans: Plans,
    link: Option<Link>,
    is_excluding: bool,
    // Dropped last: it drives the connection.
    runtime: Own,
}

impl PostgresStore {
    /// Opens a database that has the present schema. Refuses a weaker setting, an old server, and a
    /// schema that is not this program's. Blocks; may be called from asynchronous code too.
    pub fn open(url: &Url, options: Options) -> Result<Self, OpenError> {
        if !url.is_local() && url.is_plain() && !options.unsafe_settings {
            return Err(OpenError::Plain { url: url.to_string() });
        }
        let tables = registry::all().iter().chain(options.extra_tables).copied();
        let mut store = Self {
            url: url.clone(),
            plans: plan::plans(tables),
            link: None,
            is_excluding: false,
            options,
            runtime: Own::new(),
        };
        store.connect()?;
        Ok(store)
    }

    fn connect(&mut self) -> Result<(), OpenError> {
        // The wait for our turn ends before the deadline, so that its end is no unknown outcome.
        let session = Session::Write { turn: self.options.commit_deadline * 5 / 6 };
        let may_be_weak = self.options.unsafe_settings;
        let url = &self.url;
        let link = self.runtime.wait(async {
            let link = Link::connect(url, session).await?;
            link.facts.refuse_unfit()?;
            if !may_be_weak {
                link.facts.refuse_weak()?;
            }
            match in_time(READ, migrate::refuse_other_schema(&link.client)).await {
                Some(checked) => checked.map(|()| link),
                None => Err(OpenError::Database("no answer in time".into())),
            }
        })?;
        self.link = Some(link);
        Ok(())
    }

    /// Reads in bounded time. A connection that does not answer is given up.
    fn read<T: Send>(
        &mut self,
        work: impl for<'a> FnOnce(&'a mut Link, &'a Plans) -> Step<'a, T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let link = self.link.as_mut().ok_or_else(|| lost("not connected"))?;
        let outcome = self.runtime.wait(in_time(READ, work(link, &self.plans)));
        let is_dead = link.client.is_closed();
        match outcome {
            Some(outcome) => {
                if is_dead {
                    self.link = None;
                }
                outcome
            }
            None => {
                self.link = None;
                Err(lost("no answer in time"))
            }
        }
    }
}

fn lost(what: &str) -> Unavailable {
    Unavailable::Away(what.to_owned())
}

/// The outcome, or nothing when it takes longer.
pub(crate) async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// The plan of a table.
pub(crate) fn plan_of<'p>(plans: &'p Plans, table: &'static str) -> Result<&'p Plan, Corrupt> {
    let undescribed =
        || Corrupt { table, column: "key", what: "the table is not described".into() };
    plans.get(table).ok_or_else(undescribed)
}

/// The parts of a key.
pub(crate) fn key_parts(plan: &Plan, key: &RowKey) -> Result<Vec<Value>, Corrupt> {
    plan.entry.table.key_values(&key.bytes).ok_or_else(|| Corrupt {
        table: key.table,
        column: "key",
        what: "the key does not fit its columns".into(),
    })
}

async fn tip(link: &mut Link) -> Result<Batch, Unavailable> {
    let table = Batch::TABLE;
    let statement = link.prepare(&plan::tip(&table), &[]).await.map_err(away)?;
    let row = link.client.query_opt(&statement, &[]).await.map_err(away)?;
    let Some(row) = row else { return Ok(Batch::origin()) };
    let columns = table.columns.iter().map(|column| (column.name, column.kind));
    Ok(Batch::from_values(wire::read(&row, table.name, columns)?)?)
}

async fn load(
    link: &mut Link,
    plans: &Plans,
    keys: &[RowKey],
) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
    let mut asked = Vec::new();
    for of_table in keys.chunk_by(|left, right| left.table == right.table) {
        let plan = plan_of(plans, of_table[0].table)?;
        let parts: Result<Vec<_>, _> = of_table.iter().map(|key| key_parts(plan, key)).collect();
        let kinds = plan.entry.table.key_columns().iter().map(|column| column.kind);
        let arrays = wire::columns(kinds, parts?)?;
        let statement = link.prepare(&plan.select, &[]).await.map_err(away)?;
        asked.push((plan, statement, arrays));
    }
    let client = &link.client;
    let steps = asked.iter().map(|(_, statement, arrays)| {
        let step = async move { client.query(statement, &borrowed(arrays)).await };
        Box::pin(step) as Step<'_, Vec<Row>, tokio_postgres::Error>
    });
    let answers = match fly(steps.collect()).await {
        Flight::Grounded(error) => return Err(away(error)),
        Flight::Landed(answers) => answers,
    };
    let mut rows = Vec::with_capacity(keys.len());
    for ((plan, _, _), answer) in asked.iter().zip(answers) {
        for row in answer.map_err(away)? {
            let loaded = read_row(plan.entry, &row)?;
            rows.push((loaded.row.row_key(), loaded));
        }
    }
    Ok(rows)
}

async fn first(
    link: &mut Link,
    plan: &Plan,
    limit: usize,
) -> Result<Vec<(RowKey, i64)>, Unavailable> {
    let statement = link.prepare(&plan.first, &[]).await.map_err(away)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = link.client.query(&statement, &[&limit]).await.map_err(away)?;
    let key = |row| read_row(plan.entry, row).map(|one| (one.row.row_key(), one.version));
    rows.iter().map(key).collect()
}

fn read_row(entry: Registered, row: &Row) -> Result<Loaded, Unavailable> {
    let table = entry.table;
    let columns = table.columns.iter().map(|column| (column.name, column.kind));
    let values = wire::read(row, table.name, columns)?;
    let version = row.try_get(table.columns.len()).map_err(away)?;
    Ok(Loaded { row: (entry.decode)(values)?, version })
}

/// Parameters as the client takes them.
pub(crate) fn borrowed(parameters: &[wire::Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter.as_ref() as &(dyn ToSql + Sync)).collect()
}

impl Store for PostgresStore {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        self.read(|link, _| Box::pin(tip(link)))
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        // Whoever asks need not have sorted: one statement a table all the same.
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        self.read(|link, plans| Box::pin(async move { load(link, plans, &keys).await }))
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        self.read(move |link, plans| {
            Box::pin(async move { first(link, plan_of(plans, table)?, limit).await })
        })
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        if self.is_excluding {
            return self.link.as_ref().map(|_| ()).ok_or_else(|| lost("not connected"));
        }
        let begun = self.read(|link, _| Box::pin(commit::begin(link)));
        self.is_excluding = true;
        if begun.is_err() {
            self.abandon();
        }
        begun
    }

    fn abandon(&mut self) {
        if !std::mem::take(&mut self.is_excluding) || self.link.is_none() {
            return;
        }
        let ended = self.read(|link, _| {
            Box::pin(async { link.client.batch_execute("ROLLBACK").await.map_err(away) })
        });
        if let Err(error) = ended {
            tracing::warn!(%error, "exclusion could not be ended; the connection is given up");
            self.link = None;
        }
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        let is_begun = std::mem::take(&mut self.is_excluding);
        let Some(link) = self.link.as_mut() else {
            return Commit::Unavailable("not connected".into());
        };
        let (plans, limit) = (&self.plans, self.options.commit_deadline);
        let mut ending =
            self.runtime.wait(commit::run(link, plans, batch, writes, is_begun, limit));
        if ending.is_clean && link.client.is_closed() {
            ending.is_clean = false;
        }
        if !ending.is_clean {
            self.link = None;
        }
        ending.outcome
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        self.is_excluding = false;
        // The old connection goes first: whatever it holds, the new one must not wait for it.
        drop(self.link.take());
        self.connect().map_err(|error| Unavailable::Away(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;
    use domain::ledger::{Account, Sign};
    use domain::order::{OrderByPrepay, PrepayKind};
    use kernel::{Currency, Timestamp};
    use std::sync::Arc;

    fn open(database: &Temporary) -> PostgresStore {
        PostgresStore::open(database.url(), Options::default()).unwrap()
    }

    fn account(number: i64) -> Vec<Write> {
        let (currency, sign) = (Currency::Cny, Sign::Credit);
        let (balance, entries, last_entry) = (0, 0, 0);
        let row = Account { number, currency, sign, balance, entries, last_entry };
        vec![Write::Insert(Arc::new(row))]
    }

    fn run(store: &mut PostgresStore, sql: &str) -> Result<(), Unavailable> {
        let sql = sql.to_owned();
        store.read(|link, _| {
            Box::pin(async move { link.client.batch_execute(&sql).await.map_err(away) })
        })
    }

    #[test]
    fn turn_that_does_not_come_in_time_is_no_unknown_outcome() {
        let database = Temporary::new().unwrap();
        let mut holder = open(&database);
        let options = Options { commit_deadline: Duration::from_secs(60), ..Options::default() };
        let mut store = PostgresStore::open(database.url(), options).unwrap();
        let first = Batch { seq: 1, ..Batch::origin() };
        run(&mut holder, "SET idle_in_transaction_session_timeout = 0").unwrap();
        run(&mut store, "SET lock_timeout = 100").unwrap();
        holder.exclude_others().unwrap();
        let outcome = store.commit(&first, &account(1));
        assert!(matches!(outcome, Commit::Unavailable(_)), "{outcome:?}");
        assert!(store.exclude_others().is_err());
        holder.abandon();
        assert_eq!(store.commit(&first, &account(1)), Commit::Done);
    }

    #[test]
    fn commit_that_can_only_roll_back_is_not_done() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        let first = Batch { seq: 1, ..Batch::origin() };
        let second = Batch { seq: 2, ..Batch::origin() };
        assert_eq!(store.commit(&first, &account(1)), Commit::Done);
        store.exclude_others().unwrap();
        assert!(run(&mut store, "SELECT 1 / 0").is_err());
        let outcome = store.commit(&second, &account(2));
        assert!(matches!(outcome, Commit::Unavailable(_)), "{outcome:?}");
        assert_eq!(store.tip().unwrap(), first);
        assert_eq!(store.commit(&second, &account(2)), Commit::Done);
    }

    #[test]
    fn nothing_is_written_outside_the_transaction_it_belongs_to() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        let batch = Batch { seq: 1, ..Batch::origin() };
        store.exclude_others().unwrap();
        run(&mut store, "ROLLBACK").unwrap();
        assert_eq!(store.commit(&batch, &account(1)), Commit::Conflict);
        assert_eq!(store.tip().unwrap(), Batch::origin());
        assert!(store.first("account", 1).unwrap().is_empty());
        assert_eq!(store.commit(&batch, &account(1)), Commit::Done);
    }

    #[test]
    fn warning_of_an_earlier_statement_is_not_the_commits() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        run(&mut store, "ROLLBACK").unwrap();
        let warned = store.link.as_ref().unwrap().take_warnings();
        assert_eq!(warned.len(), 1, "{warned:?}");
        run(&mut store, "ROLLBACK").unwrap();
        let batch = Batch { seq: 1, ..Batch::origin() };
        assert_eq!(store.commit(&batch, &account(1)), Commit::Done);
    }

    fn prepay(number: i64) -> Write {
        let (kind, expires_at) = (PrepayKind::Order, Timestamp::default());
        let (prepay_id, out_trade_no) = (format!("wx{number:039}"), format!("{number:032}"));
        let mchid = "1900000001".into();
        Write::Insert(Arc::new(OrderByPrepay { prepay_id, kind, mchid, out_trade_no, expires_at }))
    }

    /// The server plans a statement by what it knows of its tables, which at first is that they are
    /// empty. A plan made then must not go on to read a table that has grown from end to end, not
    /// even one that begins to grow when others have for long; it may while the table is small.
    #[test]
    fn statements_find_their_rows_by_key_in_a_table_that_grows() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        let (elsewhere, flights, rows) = (150, 64, 50);
        for seq in 1..=elsewhere {
            let batch = Batch { seq, ..Batch::origin() };
            assert_eq!(store.commit(&batch, &[]), Commit::Done);
        }
        for flight in 0..flights {
            let writes: Vec<Write> = (1..=rows).map(|n| prepay(flight * rows + n)).collect();
            let keys = [writes[0].key()];
            assert!(store.load(&keys).unwrap().is_empty());
            let batch = Batch { seq: elsewhere + flight + 1, ..Batch::origin() };
            assert_eq!(store.commit(&batch, &writes), Commit::Done);
            assert_eq!(store.load(&keys).unwrap().len(), 1);
        }
        // What a session did is counted when it ends.
        drop(store);
        let counted = format!(
            "DO $$ DECLARE inserted bigint; fetched bigint; BEGIN LOOP \
             SELECT n_tup_ins, idx_tup_fetch + seq_tup_read INTO inserted, fetched \
             FROM pg_stat_user_tables WHERE relname = 'order_by_prepay'; \
             EXIT WHEN inserted >= {}; PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); \
             END LOOP; IF fetched > {} THEN RAISE 'read % rows', fetched; END IF; END $$",
            flights * rows,
            8 * flights * rows,
        );
        database.run(&counted).unwrap();
    }
}
