//! Many commands at once through an engine in this process, with a progress bar.

use domain::Command;
use engine::{Engine, Failed};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;

/// How many things are under way at once: several batches full.
const AT_ONCE: u64 = 2_048;

/// Before a command is tried again for which there was no place.
const NO_PLACE: Duration = Duration::from_millis(2);
/// As often: for half a minute or longer.
const TRIES_MAX: u32 = 15_000;

/// A command that should have been done was not.
#[derive(Debug, thiserror::Error)]
#[error("seeding failed: {command} ended with {how}")]
pub(super) struct Failure {
    command: &'static str,
    how: String,
}

/// Runs a command that must be done.
pub(super) async fn run<C: Command + Clone>(
    engine: &Engine,
    command: C,
) -> Result<C::Done, Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        match engine.run(command.clone()).await {
            Ok(done) => return Ok(done),
            Err(Failed::Busy { .. }) if tries < TRIES_MAX => tokio::time::sleep(NO_PLACE).await,
            Err(other) => {
                return Err(Failure { command: command.name(), how: format!("{other:?}") });
            }
        }
    }
}

/// Does `one` for each number from `first` on, `count` of them, many at once.
pub(super) async fn each<F, D>(
    what: &'static str,
    first: u64,
    count: u64,
    one: F,
) -> Result<(), Failure>
where
    F: Fn(u64) -> D + Clone + Send + 'static,
    D: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let bar = bar(what, count);
    let next = Arc::new(AtomicU64::new(first));
    let mut tasks = JoinSet::new();
    for _ in 0..count.min(AT_ONCE) {
        let (next, bar, one) = (Arc::clone(&next), bar.clone(), one.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= first + count {
                    return Ok(());
                }
                one(number).await?;
                bar.inc(1);
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("nothing in a task panics")?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// A bar on standard error.
pub(super) fn bar(what: &'static str, count: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:<12} {bar:32} {human_pos}/{human_len} {per_sec} {eta}");
    let bar = ProgressBar::new(count);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
