//! The writing side: one connection, driven by the engine's thread.

use crate::checkpoint::Checkpoints;
use crate::connection::{self, Access, Options};
use crate::error::OpenError;
use crate::log;
use crate::migrate;
use crate::outcome::{away, of_statement};
use crate::plan::{self, Plan, Plans};
use domain::ledger::Batch;
use domain::record::{Record, RowKey};
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use store::table::Described;
use store::{BOOK, Commit, Corrupt, Loaded, Store, Unavailable, Value, Write};

/// A writing handle on a database file.
pub struct SqliteStore {
    path: PathBuf,
    options: Options,
    /// The statements of the tables that tests make up.
    extra: Plans,
    connection: Option<Connection>,
    /// Whether the connection has done nothing yet, so that another one would be no better.
    is_fresh: Cell<bool>,
    is_excluding: bool,
    checkpoints: Checkpoints,
}

impl SqliteStore {
    /// Opens a database that has the present schema. Refuses a weaker setting, an old SQLite, and a
    /// schema that is not this program's.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let mut store = Self {
            path: path.to_owned(),
            extra: plan::plans(options.extra_tables.iter().copied()),
            connection: None,
            is_fresh: Cell::new(false),
            is_excluding: false,
            checkpoints: Checkpoints::new(path, &options),
            options,
        };
        store.connect()?;
        Ok(store)
    }

    fn connect(&mut self) -> Result<(), OpenError> {
        let mut connection = connection::open(&self.path, Access::Write, &self.options)?;
        migrate::refuse_other_schema(&connection)?;
        log::secure(&connection, &self.path, &self.options)?;
        self.checkpoints.watch(&mut connection)?;
        self.connection = Some(connection);
        self.is_fresh.set(true);
        Ok(())
    }

    /// The connection, with no transaction open but one that excludes others.
    fn settled(&self) -> Result<&Connection, Unavailable> {
        let away = |what: &str| Unavailable::Away(what.into());
        let connection = self.connection.as_ref().ok_or_else(|| away("not connected"))?;
        self.is_fresh.set(false);
        if self.is_excluding && connection.is_autocommit() {
            return Err(away("the transaction that excludes others was rolled back"));
        }
        if !self.is_excluding {
            roll_back(connection).map_err(|error| away(&error.to_string()))?;
        }
        Ok(connection)
    }

    fn plan(&self, table: &'static str) -> Result<&Plan, Corrupt> {
        let undescribed =
            || Corrupt { table, column: "key", what: "the table is not described".into() };
        let plan = self.extra.get(table).or_else(|| plan::of_product().get(table));
        plan.ok_or_else(undescribed)
    }

    fn load_rows(
        &self,
        connection: &Connection,
        keys: &[RowKey],
    ) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        let mut rows = Vec::with_capacity(keys.len());
        for of_table in keys.chunk_by(|left, right| left.table == right.table) {
            let plan = self.plan(of_table[0].table)?;
            let mut statement = connection.prepare_cached(&plan.select).map_err(away)?;
            for key in of_table {
                if let Some(loaded) = load_row(plan, &mut statement, key)? {
                    rows.push((key.clone(), loaded));
                }
            }
        }
        Ok(rows)
    }

    /// Writes everything and leaves the transaction open.
    fn write_all(
        &self,
        connection: &Connection,
        batch: &Batch,
        writes: &[Write],
    ) -> Result<(), Commit> {
        let failed = |error: rusqlite::Error| of_statement(&error);
        if !self.is_excluding {
            begin(connection).map_err(failed)?;
        }
        let plan = self.plan(Batch::NAME).map_err(|error| Commit::Data(error.to_string()))?;
        let mut statement = connection.prepare_cached(&plan.insert).map_err(failed)?;
        plan::bind(&mut statement, &batch.to_values(), &[]).map_err(failed)?;
        statement.raw_execute().map_err(failed)?;
        for of_table in writes.chunk_by(|left, right| table_of(left) == table_of(right)) {
            let plan = self.plan(table_of(&of_table[0]));
            let plan = plan.map_err(|error| Commit::Data(error.to_string()))?;
            Writer::new(connection, plan, batch.seq).write(of_table)?;
        }
        Ok(())
    }

    fn try_commit(&self, batch: &Batch, writes: &[Write]) -> Commit {
        let connection = match self.settled() {
            Ok(connection) => connection,
            Err(error) => return Commit::Unavailable(error.to_string()),
        };
        let mut outcome = match self.write_all(connection, batch, writes) {
            // SQLite may roll back by itself; a COMMIT after that would have nothing to commit.
            Ok(()) if connection.is_autocommit() => {
                Commit::Unavailable("the transaction was rolled back".into())
            }
            Ok(()) => match run(connection, "COMMIT") {
                Ok(()) => return Commit::Done,
                Err(error) => Commit::Unknown(error.to_string()),
            },
            Err(outcome) => outcome,
        };
        if let Err(error) = roll_back(connection) {
            tracing::warn!(%error, ?outcome, "rollback failed");
            outcome = Commit::Unknown(error.to_string());
        }
        outcome
    }
}

