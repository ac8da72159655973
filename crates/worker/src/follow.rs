//! Where several processes share a database, the holder of the slots works for all of them: it must
//! hear soon of what the others committed, and all must agree on business time.
//!
//! What is visible is not durable yet, so reading does not do: the engine catches up, which commits
//! an empty batch behind the others' ones. Who holds nothing does so only when business time was
//! moved, so that processes do not answer each other's empty batches for ever.

use crate::shell;
use crate::slots::Held;
use domain::ledger::Batch;
use engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use store::queries::select;
use store::{Queries, QueryError};
use tokio::sync::watch;

/// How often it is looked whether others committed.
const EVERY: Duration = Duration::from_secs(1);

/// Follows the others until told to stop.
pub(crate) async fn keep_up(
    engine: Engine,
    queries: Arc<dyn Queries>,
    held: watch::Receiver<Held>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = shell::pause(EVERY) => {}
        }
        let works = !held.borrow().is_empty();
        match is_behind(&engine, queries.as_ref(), works).await {
            Ok(false) => {}
            Ok(true) => {
                if let Err(failed) = engine.catch_up().await {
                    tracing::debug!(?failed, "the engine did not catch up with other processes");
                }
            }
            Err(error) => tracing::warn!(%error, "other processes' batches cannot be seen"),
        }
    }
}

async fn is_behind(
    engine: &Engine,
    queries: &dyn Queries,
    works: bool,
) -> Result<bool, QueryError> {
    // Before the last batch is looked up: one of our own that comes in between is nothing new.
    let ours = *engine.position().borrow();
    let newest = select::<Batch>(queries, "1 = 1 ORDER BY seq DESC LIMIT 1", Vec::new()).await?;
    let Some(last) = newest.first() else { return Ok(false) };
    let now = *engine.position().borrow();
    Ok(last.offset != now.offset || (works && now == ours && last.seq > ours.seq))
}
