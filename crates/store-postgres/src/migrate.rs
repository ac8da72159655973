//! Brings a database to the present schema, step by step, each in one transaction.

use crate::connection::{Link, Session};
use crate::error::OpenError;
use crate::outcome::describe;
use crate::url::Url;
use store::migrations::{self, Migration, POSTGRES};
use tokio_postgres::{Client, Error};

/// What was applied, with a checksum of its statements.
const SCHEMA_MIGRATION: &str = "CREATE TABLE IF NOT EXISTS \"schema_migration\" (
    \"number\" bigint PRIMARY KEY,
    \"name\" text NOT NULL,
    \"sha256\" bytea NOT NULL
)";

/// The lock under which a step is applied. Its kind is its own, so that a running server is not
/// held up.
const LOCK: &str = "SELECT pg_advisory_xact_lock(19050, 1)";

/// Applies the steps that are missing and gives their names. Killed at any moment, it goes on where
/// it stopped; started twice at once, one waits for the other. Refuses a schema that is newer than
/// this program or was made by other statements. Blocks; may be called from asynchronous code too.
pub fn migrate(url: &Url) -> Result<Vec<&'static str>, OpenError> {
    crate::runtime::once(async {
        let link = Link::connect(url, Session::Change).await?;
        link.facts.refuse_unfit()?;
        apply(&link.client, POSTGRES).await
    })
}

async fn apply(
    client: &Client,
    steps: &'static [Migration],
) -> Result<Vec<&'static str>, OpenError> {
    let mut applied = Vec::new();
    for step in steps {
        match apply_one(client, step, steps).await {
            Ok(true) => applied.push(step.name),
            Ok(false) => {}
            Err(error) => {
                // A transaction that a failed step left open goes; its error is what counts.
                let _ = client.batch_execute("ROLLBACK").await;
                return Err(error);
            }
        }
    }
    Ok(applied)
}

/// Whether the step was missing.
async fn apply_one(
    client: &Client,
    step: &Migration,
    steps: &'static [Migration],
) -> Result<bool, OpenError> {
    client.batch_execute("BEGIN").await.map_err(refused)?;
    client.batch_execute(LOCK).await.map_err(refused)?;
    client.batch_execute(SCHEMA_MIGRATION).await.map_err(refused)?;
    let is_missing = migrations::last_step(&applied_steps(client).await?, steps)? < step.number;
    if is_missing {
        client.batch_execute(step.sql).await.map_err(refused)?;
        // Whoever may work with the tables may see which they are.
        let grant = "REVOKE ALL ON \"schema_migration\" FROM PUBLIC; \
                     GRANT SELECT ON \"schema_migration\" TO jiaozi_app";
        client.batch_execute(grant).await.map_err(refused)?;
        let note = "INSERT INTO \"schema_migration\" VALUES ($1, $2, $3)";
        let checksum = step.checksum().to_vec();
        client.execute(note, &[&step.number, &step.name, &checksum]).await.map_err(refused)?;
    }
    client.batch_execute("COMMIT").await.map_err(refused)?;
    Ok(is_missing)
}

/// Refuses a database that this program's descriptions do not fit.
pub(crate) async fn refuse_other_schema(client: &Client) -> Result<(), OpenError> {
    let sql = "SELECT to_regclass('public.schema_migration') IS NOT NULL";
    let row = client.query_one(sql, &[]).await.map_err(refused)?;
    let exists: bool = row.try_get(0).map_err(refused)?;
    let applied = if exists { applied_steps(client).await? } else { Vec::new() };
    Ok(migrations::refuse_other_schema(&applied, POSTGRES)?)
}

/// The steps that were applied, with their checksums.
async fn applied_steps(client: &Client) -> Result<Vec<(i64, Vec<u8>)>, OpenError> {
    let sql = "SELECT \"number\", \"sha256\" FROM \"schema_migration\" ORDER BY \"number\"";
    let rows = client.query(sql, &[]).await.map_err(refused)?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, _>>()
        .map_err(refused)
}

fn refused(error: Error) -> OpenError {
    OpenError::Database(describe(&error))
}