impl Store for SqliteStore {
    fn tip(&mut self) -> Result<Batch, Unavailable> {
        let columns = Batch::TABLE.columns.iter().map(|column| (column.name, column.kind));
        let sql = format!(
            "SELECT {} FROM \"batch\" WHERE \"book\" = {BOOK} ORDER BY \"seq\" DESC LIMIT 1",
            store::ddl::quoted_list(columns.clone().map(|(name, _)| name)),
        );
        let mut statement = self.settled()?.prepare_cached(&sql).map_err(away)?;
        let values = statement.query_row([], |row| Ok(plan::read(row, Batch::NAME, columns)));
        match values.optional().map_err(away)? {
            Some(values) => Ok(Batch::from_values(values?)?),
            None => Ok(Batch::origin()),
        }
    }

    fn load(&mut self, keys: &[RowKey]) -> Result<Vec<(RowKey, Loaded)>, Unavailable> {
        let connection = self.settled()?;
        if self.is_excluding {
            return self.load_rows(connection, keys);
        }
        // One transaction, so that all rows are of one moment and locks are taken once.
        run(connection, "BEGIN").map_err(away)?;
        let rows = self.load_rows(connection, keys);
        roll_back(connection).map_err(away)?;
        rows
    }

    fn first(
        &mut self,
        table: &'static str,
        limit: usize,
    ) -> Result<Vec<(RowKey, i64)>, Unavailable> {
        let plan = self.plan(table)?;
        let mut statement = self.settled()?.prepare_cached(&plan.first).map_err(away)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query([limit]).map_err(away)?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next().map_err(away)? {
            let loaded = read_row(plan, row)?;
            keys.push((loaded.row.row_key(), loaded.version));
        }
        Ok(keys)
    }

    fn exclude_others(&mut self) -> Result<(), Unavailable> {
        let connection = self.settled()?;
        if !self.is_excluding {
            begin(connection).map_err(away)?;
            self.is_excluding = true;
        }
        Ok(())
    }

    fn abandon(&mut self) {
        if !std::mem::take(&mut self.is_excluding) {
            return;
        }
        if let Err(error) = self.settled() {
            tracing::warn!(%error, "exclusion could not be ended");
        }
    }

    fn commit(&mut self, batch: &Batch, writes: &[Write]) -> Commit {
        let outcome = self.try_commit(batch, writes);
        self.is_excluding = false;
        if let (Commit::Done, Some(connection)) = (&outcome, &self.connection) {
            self.checkpoints.after_commit(connection);
        }
        outcome
    }

    fn reconnect(&mut self) -> Result<(), Unavailable> {
        if self.is_fresh.get() {
            return Ok(());
        }
        self.is_excluding = false;
        // The old connection goes first: whatever it holds, the new one must not wait for it.
        drop(self.connection.take());
        self.connect().map_err(|error| Unavailable::Away(error.to_string()))
    }
}

