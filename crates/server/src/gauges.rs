//! What an operator must look at, as figures that are counted again and again.

use std::sync::Arc;
use std::time::Duration;
use store::queries::QueryError;
use store::{Kind, Queries, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often it is counted.
const EVERY: Duration = Duration::from_secs(10);

/// Without their sign, so that two cases never hide each other.
const SUSPENSE: [&str; 4] = ["top_up", "withdrawal", "card_payment", "refund_payout"];

/// Counts until `ending` turns true.
pub(crate) fn keep(queries: Arc<dyn Queries>, mut ending: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            if let Err(error) = count(queries.as_ref()).await {
                tracing::warn!(%error, "failed to count what waits for an operator");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = ending.wait_for(|ending| *ending) => return,
            }
        }
    })
}

async fn count(queries: &dyn Queries) -> Result<(), QueryError> {
    for (gauge, state) in
        [("jiaozi_notifications_waiting", "WAITING"), ("jiaozi_notifications_dead", "DEAD")]
    {
        let sql = "SELECT COUNT(*) FROM retry WHERE book = 1 AND state = $1";
        let state = Value::Text(state.to_owned());
        metrics::gauge!(gauge).set(number(queries, sql.to_owned(), vec![state]).await? as f64);
    }
    let mut suspended = 0;
    for table in SUSPENSE {
        let sum = "CAST(COALESCE(SUM(ABS(suspended_minor)), 0) AS BIGINT)";
        let sql = format!("SELECT {sum} FROM {table} WHERE book = 1 AND suspended_minor <> 0");
        suspended += number(queries, sql, Vec::new()).await?;
    }
    metrics::gauge!("jiaozi_suspense_minor").set(suspended as f64);
    Ok(())
}

async fn number(
    queries: &dyn Queries,
    sql: String,
    parameters: Vec<Value>,
) -> Result<i64, QueryError> {
    let rows = queries.rows(sql, parameters, vec![Kind::Int]).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(number)]) => Ok(*number),
        _ => Err(QueryError::Failed("a count gave no number".to_owned())),
    }
}
