//! What one commit of one row costs on the store that the wallet uses, without the wallet: the next
//! batch row of a book without anything else in it.

use super::place::Place;
use super::postgres::Postgres;
use super::rivals::Bench;
use crate::database;
use domain::ledger::Batch;
use std::error::Error;
use std::time::{Duration, Instant};
use store::{Commit, Store};

/// Commits before it is measured.
const WARMUP: u32 = 20;

/// The mean time of a commit, in milliseconds.
pub(super) async fn commit_ms(
    place: &Place,
    server: Option<&Postgres>,
    seconds: u64,
) -> Result<f64, Box<dyn Error>> {
    if let Some(server) = server {
        let bench = Bench::start(server, place.data(), seconds).await?;
        let millis = bench.bare_commit_ms().await;
        bench.end().await?;
        return millis;
    }
    let path = place.data().join("bare.db");
    let mut store = database::bare_file(&path)?;
    let millis = tokio::task::spawn_blocking(move || commit_file(store.as_mut(), seconds)).await?;
    std::fs::remove_file(&path)?;
    millis.map_err(Into::into)
}

fn commit_file(store: &mut dyn Store, seconds: u64) -> Result<f64, String> {
    let mut batch = store.tip().map_err(|error| format!("{error:?}"))?;
    for _ in 0..WARMUP {
        commit_next(store, &mut batch)?;
    }
    let began = Instant::now();
    let mut commits = 0_u32;
    while began.elapsed() < Duration::from_secs(seconds.max(1)) {
        commit_next(store, &mut batch)?;
        commits += 1;
    }
    Ok(began.elapsed().as_secs_f64() * 1e3 / f64::from(commits))
}

fn commit_next(store: &mut dyn Store, batch: &mut Batch) -> Result<(), String> {
    batch.seq += 1;
    batch.id[..8].copy_from_slice(&batch.seq.to_be_bytes());
    match store.commit(batch, &[]) {
        Commit::Done => Ok(()),
        other => Err(format!("a bare commit ended with {other:?}")),
    }
}