/// The three ways of writing to one table, each prepared when it is first needed.
struct Writer<'c> {
    connection: &'c Connection,
    plan: &'c Plan,
    seq: i64,
    insert: Option<CachedStatement<'c>>,
    update: Option<CachedStatement<'c>>,
    delete: Option<CachedStatement<'c>>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection, plan: &'c Plan, seq: i64) -> Self {
        Self { connection, plan, seq, insert: None, update: None, delete: None }
    }

    fn write(&mut self, writes: &[Write]) -> Result<(), Commit> {
        for write in writes {
            let count = self.write_one(write)?;
            if count != 1 {
                return Err(Commit::Conflict);
            }
        }
        Ok(())
    }

    fn write_one(&mut self, write: &Write) -> Result<usize, Commit> {
        let failed = |error: rusqlite::Error| of_statement(&error);
        let (connection, plan, table) = (self.connection, self.plan, self.plan.entry.table);
        if !table.is_versioned() && !matches!(write, Write::Insert(_)) {
            return Err(Commit::Data(format!("{} is appended only", table.name)));
        }
        let (place, sql) = match write {
            Write::Insert(_) => (&mut self.insert, &plan.insert),
            Write::Update(..) => (&mut self.update, &plan.update),
            Write::Delete(..) => (&mut self.delete, &plan.delete),
        };
        let statement = match place {
            Some(statement) => statement,
            None => place.insert(connection.prepare_cached(sql).map_err(failed)?),
        };
        let bound = match write {
            Write::Insert(row) => {
                let version = [self.seq];
                let numbers = if table.is_versioned() { &version[..] } else { &[] };
                plan::bind(statement, &(plan.entry.encode)(row.as_ref()), numbers)
            }
            Write::Update(row, decided_on) => {
                let values = (plan.entry.encode)(row.as_ref());
                plan::bind(statement, &values, &[self.seq, *decided_on])
            }
            Write::Delete(key, decided_on) => {
                let parts = key_parts(plan, key).map_err(|e| Commit::Data(e.to_string()))?;
                plan::bind(statement, &parts, &[*decided_on])
            }
        };
        bound.and_then(|()| statement.raw_execute()).map_err(failed)
    }
}

fn load_row(
    plan: &Plan,
    statement: &mut CachedStatement<'_>,
    key: &RowKey,
) -> Result<Option<Loaded>, Unavailable> {
    plan::bind(statement, &key_parts(plan, key)?, &[]).map_err(away)?;
    let mut rows = statement.raw_query();
    let row = rows.next().map_err(away)?;
    row.map(|row| read_row(plan, row)).transpose()
}

fn read_row(plan: &Plan, row: &rusqlite::Row<'_>) -> Result<Loaded, Unavailable> {
    let table = plan.entry.table;
    let columns = table.columns.iter().map(|column| (column.name, column.kind));
    let values = plan::read(row, table.name, columns)?;
    let version = row.get(table.columns.len()).map_err(away)?;
    Ok(Loaded { row: (plan.entry.decode)(values)?, version })
}

fn key_parts(plan: &Plan, key: &RowKey) -> Result<Vec<Value>, Corrupt> {
    plan.entry.table.key_values(&key.bytes).ok_or_else(|| Corrupt {
        table: key.table,
        column: "key",
        what: "the key does not fit its columns".into(),
    })
}

fn table_of(write: &Write) -> &'static str {
    match write {
        Write::Insert(row) | Write::Update(row, _) => row.table(),
        Write::Delete(key, _) => key.table,
    }
}

/// Takes the right to write before anything is read, so that no statement can find it taken later.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    run(connection, "BEGIN IMMEDIATE")
}

