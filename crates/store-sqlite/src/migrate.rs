//! Brings a database file to the present schema, step by step, each in one transaction.

use crate::connection::{self, Access, Options};
use crate::error::OpenError;
use crate::log;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use store::migrations::{self, Migration, SQLITE};

/// What was applied, with a checksum of its statements.
const SCHEMA_MIGRATION: &str = "CREATE TABLE IF NOT EXISTS \"schema_migration\" (
    \"number\" INTEGER PRIMARY KEY, -- The step, from 1.
    \"name\" TEXT NOT NULL, -- What it is called.
    \"sha256\" BLOB NOT NULL -- The hash of its statements.
) STRICT";

/// Makes the file if there is none, applies the steps that are missing and gives their names.
/// Killed at any moment, it goes on where it stopped. Refuses a schema that is newer than this
/// program or was made by other statements.
pub fn migrate(path: &Path) -> Result<Vec<&'static str>, OpenError> {
    migrate_with(path, &Options::default())
}

/// The same with settings of one's own.
pub fn migrate_with(path: &Path, options: &Options) -> Result<Vec<&'static str>, OpenError> {
    let mut connection = connection::open(path, Access::Create, options)?;
    log::secure(&connection, path, options)?;
    apply(&mut connection, SQLITE)
}

fn apply(
    connection: &mut Connection,
    steps: &'static [Migration],
) -> Result<Vec<&'static str>, OpenError> {
    let mut applied = Vec::new();
    for step in steps {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(SCHEMA_MIGRATION, [])?;
        if migrations::last_step(&applied_steps(&transaction)?, steps)? < step.number {
            transaction.execute_batch(step.sql)?;
            transaction.execute(
                "INSERT INTO \"schema_migration\" VALUES (?1, ?2, ?3)",
                (step.number, step.name, step.checksum()),
            )?;
            applied.push(step.name);
        }
        transaction.commit()?;
    }
    Ok(applied)
}

/// Refuses a database that this program's descriptions do not fit.
pub(crate) fn refuse_other_schema(connection: &Connection) -> Result<(), OpenError> {
    let exists = connection.table_exists(None, "schema_migration")?;
    let applied = if exists { applied_steps(connection)? } else { Vec::new() };
    Ok(migrations::refuse_other_schema(&applied, SQLITE)?)
}

/// The steps that were applied, with their checksums.
fn applied_steps(connection: &Connection) -> Result<Vec<(i64, Vec<u8>)>, OpenError> {
    let mut statement = connection
        .prepare("SELECT \"number\", \"sha256\" FROM \"schema_migration\" ORDER BY \"number\"")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;
    use crate::temporary::Temporary;
    use store::migrations::SchemaFault;

    fn open(database: &Temporary) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(database.path(), Options::default())
    }

    fn edit(database: &Temporary, sql: &str) {
        let connection =
            connection::open(database.path(), Access::Create, &Options::default()).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let database = Temporary::empty().unwrap();
        assert_eq!(migrate(database.path()).unwrap(), ["first"]);
        assert!(migrate(database.path()).unwrap().is_empty());
        open(&database).unwrap();
    }

    #[test]
    fn schema_that_is_not_made_yet_is_refused() {
        let database = Temporary::empty().unwrap();
        assert!(matches!(open(&database), Err(OpenError::Missing(_))));
        edit(&database, "");
        assert!(matches!(
            open(&database),
            Err(OpenError::Schema(SchemaFault::Behind { found: 0, .. }))
        ));
    }

    #[test]
    fn newer_and_altered_schemas_are_refused() {
        let database = Temporary::new().unwrap();
        edit(&database, "INSERT INTO schema_migration VALUES (99, 'later', x'00')");
        assert!(matches!(
            open(&database),
            Err(OpenError::Schema(SchemaFault::Newer { found: 99, .. }))
        ));
        assert!(matches!(
            migrate(database.path()),
            Err(OpenError::Schema(SchemaFault::Newer { .. }))
        ));

        let database = Temporary::new().unwrap();
        edit(&database, "UPDATE schema_migration SET sha256 = x'00'");
        assert!(matches!(
            open(&database),
            Err(OpenError::Schema(SchemaFault::Altered { number: 1, .. }))
        ));
        assert!(matches!(
            migrate(database.path()),
            Err(OpenError::Schema(SchemaFault::Altered { .. }))
        ));
    }

    #[test]
    fn step_that_fails_leaves_no_half_of_it() {
        static STEPS: &[Migration] = &[
            Migration { number: 1, name: "good", sql: "CREATE TABLE a (x INTEGER) STRICT;" },
            Migration { number: 2, name: "bad", sql: "CREATE TABLE b (x INTEGER) STRICT; oops;" },
        ];
        let database = Temporary::empty().unwrap();
        let mut connection =
            connection::open(database.path(), Access::Create, &Options::default()).unwrap();
        assert!(apply(&mut connection, STEPS).is_err());
        assert!(connection.is_autocommit());
        assert!(connection.table_exists(None, "a").unwrap());
        assert!(!connection.table_exists(None, "b").unwrap());
        assert_eq!(applied_steps(&connection).unwrap().len(), 1);
    }
}
