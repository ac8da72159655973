//! Spreads the tables over the nodes of a Citus cluster, by book: a batch and its audit stay on one
//! node. Not tried on a cluster by our own tests.

use crate::connection::{Link, Session};
use crate::error::OpenError;
use crate::migrate;
use crate::outcome::describe;
use crate::url::Url;
use store::ddl::quoted;
use store::registry;
use tokio_postgres::{Client, Error};

/// Distributes every described table by book and gives the statements it ran; nothing is left to
/// do the second time. Triggers are not allowed on distributed tables and are removed before; what
/// then keeps history is that the role of the server may not change it. Blocks; may be called from
/// asynchronous code too.
pub fn distribute(url: &Url) -> Result<Vec<String>, OpenError> {
    crate::runtime::once(async {
        let link = Link::connect(url, Session::Change).await?;
        link.facts.refuse_unfit()?;
        migrate::refuse_other_schema(&link.client).await?;
        refuse_without_citus(&link.client).await?;
        let mut statements = Vec::new();
        for entry in registry::all() {
            statements.extend(of_table(&link.client, entry.table.name).await.map_err(refused)?);
        }
        for statement in &statements {
            link.client.batch_execute(statement).await.map_err(refused)?;
        }
        Ok(statements)
    })
}

async fn refuse_without_citus(client: &Client) -> Result<(), OpenError> {
    let sql = "SELECT 1 FROM pg_proc WHERE proname = 'create_distributed_table'";
    let found = client.query(sql, &[]).await.map_err(refused)?;
    if found.is_empty() { Err(OpenError::NoCitus) } else { Ok(()) }
}

/// What is left to do for one table, in one transaction.
async fn of_table(client: &Client, table: &str) -> Result<Option<String>, Error> {
    let name = quoted(table);
    let done = "SELECT 1 FROM pg_dist_partition WHERE logicalrelid = $1::text::regclass";
    if !client.query(done, &[&name]).await?.is_empty() {
        return Ok(None);
    }
    let triggers = "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal \
                    AND tgrelid = $1::text::regclass ORDER BY tgname";
    let mut statement = String::from("BEGIN; ");
    for row in client.query(triggers, &[&name]).await? {
        let trigger = quoted(row.try_get(0)?);
        statement += &format!("DROP TRIGGER {trigger} ON {name}; ");
    }
    statement += &format!("SELECT create_distributed_table('{name}', 'book'); COMMIT");
    Ok(Some(statement))
}

fn refused(error: Error) -> OpenError {
    OpenError::Database(describe(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;

    /// Stands for the extension: notes what it was asked for, and refuses what the real one does.
    const STAND_IN: &str = "
        CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, partkey text);
        CREATE FUNCTION create_distributed_table(it regclass, by text) RETURNS void
        LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = it AND NOT tgisinternal) THEN
                RAISE EXCEPTION 'triggers are not supported on distributed tables';
            END IF;
            INSERT INTO pg_dist_partition VALUES (it, by);
        END $$";

    #[test]
    fn database_without_the_extension_is_not_distributed() {
        let database = Temporary::new().unwrap();
        assert!(matches!(distribute(database.url()), Err(OpenError::NoCitus)));
    }

    #[test]
    fn every_table_is_distributed_by_book_once() {
        let database = Temporary::new().unwrap();
        database.run(STAND_IN).unwrap();
        let statements = distribute(database.url()).unwrap();
        assert_eq!(statements.len(), registry::all().len());
        let order = "SELECT create_distributed_table('\"order\"', 'book')";
        assert!(statements.iter().any(|statement| statement.contains(order)));
        assert!(distribute(database.url()).unwrap().is_empty());
        let check = format!(
            "DO $$ BEGIN IF (SELECT count(*) FROM pg_dist_partition WHERE partkey = 'book') <> {} \
             THEN RAISE 'not all'; END IF; END $$",
            registry::all().len()
        );
        database.run(&check).unwrap();
    }
}