/// Ends an open transaction, if there is one.
fn roll_back(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() { Ok(()) } else { run(connection, "ROLLBACK") }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;
    use domain::ledger::{Account, Sign};
    use kernel::Currency;
    use std::sync::Arc;

    fn open(database: &Temporary) -> SqliteStore {
        SqliteStore::open(database.path(), Options::default()).unwrap()
    }

    fn accounts(count: i64) -> Vec<Write> {
        let (currency, sign) = (Currency::Cny, Sign::Credit);
        let account =
            |number| Account { number, currency, sign, balance: 0, entries: 0, last_entry: 0 };
        (1..=count).map(|number| Write::Insert(Arc::new(account(number)))).collect()
    }

    fn commit(store: &mut SqliteStore, writes: &[Write]) -> Commit {
        let tip = store.tip().unwrap();
        store.commit(&Batch { seq: tip.seq + 1, ..tip }, writes)
    }

    #[test]
    fn full_database_writes_nothing_and_recovers_when_there_is_space() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        assert_eq!(commit(&mut store, &[]), Commit::Done);
        let connection = store.connection.as_ref().unwrap();
        connection.pragma_update(None, "max_page_count", 1).unwrap();

        let outcome = commit(&mut store, &accounts(5000));
        assert!(matches!(outcome, Commit::Unavailable(_)), "{outcome:?}");
        assert!(store.first("account", 1).unwrap().is_empty());
        assert_eq!(store.tip().unwrap().seq, 1);
        store.exclude_others().unwrap();
        let outcome = commit(&mut store, &accounts(5000));
        assert!(matches!(outcome, Commit::Unavailable(_)), "{outcome:?}");

        store.reconnect().unwrap();
        assert_eq!(commit(&mut store, &accounts(5000)), Commit::Done);
    }

    #[test]
    fn commit_that_fails_is_unknown_and_rolled_back_first() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        let connection = store.connection.as_mut().unwrap();
        connection.commit_hook(Some(|| true)).unwrap();
        let outcome = commit(&mut store, &accounts(1));
        assert!(matches!(outcome, Commit::Unknown(_)), "{outcome:?}");
        assert!(store.connection.as_ref().unwrap().is_autocommit());

        store.reconnect().unwrap();
        assert_eq!(store.tip().unwrap().seq, 0);
        assert_eq!(commit(&mut store, &accounts(1)), Commit::Done);
    }

    #[test]
    fn exclusion_that_sqlite_rolled_back_by_itself_is_noticed() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        store.exclude_others().unwrap();
        run(store.connection.as_ref().unwrap(), "ROLLBACK").unwrap();
        assert!(store.tip().is_err());
        let batch = Batch { seq: 1, ..Batch::origin() };
        assert!(matches!(store.commit(&batch, &accounts(1)), Commit::Unavailable(_)));
        assert_eq!(commit(&mut store, &accounts(1)), Commit::Done);
    }

    #[test]
    fn transaction_left_open_by_a_panic_is_not_continued() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        let connection = store.connection.as_ref().unwrap();
        begin(connection).unwrap();
        connection.execute("INSERT INTO job VALUES (1, 'SEND_OTP', 'x', 0, 0, 0, 1)", []).unwrap();
        assert_eq!(commit(&mut store, &[]), Commit::Done);
        assert!(store.first("job", 1).unwrap().is_empty());
    }

    #[test]
    fn unreadable_row_is_told_with_its_place() {
        let database = Temporary::new().unwrap();
        let mut store = open(&database);
        assert_eq!(commit(&mut store, &accounts(1)), Commit::Done);
        let connection = store.connection.as_ref().unwrap();
        let forged = "INSERT INTO account VALUES (1, 2, '???', 'CREDIT', 0, 0, 0, 1)";
        connection.execute(forged, []).unwrap();
        let Err(Unavailable::Corrupt(corrupt)) = store.first("account", 9) else {
            panic!("a currency that is none was read");
        };
        assert_eq!((corrupt.table, corrupt.column), ("account", "currency"));
    }
}
